package runtime

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// errBreaker says that the circuit breaker gave a deployment up.
var errBreaker = errors.New("ECS deployment circuit breaker: tasks failed to start.")

// ensureService brings a service to its declared state and returns when it is steady. As with the real provider, a
// rollback by the circuit breaker is a success of the update; ServiceState tells what runs then.
func (r *Runtime) ensureService(ctx context.Context, res account.Resource) error {
	s, err := readService(res)
	if err != nil {
		return fmt.Errorf("deploying service %s: %w", text(res.Outputs, "name"), err)
	}
	unlock := r.locks.lock("service " + s.key())
	defer unlock()
	if err := r.deploy(ctx, s); err != nil {
		return fmt.Errorf("deploying service %s: %w", s.name, err)
	}
	return nil
}

func (r *Runtime) deploy(ctx context.Context, s service) error {
	state, err := r.loadService(s.key())
	if err != nil {
		return err
	}
	state.Desired = s.desired
	primary := state.deployment(state.Primary)
	if primary == nil || primary.Settings != s.settings {
		def, err := r.taskDefinition(s.definition)
		if err != nil {
			return err
		}
		d := Deployment{ID: "ecs-svc/" + newID()[:19], TaskDefinition: def.ARN, Settings: s.settings, Definition: def}
		state.begin(d)
		r.logf("service %s: deployment %s of %s", s.name, d.ID, lastPart(def.ARN))
	} else if primary.RolloutState != Completed {
		state.makePrimary(primary.ID, InProgress, primary.Reason) // an interrupted run, or one more try
	}
	if primary != nil && primary.ID == state.Primary && r.undisturbed(ctx, s, state) {
		return nil
	}
	err = r.rollOut(ctx, s, &state)
	if !errors.Is(err, errBreaker) {
		return err
	}
	back := state.lastCompleted()
	if !s.rollback || back == nil {
		return r.explain(err, state)
	}
	reason := state.deployment(state.Primary).Reason
	r.logf("service %s: %s Rolling back to deployment %s (%s)", s.name, reason, back.ID, lastPart(back.TaskDefinition))
	if len(state.Stopped) > 0 {
		r.logf("service %s: the last failed task: %s", s.name, state.Stopped[0].describe())
	}
	state.makePrimary(back.ID, InProgress, fmt.Sprintf("ECS deployment circuit breaker: rolling back to deploymentId %s.", back.ID))
	s.breaker = false // a rollback is not given up; the time limit ends it
	if err := r.rollOut(ctx, s, &state); err != nil {
		return fmt.Errorf("rolling back: %w", err)
	}
	return nil
}

// undisturbed says, with one question to the engine, that a service is as its last deployment left it.
func (r *Runtime) undisturbed(ctx context.Context, s service, state ServiceState) bool {
	if state.RolloutState != Completed {
		return false
	}
	format := fmt.Sprintf(`{{.Label %q}} {{.Label %q}} {{.Label %q}} {{.Status}}`, labelTask, labelEssential, labelDeployment)
	out, err := r.docker.run(ctx, "ps", "--all", "--format", format, "--filter", "label="+r.stateLabel(), "--filter", "label="+labelService+"="+s.key())
	tasks := map[string]bool{}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[2] != state.Primary {
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
func (r *Runtime) rollOut(ctx context.Context, s service, state *ServiceState) error {
	if err := r.saveService(*state); err != nil { // a run that is killed from here on is found again
		return err
	}
	roll, err := r.newRollout(ctx, s, state)
	if err != nil {
		return err
	}
	err = roll.run(ctx)
	d := state.deployment(state.Primary)
	switch {
	case err == nil && d.RolloutState != Completed:
		state.makePrimary(d.ID, Completed, fmt.Sprintf("ECS deployment %s completed.", d.ID))
		r.logf("service %s: steady with %d tasks of %s", s.name, s.desired, lastPart(d.TaskDefinition))
	case err != nil && ctx.Err() == nil:
		reason := err.Error()
		if first, _, several := strings.Cut(reason, "\n"); several {
			reason = first
		}
		state.makePrimary(d.ID, Failed, reason)
	}
	return errors.Join(err, r.saveService(*state))
}

// explain adds what the failed tasks said to the error of a deployment that nothing could be rolled back to.
func (r *Runtime) explain(err error, state ServiceState) error {
	for _, t := range state.Stopped {
		if t.Deployment == state.Primary {
			return fmt.Errorf("%w\n%s", err, t.describe())
		}
	}
	return err
}

// lineShown is how many bytes of a line are told.
const lineShown = 400

// describe tells why a task stopped and what it said last.
func (t StoppedTask) describe() string {
	text := fmt.Sprintf("task %s stopped: %s", t.ID[:min(8, len(t.ID))], t.Reason)
	for _, line := range t.LastLines {
		if line = strings.TrimRight(line, " "); len(line) > lineShown { // a trace in JSON fills the screen
			line = strings.ToValidUTF8(line[:lineShown], "") + " ..."
		}
		text += "\n  | " + line
	}
	return text
}

// removeService drains and stops all tasks of a service, then forgets it.
func (r *Runtime) removeService(ctx context.Context, res account.Resource) error {
	s, err := readService(res)
	if err != nil {
		s = service{cluster: lastPart(text(res.Outputs, "cluster")), name: text(res.Outputs, "name")} // it never ran, or not like this
	}
	unlock := r.locks.lock("service " + s.key())
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
		return fmt.Errorf("deleting service %s: %w", s.name, err)
	}
	return removeFile(r.serviceFile(s.key()))
}

// deadline is when a deployment must be steady.
func (r *Runtime) deadline() time.Time { return time.Now().Add(r.limit) }
