package release

import (
	"slices"
	"time"
)

// span is a time in which a release ran in a service.
type span struct {
	outcome     Outcome
	from, until time.Time // until is zero where it goes on
}

// String is what the list shows.
func (s span) String() string {
	from := s.from.Local().Format(timeFormat)
	switch {
	case s.outcome != Served:
		return string(s.outcome) + " " + from
	case s.until.IsZero():
		return "since " + from
	}
	return from + " to " + s.until.Local().Format(timeFormat)
}

// spans are the times of a release, the last one first. A deployment of the same release again goes on with the one before.
func (st *State) spans(name string) (spans []span) {
	for _, process := range st.processes() {
		var ended time.Time // when the next release of this service took over
		for _, r := range st.Runs {
			if r.Process != process {
				continue
			}
			last := len(spans) - 1
			switch {
			case r.Release == name && r.Outcome != Served:
				spans = append(spans, span{outcome: r.Outcome, from: r.At})
			case r.Release == name && last >= 0 && spans[last].outcome == Served && spans[last].until.Equal(ended):
				spans[last].from = r.At
			case r.Release == name:
				spans = append(spans, span{Served, r.At, ended})
			}
			if r.Release != name && r.Outcome == Served {
				ended = r.At
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
		if last < 0 || each.outcome != Served || list[last].outcome != Served || list[last].endsBefore(each.from) {
			list = append(list, each)
		} else if !list[last].until.IsZero() && (each.until.IsZero() || each.until.After(list[last].until)) {
			list[last].until = each.until
		}
	}
	slices.Reverse(list)
	return list
}

func (s span) endsBefore(t time.Time) bool { return !s.until.IsZero() && s.until.Before(t) }
