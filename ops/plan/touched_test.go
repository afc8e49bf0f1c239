package plan

import (
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
	all, err := environments(repository)
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
	touched, err := touchedSince(t.Context(), dir, "main")
	if err != nil || !slices.Equal(touched, []string{"prod"}) {
		t.Errorf("%v, %v", touched, err)
	}
	var out strings.Builder
	if err := Touched(t.Context(), dir, "main", &out); err != nil || out.String() != "prod\n" {
		t.Errorf("printed is %q, %v", out.String(), err)
	}
	// Git would take it for a flag, and write a file.
	if err := Touched(t.Context(), dir, "--output=f", &out); err == nil || !strings.Contains(err.Error(), `--since (SINCE=): "--output=f" is no revision`) {
		t.Errorf("a flag as a revision: %v", err)
	}
	if _, err := touchedSince(t.Context(), dir, "--output=f"); err == nil {
		t.Error("Git takes a flag as a revision")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "f*")); len(left) > 0 {
		t.Errorf("a file was written: %v", left)
	}
	if _, err := touchedSince(t.Context(), dir, "abc"); err == nil || !strings.Contains(err.Error(), "GIT_DEPTH: 0") {
		t.Errorf("of a revision that the clone has not: %v", err)
	}
}
