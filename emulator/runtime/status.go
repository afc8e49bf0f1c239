package runtime

import (
	"context"
	"fmt"
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

// URL is where the application answers; empty while nothing listens. HTTP comes first, unless it only redirects.
func (r *Runtime) URL() string {
	url := ""
	for _, l := range r.list(tokenListener) {
		actions := items(l.Outputs, "defaultActions")
		redirects := len(actions) == 1 && text(actions[0], "type") == "redirect"
		switch port := number(l.Outputs, "port", 0); {
		case port == 80 && !redirects:
			return fmt.Sprintf("http://localhost:%d", r.ports[80])
		case port == 443:
			url = fmt.Sprintf("https://localhost:%d", r.ports[443])
		}
	}
	return url
}

// targetHealth says by address how targets are. It is silent when the load balancer does not answer.
func (r *Runtime) targetHealth(ctx context.Context) map[string]string {
	health := map[string]string{}
	door, err := r.frontDoor()
	if err != nil || door == nil {
		return health
	}
	registered, err := r.loadTargets()
	if err != nil {
		return health
	}
	for _, g := range door.groups {
		servers, err := r.servers(ctx, g.name)
		if err != nil {
			return health
		}
		for name, state := range servers {
			address, _, _ := strings.Cut(name, ":")
			index := slices.IndexFunc(registered, func(t target) bool { return t.Group == g.arn && t.name() == name })
			switch {
			case index < 0:
				health[address] = "draining"
			case strings.HasPrefix(state.status, "DOWN"):
				health[address] = "unhealthy (" + state.reason() + ")"
			case registered[index].Ready:
				health[address] = "healthy"
			default:
				health[address] = "initial"
			}
		}
	}
	return health
}

// condition is a container's state in one or a few words.
func (c container) condition() string {
	switch {
	case c.State.Restarting:
		return "restarting (" + exitReason(c) + ")"
	case !c.State.Running:
		return "stopped (" + exitReason(c) + ")"
	case c.health() != "":
		return c.health()
	default:
		return "running"
	}
}
