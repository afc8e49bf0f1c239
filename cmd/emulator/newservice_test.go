package main_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestNewServiceInAnExistingCluster: a service that a stack gets later is previewed before it exists, and so is plain `pulumi up`.
func TestNewServiceInAnExistingCluster(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, map[string]any{"worker.count": 0, "scheduler.count": 0, "release.name": "r1"})
	})
	l.deploy("first")
	for _, step := range []struct {
		name    string
		set     map[string]any
		service string // that is new
	}{
		{"a worker", map[string]any{"worker.count": 1}, "laravel-staging-worker-service"},
		{"a scheduler", map[string]any{"scheduler.count": 1}, "laravel-staging-scheduler-service"},
		{"a second worker", map[string]any{"processes.mails": map[string]any{"role": "worker", "queues": []string{"mails"}}}, "laravel-staging-mails-service"},
		{"blueGreen", map[string]any{"release.strategy": "blueGreen"}, "laravel-staging-web-green-service"},
	} {
		if l.services()[step.service] {
			t.Fatalf("%s: %s exists before", step.name, step.service)
		}
		l.set(step.set)
		l.deploy(step.name)
		if !l.services()[step.service] {
			t.Errorf("%s: %s was not made: %v", step.name, step.service, l.services())
		}
	}
}

// TestNewServiceInASharedCluster: the cluster of environment.shares exists before the review environment's first service.
func TestNewServiceInASharedCluster(t *testing.T) {
	t.Parallel()
	staging := newLife(t, "staging", nil, func(f *config.File) error {
		return f.Set("domain", map[string]any{"name": "staging.example.com", "aliases": []string{"*.review.example.com"}, "zone": "example.com"})
	})
	staging.zone("example.com")
	staging.deploy("staging")
	review := newLife(t, "review-login", staging, func(f *config.File) error {
		return setAll(f, map[string]any{"environment.shares": "staging", "domain.name": "login.review.example.com", "worker.count": 0})
	})
	review.deploy("first")
	review.set(map[string]any{"worker.count": 1})
	review.deploy("a worker")
	for _, service := range []string{"laravel-review-login-web-service", "laravel-review-login-worker-service", "laravel-staging-web-service"} {
		if !review.services()[service] {
			t.Errorf("%s is missing: %v", service, review.services())
		}
	}
}

// TestCutOffAnywhere: a deployment that was cut off is previewed and carries on, wherever that was. Each run may make three types of
// resources more than the one before, in the order of a deployment that succeeds, and begins with what that one left.
func TestCutOffAnywhere(t *testing.T) {
	t.Parallel()
	whole := newLife(t, "staging", nil, nil)
	var types []string
	for _, made := range whole.deploy("without a failure").Changes {
		if strings.HasPrefix(made.Type, "aws:") && !slices.Contains(types, made.Type) {
			types = append(types, made.Type)
		}
	}
	if len(types) < 40 {
		t.Fatalf("%d types of resources: %v", len(types), types)
	}
	l, steps, before := newLife(t, "staging", nil, nil), 0, 0
	for i := 0; i < len(types); i += 3 {
		l.cutOff(types[i:]...)
		if now := len(l.Left()); now > before {
			steps, before = steps+1, now
		}
	}
	if steps < 10 {
		t.Errorf("only %d runs made something", steps)
	}
	l.deploy("the rest")
	if made, want := len(l.Left()), len(whole.Left()); made != want {
		t.Errorf("%d resources in the end, %d without a failure", made, want)
	}
}

// TestCutOffAtEachService fails at one service after the other: the cluster and the services before it exist then.
func TestCutOffAtEachService(t *testing.T) {
	t.Parallel()
	const service = "aws:ecs/service:Service"
	l := newLife(t, "staging", nil, nil)
	l.cutOff(service)
	for n := range 3 {
		if got := len(l.services()); got != n {
			t.Fatalf("%d services exist after %d runs", got, n+1)
		}
		if n < 2 { // the first service of a run is made, the others are not
			l.failUp(account.Fault{Operation: "create", Type: service, Nth: 2}, account.Fault{Operation: "create", Type: service, Nth: 3})
		}
	}
	l.deploy("the rest")
	if len(l.services()) != 3 {
		t.Errorf("services: %v", l.services())
	}
}

// TestCutOffBetweenTheServices: a release is cut off when its task definitions are registered and some services have not got theirs. The next
// preview is no reason to think that ECS rolled something back.
func TestCutOffBetweenTheServices(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, nil)
	l.deploy("first")
	l.set(map[string]any{"env.CHANGED": "1"})
	l.failUp(account.Fault{Operation: "update", Type: "aws:ecs/service:Service"})
	l.deploy("the rest")
	if again, err := l.Up(t.Context()); err != nil || len(again.Changes) != 0 {
		t.Errorf("once more: %v, %v", again.Changes, err)
	}
}

// cutOff deploys, and fails wherever a resource of one of these types is to be made.
func (l *life) cutOff(types ...string) {
	l.t.Helper()
	var faults []account.Fault
	for _, kind := range types {
		faults = append(faults, account.Fault{Operation: "create", Type: kind})
	}
	l.failUp(faults...)
}

func (l *life) failUp(faults ...account.Fault) {
	l.t.Helper()
	for i := range faults {
		faults[i].Err = &account.Error{Code: "CutOff", Message: "the test cut the deployment off"}
	}
	l.Account().SetFaults(account.Faults{Fail: faults})
	defer l.Account().SetFaults(account.Faults{})
	// Up previews first, as pulumi up does; a preview that fails says something else.
	if _, err := l.Up(l.t.Context()); err == nil || !strings.Contains(err.Error(), "CutOff") {
		l.t.Fatalf("%s is to fail: %v", faults[0].Type, err)
	}
}
