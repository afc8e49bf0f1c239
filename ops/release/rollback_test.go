package release

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/deploy"
)

const rollingFile = "# kept\nconfig:\n  x:release:\n    migrate: true # why\n"

// story is: one served, two was taken back by the circuit breaker, three was pushed only, four runs.
func story() *fakeAWS {
	f := &fakeAWS{deployments: map[string][]map[string]any{}, running: map[string]string{}}
	f.deploys("web", "one", "SUCCESSFUL", day(1))
	f.deploys("web", "two", "ROLLBACK_SUCCESSFUL", day(2))
	f.deploys("web", "four", "SUCCESSFUL", day(4))
	for i, name := range []string{"one", "two", "three", "four"} {
		f.push(name, day(i+1).Add(-time.Hour))
	}
	return f
}

func TestRollback(t *testing.T) {
	p := newProject(t, story(), "four", rollingFile, nil)
	if err := Rollback(t.Context(), p.session(), RollbackOptions{Yes: true}); err != nil {
		t.Fatal(err)
	}
	if calls := p.read("calls"); !strings.HasPrefix(calls, "up --stack s --yes --config-file ") || strings.Count(calls, "\n") != 1 {
		t.Errorf("pulumi was called:\n%s", calls)
	}
	pinned := rollingFile + "    name: one\n    build: false\n"
	for _, file := range []string{"deployed", "Pulumi.s.yaml"} {
		for _, line := range strings.Split(strings.TrimSpace(pinned), "\n") {
			if !strings.Contains(p.read(file), line) {
				t.Errorf("%s has no %q:\n%s", file, line, p.read(file))
			}
		}
	}
	for _, want := range []string{"from        four", "to          one (it served from", digestOf("one"), "services    web, worker", "migrations  unknown: release one is no commit"} {
		if !strings.Contains(p.err.String(), want) {
			t.Errorf("%q is not shown:\n%s", want, p.err.String())
		}
	}
	if !strings.Contains(p.out.String(), "s runs release one. Pulumi.s.yaml pins it from now on: make unpin STACK=s") {
		t.Errorf("the end is: %s", p.out.String())
	}
	if err := Unpin(p.session()); err != nil || strings.Contains(p.read("Pulumi.s.yaml"), "name: one") || !strings.Contains(p.read("Pulumi.s.yaml"), "migrate: true # why") {
		t.Errorf("unpinned, %v:\n%s", err, p.read("Pulumi.s.yaml"))
	}
	if err := Unpin(p.session()); err == nil || !strings.Contains(err.Error(), "Pulumi.s.yaml pins no release") {
		t.Errorf("unpinned again: %v", err)
	}
}

// TestRollbackAsks: the preview comes before the question. What is not a yes leaves everything as it is.
func TestRollbackAsks(t *testing.T) {
	interrupted, cancel := context.WithCancel(t.Context())
	for answer, deployed := range map[string]bool{"y\n": true, "yes\n": true, "no\n": false, "\n": false, "": false} {
		p := newProject(t, story(), "four", rollingFile, nil)
		err := Rollback(t.Context(), p.session(), RollbackOptions{In: strings.NewReader(answer), Terminal: true})
		calls := p.read("calls")
		if deployed != (err == nil) || deployed != strings.Contains(calls, "up --stack s --yes --skip-preview") || !strings.HasPrefix(calls, "preview --stack s --diff --config-file") {
			t.Errorf("%q: %v, pulumi was called:\n%s", answer, err, calls)
		}
		if deployed == (p.read("Pulumi.s.yaml") == rollingFile) {
			t.Errorf("%q: the file is\n%s", answer, p.read("Pulumi.s.yaml"))
		}
	}
	cancel()
	if err := deploy.Ask(interrupted, blocked{}, &strings.Builder{}, "?"); err == nil {
		t.Error("an interrupt is a yes")
	}
}

// blocked never answers.
type blocked struct{}

func (blocked) Read([]byte) (int, error) { select {} }

func TestRollbackRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*fakeAWS)
		options RollbackOptions
		says    string
	}{
		"nobody to ask":      {nil, RollbackOptions{}, "there is no terminal to ask on: --yes (YES=1) answers"},
		"runs already":       {nil, RollbackOptions{Yes: true, To: "four"}, "release four runs already"},
		"never heard of":     {nil, RollbackOptions{Yes: true, To: "nine"}, "there is no image of release nine in the registry; it has four, three, two, one"},
		"gone from registry": {func(f *fakeAWS) { f.images = f.images[1:] }, RollbackOptions{Yes: true}, "there is no image of release one in the registry; it has four, three, two"},
		"tag was moved":      {func(f *fakeAWS) { f.images[0][0]["imageDigest"] = "sha256:other" }, RollbackOptions{Yes: true}, "digest mismatch: release one served as " + digestOf("one")},
		"nothing before": {func(f *fakeAWS) {
			*f = fakeAWS{deployments: map[string][]map[string]any{}, running: map[string]string{}}
			f.deploys("web", "four", "SUCCESSFUL", day(4))
			f.push("three", day(3))
			f.push("four", day(4))
		}, RollbackOptions{Yes: true}, "no release is known to have served before four; the registry has four, three: name one with --to"},
	} {
		f := story()
		if test.change != nil {
			test.change(f)
		}
		p := newProject(t, f, "four", rollingFile, nil)
		if err := Rollback(t.Context(), p.session(), test.options); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
		if p.read("calls") != "" || p.read("Pulumi.s.yaml") != rollingFile {
			t.Errorf("%s: pulumi was called (%s) or the file changed", name, p.read("calls"))
		}
	}
}

// TestRollbackFails: the file stays, and ECS's events are shown.
func TestRollbackFails(t *testing.T) {
	p := newProject(t, story(), "four", rollingFile, nil)
	p.write("fail", "1", 0o600)
	err := Rollback(t.Context(), p.session(), RollbackOptions{Yes: true})
	if err == nil || !strings.Contains(err.Error(), "the deployment of s failed (pulumi up: exit status 255)") || !strings.Contains(err.Error(), "Pulumi.s.yaml is as it was") {
		t.Errorf("%v", err)
	}
	if p.read("Pulumi.s.yaml") != rollingFile {
		t.Errorf("the file is\n%s", p.read("Pulumi.s.yaml"))
	}
	if !strings.Contains(p.err.String(), "Amazon ECS says:") || !strings.Contains(p.err.String(), "tasks failed to start") {
		t.Errorf("why it failed is not told:\n%s", p.err.String())
	}
}

// TestStackFileThatCannotBeWritten is refused before the deployment; where that happens during it, the error says what to do.
func TestStackFileThatCannotBeWritten(t *testing.T) {
	inTheWay := func(p *project) string { return filepath.Join(p.root, "Pulumi.s.yaml.partial") } // as root, modes stop nobody
	p := newProject(t, story(), "four", rollingFile, nil)
	if err := os.Mkdir(inTheWay(p), 0o700); err != nil {
		t.Fatal(err)
	}
	err := Rollback(t.Context(), p.session(), RollbackOptions{Yes: true})
	if err == nil || !strings.Contains(err.Error(), "nothing was deployed: Pulumi.s.yaml is changed after the deployment") || p.read("calls") != "" {
		t.Errorf("%v, pulumi was called: %s", err, p.read("calls"))
	}
	if err := Unpin(p.session()); err == nil {
		t.Error("unpin wrote the file")
	}
	f, outputs := coloured()
	p = newProject(t, f, "three", colouredFile+"    candidate: four\n    percent: 20\n", outputs)
	p.write("pulumi", strings.Replace(pulumi, "up|preview)", "up|preview) mkdir "+inTheWay(p), 1), 0o755)
	err = Promote(t.Context(), p.session(), true)
	if err == nil || !strings.Contains(err.Error(), "The deployment succeeded, so AWS runs it already. Change Pulumi.s.yaml by hand before the next make up: "+
		"set release.build: false, remove release.candidate, set release.live: blue, set release.name: four, remove release.percent") {
		t.Errorf("%v", err)
	}
	err = Promote(t.Context(), p.session(), true)
	if err == nil || !strings.Contains(err.Error(), "nothing was deployed") || strings.Count(p.read("calls"), "\n") != 1 {
		t.Errorf("%v, pulumi was called: %s", err, p.read("calls"))
	}
}

// TestRollbackTwice: what a rollback left is not where the next one goes.
func TestRollbackTwice(t *testing.T) {
	f := story()
	f.deploys("web", "five", "SUCCESSFUL", day(5))
	f.deploys("web", "four", "SUCCESSFUL", day(6))
	p := newProject(t, f, "four", rollingFile, nil)
	if err := Rollback(t.Context(), p.session(), RollbackOptions{Yes: true}); err != nil || !strings.Contains(p.read("Pulumi.s.yaml"), "name: one") {
		t.Errorf("%v:\n%s", err, p.read("Pulumi.s.yaml"))
	}
}

// TestRollbackAfterRollback: five was left by a rollback to four; six came after that.
func TestRollbackAfterRollback(t *testing.T) {
	f := story()
	f.deploys("web", "five", "SUCCESSFUL", day(5))
	f.deploys("web", "four", "SUCCESSFUL", day(6))
	f.deploys("web", "six", "SUCCESSFUL", day(7))
	p := newProject(t, f, "six", rollingFile, nil)
	if err := Rollback(t.Context(), p.session(), RollbackOptions{Yes: true}); err != nil || !strings.Contains(p.read("Pulumi.s.yaml"), "name: four") {
		t.Errorf("%v:\n%s", err, p.read("Pulumi.s.yaml"))
	}
}
