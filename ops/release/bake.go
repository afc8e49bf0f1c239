package release

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Clock is the time, and how it passes.
type Clock struct {
	Now  func() time.Time
	Wait func(context.Context, time.Duration) error
}

// RealTime is everybody's; tests have others.
func RealTime() Clock { return Clock{time.Now, sleep} }

var errInterrupted = errors.New("interrupted")

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return errInterrupted
	case <-time.After(d):
		return nil
	}
}

// comparison is the evidence beside one thing to compare with, and what follows from it.
type comparison struct {
	evidence
	when   string // the live release's figures are from
	ruling ruling
	why    string
}

// watch looks at a step once a period, until its end or until there is evidence against the candidate.
func (r *rollout) watch(ctx context.Context, percent int) (found comparison, report string, err error) {
	bake := r.settings.Bake()
	begin := ceil(r.Now())
	end := begin.Add(bake)
	var before []baseline // the live release has no requests in the last step
	if percent == 100 {
		if before, err = r.watcher.baselines(ctx, r.Now(), r.settings); err != nil {
			return found, "", err
		}
	}
	fmt.Fprintf(r.Err, "watching until %s: errors, response time%s\n", end.Local().Format(time.TimeOnly), map[bool]string{true: " and alarms"}[len(r.watcher.alarms) > 0])
	for {
		if err := r.Wait(ctx, period); err != nil {
			return found, "", err
		}
		now := r.Now()
		to := now.UTC().Truncate(period)
		if to.After(end) {
			to = end
		}
		if !to.After(begin) {
			continue
		}
		if err = r.undisturbed(ctx); err == nil {
			found, report, err = r.glance(ctx, percent, begin, to, end, before)
		}
		if errors.Is(err, errOthers) || err != nil && (ctx.Err() != nil || now.After(end.Add(late))) {
			return found, "", err
		}
		if err != nil {
			fmt.Fprintf(r.Err, "%v: the next look is in %s\n", err, period)
			continue
		}
		if found.ruling == takeBack || found.over {
			return found, report, nil
		}
		fmt.Fprintln(r.Err, report)
	}
}

// glance is one look. In the last step the release is taken back where it is worse than each of the baselines.
func (r *rollout) glance(ctx context.Context, percent int, begin, to, end time.Time, before []baseline) (found comparison, report string, err error) {
	candidate, live, err := r.watcher.read(ctx, begin, to)
	if err != nil {
		return found, "", err
	}
	alarms, err := r.watcher.firing(ctx)
	if err != nil {
		return found, "", err
	}
	if before != nil {
		live = candidate // no figures of the live release will come
	}
	over := !to.Before(end) && complete(candidate, live, end, r.Now())
	if !over {
		candidate, live = come(candidate, live, r.Now()), come(live, candidate, r.Now())
	}
	if before == nil {
		before = []baseline{{"at the same time", live.together(candidate)}}
	}
	for i, one := range before {
		e := evidence{candidate.together(live), one.figures, alarms, over}
		if ruled, why := judge(r.settings.Judge, e); i == 0 || ruled < found.ruling {
			found = comparison{e, one.when, ruled, why}
		}
	}
	return found, fmt.Sprintf("%d %%, %s to %s: %s\n  %s, the candidate: %v\n  %s, %s: %v", percent,
		begin.Local().Format(time.TimeOnly), to.Local().Format(time.TimeOnly), found.why, r.release, found.candidate, r.live, found.when, found.live), nil
}

// ceil is the next whole minute.
func ceil(t time.Time) time.Time { return t.UTC().Add(period - 1).Truncate(period) }
