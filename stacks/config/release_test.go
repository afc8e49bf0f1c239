package config

import (
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestReleaseNameFollowsTheImage: only changes of what the image is built from change the name.
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
		release, err := config.ReleaseName()
		if err != nil {
			t.Fatal(err)
		}
		return release
	}
	if _, err := config.ReleaseName(); err == nil {
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
	if !regexp.MustCompile(`^[0-9a-f]{12}-image.[0-9a-f]{8}$`).MatchString(clean) { // app is not the default folder
		t.Errorf("a clean tree is %q", clean)
	}
	write("infra/file", "2")
	run("commit", "-qam", "elsewhere")
	if got := name(); got != clean {
		t.Errorf("a commit elsewhere made %q of %q", got, clean)
	}
	write("app/file", "2")
	dirty := name()
	if !regexp.MustCompile(`^`+clean[:12]+`-dirty\.[0-9a-f]{12}`+clean[12:]+`$`).MatchString(dirty) || name() != dirty {
		t.Errorf("a changed file is %q, then %q", dirty, name())
	}
	write("docker/new", "x")
	if got := name(); got == dirty || got == clean {
		t.Errorf("a new file changed nothing: %q", got)
	}
}

// TestReleaseNameFollowsTheClone: an application that is cloned into app/ has a Git repository of its own.
func TestReleaseNameFollowsTheClone(t *testing.T) {
	t.Chdir(t.TempDir())
	do := func(script string) {
		t.Helper()
		command := exec.Command("sh", "-ec", "alias git='git -c user.name=t -c user.email=t@example.com'\n"+script)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", script, err, out)
		}
	}
	do(`mkdir -p docker app && echo /app/ >.gitignore && touch docker/file && git init -q && git add -A && git commit -qm first
		cd app && touch file && git init -q && git add -A && git commit -qm first`)
	seen := map[string]string{}
	for _, step := range []struct{ what, script, pattern string }{
		{"a clone", "", `^[0-9a-f]{12}-app\.[0-9a-f]{12}$`},
		{"a changed file", "echo 2 >app/file", `^[0-9a-f]{12}-app\.[0-9a-f]{12}-dirty\.[0-9a-f]{12}$`},
		{"another change", "echo 3 >app/file", `-dirty\.[0-9a-f]{12}$`},
		{"a new file", "echo x >app/new", `-dirty\.[0-9a-f]{12}$`},
		{"a commit", "cd app && git add -A && git commit -qm second", `^[0-9a-f]{12}-app\.[0-9a-f]{12}$`},
	} {
		do(step.script)
		name, err := (&Config{Image: Image{App: "app", Dockerfile: "docker/Dockerfile"}}).ReleaseName()
		if err != nil || !regexp.MustCompile(step.pattern).MatchString(name) {
			t.Errorf("%s is %q, %v; want %s", step.what, name, err, step.pattern)
		}
		if before, known := seen[name]; known {
			t.Errorf("%s has the name of %s, %q", step.what, before, name)
		}
		seen[name] = step.what
	}
}

// TestReleaseSettings: the operator's command reads what the program reads, with the same defaults and the same refusals.
func TestReleaseSettings(t *testing.T) {
	for name, test := range map[string]struct {
		file  string
		steps []int
		bake  time.Duration
		judge Judge
		says  string
	}{
		"ten lines": {"config:\n  aws:region: eu-west-1\n", nil, 10 * time.Minute, Judge{1, 1.5, 100, nil}, ""},
		"colours":   {"config:\n  laravel-ecs:release: {strategy: blueGreen}\n", []int{10, 50, 100}, 10 * time.Minute, Judge{1, 1.5, 100, nil}, ""},
		"all": {"config:\n  laravel-ecs:release: {strategy: blueGreen, steps: [5, 100], bakeMinutes: 3, judge: {errorPercent: 0.5, p95Factor: 2, minRequests: 10, alarms: [no-answer]}}\n",
			[]int{5, 100}, 3 * time.Minute, Judge{0.5, 2, 10, []string{"no-answer"}}, ""},
		"faults": {"config:\n  laravel-ecs:release: {strategy: blueGreen, steps: [5], bakeMinutes: 0}\n", []int{5}, 0, Judge{1, 1.5, 100, nil}, "release.bakeMinutes: 0 is outside 1-1440"},
		"typo":   {"config:\n  laravel-ecs:release: {step: [5]}\n", nil, 0, Judge{}, "Pulumi.s.yaml: release.step: no such key"},
	} {
		r, err := fileWith(t, "s", test.file).ReleaseSettings()
		if test.says != "" {
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || !slices.Equal(r.Steps, test.steps) || r.Bake() != test.bake || !reflect.DeepEqual(r.Judge, test.judge) {
			t.Errorf("%s: %v, %s, %+v, %v", name, r.Steps, r.Bake(), r.Judge, err)
		}
	}
}
