package runtime

import (
	"context"
	"slices"
	"strings"
	"time"
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
	found, err := r.docker.containers(ctx, r.stateLabel(), labelRole+"=task")
	if err != nil {
		return nil, err
	}
	states := r.targetHealth(ctx)
	var tasks []Task
	for _, c := range found {
		labels := c.Config.Labels
		one := Task{
			Service: lastPart(labels[labelService]), Name: c.name(), Container: c.ID[:12], Task: labels[labelTask], Revision: lastPart(labels[labelRevision]),
			Health: c.condition(), Started: c.State.StartedAt, Restarts: c.RestartCount, Essential: labels[labelEssential] == "true",
		}
		for _, env := range c.Config.Env {
			if release, ok := strings.CutPrefix(env, "APP_RELEASE="); ok {
				one.Release = release
			}
		}
		if address, ok := c.address(r.name); ok {
			one.Target = states[address.String()]
		}
		tasks = append(tasks, one)
	}
	slices.SortFunc(tasks, func(a, b Task) int {
		if order := strings.Compare(a.Service, b.Service); order != 0 {
			return order
		}
		return a.Started.Compare(b.Started)
	})
	return tasks, nil
}
