package runtime

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/tasks"
)

// Task is a running container of a service, as `make status` shows it.
type Task struct {
	Service   string
	Name      string // of the container: laravel-ecs-ab12cd-web-1
	Container string // short id
	Task      string // id of the task
	Revision  string // family:revision
	Release   string // APP_RELEASE
	Health    string // healthy, starting, unhealthy, running (no health check), stopped (why)
	Target    string // healthy, initial, unhealthy (why), draining; empty without a load balancer
	Started   time.Time
	Restarts  int
	Essential bool
}

// Status returns the containers of all tasks, by service and start.
func (r *Runtime) Status(ctx context.Context) ([]Task, error) {
	found, err := r.Docker.Containers(ctx, r.StateLabel(), machine.LabelRole+"=task")
	if err != nil {
		return nil, err
	}
	states := r.TargetHealth(ctx)
	var all []Task
	for _, c := range found {
		labels := c.Config.Labels
		one := Task{
			Service: tasks.LastPart(labels[tasks.LabelService]), Name: c.ShortName(), Container: c.ID[:12], Task: labels[tasks.LabelTask], Revision: tasks.LastPart(labels[tasks.LabelRevision]),
			Health: c.Condition(), Started: c.State.StartedAt, Restarts: c.RestartCount, Essential: labels[tasks.LabelEssential] == "true",
		}
		for _, env := range c.Config.Env {
			if release, ok := strings.CutPrefix(env, "APP_RELEASE="); ok {
				one.Release = release
			}
		}
		if address, ok := c.Address(r.Name); ok {
			one.Target = states[address.String()]
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Task) int {
		if order := strings.Compare(a.Service, b.Service); order != 0 {
			return order
		}
		return a.Started.Compare(b.Started)
	})
	return all, nil
}
