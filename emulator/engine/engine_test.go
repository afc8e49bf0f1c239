package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// findCLI returns the CLI that the repository uses.
func findCLI(t *testing.T) string {
	t.Helper()
	cli, err := engine.FindCLI(t.Context(), filepath.Join("..", ".."), testLog{t})
	if err != nil {
		t.Fatal(err)
	}
	return cli
}

// project writes a project with one stack, in eu-west-1, and returns its folder.
func project(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	write(t, filepath.Join(root, "Pulumi.yaml"), "name: small\nruntime: go\n")
	write(t, filepath.Join(root, "Pulumi.local.yaml"), "config:\n  aws:region: eu-west-1\n")
	return root
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

type testLog struct{ t *testing.T }

func (l testLog) Write(line []byte) (int, error) {
	l.t.Log(strings.TrimSuffix(string(line), "\n"))
	return len(line), nil
}

// network is a program with an explicit provider, a password, an invoke and two resources.
func network(cidr string) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{
			Region:            pulumi.String("eu-west-1"),
			AllowedAccountIds: pulumi.ToStringArray([]string{"123456789012"}),
			DefaultTags:       aws.ProviderDefaultTagsArgs{Tags: pulumi.ToStringMap(map[string]string{"Project": "small"})},
		})
		if err != nil {
			return err
		}
		password, err := random.NewRandomPassword(ctx, "password", &random.RandomPasswordArgs{Length: pulumi.Int(24)})
		if err != nil {
			return err
		}
		identity, err := aws.GetCallerIdentity(ctx, nil, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		vpc, err := ec2.NewVpc(ctx, "vpc", &ec2.VpcArgs{CidrBlock: pulumi.String(cidr)}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		if _, err := ec2.NewSubnet(ctx, "subnet", &ec2.SubnetArgs{
			VpcId: vpc.ID(), CidrBlock: pulumi.String("10.0.1.0/24"), AvailabilityZone: pulumi.String("eu-west-1a"),
		}, pulumi.Provider(provider)); err != nil {
			return err
		}
		ctx.Export("account", pulumi.String(identity.AccountId))
		ctx.Export("vpc", vpc.ID())
		ctx.Export("tags", vpc.TagsAll) //nolint:staticcheck // deprecated for programs; here it shows that defaultTags arrive
		ctx.Export("password", password.Result)
		return nil
	}
}

func open(t *testing.T, cfg engine.Config) *engine.Engine {
	t.Helper()
	if cfg.Stack == "" {
		cfg.Stack = "local"
	}
	cfg.Log = testLog{t}
	e, err := engine.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func must(t *testing.T) func(engine.Report, error) engine.Report {
	return func(report engine.Report, err error) engine.Report {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Log(report.Summary())
		return report
	}
}

func TestLifeOfAStack(t *testing.T) {
	root := project(t)
	state := filepath.Join(t.TempDir(), "state")
	e := open(t, engine.Config{Root: root, State: state, Program: network("10.0.0.0/16"), CLI: findCLI(t)})
	ctx := context.Background()

	preview := must(t)(e.Preview(ctx))
	if got := preview.Count("create"); got != 4 { // provider, password, VPC, subnet
		t.Errorf("preview creates %d resources: %v", got, preview.Changes)
	}
	up := must(t)(e.Up(ctx))
	if up.Outputs["account"] != "123456789012" {
		t.Errorf("outputs are %v", up.Outputs)
	}
	if vpc, _ := up.Outputs["vpc"].(string); !strings.HasPrefix(vpc, "vpc-0") {
		t.Errorf("vpc is %v", up.Outputs["vpc"])
	}
	if up.Outputs["password"] != "[secret]" {
		t.Errorf("password shows as %v", up.Outputs["password"])
	}
	again := must(t)(e.Preview(ctx))
	if len(again.Changes) != 0 {
		t.Errorf("second preview: %v", again.Changes)
	}
	refresh := must(t)(e.Refresh(ctx))
	if len(refresh.Changes) != 0 {
		t.Errorf("refresh: %v", refresh.Changes)
	}
	destroyed := must(t)(e.Destroy(ctx))
	if len(e.Account().List("aws:ec2/vpc:Vpc")) != 0 || destroyed.Count("delete") == 0 {
		t.Errorf("destroy left something: %v", destroyed.Changes)
	}
}

// TestThrowaway: a throwaway run keeps its secrets as a stack with a key in KMS does, through an edit of its file, and writes no logs.
func TestThrowaway(t *testing.T) {
	t.Setenv("AWS_PROFILE", "production") // as people have it in their shells
	t.Setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
	state := filepath.Join(t.TempDir(), "state")
	e := open(t, engine.Config{Root: project(t), State: state, Program: network("10.0.0.0/16"), CLI: findCLI(t), Throwaway: true})
	must(t)(e.Up(t.Context()))
	if err := e.Rewrite(func(f *config.File) error { return f.Set("aws:region", "eu-west-1") }); err != nil {
		t.Fatal(err)
	}
	if again := must(t)(e.Preview(t.Context())); len(again.Changes) != 0 {
		t.Errorf("after the edit: %v", again.Changes)
	}
	outputs, err := e.Outputs(t.Context())
	if password, _ := outputs["password"].(string); err != nil || len(password) != 24 {
		t.Errorf("the password is %q, %v", password, err)
	}
	text, err := os.ReadFile(filepath.Join(state, "state", ".pulumi", "stacks", "small", "local.json"))
	if err != nil || !strings.Contains(string(text), "awskms://") || strings.Contains(string(text), outputs["password"].(string)) {
		t.Errorf("the state is %s, %v", text, err)
	}
	if logs, err := os.ReadDir(filepath.Join(state, "home", "logs")); err == nil {
		t.Errorf("%d logs were written", len(logs))
	}
}

// TestPreviewJSON: the JSON is Pulumi's own, with what stays and without secrets, and it is there for a preview that fails.
func TestPreviewJSON(t *testing.T) {
	root := project(t)
	e := open(t, engine.Config{Root: root, State: filepath.Join(t.TempDir(), "state"), Program: network("10.0.0.0/16"), CLI: findCLI(t)})
	must(t)(e.Up(t.Context()))
	text, err := e.PreviewJSON(t.Context())
	for _, want := range []string{`"steps": [`, `"op": "same"`, `"result": "[secret]"`, `"changeSummary"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in it, %v:\n%s", want, err, text)
		}
	}
	if again := must(t)(e.Preview(t.Context())); len(again.Changes) != 0 {
		t.Errorf("a preview changed something: %+v", again)
	}
	broken := open(t, engine.Config{Root: root, State: filepath.Join(t.TempDir(), "state"), Program: network("10.0.0.0/99"), CLI: findCLI(t)})
	if text, err := broken.PreviewJSON(t.Context()); err == nil || !strings.Contains(string(text), `"severity": "error"`) {
		t.Errorf("a preview that fails: %v:\n%s", err, text)
	}
}
