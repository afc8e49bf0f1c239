package main_test

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/review"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestLongestReview: AWS's limits of names, which the emulated account has, hold for the longest name that validation accepts.
func TestLongestReview(t *testing.T) {
	t.Parallel()
	name := config.ReviewPrefix + strings.Repeat("x", config.LongestReviewStack("laravel")-len(config.ReviewPrefix))
	l := newLife(t, name, nil, nil)
	l.deploy(name)
	state := l.exported(name)
	if state.Class != config.ClassReview || state.Branch != name || state.URL == "" || state.Resources < 90 {
		t.Errorf("the reaper would read %+v", state)
	}
	if at, err := time.Parse(time.RFC3339, state.ExpiresAt); err != nil || at.Before(time.Now()) {
		t.Errorf("it expires at %q", state.ExpiresAt)
	}
	if _, err := l.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := l.Left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// pulumi runs the CLI on the stack's backend.
func (l *life) pulumi(args ...string) []byte {
	l.t.Helper()
	command := exec.Command(l.CLI(), args...)
	command.Dir, command.Env = l.Workspace(), append(os.Environ(), l.Environment()...)
	out, err := command.Output()
	if err != nil {
		l.t.Fatalf("pulumi %v: %v", args, err)
	}
	return out
}

// exported reads a stack as make review-reap does.
func (l *life) exported(name string) review.Stack {
	l.t.Helper()
	s, err := review.ParseState(name, l.pulumi("stack", "export", "--stack", name, "--non-interactive"))
	if err != nil {
		l.t.Fatal(err)
	}
	return s
}

// sharedStaging is staging as it must be to be shared: with a host name of its own and one for reviews.
func sharedStaging(t *testing.T) *life {
	t.Helper()
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return f.Set("domain", map[string]any{"name": "staging.example.com", "aliases": []string{"*.review.example.com"}, "zone": "example.com"})
	})
	l.zone("example.com")
	l.deploy("staging")
	return l
}

// shareStaging makes a review environment share staging: two lines of its file.
func shareStaging(slug string) func(*config.File) error {
	return func(f *config.File) error {
		return setAll(f, map[string]any{"environment.shares": "staging", "domain.name": slug + ".review.example.com", "environment.branch": slug})
	}
}

// resources are what the account has, by type and id.
func (l *life) resources() map[string]bool {
	all := map[string]bool{}
	for _, r := range l.Left() {
		all[r.Type+" "+r.ID] = true
	}
	return all
}

func missing(from, in map[string]bool) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(from)), func(key string) bool { return in[key] })
}

// TestSharingWhatIsNotThere: nothing is made, and the error says what to do.
func TestSharingWhatIsNotThere(t *testing.T) {
	t.Parallel()
	staging := newLife(t, "staging", nil, nil)
	early := newLife(t, "review-early", staging, shareStaging("early"))
	if _, err := early.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "unknown stack") || len(early.Left()) > 0 { // review-up adds what to do
		t.Errorf("there is no stack staging: %v", err)
	}
	if err := staging.Init(t.Context()); err != nil { // the stack exists, and was never deployed
		t.Fatal(err)
	}
	l := newLife(t, "review-login", staging, shareStaging("login"))
	if _, err := l.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "environment.shares") {
		t.Errorf("staging is not deployed: %v", err)
	}
	staging.deploy("staging") // without a domain
	if _, err := l.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "add *.review.example.com to domain.aliases of Pulumi.staging.yaml") {
		t.Errorf("staging has no host for it: %v", err)
	}
	if made := missing(l.resources(), staging.resources()); len(made) > 0 {
		t.Errorf("it made %v", made)
	}
}
