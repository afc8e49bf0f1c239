package stacks

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// TestReleaseNameFollowsTheImage: the same tree has the same name, and only what goes into the image changes it.
func TestReleaseNameFollowsTheImage(t *testing.T) {
	t.Chdir(t.TempDir())
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
	}
	write := func(file, content string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	config := &Config{Image: Image{App: "app", Dockerfile: "docker/Dockerfile"}}
	name := func() string {
		t.Helper()
		release, err := releaseName(config)
		if err != nil {
			t.Fatal(err)
		}
		return release
	}
	if _, err := releaseName(config); err == nil {
		t.Error("a folder without Git has a release name")
	}
	run("init", "-q")
	for _, dir := range []string{"app", "docker", "infra"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		write(dir+"/file", "1")
	}
	run("add", "-A")
	run("commit", "-qm", "first")
	clean := name()
	if !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(clean) {
		t.Errorf("a clean tree is %q", clean)
	}
	write("infra/file", "2")
	run("commit", "-qam", "elsewhere")
	if got := name(); got != clean {
		t.Errorf("a commit elsewhere made %q of %q", got, clean)
	}
	write("app/file", "2")
	dirty := name()
	if !regexp.MustCompile(`^`+clean+`-dirty\.[0-9a-f]{12}$`).MatchString(dirty) || name() != dirty {
		t.Errorf("a changed file is %q, then %q", dirty, name())
	}
	write("docker/new", "x")
	if got := name(); got == dirty || got == clean {
		t.Errorf("a new file changed nothing: %q", got)
	}
}
