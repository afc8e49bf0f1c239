package system_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pipeline runs jobs of .gitlab-ci.yml in the copy, in the shell of this machine and on the emulator.
func (s *site) pipeline(t *testing.T, variables map[string]string, jobs ...string) (string, error) {
	t.Helper()
	tool, err := filepath.Abs("../../bin/gitlab-ci-local")
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"--force-shell-executor", "--no-artifacts-to-source", "--concurrency", "1", "--variable", "CLOUD=local", "--variable", "CI_DEFAULT_BRANCH=main"}, jobs...)
	// The caches of Go are those of this machine: a runner starts with empty ones.
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "--variable", name+"="+strings.TrimSpace(string(value)))
	}
	for name, value := range variables {
		args = append(args, "--variable", name+"="+value)
	}
	command := s.command()
	command.Path, command.Args = tool, append([]string{tool}, args...)
	out, err := command.CombinedOutput()
	return string(out), err
}

// TestGitLabPipeline: the main branch is tested and releases staging, prod runs the same image, the night compares, and a merge request
// gets a note of what it would change.
func TestGitLabPipeline(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.variables = []string{"STACK=staging", "CLOUD=local"} // for make down
	s.state = filepath.Join(s.dir, ".local", "staging")
	main := map[string]string{"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}
	s.applicationTests(t, main)
	out, err := s.pipeline(t, main, "staging")
	if err != nil || !strings.Contains(out, s.url("/up")+" answers 200") || !strings.Contains(out, s.url("/")+" answers 200") {
		t.Fatalf("staging: %v\n%s", err, out)
	}
	s.promotion(t, main)
	s.night(t)
	s.notes(t)
}

// applicationTests: a test of the application that fails fails the job, and says which.
func (s *site) applicationTests(t *testing.T, main map[string]string) {
	path := filepath.Join(s.dir, "examples", "laravel", "tests", "Unit", "SystemTest.php")
	edit(t, path, "assertNotSame", "assertSame")
	if out, err := s.pipeline(t, main, "test app"); err == nil || !strings.Contains(out, "SystemTest::test_a_container_has_a_name") || !strings.Contains(out, "the tests of examples/laravel failed") {
		t.Errorf("a failing test: %v\n%s", err, out)
	}
	edit(t, path, "assertSame", "assertNotSame")
	if out, err := s.pipeline(t, main, "test app"); err != nil || !strings.Contains(out, "the tests of examples/laravel pass") {
		t.Errorf("test app: %v\n%s", err, out)
	} else if !strings.Contains(out, "has 5 stages of earlier jobs") {
		t.Errorf("the second job has no layers of the first:\n%s", out)
	}
}

var promotedDigest = regexp.MustCompile(`release \S+ of staging, (sha256:[0-9a-f]{64})`)

// promotion: prod is deployed once by hand; from then on its job brings the image of staging.
func (s *site) promotion(t *testing.T, main map[string]string) {
	prod := &site{dir: s.dir, variables: s.variables, state: filepath.Join(s.dir, ".local", "prod"), http: freePort(t), https: freePort(t)}
	t.Cleanup(func() {
		prod.make(t, "down", "STACK=prod")
		if left := prod.left(t); left != "" {
			t.Errorf("make down left of prod:\n%s", left)
		}
	})
	edit(t, filepath.Join(s.dir, "Pulumi.prod.yaml"), "laravel-ecs:environment:\n", "laravel-ecs:release: {name: by-hand}\n  laravel-ecs:environment:\n")
	prod.make(t, "up", "STACK=prod")
	edit(t, filepath.Join(s.dir, "Pulumi.prod.yaml"), "laravel-ecs:release: {name: by-hand}\n  ", "")
	out, err := prod.pipeline(t, main, "prod")
	if err != nil || !strings.Contains(out, prod.url("/")+" answers 200") {
		t.Fatalf("prod: %v\n%s", err, out)
	}
	digest := promotedDigest.FindStringSubmatch(out)
	if digest == nil || !strings.Contains(out, "the image of staging: "+digest[1]) {
		t.Fatalf("it does not say that both run the same image:\n%s", out)
	}
	if releases := prod.make(t, "releases", "STACK=prod"); !strings.Contains(releases, digest[1][:19]) {
		t.Errorf("prod does not list %s:\n%s", digest[1], releases)
	}
}

// night: staging is as it was deployed, until its file says something else.
func (s *site) night(t *testing.T) {
	schedule := map[string]string{"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"}
	if out, err := s.pipeline(t, schedule, "drift staging"); err != nil || !strings.Contains(out, "staging is as it was deployed") {
		t.Errorf("drift staging: %v\n%s", err, out)
	}
	path := filepath.Join(s.dir, "Pulumi.staging.yaml")
	edit(t, path, "accessLogDays: 14", "accessLogDays: 15")
	defer edit(t, path, "accessLogDays: 15", "accessLogDays: 14")
	if out, err := s.pipeline(t, schedule, "drift staging"); err == nil || !strings.Contains(out, "staging has drifted: 1 resources differ") {
		t.Errorf("a difference: %v\n%s", err, out)
	}
}

// notes: a merge request that nobody may write to prints its note.
func (s *site) notes(t *testing.T) {
	edit(t, filepath.Join(s.dir, "Pulumi.staging.yaml"), "laravel-ecs:worker:\n", "laravel-ecs:env: {LOG_LEVEL: debug}\n  laravel-ecs:worker:\n")
	commit := exec.Command("git", "-C", s.dir, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "--message", "feature", "Pulumi.staging.yaml")
	if out, err := commit.CombinedOutput(); err != nil {
		t.Fatalf("git commit: %v\n%s", err, out)
	}
	out, err := s.pipeline(t, map[string]string{
		"CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_BRANCH": "", "CI_MERGE_REQUEST_IID": "7", "CI_PROJECT_ID": "5",
		"CI_MERGE_REQUEST_PROJECT_ID": "5", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "5", "CI_API_V4_URL": "http://127.0.0.1:1", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "HEAD~1",
	}, "notes")
	if err != nil {
		t.Fatalf("notes: %v\n%s", err, out)
	}
	for _, want := range []string{"### staging: ", "`LOG_LEVEL` added: `debug`", "is not posted", "set GITLAB_TOKEN"} {
		if !strings.Contains(out, want) {
			t.Errorf("the note does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "### prod") {
		t.Errorf("there is a note of an environment that is not touched:\n%s", out)
	}
}
