package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// lookAtAlarms is how often their states are asked for.
const lookAtAlarms = 5 * time.Second

// bake watches the alarms of a steady deployment in the background, as the provider does not wait for it, and completes it or goes back.
func (r *Scheduler) bake(ctx context.Context, s service, deployment string) {
	ctx = context.WithoutCancel(ctx)
	r.ending.Go(func() {
		for {
			select {
			case <-r.closing: // the next look at the service finds it
				return
			case <-time.After(lookAtAlarms):
			}
			fired := s.watch.Look(ctx)
			if record, known := r.Service(s.Cluster, s.Name); !known || record.Primary != deployment || record.RolloutState != state.InProgress {
				return
			}
			if fired == nil {
				continue
			}
			if err := r.endBake(ctx, s, deployment, fired); err != nil {
				r.Logf("service %s: %v", s.Name, err)
			}
			return
		}
	})
}

func (r *Scheduler) endBake(ctx context.Context, s service, deployment string, fired error) error {
	unlock := r.Locks.Lock("service " + s.key())
	defer unlock()
	record, known := r.Service(s.Cluster, s.Name)
	if !known || record.Primary != deployment || record.RolloutState != state.InProgress {
		return nil
	}
	record.Fail(fired.Error())
	return r.goBack(ctx, s, &record, fired, s.watch.Rollback)
}

// goBack rolls a failed deployment back to the last completed one, unless that is not wanted, or there is none.
func (r *Scheduler) goBack(ctx context.Context, s service, record *state.Service, failure error, wanted bool) error {
	back := record.LastCompleted()
	if !wanted || back == nil {
		return errors.Join(r.explain(failure, *record), r.Store.Save(*record))
	}
	reason := record.Deployment(record.Primary).Reason
	r.Logf("service %s: %s Rolling back to deployment %s (%s)", s.Name, reason, back.ID, account.AfterSlash(back.TaskDefinition))
	if len(record.Stopped) > 0 {
		r.Logf("service %s: the last failed task: %s", s.Name, record.Stopped[0].Describe())
	}
	failed := record.Primary
	record.RollBack(back.ID, reason)
	s.breaker, s.watch = false, nil // a rollback is not given up; the time limit ends it
	err := r.Account.Tamper(account.ServiceToken, s.Resource.ID, "taskDefinition", record.TaskDefinition)
	if err == nil {
		err = r.rollOut(ctx, s, record)
	}
	if ctx.Err() == nil {
		record.RolledBack(failed, err)
	}
	if err = errors.Join(err, r.Store.Save(*record)); err != nil {
		return fmt.Errorf("rolling back: %w", err)
	}
	return nil
}

// baked completes a deployment whose bake time is over.
func (r *Scheduler) baked(record *state.Service) {
	if record.Baked() {
		_ = r.Store.Save(*record) // the next look does it again
	}
}

// Finish ends the looks at alarms, and waits for what has begun to change.
func (r *Scheduler) Finish() {
	r.finish.Do(func() { close(r.closing) })
	r.Settle()
}
