package system_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// rolledBack returns to the release before without building, and refuses one that is not there.
func (p *proof) rolledBack(t *testing.T) {
	to, from := p.released[len(p.released)-2], p.released[len(p.released)-1]
	p.unharmed(t, "a rollback", func() {
		p.make(t, "rollback", "TO="+to, "YES=1")
		p.runs(t, to)
	})
	maps.Copy(p.now, settings{"release.name": to, "release.build": false}) // what the command wrote into the stack file
	if out := p.fails(t, "rollback", "TO=never", "YES=1"); !strings.Contains(out, "no image of release never") || !strings.Contains(out, from) {
		t.Errorf("a rollback to a release that is not there does not say what is:\n%s", out)
	}
	if out := p.make(t, "releases"); !strings.Contains(out, to) || !strings.Contains(out, from) {
		t.Errorf("make releases does not list what was released:\n%s", out)
	}
	p.runs(t, to)
}

// canaries gives a release a tenth of the requests, then all of them; and the one before it a tenth, then none.
func (p *proof) canaries(t *testing.T) {
	live := fmt.Sprint(p.now["release.name"])
	candidate := p.released[slices.IndexFunc(p.released[1:], func(one string) bool { return one != live })+1] // the first one's image may be gone
	p.set(t, settings{"release.strategy": "blueGreen"})
	p.unharmed(t, "from rolling to blue/green", func() { p.finished(t, p.make(t, "up")) })

	p.unharmed(t, "a canary of 10 %", func() {
		p.make(t, "canary", "PERCENT=10", "TO="+candidate)
		p.shares(t, live, candidate, 2, 25)
	})
	p.unharmed(t, "its promotion", func() { p.make(t, "promote") })
	p.shares(t, live, candidate, 100, 100)

	p.unharmed(t, "another canary of 10 %", func() {
		p.make(t, "canary", "PERCENT=10", "TO="+live)
		p.shares(t, candidate, live, 2, 25)
	})
	before := p.containers(t)
	p.unharmed(t, "its abort", func() { p.make(t, "abort") })
	p.shares(t, candidate, live, 0, 0)
	for _, one := range p.containers(t) {
		if !slices.Contains(before, one) {
			t.Errorf("the abort started %s", one)
		}
	}
}

// runs wants every web task on a release.
func (p *proof) runs(t *testing.T, release string) {
	t.Helper()
	for _, one := range p.tasks(t, "web") {
		if one.release != release || !one.healthy {
			t.Errorf("%s is wanted, and there runs %s", release, one.line)
		}
	}
}

func (p *proof) containers(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, one := range p.tasks(t, "web") {
		names = append(names, one.container)
	}
	return names
}

// shares asks 200 times which release answers: the candidate in so many percent of the cases, the live one in the others.
func (p *proof) shares(t *testing.T, live, candidate string, least, most int) {
	t.Helper()
	seen := map[string]int{}
	for range 200 {
		_, page := get(t, browser(t), p.url("/"))
		seen[field(t, page, "release")]++
	}
	t.Logf("releases of 200 pages: %v", seen)
	percent := seen[candidate] / 2
	if percent < least || percent > most || seen[live]+seen[candidate] != 200 {
		t.Errorf("%s answers %d %% of the requests, %d-%d are wanted: %s", candidate, percent, least, most, fmt.Sprint(seen))
	}
}
