package release

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// minute is what the load balancer reported of a target group in one period, which on AWS is a minute.
type minute struct {
	requests, errors float64
	p95              time.Duration
}

// minutes are by their beginning. One without requests is not there.
type minutes map[time.Time]minute

// figures are minutes together.
type figures struct {
	requests, errors float64
	p95              time.Duration // 0: not known
}

// together sums minutes up. A percentile of several minutes cannot be made of theirs: their mean by requests is close to it, and has the
// same error in both releases. Only minutes that the other one has too count for it.
func (m minutes) together(other minutes) (f figures) {
	var weighted, weight float64
	for at, one := range m {
		f.requests += one.requests
		f.errors += one.errors
		if _, both := other[at]; both && one.p95 > 0 {
			weighted += one.p95.Seconds() * one.requests
			weight += one.requests
		}
	}
	if weight > 0 {
		f.p95 = time.Duration(weighted / weight * float64(time.Second))
	}
	return f
}

// percent is how many of the requests failed.
func (f figures) percent() float64 {
	if f.requests == 0 {
		return 0
	}
	return 100 * f.errors / f.requests
}

// String is a cell of the report.
func (f figures) String() string {
	p95 := "-"
	if f.p95 > 0 {
		p95 = fmt.Sprintf("%d ms", f.p95.Milliseconds())
	}
	return fmt.Sprintf("%.0f requests, %.0f failed (%.2f %%), p95 %s", f.requests, f.errors, f.percent(), p95)
}

// evidence is what is known of a step.
type evidence struct {
	candidate, live figures
	alarms          []string // in ALARM, with their reasons
	over            bool     // the step has been watched to its end
}

// ruling is what follows from evidence, the better one first.
type ruling int

const (
	passes   ruling = iota
	unjudged        // too few requests: neither good nor bad is shown
	takeBack
)

const (
	// leastErrors is how many errors are no accident. Fewer take no release back, whatever share of the requests they are.
	leastErrors = 5
	// certainty is by how many standard errors more than the limit the errors must be. By chance that happens in one look of 30,000. Without it,
	// a release whose errors are as many as the live one's would be taken back at some look of many.
	certainty = 4
	// leastDelay is a difference of the response time that nobody notices: with pages of a few milliseconds a factor is noise.
	leastDelay = 20 * time.Millisecond
)

// judge compares a candidate with the live release. Evidence against it takes it back: alarms and errors at once, its response time at the
// end of the step. Without enough requests there is none for it either; the release goes on then, because the next step has more.
func judge(limits config.Judge, e evidence) (ruling, string) {
	var against []string
	if len(e.alarms) > 0 {
		against = append(against, "in ALARM: "+strings.Join(e.alarms, "; "))
	}
	if why := e.tooManyErrors(limits.ErrorPercent); why != "" {
		against = append(against, why)
	}
	least := float64(limits.MinRequests)
	enough := e.candidate.requests >= least && e.live.requests >= least
	if slower := time.Duration(float64(e.live.p95) * limits.P95Factor); e.over && enough && e.live.p95 > 0 && e.candidate.p95 > slower && e.candidate.p95-e.live.p95 >= leastDelay {
		against = append(against, fmt.Sprintf("p95 %d ms is more than %g times the live release's %d ms (release.judge.p95Factor)",
			e.candidate.p95.Milliseconds(), limits.P95Factor, e.live.p95.Milliseconds()))
	}
	switch {
	case len(against) > 0:
		return takeBack, strings.Join(against, "; ")
	case e.candidate.requests < least:
		return unjudged, fmt.Sprintf("not judged: %.0f requests are fewer than %d (release.judge.minRequests)", e.candidate.requests, limits.MinRequests)
	case e.live.requests < least:
		return unjudged, fmt.Sprintf("not compared: the live release had %.0f requests, fewer than %d (release.judge.minRequests)", e.live.requests, limits.MinRequests)
	}
	return passes, "no worse than the live release"
}

// tooManyErrors says why the errors are too many: more than so many percentage points above the live release's, and by more than chance makes
// of two releases with the same errors (two-proportion z-test: https://www.statology.org/two-proportion-z-test-calculator/). Without
// requests to compare with, so many percent are the limit.
func (e evidence) tooManyErrors(limit float64) string {
	c, l := e.candidate, e.live
	if c.errors < leastErrors || c.percent()-l.percent() <= limit {
		return ""
	}
	if l.requests == 0 {
		p := limit / 100
		if sd := math.Sqrt(p * (1 - p) / c.requests); c.errors/c.requests-p < certainty*sd {
			return ""
		}
		return fmt.Sprintf("%.0f of %.0f requests failed, %.2f %%: more than %g %% (release.judge.errorPercent), and the live release had none to compare with",
			c.errors, c.requests, c.percent(), limit)
	}
	pooled := min(1, (c.errors+l.errors)/(c.requests+l.requests))
	sd := math.Sqrt(pooled * (1 - pooled) * (1/c.requests + 1/l.requests))
	if c.errors/c.requests-l.errors/l.requests-limit/100 < certainty*sd {
		return ""
	}
	return fmt.Sprintf("%.0f of %.0f requests failed, %.2f %%, and %.2f %% of the live release's: more than %g points above (release.judge.errorPercent)",
		c.errors, c.requests, c.percent(), l.percent(), limit)
}
