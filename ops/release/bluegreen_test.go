package release

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

const colouredFile = "config:\n  x:release:\n    strategy: blueGreen\n    live: green\n    name: three\n    build: false\n"

// coloured is: one in blue, an aborted candidate two in green, three promoted in green, while blue became idle.
func coloured() (*fakeAWS, map[string]any) {
	f := &fakeAWS{deployments: map[string][]map[string]any{}, running: map[string]string{}}
	f.deploys("web", "one", "SUCCESSFUL", day(1))
	f.deploys("web-green", "two", "SUCCESSFUL", day(2))
	f.deploys("web-green", "three", "SUCCESSFUL", day(3))
	f.deploys("web", "three", "SUCCESSFUL", day(3).Add(time.Hour))
	for i, name := range []string{"one", "two", "three", "four"} {
		f.push(name, day(i+1).Add(-time.Hour))
	}
	return f, map[string]any{
		"serviceNames":       map[string]string{"web": "web", "web-green": "web-green"},
		"taskDefinitionArns": map[string]string{"web": f.running["web"], "web-green": f.running["web-green"]},
		"traffic":            map[string]any{"green": map[string]any{"release": "three", "percent": 100}},
	}
}

// TestRollbackOfColours: the release that was replaced starts in the idle colour, then gets everything; the file changes at the end.
func TestRollbackOfColours(t *testing.T) {
	for fail, want := range map[string]string{"": "", "1": colouredFile, "2": colouredFile} {
		f, outputs := coloured()
		p := newProject(t, f, "three", colouredFile, outputs)
		if fail != "" {
			p.write("fail", fail, 0o600)
		}
		err := Rollback(t.Context(), p.session(), RollbackOptions{Yes: true})
		if (fail == "") != (err == nil) {
			t.Errorf("failing at %q: %v", fail, err)
		}
		if file := p.read("Pulumi.s.yaml"); fail != "" && file != want {
			t.Errorf("failing at %s: the file is\n%s", fail, file)
		} else if fail == "" && (!strings.Contains(file, "live: blue") || !strings.Contains(file, "name: one") || strings.Contains(file, "candidate")) {
			t.Errorf("the file is\n%s", file)
		}
		if first, _, _ := strings.Cut(p.read("deployed"), "percent: 0"); !strings.Contains(first, "candidate: one") || !strings.Contains(first, "live: green") || !strings.Contains(first, "name: three") {
			t.Errorf("the first deployment is of\n%s", first)
		}
	}
}

func TestColours(t *testing.T) {
	for name, test := range map[string]struct {
		do    func(context.Context, *session.Session) error
		file  string
		wants []string // in the file
	}{
		"canary": {func(ctx context.Context, s *session.Session) error {
			return Canary(ctx, s, CanaryOptions{To: "four", Percent: 20, Yes: true})
		}, colouredFile, []string{"candidate: four", "percent: 20", "name: three", "live: green"}},
		"promote": {func(ctx context.Context, s *session.Session) error { return Promote(ctx, s, true) },
			colouredFile + "    candidate: four\n    percent: 20\n", []string{"name: four", "live: blue"}},
		"abort": {func(ctx context.Context, s *session.Session) error { return Abort(ctx, s, true) },
			colouredFile + "    candidate: four\n    percent: 20\n", []string{"candidate: four", "percent: 0", "name: three"}},
	} {
		for _, fails := range []bool{true, false} {
			f, outputs := coloured()
			p := newProject(t, f, "three", test.file, outputs)
			if fails {
				p.write("fail", "1", 0o600)
			}
			err := test.do(t.Context(), p.session())
			file := p.read("Pulumi.s.yaml")
			switch {
			case fails && (err == nil || file != test.file || !strings.Contains(err.Error(), "Pulumi.s.yaml is as it was")):
				t.Errorf("%s that fails: %v, the file is\n%s", name, err, file)
			case !fails && err != nil:
				t.Errorf("%s: %v", name, err)
			}
			for _, want := range test.wants {
				if !strings.Contains(p.read("deployed"), want) || !fails && !strings.Contains(file, want) {
					t.Errorf("%s: no %q in what was deployed:\n%s\nor in the file:\n%s", name, want, p.read("deployed"), file)
				}
			}
			pins := map[string]string{"promote": "s runs release four. Pulumi.s.yaml pins it", "abort": "s runs release three. Pulumi.s.yaml pins it"}[name]
			if out := p.out.String(); !fails && !strings.Contains(out, pins) {
				t.Errorf("%s: the end does not say what is pinned: %s", name, out)
			}
			if !fails && name == "promote" && (strings.Contains(file, "candidate") || strings.Contains(file, "percent")) {
				t.Errorf("promoted, and the file is\n%s", file)
			}
		}
	}
}

// TestColoursRefuse: nothing is deployed, and the file stays.
func TestColoursRefuse(t *testing.T) {
	canary := func(o CanaryOptions) func(context.Context, *session.Session) error {
		return func(ctx context.Context, s *session.Session) error { return Canary(ctx, s, o) }
	}
	promote := func(ctx context.Context, s *session.Session) error { return Promote(ctx, s, true) }
	abort := func(ctx context.Context, s *session.Session) error { return Abort(ctx, s, true) }
	for name, test := range map[string]struct {
		do   func(context.Context, *session.Session) error
		file string
		says string
	}{
		"rolling, canary":      {canary(CanaryOptions{}), rollingFile, "Pulumi.s.yaml: release.strategy is not blueGreen"},
		"rolling, promote":     {promote, rollingFile, "Pulumi.s.yaml: release.strategy is not blueGreen"},
		"rolling, abort":       {abort, rollingFile, "Pulumi.s.yaml: release.strategy is not blueGreen"},
		"everything":           {canary(CanaryOptions{To: "four", Percent: 100}), colouredFile, "is outside 0-99; promote gives it everything"},
		"live already":         {canary(CanaryOptions{To: "three"}), colouredFile, "release three is live already"},
		"unknown":              {canary(CanaryOptions{To: "nine"}), colouredFile, "there is no image of release nine in the registry; it has four"},
		"promote of nothing":   {promote, colouredFile, "Pulumi.s.yaml has no release.candidate: make canary STACK=s starts one"},
		"abort of nothing":     {abort, colouredFile, "Pulumi.s.yaml has no release.candidate"},
		"unpin of a candidate": {func(_ context.Context, s *session.Session) error { return Unpin(s) }, colouredFile + "    candidate: four\n", "promote it, or abort it and take release.candidate out"},
	} {
		_, p := moving(t, test.file, 0)
		if err := test.do(t.Context(), p.session()); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
		if p.read("calls") != "" || p.read("Pulumi.s.yaml") != test.file {
			t.Errorf("%s: pulumi was called (%s) or the file changed", name, p.read("calls"))
		}
	}
}
