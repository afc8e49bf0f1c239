package main_test

import (
	"io"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/api"
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

// TestTwoReviewsShareStaging: two branches on one environment, in one account and one backend.
func TestTwoReviewsShareStaging(t *testing.T) {
	t.Parallel()
	staging := sharedStaging(t)
	before := staging.resources()
	var reviews []*life
	for _, slug := range []string{"login", "cart"} {
		l := newLife(t, config.ReviewPrefix+slug, staging, shareStaging(slug))
		report := l.deploy(slug)
		if url := report.Outputs["url"]; url != "https://"+slug+".review.example.com" {
			t.Errorf("%s answers at %v", slug, url)
		}
		if n := report.Count("create"); n > 40 {
			t.Errorf("%s made %d resources: it shares little", slug, n)
		}
		reviews = append(reviews, l)
	}
	if lost := missing(before, staging.resources()); len(before) == 0 || len(lost) > 0 {
		t.Errorf("the reviews removed from staging: %v", lost)
	}
	if report, err := staging.Up(t.Context()); err != nil || len(report.Changes) > 0 {
		t.Errorf("the reviews change what staging declares: %v, %v", report.Changes, err)
	}
	if s := staging.exported("review-cart"); !strings.Contains(s.Left, "drop database review_cart") {
		t.Errorf("a destroy leaves %q", s.Left)
	}
	for _, l := range reviews {
		if _, err := l.Destroy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if after := staging.resources(); !maps.Equal(before, after) {
		t.Errorf("staging lost %v, and has in addition %v", missing(before, after), missing(after, before))
	}
	if report, err := staging.Refresh(t.Context()); err != nil || len(report.Changes) > 0 {
		t.Errorf("staging was changed: %v, %v", report.Changes, err)
	}
	if _, err := staging.Destroy(t.Context()); err != nil || len(staging.Left()) > 0 {
		t.Errorf("staging stays: %v, %v", staging.Left(), err)
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

// TestReapingABackend reaps stacks with the CLI: the expired one goes with its resources and its stack, the others stay.
func TestReapingABackend(t *testing.T) {
	staging := sharedStaging(t)
	for slug, expires := range map[string]string{"old": "2026-01-01T00:00:00Z", "new": "2099-01-01T00:00:00Z"} {
		newLife(t, config.ReviewPrefix+slug, staging, func(f *config.File) error {
			if err := shareStaging(slug)(f); err != nil {
				return err
			}
			return f.Set("environment.expiresAt", expires)
		}).deploy(slug)
	}
	server := httptest.NewServer(api.New(api.Config{Account: staging.Account()}))
	t.Cleanup(server.Close)
	for _, variable := range append(staging.Environment(), "AWS_ENDPOINT_URL="+server.URL, "AWS_ACCESS_KEY_ID="+api.AccessKey, "AWS_SECRET_ACCESS_KEY="+api.SecretKey, "AWS_PROFILE=", "AWS_WEB_IDENTITY_TOKEN_FILE=") {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	var out strings.Builder
	environments, err := review.Open(repository(t), &out, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := environments.Reap(t.Context(), false); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"review-old expired", "review-new expires in", "1 destroyed, 0 failed", "left: the database review_old"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out.String())
		}
	}
	if left := string(staging.pulumi("stack", "ls", "--json")); strings.Contains(left, "review-old") || !strings.Contains(left, "review-new") || !strings.Contains(left, "staging") {
		t.Errorf("these stacks are left: %s", left)
	}
	for _, r := range staging.Left() {
		if strings.Contains(r.Name, "review-old") {
			t.Errorf("left: %s", r.Name)
		}
	}
}
