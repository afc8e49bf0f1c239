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
		{"local/note/note.go Makefile .gitlab-ci.yml tools/go.mod", ""},
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
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		args = append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	commit := func(name, text string) {
		writeFile(t, filepath.Join(dir, name), text)
		git("add", "--all")
		git("commit", "--quiet", "--message", name)
	}
	git("init", "--quiet", "--initial-branch", "main")
	commit("Pulumi.yaml", "name: x\n")
	commit("Pulumi.prod.yaml", "config: {}\n")
	commit("Pulumi.staging.yaml", "config: {}\n")
	git("checkout", "--quiet", "-b", "feature")
	commit("Pulumi.prod.yaml", "config: {x:app: {name: y}}\n")
	git("checkout", "--quiet", "main")
	commit("Pulumi.staging.yaml", "config: {x:app: {name: z}}\n")
	git("checkout", "--quiet", "feature")
	touched, others, err := touchedSince(t.Context(), options{root: dir, since: "main"})
	if err != nil || !slices.Equal(touched, []string{"prod"}) || !slices.Equal(others, []string{"staging"}) {
		t.Errorf("%v, %v, %v", touched, others, err)
	}
	if _, _, err := touchedSince(t.Context(), options{root: dir, since: "abc"}); err == nil || !strings.Contains(err.Error(), "GIT_DEPTH: 0") {
		t.Errorf("of a revision that the clone has not: %v", err)
	}
}
