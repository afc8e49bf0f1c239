package tasks

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/haproxy"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// rollout is the work on one deployment: tasks start and stop in the background, and a loop looks at them, counts
// failures and decides the next step.
type rollout struct {
	r          *Scheduler
	s          service
	record     *state.Service
	primary    *state.Deployment
	definition taskDefinition // of the primary deployment
	tasks      []*task
	wait       time.Time // no start before: failing tasks are retried ever more slowly
	look       time.Time // at the alarms, not before
}

func (r *Scheduler) newRollout(ctx context.Context, s service, record *state.Service) (*rollout, error) {
	tasks, err := r.findTasks(ctx, s)
	if err != nil {
		return nil, err
	}
	roll := &rollout{r: r, s: s, record: record, primary: record.Deployment(record.Primary), tasks: tasks}
	if roll.definition, err = r.taskDefinition(roll.primary.TaskDefinition); err != nil {
		return nil, err
	}
	roll.primary.FailedTasks = 0
	for _, t := range tasks {
		t.proven = record.Completed(t.deployment)
	}
	return roll, roll.attach(ctx)
}

// attach checks the targets of the tasks that were there already. One that an interrupted run left unregistered is
// registered, if it is of the current deployment, else its end goes on. A target without a task goes.
func (roll *rollout) attach(ctx context.Context) error {
	if len(roll.s.balancers) == 0 {
		return nil
	}
	registered, err := roll.r.LoadTargets()
	if err != nil {
		return err
	}
	ours := func(t haproxy.Target) bool {
		return slices.ContainsFunc(roll.tasks, func(one *task) bool { return slices.ContainsFunc(one.targets, t.Same) })
	}
	for _, lb := range roll.s.balancers {
		_, g, err := roll.r.GroupOf(haproxy.Target{Group: lb.group})
		if err != nil {
			return err
		}
		servers, err := roll.r.Servers(ctx, g.Name)
		if err != nil {
			return err
		}
		for _, t := range registered {
			if t.Group == lb.group && !ours(t) && !roll.r.elsewhere(ctx, t) {
				if err := roll.r.Deregister(ctx, t); err != nil {
					return err
				}
			}
		}
		for _, one := range roll.tasks {
			for _, t := range one.targets {
				if _, there := servers[t.Name()]; t.Group != lb.group || there && slices.ContainsFunc(registered, t.Same) {
					continue
				}
				if one.deployment != roll.primary.ID {
					one.phase, one.counted = failed, true
				} else if err := roll.r.Register(ctx, t); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// run steps until the service is steady, the circuit breaker opens, or the time is up.
func (roll *rollout) run(ctx context.Context) error {
	r, s := roll.r, roll.s
	floor, ceiling := bounds(s.desired, s.minimum, s.maximum)
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	saved := roll.saved()
	failingSince := time.Time{} // since when looking fails
	for deadline := r.deadline(); ; machine.Pause(ctx, r.Tick) {
		switch err := roll.observe(ctx); {
		case err == nil:
			failingSince = time.Time{}
		case failingSince.IsZero():
			failingSince = time.Now()
		case time.Since(failingSince) > 30*time.Second:
			return err
		}
		roll.collect(work)
		if now := roll.saved(); now != saved {
			saved = now
			if err := r.Store.Save(*roll.record); err != nil {
				return err
			}
		}
		members := roll.members()
		if s.watch != nil && time.Now().After(roll.look) {
			roll.look = time.Now().Add(lookAtAlarms)
			if fired := s.watch.Look(ctx); fired != nil {
				return roll.giveUp(ctx, fired)
			}
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx) // the next run finds the tasks as they are
		case steady(members, s.desired):
			return nil
		case s.breaker && roll.primary.FailedTasks >= failureThreshold(s.desired):
			return roll.giveUp(ctx, errBreaker)
		case time.Now().After(deadline):
			return roll.giveUp(ctx, roll.lateness())
		}
		start, stop := plan(members, s.desired, floor, ceiling)
		for _, i := range stop {
			roll.retire(work, roll.tasks[i])
		}
		if start == 0 && len(stop) == 0 && stuck(members, s.desired, floor, ceiling) {
			return roll.giveUp(ctx, fmt.Errorf("a minimum of %d%% and a maximum of %d%% of %d tasks leave a deployment no step: neither may a task stop nor one more start",
				s.minimum, s.maximum, s.desired))
		}
		if start > 0 && time.Now().After(roll.wait) {
			if err := roll.launch(work, start); err != nil {
				return err
			}
		}
	}
}

func (roll *rollout) launch(ctx context.Context, count int) error {
	if err := roll.placeable(ctx); err != nil {
		return err
	}
	for range count {
		name, err := roll.r.taskName(ctx, roll.definition.main(roll.s.behindBalancer()))
		if err != nil {
			return err
		}
		t := &task{id: state.ID(), name: name, deployment: roll.primary.ID, revision: roll.primary.TaskDefinition}
		roll.tasks = append(roll.tasks, t)
		roll.r.launch(t, roll.s)
		roll.record.Tell("(service %s) has started 1 tasks: (task %s).", roll.s.Name, t.id)
		roll.r.Logf("service %s: starting %s (%s)", roll.s.Name, t.name, account.AfterSlash(t.revision))
		go roll.r.start(ctx, t, roll.s, roll.definition)
	}
	return nil
}

// retire stops a task in the background; when that fails, the next round tries again.
func (roll *rollout) retire(ctx context.Context, t *task) {
	t.set(stopping)
	roll.record.Tell("(service %s) has stopped 1 running tasks: (task %s).", roll.s.Name, t.id)
	roll.r.Logf("service %s: stopping %s", roll.s.Name, t.name)
	go func() {
		if err := roll.r.stop(ctx, t); err != nil && ctx.Err() == nil {
			roll.r.Logf("service %s: %v", roll.s.Name, err)
			machine.Pause(ctx, time.Second)
			t.set(failed)
			return
		}
		t.set(stopped)
	}()
}

// collect counts failed tasks and stops them, and drops those that are gone.
func (roll *rollout) collect(ctx context.Context) {
	for _, t := range roll.tasks {
		t.mu.Lock()
		failing, reason, ended := t.phase == failed || t.phase == running && t.unhealthy, t.reason, t.phase == failed
		t.mu.Unlock()
		if failing && !t.counted {
			t.counted = true
			roll.record.Tell("(service %s) (task %s) failed: %s.", roll.s.Name, t.id, reason)
			roll.r.Logf("service %s: %s failed: %s", roll.s.Name, t.name, reason)
			if t.deployment == roll.primary.ID && roll.primary.RolloutState == state.InProgress {
				roll.primary.FailedTasks++
				roll.wait = time.Now().Add(min(time.Duration(roll.primary.FailedTasks)*time.Second, 15*time.Second))
			}
		}
		if ended {
			roll.retire(ctx, t)
		}
	}
	roll.tasks = slices.DeleteFunc(roll.tasks, func(t *task) bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.phase != stopped {
			return false
		}
		if t.reason != "" {
			roll.record.Note(state.StoppedTask{
				ID: t.id, TaskDefinition: t.revision, Deployment: t.deployment, Reason: t.reason, LastLines: t.lastLines, Stopped: time.Now(),
			})
		}
		return true
	})
	roll.record.Running = 0
	for _, t := range roll.tasks {
		if phase, _ := t.snapshot(); phase == running && t.deployment == roll.primary.ID {
			roll.record.Running++
		}
	}
}

func (roll *rollout) members() []member {
	members := make([]member, len(roll.tasks))
	for i, t := range roll.tasks {
		t.mu.Lock()
		current := t.deployment == roll.primary.ID
		members[i] = member{
			current: current, healthy: t.healthy, stopping: t.phase >= failed,
			unhealthy: t.unhealthy || !current && t.proven && !t.healthy, // what served goes when there is something to take its place
		}
		t.mu.Unlock()
	}
	return members
}

// saved is what makes the record worth writing again.
func (roll *rollout) saved() string {
	last := ""
	if len(roll.record.Events) > 0 {
		last = roll.record.Events[0].ID
	}
	return fmt.Sprint(roll.record.Running, roll.primary.FailedTasks, len(roll.record.Stopped), roll.record.Primary, last)
}

// finish has Docker restart the healthy tasks from now on, also after a deployment that failed or was interrupted: while no command runs, nobody
// else would. On AWS the service's scheduler does. Docker does not restart what `docker stop` or `docker kill` ended.
func (roll *rollout) finish(ctx context.Context) error {
	var ids []string
	for _, t := range roll.tasks {
		t.mu.Lock()
		if t.healthy && t.phase == running {
			for _, c := range t.containers {
				if c.essential && !c.restarts {
					ids = append(ids, c.id)
				}
			}
		}
		t.mu.Unlock()
	}
	if len(ids) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, err := roll.r.Docker.Run(ctx, append([]string{"update", "--restart", "unless-stopped"}, ids...)...)
	return err
}
