package tasks

import (
	"context"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/haproxy"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// findTasks returns the tasks of a service that run now. What an interrupted start left behind is removed.
func (r *Scheduler) findTasks(ctx context.Context, s service) ([]*task, error) {
	found, err := r.Docker.Containers(ctx, r.StateLabel(), LabelService+"="+s.key())
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, byPlace)
	byID := map[string]*task{}
	var tasks []*task
	for _, c := range found {
		id := c.Config.Labels[LabelTask]
		if byID[id] == nil {
			byID[id] = &task{id: id, deployment: c.Config.Labels[labelDeployment], revision: c.Config.Labels[LabelRevision], phase: running}
			tasks = append(tasks, byID[id])
		}
		adopt(byID[id], c, s, r.Name)
	}
	whole := tasks[:0]
	for _, t := range tasks {
		last := found[slices.IndexFunc(found, func(c machine.Container) bool { return c.ID == t.containers[len(t.containers)-1].id })]
		place, of, _ := strings.Cut(last.Config.Labels[labelPlace], "/")
		if place == of && last.State.Status != "created" {
			whole = append(whole, t)
			continue
		}
		r.Logf("service %s: removing %s, which an interrupted run left half started", s.Name, t.name)
		if err := r.stop(ctx, t); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(whole, func(a, b *task) int { return a.running.Compare(b.running) })
	return whole, nil
}

func byPlace(a, b machine.Container) int {
	return strings.Compare(a.Config.Labels[labelPlace], b.Config.Labels[labelPlace])
}

// adopt adds a container that runs already to its task.
func adopt(t *task, c machine.Container, s service, network string) {
	essential := c.Config.Labels[LabelEssential] == "true"
	address, placed := c.Address(network)
	t.containers = append(t.containers, started{
		id: c.ID, name: c.Config.Labels[labelContainer], address: address.String(), essential: essential, restarts: c.HostConfig.RestartPolicy.Name == "unless-stopped",
	})
	if t.name == "" || essential {
		t.name = c.ShortName()
	}
	if c.State.StartedAt.After(t.running) {
		t.running = c.State.StartedAt
	}
	for _, lb := range s.balancers {
		if placed && lb.container == c.Config.Labels[labelContainer] {
			t.targets = append(t.targets, haproxy.Target{Group: lb.group, Address: address.String(), Port: lb.port})
		}
	}
}

// elsewhere says whether a target belongs to a container of another service in the same target group.
func (r *Scheduler) elsewhere(ctx context.Context, t haproxy.Target) bool {
	all, err := r.Docker.Containers(ctx, r.StateLabel(), machine.LabelRole+"=task")
	return err != nil || slices.ContainsFunc(all, func(c machine.Container) bool {
		address, ok := c.Address(r.Name)
		return ok && address.String() == t.Address
	})
}
