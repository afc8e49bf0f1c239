package tasks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// stuck says whether all old tasks run well and the percentages allow neither to stop one nor to start one.
func stuck(members []member, desired, floor, ceiling int) bool {
	old := 0
	for _, m := range members {
		if m.current || m.stopping || !m.healthy {
			return false
		}
		old++
	}
	return old > 0 && old <= floor && old >= ceiling && desired > 0
}

// placeable refuses a task that does not fit the machine. On AWS it would wait for an instance that never comes.
func (roll *rollout) placeable(ctx context.Context) error {
	out, err := roll.r.Docker.Run(ctx, "info", "--format", "{{.MemTotal}}")
	if err != nil {
		return fmt.Errorf("asking Docker for its memory: %w", err)
	}
	total, err := strconv.ParseInt(out, 10, 64)
	if needed := roll.definition.memory(); err == nil && needed > total {
		return fmt.Errorf("was unable to place a task because no container instance met all of its requirements: a task reserves %d MiB, Docker has %d MiB",
			needed>>20, total>>20)
	}
	return nil
}

// giveUp ends a deployment: its tasks that are not healthy go, what serves stays.
func (roll *rollout) giveUp(ctx context.Context, reason error) error {
	for _, t := range roll.tasks {
		t.mu.Lock()
		unhealthy := t.deployment == roll.primary.ID && !t.healthy && t.phase < stopping
		t.mu.Unlock()
		if unhealthy {
			roll.retire(ctx, t)
		}
	}
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline) && ctx.Err() == nil; machine.Pause(ctx, roll.r.Tick) {
		roll.collect(ctx)
		if !slices.ContainsFunc(roll.tasks, func(t *task) bool { phase, _ := t.snapshot(); return phase >= failed }) {
			break
		}
	}
	return reason
}

// lateness says what a deployment still waits for when its time is up.
func (roll *rollout) lateness() error {
	var waiting []string
	for _, t := range roll.tasks {
		t.mu.Lock()
		if !t.healthy || t.deployment != roll.primary.ID {
			waiting = append(waiting, fmt.Sprintf("%s is %s", t.name, t.phase))
		}
		t.mu.Unlock()
	}
	slices.Sort(waiting)
	text := fmt.Sprintf("the service is not steady after %s: %d of %d tasks are healthy; %s", roll.r.Limit, len(roll.tasks)-len(waiting), roll.s.desired,
		cmp.Or(strings.Join(waiting, ", "), "none is left"))
	if t := roll.record.LastStopped(roll.primary.ID); t != nil {
		return errors.New(text + "\n" + t.Describe())
	}
	return errors.New(text)
}
