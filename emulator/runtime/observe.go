package runtime

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
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
	found, err := roll.r.docker.inspect(ctx, ids...)
	if err != nil {
		return err
	}
	byID := map[string]container{}
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
func (roll *rollout) judge(ctx context.Context, t *task, byID map[string]container) error {
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
				reason = exitReason(c)
			}
			t.fail(fmt.Sprintf("EssentialContainerExited: Essential container in task exited (%s: %s)", one.name, reason))
			return nil
		}
		switch c.health() {
		case "":
			healthy = healthy && !c.State.Restarting
		case "healthy":
			checked = true
		case "unhealthy":
			checked, healthy = true, false
			if graceOver {
				t.failChecks(fmt.Sprintf("Task failed container health checks (%s: %s)", one.name, c.lastCheck()))
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
	if !checked && time.Since(t.running) < roll.r.settle {
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
func (roll *rollout) judgeTarget(ctx context.Context, t *task, one target, graceOver bool) (healthy bool, err error) {
	_, g, err := roll.r.groupOf(one)
	if err != nil {
		return false, err
	}
	// A new target is unhealthy after as many failed checks as the threshold says; before that it is only not there yet.
	fresh := time.Since(t.running) <= time.Duration(g.interval*g.fails)*time.Second
	state, err := roll.r.admitPassing(ctx, one, fresh)
	if err != nil {
		return false, err
	}
	if state.healthy() {
		t.admitted = true
		return true, nil
	}
	if state.down() && graceOver && (t.admitted || !fresh) {
		t.failChecks(fmt.Sprintf("Task failed ELB health checks in (target-group %s): %s", g.arn, state.reason()))
	}
	return false, nil
}

// taskName finds a free name for a task: web-1, web-2, ...
func (r *Runtime) taskName(ctx context.Context, main string) (string, error) {
	unlock := r.locks.lock("names")
	defer unlock()
	out, err := r.docker.run(ctx, "ps", "--all", "--format", "{{.Names}}", "--filter", "label="+r.stateLabel())
	if err != nil {
		return "", fmt.Errorf("listing containers: %w", err)
	}
	taken := strings.Fields(out)
	for i := r.lastNumber[main] + 1; ; i++ {
		name := fmt.Sprintf("%s-%s-%d", r.name, plainName(main), i)
		if !slices.ContainsFunc(taken, func(other string) bool { return other == name || strings.HasPrefix(other, name+"-") }) {
			r.lastNumber[main] = i
			return name, nil
		}
	}
}
