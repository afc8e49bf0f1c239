package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func someReleases() *deployment {
	d := &deployment{outputs: outputs{Release: "r3", Traffic: map[string]share{"blue": {"r3", 90}, "green": {"r1", 10}}}}
	for i, name := range []string{"r3", "r2", "r1"} {
		d.releases = append(d.releases, release{image{Tag: "release-" + name, Digest: "sha256:" + name, Pushed: time.Unix(int64(100-i), 0)}, name})
	}
	return d
}

func TestFindingReleases(t *testing.T) {
	d := someReleases()
	if r, err := d.before("r3"); err != nil || r.name != "r2" {
		t.Errorf("before r3 comes %s, %v", r.name, err)
	}
	if _, err := d.before("r1"); err == nil || !strings.Contains(err.Error(), "no release before r1 in the registry; it has r3, r2, r1") {
		t.Errorf("before r1: %v", err)
	}
	if _, err := d.find("r9"); err == nil || !strings.Contains(err.Error(), "no release r9 in the registry; it has r3, r2, r1") {
		t.Errorf("r9: %v", err)
	}
	for name, want := range map[string]string{"r3": "runs, blue, 90 %", "r2": "", "r1": "runs, green, 10 %"} {
		if got := d.runs(name); got != want {
			t.Errorf("%s: %q, %q expected", name, got, want)
		}
	}
}

// TestMigrationsSince: a rollback over a new migration is named, one over other changes is not.
func TestMigrationsSince(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	git := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	commit := func(file string) string {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
		git("add", "-A")
		git("commit", "-qm", file)
		return git("rev-parse", "--short=12", "HEAD")
	}
	for name, content := range map[string]string{"Pulumi.yaml": "name: x\n", "Pulumi.local.yaml": "config:\n  x:image:\n    app: app\n"} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git("init", "-q")
	first := commit("app/a.php")
	second := commit("app/database/migrations/1_users.php")
	third := commit("app/b.php")
	settings, err := config.ReadFile(root, "local")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		to, from string
		want     []string
	}{{first, third, []string{"app/database/migrations/1_users.php"}}, {second, third + "-dirty.0123", nil}} {
		if got, err := migrationsBetween(t.Context(), settings, test.to, test.from); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s to %s: %v, %v", test.from, test.to, got, err)
		}
	}
	if _, err := migrationsBetween(t.Context(), settings, "v1.2", third); err == nil || !strings.Contains(err.Error(), "v1.2 is no commit") {
		t.Errorf("an unknown release: %v", err)
	}
}

// TestCanaryNeedsBlueGreen: a rolling stack is told what to change, and its file stays as it is.
func TestCanaryNeedsBlueGreen(t *testing.T) {
	root := atRoot(t)
	before, err := os.ReadFile(filepath.Join(root, "Pulumi.staging.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"canary", "promote", "abort"} {
		err := run(t.Context(), []string{command, "--stack", "staging"}, testLog{t})
		if err == nil || !strings.Contains(err.Error(), "Pulumi.staging.yaml: release.strategy is not blueGreen") {
			t.Errorf("%s: %v", command, err)
		}
	}
	if after, err := os.ReadFile(filepath.Join(root, "Pulumi.staging.yaml")); err != nil || string(after) != string(before) {
		t.Errorf("the stack file was changed, %v", err)
	}
}
