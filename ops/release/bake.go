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

// watch looks at a step once a period, until its end or until there is evidence against the candidate.
func (r *rollout) watch(ctx context.Context, percent int) (found ruling, why, report string, err error) {
	bake := r.settings.Bake()
	begin := ceil(r.Now())
	end := begin.Add(bake)
	var before []baseline // the live release has no requests in the last step
	if percent == 100 {
		if before, err = r.watcher.baselines(ctx, r.Now(), r.settings); err != nil {
			return 0, "", "", err
		}
	}
	fmt.Fprintf(r.Err, "watching until %s: errors, response time%s\n", end.Local().Format(time.TimeOnly), map[bool]string{true: " and alarms"}[len(r.watcher.alarms) > 0])
	for {
		if err := r.Wait(ctx, period); err != nil {
			return 0, "", "", err
		}
		now := r.Now()
		to := now.UTC().Truncate(period)
		if to.After(end) {
			to = end
		}
		if !to.After(begin) {
			continue
		}
		over := false
		if err = r.undisturbed(ctx); err == nil {
			found, why, report, over, err = r.glance(ctx, percent, begin, to, end, before)
		}
		if errors.Is(err, errOthers) || err != nil && (ctx.Err() != nil || now.After(end.Add(late))) {
			return 0, "", "", err
		}
		if err != nil {
			fmt.Fprintf(r.Err, "%v: the next look is in %s\n", err, period)
			continue
		}
		if found == takeBack || over {
			return found, why, report, nil
		}
		fmt.Fprintln(r.Err, report)
	}
}

// glance is one look.
func (r *rollout) glance(ctx context.Context, percent int, begin, to, end time.Time, before []baseline) (found ruling, why, report string, over bool, err error) {
	candidate, live, err := r.watcher.read(ctx, begin, to)
	if err != nil {
		return 0, "", "", false, err
	}
	alarms, err := r.watcher.firing(ctx)
	if err != nil {
		return 0, "", "", false, err
	}
	other := live
	if before != nil {
		other = candidate // the live release has no requests
	}
	over = !to.Before(end) && complete(candidate, other, end, r.Now())
	if before == nil && !over {
		candidate, live = come(candidate, live, r.Now()), come(live, candidate, r.Now())
	}
	e, when := evidence{candidate.together(live), live.together(candidate), alarms, over}, "at the same time"
	found, why = judge(r.settings.Judge, e)
	for i, one := range before { // it is taken back where it is worse than each of them
		other := evidence{candidate.together(candidate), one.together(one.minutes), alarms, over}
		if ruled, because := judge(r.settings.Judge, other); i == 0 || ruled < found {
			found, why, e, when = ruled, because, other, one.when
		}
	}
	return found, why, fmt.Sprintf("%d %%, %s to %s: %s\n  %s, the candidate: %v\n  %s, %s: %v", percent,
		begin.Local().Format(time.TimeOnly), to.Local().Format(time.TimeOnly), why, r.release, e.candidate, r.live, when, e.live), over, nil
}

// ceil is the next whole minute.
func ceil(t time.Time) time.Time { return t.UTC().Add(period - 1).Truncate(period) }
