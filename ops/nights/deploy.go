package nights

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/nights"
)

// pause is how often a deployment looks at what it waits for.
var pause = 5 * time.Second

// patience is how long a deployment waits for the tasks of the release that runs: an instance that starts, a pull and the health checks. They
// may be what the deployment mends.
const patience = 10 * time.Minute

// Around runs a deployment. An environment that sleeps is woken before and put to sleep after, whether it succeeded or not: RDS changes no
// stopped instance, and a release without tasks is neither migrated nor checked. It stays awake when its morning came meanwhile, because
// the calls of a morning are made once. A changed number of tasks is set after the deployment, because Pulumi leaves it to the schedules.
func Around(ctx context.Context, s *session.Session, deploy func() error) error {
	began := time.Now()
	e, slept, err := find(ctx, s)
	if err != nil {
		return err
	}
	if slept {
		fmt.Fprintf(s.Err, "%s is asleep: it wakes for the deployment, and sleeps again after it\n", s.Stack)
		if err := e.wake(ctx); err != nil {
			return err
		}
	}
	err = deploy()
	if ctx.Err() != nil {
		if slept {
			fmt.Fprintf(s.Err, "%s stays awake until the evening: make sleep STACK=%[1]s\n", s.Stack)
		}
		return err
	}
	again, open := session.Open(s.Root, s.Stack, s.Out, s.Err) // the deployment changed the outputs
	if open != nil {
		return errors.Join(err, open)
	}
	now, asleep, found := find(ctx, again)
	switch {
	case found != nil || now == nil:
		return errors.Join(err, found)
	case asleep: // its evening came meanwhile
		return err
	case slept && !morning(now.schedule.Hours, began, time.Now()):
		return errors.Join(err, now.sleep(ctx))
	case slept:
		fmt.Fprintf(s.Err, "%s stays awake: it wakes %s by its schedule\n", s.Stack, now.schedule.Wakes)
	}
	if err == nil && (e == nil || text(counts(e.schedule.Up)) != text(counts(now.schedule.Up))) {
		for _, call := range counts(now.schedule.Up) {
			if err := now.do(ctx, call); err != nil {
				return err
			}
		}
	}
	return err
}

// morning tells whether the environment wakes by its schedule during a deployment, or so soon after it that sleep would undo it.
func morning(hours nights.Schedule, began, ended time.Time) bool {
	plan, problems := hours.Plan()
	return len(problems) == 0 && plan.WakesBetween(began, ended)
}

// find returns the environment where it is deployed with a schedule, and whether it sleeps; nil for others.
func find(ctx context.Context, s *session.Session) (*environment, bool, error) {
	if outputs, err := s.Outputs(ctx); err != nil || outputs.Schedule == nil {
		return nil, false, nil //nolint:nilerr // nothing is deployed, or cannot be read: the deployment says so
	}
	e, err := open(ctx, s, pause)
	if err != nil {
		return nil, false, err
	}
	e.patience = patience
	asleep, err := e.asleep(ctx)
	return e, asleep, err
}
