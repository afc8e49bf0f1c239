package tasks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/metrics"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// errBreaker says that the circuit breaker gave a deployment up.
var errBreaker = errors.New("ECS deployment circuit breaker: tasks failed to start.")

// EnsureService brings a service to its declared state and returns when it is steady. As with the real provider, a
// rollback by the circuit breaker is a success of the update; its record tells what runs then.
func (r *Scheduler) EnsureService(ctx context.Context, res account.Resource) error {
	s, err := ReadService(res)
	if err != nil {
		return fmt.Errorf("deploying service %s: %w", res.Outputs.Text("name"), err)
	}
	unlock := r.Locks.Lock("service " + s.key())
	defer unlock()
	if err := r.deploy(ctx, s); err != nil {
		return fmt.Errorf("deploying service %s: %w", s.Name, err)
	}
	return nil
}

func (r *Scheduler) deploy(ctx context.Context, s service) error {
	record, err := r.Store.Load(s.Cluster, s.Name)
	if err != nil {
		return err
	}
	r.baked(&record)
	record.Desired = s.desired
	primary := record.Deployment(record.Primary)
	if primary == nil || primary.Settings != s.Settings {
		def, err := r.taskDefinition(s.definition)
		if err != nil {
			return err
		}
		d := state.Deployment{ID: "ecs-svc/" + state.ID()[:19], TaskDefinition: def.ARN, Settings: s.Settings}
		record.Begin(d)
		r.Logf("service %s: deployment %s of %s", s.Name, d.ID, account.AfterSlash(def.ARN))
	} else if primary.RolloutState != state.Completed {
		record.MakePrimary(primary.ID, state.InProgress, primary.Reason) // an interrupted run, or one more try
	}
	if primary != nil && primary.ID == record.Primary && r.undisturbed(ctx, s, record) {
		return nil
	}
	if record.LastCompleted() != nil { // the first deployment has nothing to go back to
		if s.watch, err = metrics.NewWatch(ctx, r, s.Resource, r.List(account.AlarmToken)); err != nil {
			return err
		}
	}
	err = r.rollOut(ctx, s, &record)
	var fired *metrics.Fired
	switch {
	case errors.As(err, &fired):
		return r.goBack(ctx, s, &record, err, s.watch.Rollback)
	case errors.Is(err, errBreaker):
		return r.goBack(ctx, s, &record, err, s.rollback)
	case err == nil && record.RolloutState == state.InProgress:
		r.bake(ctx, s, record.Primary)
	}
	return err
}

// undisturbed says, with one question to the engine, that a service is as its last deployment left it.
func (r *Scheduler) undisturbed(ctx context.Context, s service, record state.Service) bool {
	if record.RolloutState != state.Completed {
		return false
	}
	format := fmt.Sprintf(`{{.Label %q}} {{.Label %q}} {{.Label %q}} {{.Status}}`, LabelTask, LabelEssential, labelDeployment)
	out, err := r.Docker.Run(ctx, "ps", "--all", "--format", format, "--filter", "label="+r.StateLabel(), "--filter", "label="+LabelService+"="+s.key())
	tasks := map[string]bool{}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[2] != record.Primary {
			return false
		}
		if fields[1] == "true" {
			tasks[fields[0]] = true
			if fields[3] != "Up" || strings.Contains(line, "unhealthy)") || strings.Contains(line, "starting)") || strings.Contains(line, "Paused)") {
				return false
			}
		}
	}
	return err == nil && len(tasks) == s.desired
}

// rollOut works on the primary deployment until the service is steady on it.
func (r *Scheduler) rollOut(ctx context.Context, s service, record *state.Service) error {
	if err := r.Store.Save(*record); err != nil { // a run that is killed from here on is found again
		return err
	}
	roll, err := r.newRollout(ctx, s, record)
	if err != nil {
		return err
	}
	err = roll.run(ctx)
	if left := roll.finish(ctx); err == nil {
		err = left
	}
	d := record.Deployment(record.Primary)
	switch {
	case err == nil && d.RolloutState != state.Completed && s.watch != nil:
		d.Bakes = time.Now().Add(s.watch.Bake)
		r.Logf("service %s: steady with %d tasks of %s; ECS watches its alarms for %s", s.Name, s.desired, account.AfterSlash(d.TaskDefinition), s.watch.Bake)
	case err == nil && d.RolloutState != state.Completed:
		record.MakePrimary(d.ID, state.Completed, fmt.Sprintf("ECS deployment %s completed.", d.ID))
		r.Logf("service %s: steady with %d tasks of %s", s.Name, s.desired, account.AfterSlash(d.TaskDefinition))
	case err != nil && ctx.Err() == nil:
		reason := err.Error()
		if first, _, several := strings.Cut(reason, "\n"); several {
			reason = first
		}
		record.Fail(reason)
	}
	return errors.Join(err, r.Store.Save(*record))
}

// explain adds what the failed task printed to the error of a deployment that nothing could be rolled back to.
func (r *Scheduler) explain(err error, record state.Service) error {
	if t := record.LastStopped(record.Primary); t != nil {
		return fmt.Errorf("%w\n%s", err, t.Describe())
	}
	return err
}

// RemoveService drains and stops all tasks of a service, then forgets it.
func (r *Scheduler) RemoveService(ctx context.Context, res account.Resource) error {
	s, err := ReadService(res)
	if err != nil {
		s = service{Cluster: account.AfterSlash(res.Outputs.Text("cluster")), Name: res.Outputs.Text("name")} // it never ran, or not like this
	}
	unlock := r.Locks.Lock("service " + s.key())
	defer unlock()
	tasks, err := r.findTasks(ctx, s)
	if err != nil {
		return err
	}
	problems := make(chan error, len(tasks))
	for _, t := range tasks {
		go func() { problems <- r.stop(ctx, t) }()
	}
	for range tasks {
		err = errors.Join(err, <-problems)
	}
	if err != nil {
		return fmt.Errorf("deleting service %s: %w", s.Name, err)
	}
	return r.Store.Remove(s.Cluster, s.Name)
}

// deadline is when a deployment must be steady.
func (r *Scheduler) deadline() time.Time { return time.Now().Add(r.Limit) }
