package tasks

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// keptTasks is how long a stopped task is shown. Source: "stopped tasks ... for at least one hour",
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html.
const keptTasks = time.Hour

// Tasks returns the tasks of a cluster: those whose containers exist, those that are being started, and those that stopped
// within the last hour.
func (r *Scheduler) Tasks(ctx context.Context, cluster string) ([]state.Task, error) {
	found, err := r.Docker.Containers(ctx, r.StateLabel(), machine.LabelRole+"=task")
	if err != nil {
		return nil, err
	}
	groups := map[string][]machine.Container{}
	for _, c := range found {
		id := c.Config.Labels[LabelTask]
		groups[id] = append(groups[id], c)
	}
	var all []state.Task
	for _, containers := range groups {
		if t := r.taskOf(containers); t.Service != "" {
			all = append(all, t)
		}
	}
	r.taskMu.Lock()
	for id, t := range r.launched {
		if groups[id] == nil {
			all = append(all, t)
		}
	}
	r.taskMu.Unlock()
	own, err := r.ownTasks(groups)
	if err != nil {
		return nil, err
	}
	stopped, err := r.stoppedTasks()
	if err != nil {
		return nil, err
	}
	all = append(append(all, own...), stopped...)
	all = slices.DeleteFunc(all, func(t state.Task) bool { return t.Cluster != cluster })
	slices.SortStableFunc(all, func(a, b state.Task) int { return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID)) })
	return slices.CompactFunc(all, func(a, b state.Task) bool { return a.ID == b.ID }), nil
}

// taskOf describes a task by its containers.
func (r *Scheduler) taskOf(containers []machine.Container) state.Task {
	slices.SortFunc(containers, byPlace)
	labels := containers[0].Config.Labels
	t := state.Task{
		ID: labels[LabelTask], StartedBy: labels[labelDeployment], TaskDefinition: labels[LabelRevision], LastStatus: "RUNNING", DesiredStatus: "RUNNING", Health: "UNKNOWN",
		Created: containers[0].Created,
	}
	t.Cluster, t.Service, _ = strings.Cut(labels[LabelService], "/")
	t.Group = "service:" + t.Service
	if service, ok := r.serviceNamed(t.Cluster, t.Service); ok {
		t.Exec = service.Outputs.True("enableExecuteCommand")
	}
	place, of, _ := strings.Cut(containers[len(containers)-1].Config.Labels[labelPlace], "/")
	whole := place == of && containers[len(containers)-1].State.Status != "created"
	for _, c := range containers {
		one := r.containerOf(c)
		t.Containers = append(t.Containers, one)
		if c.Config.Labels[LabelEssential] == "true" && one.Health != "UNKNOWN" && t.Health != "UNHEALTHY" {
			t.Health = one.Health
		}
		if c.State.StartedAt.After(t.Started) {
			t.Started = c.State.StartedAt
		}
	}
	if !whole {
		t.LastStatus, t.Started = "PENDING", time.Time{}
	}
	r.taskMu.Lock()
	defer r.taskMu.Unlock()
	if r.leaving[t.ID] {
		t.DesiredStatus, t.LastStatus, t.Stopping = "STOPPED", "DEACTIVATING", time.Now()
	}
	return t
}

func (r *Scheduler) containerOf(c machine.Container) state.Container {
	one := state.Container{
		Name: c.Config.Labels[labelContainer], Image: c.Config.Labels[labelImage], RuntimeID: c.ID, LastStatus: "RUNNING", Health: "UNKNOWN",
	}
	if at := strings.LastIndex(one.Image, "@"); at >= 0 {
		one.ImageDigest = one.Image[at+1:]
	}
	if address, ok := c.Address(r.Name); ok {
		one.Address = address.String()
	}
	switch c.Health() {
	case "healthy":
		one.Health = "HEALTHY"
	case "unhealthy":
		one.Health = "UNHEALTHY"
	}
	switch {
	case c.State.Restarting:
		one.Health = "UNHEALTHY"
	case c.State.Status == "created":
		one.LastStatus = "PENDING"
	case !c.State.Running:
		code := c.State.ExitCode
		one.LastStatus, one.ExitCode = "STOPPED", &code
		if c.State.OOMKilled || c.State.Error != "" {
			one.Reason = machine.ExitReason(c)
		}
	}
	return one
}

func (r *Scheduler) serviceNamed(cluster, name string) (account.Resource, bool) {
	for _, res := range r.Account.List(account.ServiceToken) {
		if res.Outputs.Text("name") == name && account.AfterSlash(res.Outputs.Text("cluster")) == cluster {
			return res, true
		}
	}
	return account.Resource{}, false
}

// launch shows a task of a service that has no container yet; gone ends that.
func (r *Scheduler) launch(t *task, s service) {
	r.taskMu.Lock()
	defer r.taskMu.Unlock()
	r.launched[t.id] = state.Task{
		ID: t.id, Cluster: s.Cluster, Service: s.Name, StartedBy: t.deployment, Group: "service:" + s.Name, TaskDefinition: t.revision,
		LastStatus: "PENDING", DesiredStatus: "RUNNING", Health: "UNKNOWN", Created: time.Now(),
	}
}

func (r *Scheduler) leave(id string) {
	r.taskMu.Lock()
	defer r.taskMu.Unlock()
	r.leaving[id] = true
}

// stopCodes say how a task of a service ended, by how its reason begins. Source:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html.
var stopCodes = [][2]string{
	{"EssentialContainerExited", "EssentialContainerExited"}, {"Cannot", "TaskFailedToStart"}, {"TaskFailedToStart", "TaskFailedToStart"},
	{"ResourceInitializationError", "TaskFailedToStart"},
}

// keepStopped records a task that ended, when its containers are about to go.
func (r *Scheduler) keepStopped(t *task, containers []machine.Container) error {
	r.taskMu.Lock()
	shown, launched := r.launched[t.id]
	delete(r.launched, t.id)
	r.taskMu.Unlock()
	if len(containers) > 0 {
		shown = r.taskOf(containers)
	} else if !launched {
		return nil
	}
	t.mu.Lock()
	reason := t.reason
	t.mu.Unlock()
	shown.StopCode, shown.StoppedReason = "ServiceSchedulerInitiated", reason
	if reason == "" {
		shown.StoppedReason = "Scaling activity initiated by (deployment " + t.deployment + ")"
	}
	for _, code := range stopCodes {
		if strings.HasPrefix(reason, code[0]) {
			shown.StopCode = code[1]
		}
	}
	return r.keepTask(shown)
}

// stoppedFile holds the tasks of services that stopped.
func (r *Scheduler) stoppedFile() string { return r.Path("stopped.json") }

// stoppedTasks are the tasks of services that stopped within the last hour.
func (r *Scheduler) stoppedTasks() ([]state.Task, error) {
	var all []state.Task
	if err := machine.ReadJSON(r.stoppedFile(), &all); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return slices.DeleteFunc(all, func(t state.Task) bool { return time.Since(t.Stopped) > keptTasks }), nil
}

func (r *Scheduler) keepTask(t state.Task) error {
	t.LastStatus, t.DesiredStatus, t.Stopped = "STOPPED", "STOPPED", time.Now()
	t.Stopping = cmp.Or(t.Stopping, t.Stopped)
	unlock := r.Locks.Lock("stopped tasks")
	defer unlock()
	all, err := r.stoppedTasks()
	if err != nil {
		return err
	}
	return machine.WriteJSON(r.stoppedFile(), append(all, t))
}
