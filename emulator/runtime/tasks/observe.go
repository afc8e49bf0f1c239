package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/haproxy"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

func (p phase) String() string {
	return [...]string{"PENDING", "RUNNING", "failed", "DRAINING", "STOPPED"}[p]
}

// observe looks at all running tasks once: at their containers and at their targets.
func (roll *rollout) observe(ctx context.Context) error {
	var ids []string
	var watched []*task
	for _, t := range roll.tasks {
		if phase, containers := t.snapshot(); phase == running {
			watched = append(watched, t)
			for _, c := range containers {
				ids = append(ids, c.id)
			}
		}
	}
	found, err := roll.r.Docker.Inspect(ctx, ids...)
	if err != nil {
		return err
	}
	byID := map[string]machine.Container{}
	for _, c := range found {
		byID[c.ID] = c
	}
	for _, t := range watched {
		if err := roll.judge(ctx, t, byID); err != nil {
			return err
		}
	}
	return nil
}

// judge decides whether a running task is healthy, not yet, or failed.
func (roll *rollout) judge(ctx context.Context, t *task, byID map[string]machine.Container) error {
	_, containers := t.snapshot()
	graceOver := time.Since(t.running) > roll.s.grace
	healthy, checked := true, false
	for _, one := range containers {
		c, there := byID[one.id]
		if !one.essential {
			continue
		}
		if !there || !c.State.Running && !c.State.Restarting {
			reason := "it was removed"
			if there {
				reason = machine.ExitReason(c)
			}
			t.fail(fmt.Sprintf("EssentialContainerExited: Essential container in task exited (%s: %s)", one.name, reason))
			return nil
		}
		switch c.Health() {
		case "":
			healthy = healthy && !c.State.Restarting
		case "healthy":
			checked = true
		case "unhealthy":
			checked, healthy = true, false
			if graceOver {
				t.failChecks(fmt.Sprintf("Task failed container health checks (%s: %s)", one.name, c.LastCheck()))
				return nil
			}
		default:
			checked, healthy = true, false
		}
	}
	for _, target := range t.targets {
		checked = true
		passes, err := roll.judgeTarget(ctx, t, target, graceOver)
		if err != nil {
			return err
		}
		healthy = healthy && passes
	}
	if !checked && time.Since(t.running) < roll.r.Settling {
		healthy = false // nothing vouches for it: ECS waits 40 seconds
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.healthy = healthy && t.phase == running
	if t.healthy {
		t.proven, t.unhealthy, t.reason = true, false, ""
	}
	return nil
}

// judgeTarget asks the load balancer for one target of a task.
func (roll *rollout) judgeTarget(ctx context.Context, t *task, one haproxy.Target, graceOver bool) (healthy bool, err error) {
	_, g, err := roll.r.GroupOf(one)
	if err != nil {
		return false, err
	}
	// A new target is unhealthy after as many failed checks as the threshold says; before that it is only not there yet.
	fresh := time.Since(t.running) <= time.Duration(g.Interval*g.Fails)*time.Second
	state, err := roll.r.AdmitPassing(ctx, one, fresh)
	if err != nil {
		return false, err
	}
	if state.Healthy() {
		t.admitted = true
		return true, nil
	}
	if state.Down() && graceOver && (t.admitted || !fresh) {
		t.failChecks(fmt.Sprintf("Task failed ELB health checks in (target-group %s): %s", g.Arn, state.Reason()))
	}
	return false, nil
}

// taskName finds a free name for a task: web-1, web-2, ...
func (r *Scheduler) taskName(ctx context.Context, main string) (string, error) {
	unlock := r.Locks.Lock("names")
	defer unlock()
	out, err := r.Docker.Run(ctx, "ps", "--all", "--format", "{{.Names}}", "--filter", "label="+r.StateLabel())
	if err != nil {
		return "", fmt.Errorf("listing containers: %w", err)
	}
	taken := strings.Fields(out)
	for i := r.lastNumber[main] + 1; ; i++ {
		name := fmt.Sprintf("%s-%s-%d", r.Name, state.PlainName(main), i)
		if !slices.ContainsFunc(taken, func(other string) bool { return other == name || strings.HasPrefix(other, name+"-") }) {
			r.lastNumber[main] = i
			return name, nil
		}
	}
}
