package pipelines_test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed is a job as gitlab-ci-local lists it.
type listed struct {
	Name, When   string
	AllowFailure bool `json:"allow_failure"`
}

// TestJobsOfEvents asks gitlab-ci-local, which knows GitLab's rules and its schema, for the jobs of every event.
func TestJobsOfEvents(t *testing.T) {
	want := map[string]string{
		"merge request": "lint, notes, review (manual), stop review (manual), test, test app",
		"main":          "lint, prod (manual), staging, test, test app",
		"tag":           "prod",
		"schedule":      "drift prod, drift staging, reap, test long",
	}
	for name, e := range events {
		t.Run(name, func(t *testing.T) {
			variables := map[string]string{"CI_COMMIT_BRANCH": "", "CI_COMMIT_TAG": "", "CI_DEFAULT_BRANCH": "main"}
			for variable, value := range e.gitLab {
				variables[variable] = value
			}
			var names []string
			for _, job := range list(t, variables) {
				if job.When == "manual" {
					job.Name += " (manual)"
					if !job.AllowFailure {
						t.Errorf("%s blocks the pipeline until somebody starts it", job.Name)
					}
				}
				names = append(names, job.Name)
			}
			slices.Sort(names)
			if got := strings.Join(names, ", "); got != want[name] {
				t.Errorf("the jobs are %s; %s expected", got, want[name])
			}
		})
	}
}

func list(t *testing.T, variables map[string]string) []listed {
	t.Helper()
	tool, err := filepath.Abs(filepath.Join(root, "bin", "gitlab-ci-local"))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--list-json"}
	for name, value := range variables {
		args = append(args, "--variable", name+"="+value)
	}
	command := exec.Command(tool, args...)
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			t.Fatalf("gitlab-ci-local: %v\n%s", err, failed.Stderr)
		}
		t.Fatalf("%v (make bin/gitlab-ci-local)", err)
	}
	var jobs []listed
	// Warnings come first, on the same stream.
	if _, text, found := strings.Cut(string(out), "\n[\n"); !found || json.Unmarshal([]byte("["+text), &jobs) != nil {
		t.Fatalf("gitlab-ci-local lists no jobs:\n%s", out)
	}
	return slices.DeleteFunc(jobs, func(job listed) bool { return job.When == "never" })
}
