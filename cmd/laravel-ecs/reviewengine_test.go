package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/cmd/laravel-ecs/internal/review"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// openedReview opens a stack made of the template, beside another one or alone.
func openedReview(t *testing.T, name string, beside *engine.Engine, edit func(*config.File) error) *engine.Engine {
	t.Helper()
	root := reviewRoot(t)
	o := options{root: root, branch: strings.TrimPrefix(name, review.Prefix)}
	if _, err := writeReviewFile(o, name, 0); err != nil {
		t.Fatal(err)
	}
	cli, err := engine.FindCLI(t.Context(), atRoot(t), testLog{t})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Config{
		Root: root, State: filepath.Join(t.TempDir(), "s"), Stack: name, Program: stacks.Deploy, CLI: cli, Throwaway: true,
		Log: io.Discard, Edit: edit, SharedWith: beside,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func mustUp(t *testing.T, e *engine.Engine) engine.Report {
	t.Helper()
	report, err := e.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestLongestReview: AWS's limits of names, which the embedded account knows, hold for the longest name that validation lets pass.
func TestLongestReview(t *testing.T) {
	name := review.Prefix + strings.Repeat("x", config.LongestReviewStack("laravel")-len(review.Prefix))
	e := openedReview(t, name, nil, nil)
	mustUp(t, e)
	state := exported(t, e, name)
	if state.Class != review.Class || state.Branch != strings.TrimPrefix(name, review.Prefix) || state.URL == "" || state.Resources < 90 {
		t.Errorf("the reaper would read %+v", state)
	}
	if at, known := state.Expiry(); !known || at.Before(time.Now()) {
		t.Errorf("it expires at %q", state.ExpiresAt)
	}
	if _, err := e.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := e.Left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// exported reads a stack as make review-reap does on AWS.
func exported(t *testing.T, e *engine.Engine, name string) review.Stack {
	t.Helper()
	useBackendOf(t, e)
	s, err := awsReviews{options{root: ".", out: io.Discard}}.Look(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// useBackendOf lets commands that run pulumi work on the backend and the account of an engine.
func useBackendOf(t *testing.T, e *engine.Engine) {
	t.Helper()
	for _, one := range e.Environment() {
		variable, value, _ := strings.Cut(one, "=")
		t.Setenv(variable, value)
	}
	t.Setenv("PULUMI_HOME", t.TempDir())
	t.Setenv("AWS_PROFILE", "nobody") // enough to begin
	root := atRoot(t)
	// pulumi comes with language plugins, which bin/pulumi does not, and which nothing here needs.
	fake := filepath.Join(t.TempDir(), "bin")
	if err := os.MkdirAll(fake, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(fake, "pulumi-language-go"), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", fake+":"+filepath.Join(root, "bin")+":"+os.Getenv("PATH"))
}

// sharedStaging is staging as it must be to lend: with a host name of its own and one for reviews.
func sharedStaging(t *testing.T) *engine.Engine {
	t.Helper()
	e := staging(t)
	if err := e.Rewrite(func(s *config.File) error {
		return s.Set("domain", map[string]any{"name": "staging.example.com", "aliases": []string{"*.review.example.com"}, "zone": "example.com"})
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := seed(e.Account(), e.Settings()); err != nil {
		t.Fatal(err)
	}
	mustUp(t, e)
	return e
}

// shareStaging makes the template share staging: one line, and the host.
func shareStaging(s *config.File) error {
	if err := s.Set("domain.name", strings.TrimPrefix(s.Text("environment.branch"), "/")+".review.example.com"); err != nil {
		return err
	}
	return s.Set("environment.shares", "staging")
}

// TestTwoReviewsShareStaging is two branches on one environment: the real engine, one account, one backend.
func TestTwoReviewsShareStaging(t *testing.T) {
	lender := sharedStaging(t)
	before := resources(lender)
	var reviews []*engine.Engine
	for _, name := range []string{"review-login", "review-cart"} {
		e := openedReview(t, name, lender, shareStaging)
		report := mustUp(t, e)
		if url := report.Outputs["url"]; url != "https://"+strings.TrimPrefix(name, review.Prefix)+".review.example.com" {
			t.Errorf("%s answers at %v", name, url)
		}
		if n := report.Count("create"); n > 40 {
			t.Errorf("%s made %d resources: it shares little", name, n)
		}
		if report, err := e.Preview(t.Context()); err != nil || len(report.Changes) > 0 {
			t.Errorf("%s: a second preview has changes: %v, %v", name, report.Changes, err)
		}
		reviews = append(reviews, e)
	}
	if lost := missing(before, resources(lender)); len(lost) > 0 {
		t.Errorf("the reviews took from staging: %v", lost)
	}
	if report := mustUp(t, lender); len(report.Changes) > 0 {
		t.Errorf("the reviews change what staging wants: %v", report.Changes)
	}
	if s := exported(t, lender, "review-cart"); !strings.Contains(s.Left, "drop database review_cart") {
		t.Errorf("a destroy leaves %q", s.Left)
	}
	for _, e := range reviews {
		if _, err := e.Destroy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if after := resources(lender); !maps.Equal(before, after) {
		t.Errorf("staging lost %v, and was left with %v", missing(before, after), missing(after, before))
	}
	if report, err := lender.Refresh(t.Context()); err != nil || len(report.Changes) > 0 {
		t.Errorf("staging was touched: %v, %v", report.Changes, err)
	}
	if _, err := lender.Destroy(t.Context()); err != nil || len(lender.Left()) > 0 {
		t.Errorf("staging stays: %v, %v", lender.Left(), err)
	}
}

// resources are what the account has, by type and id.
func resources(e *engine.Engine) map[string]bool {
	all := map[string]bool{}
	for _, r := range e.Left() {
		all[r.Type+" "+r.ID] = true
	}
	return all
}

func missing(from, in map[string]bool) []string {
	var gone []string
	for _, key := range slices.Sorted(maps.Keys(from)) {
		if !in[key] {
			gone = append(gone, key)
		}
	}
	return gone
}

// TestSharingWhatIsNotThere: nothing is made, and the error says what to do.
func TestSharingWhatIsNotThere(t *testing.T) {
	lender := staging(t)
	e := openedReview(t, "review-login", lender, shareStaging)
	if _, err := e.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "environment.shares") {
		t.Errorf("staging is not deployed: %v", err)
	}
	mustUp(t, lender) // without a domain
	if _, err := e.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "add *.review.example.com to domain.aliases of Pulumi.staging.yaml") {
		t.Errorf("staging has no host for it: %v", err)
	}
	if left := missing(resources(e), resources(lender)); len(left) > 0 {
		t.Errorf("it made %v", left)
	}
}

// TestReapingABackend reaps real stacks with the real CLI: the expired one goes with its resources and its stack, the others stay.
func TestReapingABackend(t *testing.T) {
	lender := sharedStaging(t)
	for name, expires := range map[string]string{"review-old": "2026-01-01T00:00:00Z", "review-new": "2099-01-01T00:00:00Z"} {
		mustUp(t, openedReview(t, name, lender, func(s *config.File) error {
			if err := shareStaging(s); err != nil {
				return err
			}
			return s.Set("environment.expiresAt", expires)
		}))
	}
	useBackendOf(t, lender)
	var out strings.Builder
	cloud := awsReviews{options{root: atRoot(t), out: &out}}
	now := func() time.Time { return time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC) }
	if err := (review.Reaper{Cloud: cloud, Now: now, Out: &out}).Run(t.Context()); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	names, err := cloud.Names(t.Context())
	slices.Sort(names)
	if err != nil || !slices.Equal(names, []string{"review-new", "staging"}) {
		t.Errorf("%v are left, %v\n%s", names, err, out.String())
	}
	for _, r := range lender.Left() {
		if strings.Contains(r.Name, "review-old") {
			t.Errorf("left: %s", r.Name)
		}
	}
	if !strings.Contains(out.String(), "1 destroyed, 0 failed") || !strings.Contains(out.String(), "left: the database review_old") {
		t.Errorf("%s", out.String())
	}
}
