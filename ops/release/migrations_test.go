package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestMigrationsBetween: a rollback over a new migration is named, one over other changes is not.
func TestMigrationsBetween(t *testing.T) {
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
		to, from, note string
		want           []string
	}{
		{first, third, "1 ran since and stay", []string{"app/database/migrations/1_users.php"}},
		{second, third + "-dirty.0123", "none", nil},
		{second + "-image.01234567", third + "-dirty.0123-image.01234567-rebuild.2026-11", "none", nil},
	} {
		if got, err := migrationsBetween(t.Context(), settings, test.to, test.from); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s to %s: %v, %v", test.from, test.to, got, err)
		}
		if note := migrationNote(t.Context(), settings, test.to, test.from); !strings.HasPrefix(note, test.note) {
			t.Errorf("%s to %s: %s", test.from, test.to, note)
		}
	}
	if note := migrationNote(t.Context(), settings, "v1.2", third); !strings.Contains(note, "v1.2 is no commit") {
		t.Errorf("an unknown release: %s", note)
	}
}
