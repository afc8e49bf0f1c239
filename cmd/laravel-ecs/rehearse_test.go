package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/aws"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

func TestRehearsals(t *testing.T) {
	root := atRoot(t)
	for _, stack := range config.Stacks(root) {
		t.Run(stack, func(t *testing.T) {
			var out strings.Builder
			state := filepath.Join(t.TempDir(), "state")
			err := run(t.Context(), []string{"rehearse", "--stack", stack, "--state", state}, &out)
			t.Log(out.String())
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// staging opens the staging stack for one test.
func staging(t *testing.T) *engine.Engine { return opened(t, "staging") }

// opened opens a stack for one test, on an account of its own.
func opened(t *testing.T, stack string) *engine.Engine {
	t.Helper()
	root := atRoot(t)
	cli, err := engine.FindCLI(t.Context(), root, testLog{t})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Config{
		Root: root, State: filepath.Join(t.TempDir(), "s"), Stack: stack, Program: stacks.Deploy, CLI: cli, Throwaway: true, Log: testLog{t},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	if _, err := seed(e.Account(), e.Settings()); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestChangedEdge narrows who may connect: rules come and go, the groups they belong to stay.
func TestChangedEdge(t *testing.T) {
	e := staging(t)
	if _, err := e.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Rewrite(func(s *config.File) error { return s.Set("access.web", []string{"198.51.100.0/24"}) }); err != nil {
		t.Fatal(err)
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
			t.Errorf("surprise: %v", change)
		}
	}
}

// TestDrift changes a resource behind the program's back: a refresh sees it, and the next deployment puts it right.
func TestDrift(t *testing.T) {
	const token = "aws:lb/loadBalancer:LoadBalancer"
	e := staging(t)
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

func TestSurprises(t *testing.T) {
	image := engine.Change{Op: "update", Type: "docker:index/image:Image", Name: "image"}
	definition := engine.Change{Op: "replace", Type: "aws:ecs/taskDefinition:TaskDefinition", Name: "web"}
	service := engine.Change{Op: "update", Type: "aws:ecs/service:Service", Name: "web"}
	database := engine.Change{Op: "replace", Type: "aws:rds/instance:Instance", Name: "db", Properties: []string{"dbName"}}
	for name, test := range map[string]struct {
		expect  func(engine.Report) []string
		changes []engine.Change
		want    []string
	}{
		"nothing happened":    {only(), nil, nil},
		"something happened":  {only(), []engine.Change{service}, []string{"update aws:ecs:Service web"}},
		"as expected":         {only("update"), []engine.Change{service}, nil},
		"a release":           {onlyRelease, []engine.Change{image, definition, service}, nil},
		"half a release":      {onlyRelease, []engine.Change{image, service}, []string{"no replace of aws:ecs/taskDefinition:TaskDefinition"}},
		"more than a release": {onlyRelease, []engine.Change{image, definition, service, database}, []string{"replace aws:rds:Instance db (dbName)"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.expect(engine.Report{Changes: test.changes}); !slices.Equal(got, test.want) {
				t.Errorf("surprises are %q", got)
			}
		})
	}
}

func TestSteps(t *testing.T) {
	fine := func(context.Context) (engine.Report, error) { return engine.Report{}, nil }
	fails := func(context.Context) (engine.Report, error) { return engine.Report{}, errors.New("it is protected") }
	for name, test := range map[string]struct {
		list []step
		want string // of all surprises
		last string
	}{
		"goes on":                  {[]step{{name: "a", run: fine, expect: only()}, {name: "b", run: fine, expect: only()}}, "", "b"},
		"stops at a failure":       {[]step{{name: "a", run: fails, expect: only()}, {name: "b", run: fine, expect: only()}}, "it is protected", "a"},
		"must be refused, and is":  {[]step{{name: "a", run: fails, refused: "protected"}, {name: "b", run: fine, expect: only()}}, "", "b"},
		"must be refused, is not":  {[]step{{name: "a", run: fine, refused: "protected"}, {name: "b", run: fine, expect: only()}}, "it was not refused", "a"},
		"refused for other reason": {[]step{{name: "a", run: fails, refused: "locked"}}, "it was refused for another reason: it is protected", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			outcomes := take(t.Context(), test.list)
			var all []string
			for _, one := range outcomes {
				all = append(all, one.surprises...)
			}
			if got := strings.Join(all, "; "); got != test.want || outcomes[len(outcomes)-1].step != test.last {
				t.Errorf("surprises are %q, the last step is %q", got, outcomes[len(outcomes)-1].step)
			}
		})
	}
}

func TestPrepareAndSeed(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "Pulumi.yaml"), "name: laravel-ecs\nruntime: go\n")
	writeFile(t, filepath.Join(root, "Pulumi.prod.yaml"), `encryptionsalt: v1:abc
config:
  aws:region: eu-west-1
  aws:allowedAccountIds: ["999999999999"]
  laravel-ecs:release: { build: false }
  laravel-ecs:domain: { name: app.example.com, zone: example.com, certificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/x" }
  laravel-ecs:cluster: { keyPair: deploy }
  laravel-ecs:secrets: { STRIPE_KEY: { secure: v1:abc } }
`)
	s, err := config.ReadFile(root, "prod")
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	if err := prepare(s, &notes); err != nil {
		t.Fatal(err)
	}
	if len(notes) != 3 || !strings.Contains(notes[0], "laravel-ecs:secrets.STRIPE_KEY, encryptionsalt") {
		t.Errorf("notes are %q", notes)
	}
	a, err := aws.Open("", "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"hosted zone example.com", "certificate arn:aws:acm:eu-west-1:123456789012:certificate/x", "key pair deploy"}
	for range 2 { // seeding again changes nothing
		assumed, err := seed(a, s)
		if err != nil || !slices.Equal(assumed, want) {
			t.Errorf("assumed are %q, %v", assumed, err)
		}
	}
	zone, err := a.Invoke(t.Context(), "aws:route53/getZone:getZone", account.Values{"name": "example.com"})
	if err != nil || zone.Text("name") != "example.com" {
		t.Errorf("the zone is %v, %v", zone, err)
	}
}
