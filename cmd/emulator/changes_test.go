package main_test

import (
	"context"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/emulator/rehearsal"
	"github.com/laravel-ecs/laravel-ecs/stacks"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestRehearsals takes every stack file through its life.
func TestRehearsals(t *testing.T) {
	t.Parallel()
	root := repository(t)
	list := config.Stacks(root)
	if len(list) < 5 {
		t.Fatalf("the stacks are %v", list)
	}
	for _, stack := range list {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := rehearsal.Run(t.Context(), rehearsal.Config{Root: root, Stack: stack, Program: stacks.Deploy}, &out)
			t.Log(out.String())
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestChangedEdge narrows who may connect: rules come and go, the groups they belong to stay.
func TestChangedEdge(t *testing.T) {
	t.Parallel()
	e := newLife(t, "staging", nil, nil)
	if _, err := e.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.set(map[string]any{"access.web": []string{"198.51.100.0/24"}})
	if planned, err := e.Preview(t.Context()); err != nil || len(planned.Changes) == 0 {
		t.Errorf("the preview: %v, %v", planned.Changes, err)
	}
	report, err := e.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Changes) == 0 {
		t.Error("nothing changed")
	}
	for _, change := range report.Changes {
		if change.Type != "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule" {
			t.Errorf("unexpected: %v", change)
		}
	}
}

// TestDrift changes a resource behind the program's back: a refresh sees it, and the next deployment puts it right.
func TestDrift(t *testing.T) {
	t.Parallel()
	const token = "aws:lb/loadBalancer:LoadBalancer"
	e := newLife(t, "staging", nil, nil)
	if _, err := e.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	balancers := e.Account().List(token)
	if len(balancers) != 1 {
		t.Fatalf("%d load balancers", len(balancers))
	}
	if err := e.Account().Tamper(token, balancers[0].ID, "idleTimeout", 4000.0); err != nil {
		t.Fatal(err)
	}
	for _, run := range []func(context.Context) (engine.Report, error){e.Refresh, e.Up} {
		report, err := run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Changes) != 1 || report.Changes[0].Type != token || report.Changes[0].Op != "update" {
			t.Errorf("changes are %v", report.Changes)
		}
	}
	restored, _ := e.Account().Read(token, balancers[0].ID)
	if restored.Outputs["idleTimeout"] != balancers[0].Outputs["idleTimeout"] {
		t.Errorf("idleTimeout is %v", restored.Outputs["idleTimeout"])
	}
}

// TestImageSettings: whatever makes another image makes another release, which the registry takes; the tags of releases are immutable
// there. A pin that moves and a month that begins are releases too.
func TestImageSettings(t *testing.T) {
	t.Parallel()
	e := newLife(t, "staging", nil, nil)
	if _, err := e.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	repositories := e.Account().List("aws:ecr/repository:Repository")
	if len(repositories) != 1 {
		t.Fatalf("%d repositories", len(repositories))
	}
	images := func() int { return len(e.Account().Images(repositories[0].ID)) }
	for i, step := range []map[string]any{
		{"image.extensions": "bcmath intl mbstring memcached mysql opcache redis xml zip"},
		{"image.baseImage": "debian:trixie-slim@sha256:" + strings.Repeat("1", 64)},
		{"image.baseImage": "debian:trixie-slim@sha256:" + strings.Repeat("2", 64)},
		{"image.rebuild": "2026-11"},
		{"image.rebuild": "2026-12"},
		{"cluster.instanceTypes": []string{"t4g.small"}},
	} {
		e.set(step)
		report, err := e.Up(t.Context())
		if err != nil {
			t.Fatalf("%v: %v", step, err)
		}
		tree, err := e.Settings().TreeRelease()
		if err != nil || !e.Account().HasImage(config.ReleaseTag("staging", tree)) || images() != i+2 {
			t.Errorf("%v: %s is not in the registry, which has %d images, %v", step, tree, images(), err)
		}
		renewed := 0 // a rebuild renews the NAT instance, too
		if step["image.rebuild"] != nil {
			renewed = 1
		}
		if report.Count("update") == 0 || report.Count("delete") != renewed {
			t.Errorf("%v: changes are %v", step, report.Changes)
		}
	}
	e.set(map[string]any{"database.requireTls": false}) // the same image
	if _, err := e.Up(t.Context()); err != nil || images() != 7 {
		t.Errorf("without TLS: %d images, %v", images(), err)
	}
}

// TestRehearsalCatchesWhatNeverSettles: a rehearsal fails over a resource that AWS returns otherwise than the program writes it, here a task
// definition without the empty lists that ECS fills in.
func TestRehearsalCatchesWhatNeverSettles(t *testing.T) {
	t.Parallel()
	root := repository(t)
	program := func(ctx *pulumi.Context) error {
		region, _ := ctx.GetConfig("aws:region")
		provider, err := aws.NewProvider(ctx, "probe", &aws.ProviderArgs{Region: pulumi.String(region)})
		if err != nil {
			return err
		}
		_, err = ecs.NewTaskDefinition(ctx, "probe", &ecs.TaskDefinitionArgs{
			Family:               pulumi.String("probe"),
			ContainerDefinitions: pulumi.String(`[{"name":"web","image":"nginx","memory":64,"linuxParameters":{"capabilities":{"drop":["ALL"]}}}]`),
		}, pulumi.Provider(provider))
		return err
	}
	var out strings.Builder
	err := rehearsal.Run(t.Context(), rehearsal.Config{Root: root, Stack: "account", Program: program, State: t.TempDir() + "/s"}, &out)
	for _, step := range []string{"preview again", "preview after refresh", "preview then"} {
		if want := step + ": replace aws:ecs:TaskDefinition probe (containerDefinitions)"; err == nil || !strings.Contains(out.String(), want) {
			t.Errorf("%v: no %q in\n%s", err, want, out.String())
		}
	}
}
