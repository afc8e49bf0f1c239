package tasks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// stop ends a task as ECS does: out of the target groups, the deregistration delay or the last request, then the stop
// signal, and after the stop timeout the kill. Containers stop in the reverse order of their start.
func (r *Scheduler) stop(ctx context.Context, t *task) error {
	r.leave(t.id)
	_, containers := t.snapshot()
	t.mu.Lock()
	targets := slices.Clone(t.targets)
	t.mu.Unlock()
	var problem error
	for _, one := range targets {
		if err := r.Deregister(ctx, one); err != nil {
			problem = errors.Join(problem, fmt.Errorf("deregistering %s: %w", t.name, err))
		}
	}
	ids := make([]string, len(containers))
	for i, c := range containers {
		ids[i] = c.id
	}
	alive, err := r.Docker.Inspect(ctx, ids...)
	if err != nil {
		return errors.Join(problem, err)
	}
	for _, c := range slices.Backward(alive) {
		if c.State.Running || c.State.Restarting {
			if _, err := r.Docker.Run(ctx, "stop", c.ID); err != nil && !machine.IsMissing(err) {
				problem = errors.Join(problem, fmt.Errorf("stopping %s: %w", c.ShortName(), err))
			}
		}
	}
	t.mu.Lock()
	if len(t.lastLines) == 0 && t.reason != "" {
		t.lastLines = r.lastOutput(ctx, alive)
	}
	t.mu.Unlock()
	if ended, err := r.Docker.Inspect(ctx, ids...); err == nil {
		problem = errors.Join(problem, r.keepStopped(t, ended), r.keepLogs(ctx, ended))
	}
	for _, c := range slices.Backward(alive) {
		problem = errors.Join(problem, r.Docker.Remove(ctx, c.ID))
	}
	return problem
}

// lastOutput are the last lines of the containers of a failed task, those of the one that ended badly first of all.
func (r *Scheduler) lastOutput(ctx context.Context, containers []machine.Container) []string {
	var lines []string
	for _, c := range containers {
		if c.State.Running || c.State.ExitCode != 0 || len(containers) == 1 || strings.HasPrefix(c.Config.Labels[LabelEssential], "true") {
			lines = append(lines, r.Docker.Tail(ctx, c.ID, 20)...)
		}
	}
	return lines[max(0, len(lines)-20):]
}
