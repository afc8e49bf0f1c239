package runtime

import (
	"context"
	"slices"
	"strings"
)

// findTasks returns the tasks of a service that run now. What an interrupted start left behind is removed.
func (r *Runtime) findTasks(ctx context.Context, s service) ([]*task, error) {
	found, err := r.docker.containers(ctx, r.stateLabel(), labelService+"="+s.key())
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, byPlace)
	byID := map[string]*task{}
	var tasks []*task
	for _, c := range found {
		id := c.Config.Labels[labelTask]
		if byID[id] == nil {
			byID[id] = &task{id: id, deployment: c.Config.Labels[labelDeployment], revision: c.Config.Labels[labelRevision], phase: running}
			tasks = append(tasks, byID[id])
		}
		adopt(byID[id], c, s, r.name)
	}
	whole := tasks[:0]
	for _, t := range tasks {
		last := found[slices.IndexFunc(found, func(c container) bool { return c.ID == t.containers[len(t.containers)-1].id })]
		place, of, _ := strings.Cut(last.Config.Labels[labelPlace], "/")
		if place == of && last.State.Status != "created" {
			whole = append(whole, t)
			continue
		}
		r.logf("service %s: removing %s, which an interrupted run left half started", s.name, t.name)
		if err := r.stop(ctx, t); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(whole, func(a, b *task) int { return a.running.Compare(b.running) })
	return whole, nil
}

func byPlace(a, b container) int {
	return strings.Compare(a.Config.Labels[labelPlace], b.Config.Labels[labelPlace])
}

// adopt adds a container that runs already to its task.
func adopt(t *task, c container, s service, network string) {
	essential := c.Config.Labels[labelEssential] == "true"
	t.containers = append(t.containers, started{
		id: c.ID, name: c.Config.Labels[labelContainer], essential: essential, restarts: c.HostConfig.RestartPolicy.Name == "unless-stopped",
	})
	if t.name == "" || essential {
		t.name = c.name()
	}
	if c.State.StartedAt.After(t.running) {
		t.running = c.State.StartedAt
	}
	for _, lb := range s.balancers {
		if address, ok := c.address(network); ok && lb.container == c.Config.Labels[labelContainer] {
			t.targets = append(t.targets, target{Group: lb.group, Address: address.String(), Port: lb.port})
		}
	}
}

// elsewhere says whether a target belongs to a container of another service in the same target group.
func (r *Runtime) elsewhere(ctx context.Context, t target) bool {
	all, err := r.docker.containers(ctx, r.stateLabel(), labelRole+"=task")
	return err != nil || slices.ContainsFunc(all, func(c container) bool {
		address, ok := c.address(r.name)
		return ok && address.String() == t.Address
	})
}
