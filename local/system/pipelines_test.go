package system_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pipeline runs jobs of .gitlab-ci.yml in the copy, in the shell of this machine and on the embedded cloud.
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

// TestGitLabPipeline: the main branch releases staging, and a merge request gets a note of what it would change there.
func TestGitLabPipeline(t *testing.T) {
	t.Setenv("STACK", "staging") // for make down
	t.Setenv("CLOUD", "local")
	s := newSite(t)
	s.state = filepath.Join(s.dir, ".local", "staging")
	out, err := s.pipeline(t, map[string]string{"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}, "staging")
	if err != nil || !strings.Contains(out, s.url("/up")+" answers 200") || !strings.Contains(out, s.url("/")+" answers 200") {
		t.Fatalf("staging: %v\n%s", err, out)
	}

	edit(t, filepath.Join(s.dir, "Pulumi.staging.yaml"), "laravel-ecs:worker:\n", "laravel-ecs:env: {LOG_LEVEL: debug}\n  laravel-ecs:worker:\n")
	commit := exec.Command("git", "-C", s.dir, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "--message", "feature", "Pulumi.staging.yaml")
	if out, err := commit.CombinedOutput(); err != nil {
		t.Fatalf("git commit: %v\n%s", err, out)
	}
	out, err = s.pipeline(t, map[string]string{
		"CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_BRANCH": "", "CI_MERGE_REQUEST_IID": "7", "CI_PROJECT_ID": "5",
		"CI_API_V4_URL": "http://127.0.0.1:1", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "HEAD~1",
	}, "notes")
	if err != nil {
		t.Fatalf("notes: %v\n%s", err, out)
	}
	for _, want := range []string{"<!-- laravel-ecs note: staging -->", "`LOG_LEVEL` added: `debug`", "is not posted", "set GITLAB_TOKEN"} {
		if !strings.Contains(out, want) {
			t.Errorf("the note does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "note: prod") {
		t.Errorf("there is a note of an environment that is not touched:\n%s", out)
	}
}
