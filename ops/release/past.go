package release

import (
	"fmt"
	"slices"
	"time"
)

// outcome is what came of an attempt to run a release.
type outcome string

const (
	served     outcome = "served"     // its deployment succeeded
	takenBack  outcome = "taken back" // the circuit breaker, an alarm or somebody rolled it back
	stopped    outcome = "stopped"    // its deployment was stopped
	starting   outcome = "starting"   // its deployment goes on
	registered outcome = "registered" // there is a task definition, and no deployment on record
)

// run is one deployment of a release in one service, or what a task definition tells of one.
type run struct {
	release, digest string
	process         string    // the service: web, or web-green for the second colour
	began, at       time.Time // at: its end, where it has ended
	outcome         outcome
	by              string // who deployed it; "" where that is not known
	reason          string // what ECS says of its end
}

// before returns the run of the release that served before the one that runs. What a rollback has left is not returned to, neither by the
// next rollback nor by the one after the next release. A release that was pushed and never served, or that ECS took back, is not meant.
func (st *state) before() (run, error) {
	var line []run // the oldest first; where a release serves again, what came after it was left
	index := func(name string) int { return slices.IndexFunc(line, func(r run) bool { return r.release == name }) }
	for _, r := range slices.Backward(st.runs) {
		if !r.couldServe() {
			continue
		}
		if i := index(r.release); i >= 0 {
			line = line[:i]
		}
		line = append(line, r)
	}
	if i := index(st.running); i >= 0 {
		line = line[:i]
	}
	if len(line) == 0 {
		return run{}, fmt.Errorf("no release is known to have served before %s; the registry has %s: name one with --to (TO=release)", st.running, st.images)
	}
	if i := index(st.replaced()); i >= 0 {
		return line[i], nil
	}
	return line[len(line)-1], nil
}

// couldServe tells whether a release got through, as far as that is known.
func (r run) couldServe() bool { return r.outcome == served || r.outcome == registered }

// replaced is the release that the other colour ran when the one that runs was promoted; "" for a rolling stack. From that moment the
// idle colour has the task definition of the live one (stacks/config/release.go), so the run before is it. Candidates that were aborted
// ran in the colour that is live now.
func (st *state) replaced() (before string) {
	for _, r := range slices.Backward(st.runs) {
		switch {
		case r.process == st.live() || !r.couldServe():
		case r.release == st.running:
			return before
		default:
			before = r.release
		}
	}
	return ""
}

// span is a time in which a release ran in a service.
type span struct {
	outcome     outcome
	from, until time.Time // until is zero where it goes on
	by, reason  string
}

// String is what the list shows.
func (s span) String() string {
	from, by := s.from.Local().Format(timeFormat), ""
	if s.by != "" {
		by = ", by " + s.by
	}
	switch {
	case s.outcome != served && s.reason != "":
		return string(s.outcome) + " " + from + by + " (" + s.reason + ")"
	case s.outcome != served:
		return string(s.outcome) + " " + from + by
	case s.until.IsZero():
		return "since " + from + by
	}
	return from + " to " + s.until.Local().Format(timeFormat) + by
}

// spans are the times of a release, the last one first. A deployment of the same release again goes on with the one before.
func (st *state) spans(name string) (spans []span) {
	for _, process := range st.processes() {
		var ended time.Time // when the next release of this service took over
		for _, r := range st.runs {
			if r.process != process {
				continue
			}
			last := len(spans) - 1
			switch {
			case r.release != name && r.outcome == served:
				ended = r.at
			case r.release != name:
			case r.outcome != served:
				spans = append(spans, span{outcome: r.outcome, from: r.at, by: r.by, reason: r.reason})
			case last >= 0 && spans[last].outcome == served && spans[last].until.Equal(ended):
				spans[last].from, spans[last].by = r.at, r.by
			default:
				spans = append(spans, span{outcome: served, from: r.at, until: ended, by: r.by})
			}
		}
	}
	return merged(spans)
}

// merged joins the times of one release that overlap, as those of two colours do, and puts the last one first.
func merged(spans []span) (list []span) {
	slices.SortStableFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	for _, each := range spans {
		last := len(list) - 1
		if last < 0 || each.outcome != served || list[last].outcome != served || list[last].endsBefore(each.from) {
			list = append(list, each)
		} else if !list[last].until.IsZero() && (each.until.IsZero() || each.until.After(list[last].until)) {
			list[last].until = each.until
		}
	}
	slices.Reverse(list)
	return list
}

func (s span) endsBefore(t time.Time) bool { return !s.until.IsZero() && s.until.Before(t) }
