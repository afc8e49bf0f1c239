package release

import (
	"fmt"
	"slices"
	"time"
)

// Before returns the run of the release that served before the one that runs. Releases are taken in the order in which they served
// first: what a rollback has left is not returned to by the next one. A release that was pushed and never served, or that ECS took back,
// is not among them.
func (st *State) Before() (Run, error) {
	first := st.first()
	since := time.Now()
	if run, known := first[st.Running]; known {
		since = run.At
	}
	var earlier []Run
	for _, r := range st.Runs { // newest first
		if r == first[r.Release] && r.Release != st.Running && r.At.Before(since) {
			earlier = append(earlier, r)
		}
	}
	if len(earlier) == 0 {
		return Run{}, fmt.Errorf("no release is known to have served before %s; the registry has %s: name one with --to (TO=release)", st.Running, st.names())
	}
	replaced := st.replaced()
	if i := slices.IndexFunc(earlier, func(r Run) bool { return r.Release == replaced }); i >= 0 {
		return earlier[i], nil
	}
	return earlier[0], nil
}

// first is the run with which each release began to serve.
func (st *State) first() map[string]Run {
	first := map[string]Run{}
	for _, r := range slices.Backward(st.Runs) {
		if _, known := first[r.Release]; !known && r.couldServe() {
			first[r.Release] = r
		}
	}
	return first
}

// couldServe tells whether a release got through, as far as that is known.
func (r Run) couldServe() bool { return r.Outcome == Served || r.Outcome == Registered }

// replaced is the release that the other colour ran when the one that runs was promoted; "" for a rolling stack. From that moment the
// idle colour has the task definition of the live one (stacks/config/colors.go), so the run before is it. Candidates that were aborted
// ran in the colour that is live now.
func (st *State) replaced() string {
	before := ""
	for _, r := range slices.Backward(st.Runs) {
		switch {
		case r.Process == st.live() || !r.couldServe():
		case r.Release == st.Running:
			return before
		default:
			before = r.Release
		}
	}
	return ""
}
