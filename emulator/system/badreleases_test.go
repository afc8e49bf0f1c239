package system_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// badRelease is one that must not get through.
type badRelease struct {
	name     string
	process  string // whose tasks it is about
	settings settings
	prepare  func(t *testing.T, p *proof) (undo func()) // what settings cannot do
	causes   []string                                   // what the end of the output must say
	why      []string                                   // what make why must say afterwards
	limit    time.Duration
	soak     bool // only in make soak
}

// endOfOutput is how many of the last lines must name the cause: what a person sees without scrolling.
const endOfOutput = 40

var badReleases = []badRelease{
	{
		name: "image that does not exist", process: "web", settings: settings{"release.name": "one", "release.build": false},
		prepare: func(t *testing.T, p *proof) func() { p.forgetImage(t, "one"); return func() {} },
		causes:  []string{"CannotPullContainerError", "not found"}, limit: 2 * time.Minute, soak: true,
	},
	{
		name: "release that was never built", process: "web", settings: settings{"release.name": "never", "release.build": false},
		causes: []string{"ImageNotFoundException", "never"}, limit: time.Minute, soak: true,
	},
	{
		name: "entrypoint exits at once", process: "web", settings: settings{"web.command": []string{"server"}},
		causes: []string{"EssentialContainerExited", "exit code 78", `unknown role "server"`}, limit: 2 * time.Minute, soak: true,
	},
	{
		name: "/up answers 500", process: "web", settings: settings{"env.TROUBLE": "error"},
		causes: []string{"EssentialContainerExited", "GET /up answers 500"}, limit: 3 * time.Minute,
		why: []string{"GET /up answered 500: "},
	},
	{
		name: "/up never answers", process: "web", settings: settings{"env.TROUBLE": "silence"},
		causes: []string{"failed ELB health checks"}, limit: 5 * time.Minute, soak: true,
	},
	{
		name: "starts after the grace period", process: "web", settings: settings{"env.TROUBLE": "late"},
		causes: []string{"failed ELB health checks"}, limit: 5 * time.Minute, soak: true,
	},
	{
		name: "migration fails", process: "web", settings: settings{"release.name": "five", "release.build": true},
		prepare: func(t *testing.T, p *proof) func() {
			path := filepath.Join(p.dir, "examples", "laravel", "database", "migrations", "2030_01_01_000000_break.php")
			raw, err := os.ReadFile("testdata/broken_migration.php")
			if err == nil {
				err = os.WriteFile(path, raw, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := os.Remove(path); err != nil {
					t.Error(err)
				}
			}
		},
		causes: []string{"migrate", "this migration cannot be done"}, limit: 3 * time.Minute,
		why: []string{"Release five of local", "migrate: exit code 1", "this migration cannot be done"},
	},
	{
		name: "missing required secret", process: "web", settings: settings{"secrets.PROOF_KEY": nil},
		causes: []string{"PROOF_KEY is not set"}, limit: 2 * time.Minute, soak: true,
	},
	{
		name: "out of memory at start", process: "web", settings: settings{"env.TROUBLE": "memory", "web.memoryMib": 128, "web.reservationMib": 96},
		causes: []string{"OutOfMemoryError"}, limit: 3 * time.Minute, soak: true,
	},
	{
		name: "too big for any instance", process: "web", settings: settings{
			"web.memoryMib": 350_000, "web.reservationMib": 300_000, "cluster.instanceTypes": []string{"r6i.24xlarge"}, "cluster.max": 10,
		},
		causes: []string{"was unable to place a task because no container instance met all of its requirements"}, limit: 2 * time.Minute, soak: true,
	},
	{
		name: "worker crashes again and again", process: "worker", settings: settings{"worker.command": []string{"worker", "--no-such-option"}},
		causes: []string{"EssentialContainerExited", "--no-such-option"}, limit: 3 * time.Minute,
		why: []string{"\nworker: ", "--no-such-option"},
	},
}

// badReleases deploys one bad release after the other over a good one that is under load. In make soak each is followed by a good
// one, else the last: what a bad release leaves behind must not be in the way of the next one, good or bad.
func (p *proof) badReleases(t *testing.T) {
	for _, bad := range badReleases {
		p.step(t, "bad release: "+bad.name, bad.soak, func(t *testing.T) {
			p.survives(t, bad)
			if soak() {
				p.recovers(t)
			}
		})
	}
	if !soak() {
		t.Run("a good release after the bad ones", p.recovers)
	}
}

// recovers deploys what is good, without any cleaning by hand.
func (p *proof) recovers(t *testing.T) {
	p.unharmed(t, "the good one after it", func() {
		p.configure(t, p.now)
		p.finished(t, p.make(t, "up"))
	})
}

// survives wants that a bad release is refused with its cause, and that nobody notices.
func (p *proof) survives(t *testing.T, bad badRelease) {
	kept := allProcesses // a release that the web service does not run is nobody's
	if bad.process != "web" {
		kept = []string{bad.process}
	}
	before := p.serving(t, kept...)
	if bad.prepare != nil {
		defer bad.prepare(t, p)()
	}
	p.unharmed(t, "bad release: "+bad.name, func() {
		trial := maps.Clone(p.now)
		maps.Copy(trial, bad.settings)
		p.configure(t, trial)
		out, failed, took := p.limited(t, bad.limit)
		t.Logf("make up failed after %.0f s", took.Seconds())
		if !failed {
			t.Errorf("make up succeeded:\n%s", out)
		}
		lines := strings.Split(strings.TrimSpace(out), "\n")
		end := strings.Join(lines[max(0, len(lines)-endOfOutput):], "\n")
		for _, cause := range bad.causes {
			if !strings.Contains(end, cause) {
				t.Errorf("the end of the output does not say %q:\n%s", cause, out)
			}
		}
		t.Logf("the end of its output:\n%s", strings.Join(lines[max(0, len(lines)-15):], "\n"))
		if len(bad.why) > 0 {
			evidence := p.make(t, "why")
			for _, want := range bad.why {
				if !strings.Contains(evidence, want) {
					t.Errorf("make why does not say %q:\n%s", want, evidence)
				}
			}
		}
		if after := p.serving(t, kept...); !slices.Equal(before, after) {
			t.Errorf("%v served, now %v do", before, after)
		}
	})
}

// allProcesses are those of the example.
var allProcesses = []string{"web", "worker", "scheduler"}

// serving names the healthy tasks of processes as make status shows them.
func (p *proof) serving(t *testing.T, processes ...string) []string {
	t.Helper()
	var list []string
	for _, process := range processes {
		for _, one := range p.tasks(t, process) {
			if !one.healthy {
				t.Errorf("not healthy: %s", one.line)
			}
			list = append(list, one.container+" "+one.revision+" "+one.release)
		}
	}
	slices.Sort(list)
	return list
}
