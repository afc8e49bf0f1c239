package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTouchedBy(t *testing.T) {
	all := []environment{
		{"prod", []string{"app", "docker"}},
		{"staging", []string{"examples/laravel", "docker"}},
	}
	for _, test := range []struct {
		files string
		want  string
	}{
		{"Pulumi.prod.yaml", "prod"},
		{"Pulumi.staging.yaml README.md", "staging"},
		{"Pulumi.yaml", "prod staging"},
		{"infra/service.go", "prod staging"},
		{"stacks/config.go docs/operations.md", "prod staging"},
		{"stacks/config_test.go stacks/testdata/prod.golden", ""},
		{"go.mod", "prod staging"},
		{"docker/Dockerfile", "prod staging"},
		{"docker/image_test.go docker/testdata/skeleton/artisan", ""},
		{"app/routes/web.php", "prod"},
		{"app", "prod"}, // a submodule
		{"application/x.php", ""},
		{"examples/laravel/routes/web.php", "staging"},
		{"Pulumi.local.yaml", ""},
		{"Pulumi.account.yaml", ""},
		{"ops/plan/note/note.go Makefile .gitlab-ci.yml tools/go.mod", ""},
		{"", ""},
	} {
		if got := strings.Join(touchedBy(strings.Fields(test.files), all), " "); got != test.want {
			t.Errorf("%q touches %q, %q expected", test.files, got, test.want)
		}
	}
}

// TestEnvironments reads the stack files of the repository.
func TestEnvironments(t *testing.T) {
	all, err := environments(atRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	var stacks []string
	for _, e := range all {
		stacks = append(stacks, e.stack)
		if !slices.Equal(e.image, []string{"examples/laravel", "docker"}) {
			t.Errorf("the image of %s is %v", e.stack, e.image)
		}
	}
	if !slices.Equal(stacks, []string{"prod", "staging"}) {
		t.Errorf("the environments are %v", stacks)
	}
}

// TestTouchedSince asks a real repository, in which main went on after the branch began.
func TestTouchedSince(t *testing.T) {
	dir := branchOff(t, "Pulumi.prod.yaml")
	touched, err := touchedSince(t.Context(), options{root: dir, since: "main"})
	if err != nil || !slices.Equal(touched, []string{"prod"}) {
		t.Errorf("%v, %v", touched, err)
	}
	if _, err := touchedSince(t.Context(), options{root: dir, since: "abc"}); err == nil || !strings.Contains(err.Error(), "GIT_DEPTH: 0") {
		t.Errorf("of a revision that the clone has not: %v", err)
	}
}

// branchOff returns a repository on a branch that changes these files, while main went on with the file of staging.
func branchOff(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		args = append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	commit := func(text string, names ...string) {
		for _, name := range names {
			writeFile(t, filepath.Join(dir, name), text)
		}
		git("add", "--all")
		git("commit", "--quiet", "--message", "a change")
	}
	git("init", "--quiet", "--initial-branch", "main")
	commit("name: x\n", "Pulumi.yaml")
	commit("config: {}\n", "Pulumi.prod.yaml", "Pulumi.staging.yaml")
	git("checkout", "--quiet", "-b", "feature")
	commit("config: {x:app: {name: y}}\n", files...)
	git("checkout", "--quiet", "main")
	commit("config: {x:app: {name: z}}\n", "Pulumi.staging.yaml")
	git("checkout", "--quiet", "feature")
	return dir
}
