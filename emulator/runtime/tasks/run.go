package tasks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/ecs"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// A task of its own is started by RunTask and belongs to no service. Its record is a file of its own, and its containers
// are labelled with an empty service name.

// taskFile is the record of a task that RunTask started.
func (r *Scheduler) taskFile(id string) string {
	return r.Path("task-" + id + ".json")
}

// Run starts a task of its own and returns it while it is starting.
func (r *Scheduler) Run(ctx context.Context, run state.Run) (state.Task, error) {
	def, err := r.taskDefinition(run.TaskDefinition)
	if err != nil {
		return state.Task{}, err
	}
	t := state.Task{
		ID: state.ID(), Cluster: run.Cluster, StartedBy: run.StartedBy, Group: run.Group, TaskDefinition: def.ARN, LastStatus: "PROVISIONING", DesiredStatus: "RUNNING",
		Health: "UNKNOWN", Exec: run.Exec, Overrides: run.Overrides, Tags: run.Tags, Created: time.Now(),
	}
	def.Containers = slices.Clone(def.Containers)
	for i := range def.Containers {
		def.Containers[i].override(run.Overrides[def.Containers[i].Name])
		t.Containers = append(t.Containers, state.Container{Name: def.Containers[i].Name, Image: def.Containers[i].Image, LastStatus: "PENDING", Health: "UNKNOWN"})
	}
	name, err := r.taskName(ctx, "run-"+def.main(""))
	if err != nil {
		return t, err
	}
	if err := machine.WriteJSON(r.taskFile(t.ID), t); err != nil {
		return t, fmt.Errorf("recording the task: %w", err)
	}
	r.Logf("task %s: starting %s as %s", t.ID[:8], account.AfterSlash(def.ARN), name)
	release, err := r.attend(t.ID)
	if err != nil {
		return t, fmt.Errorf("starting the task: %w", err)
	}
	go func() {
		defer release()
		one := &task{id: t.ID, name: name, deployment: t.StartedBy, revision: def.ARN}
		r.watchOwn(t, r.startOwn(one, t.Cluster, def))
	}()
	return t, nil
}

func (c *containerSpec) override(o state.Override) {
	if len(o.Command) > 0 {
		c.Command = o.Command
	}
	c.Environment = slices.Clone(c.Environment)
	for _, name := range slices.Sorted(maps.Keys(o.Environment)) {
		c.Environment = slices.DeleteFunc(c.Environment, func(v ecs.Variable) bool { return v.Name == name })
		c.Environment = append(c.Environment, ecs.Variable{Name: name, Value: o.Environment[name]})
	}
}

// attend makes this process the one that looks after a task until it releases it. It fails while another process, or another runtime
// of this one, looks after the task.
func (r *Scheduler) attend(id string) (release func(), err error) {
	path := r.taskFile(id) + ".lock"
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, err
	}
	return func() {
		_ = os.Remove(path) // a task that ended needs no lock
		file.Close()
	}, nil
}

// stopFile asks whoever looks after a task to stop it, and says why.
func (r *Scheduler) stopFile(id string) string { return r.taskFile(id) + ".stop" }

func (r *Scheduler) stopRequested(id string) (reason string, requested bool) {
	text, err := os.ReadFile(r.stopFile(id))
	return string(text), err == nil
}

// startOwn starts the containers in their order, unless the task is stopped meanwhile.
func (r *Scheduler) startOwn(one *task, cluster string, def taskDefinition) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for ; ctx.Err() == nil; machine.Pause(ctx, r.Tick) {
			if _, requested := r.stopRequested(one.id); requested {
				one.set(stopping) // startContainers looks at it
				cancel()
			}
		}
	}()
	return r.startContainers(ctx, one, service{Cluster: cluster}, def)
}

// watchOwn waits until an essential container has ended or the task is stopped, then ends the others and keeps the record.
func (r *Scheduler) watchOwn(t state.Task, failed error) {
	ctx := context.Background()
	code, reason := "EssentialContainerExited", "Essential container in task exited"
	if failed != nil {
		code, reason = "TaskFailedToStart", failed.Error()
	}
	why, requested := r.stopRequested(t.ID)
	for ; failed == nil && !requested; why, requested = r.stopRequested(t.ID) {
		found, err := r.ownContainers(ctx, t.ID)
		if err == nil && (len(found) == 0 || slices.ContainsFunc(found, endedTask)) {
			break
		}
		machine.Pause(ctx, r.Tick)
	}
	if requested {
		code, reason = "UserInitiated", why
	}
	if err := r.endOwn(ctx, t, code, reason); err != nil {
		r.Logf("task %s: %v", t.ID[:8], err)
	}
}

// endedTask tells whether a container's end ends its task.
func endedTask(c machine.Container) bool {
	return c.Config.Labels[LabelEssential] == "true" && !c.State.Running && c.State.Status != "created"
}

func (r *Scheduler) ownContainers(ctx context.Context, id string) ([]machine.Container, error) {
	return r.Docker.Containers(ctx, r.StateLabel(), LabelTask+"="+id)
}

// endOwn stops what still runs, in the reverse order, keeps the logs and the record, and removes the containers.
func (r *Scheduler) endOwn(ctx context.Context, t state.Task, code, reason string) error {
	found, err := r.ownContainers(ctx, t.ID)
	if err != nil {
		return err
	}
	slices.SortFunc(found, byPlace)
	var problem error
	for _, c := range slices.Backward(found) {
		if c.State.Running {
			if _, err := r.Docker.Run(ctx, "stop", c.ID); err != nil && !machine.IsMissing(err) {
				problem = errors.Join(problem, err)
			}
		}
	}
	if found, err = r.ownContainers(ctx, t.ID); err != nil {
		return errors.Join(problem, err)
	}
	t = r.refresh(t, found)
	t.LastStatus, t.DesiredStatus, t.StopCode, t.StoppedReason = "STOPPED", "STOPPED", code, reason
	t.Stopped = time.Now()
	t.Stopping = t.Stopped
	for i := range t.Containers {
		t.Containers[i].LastStatus = "STOPPED"
	}
	problem = errors.Join(problem, r.keepLogs(ctx, found))
	if err := machine.WriteJSON(r.taskFile(t.ID), t); err != nil {
		return errors.Join(problem, err)
	}
	r.Logf("task %s: stopped: %s", t.ID[:8], reason)
	for _, c := range found {
		problem = errors.Join(problem, r.Docker.Remove(ctx, c.ID))
	}
	return problem
}

// refresh brings a record up to what its containers say.
func (r *Scheduler) refresh(t state.Task, found []machine.Container) state.Task {
	if len(found) == 0 {
		return t
	}
	seen := r.taskOf(found)
	t.LastStatus, t.Started, t.Health, t.Containers = seen.LastStatus, seen.Started, seen.Health, slices.Clone(t.Containers)
	for _, c := range seen.Containers {
		if i := slices.IndexFunc(t.Containers, func(one state.Container) bool { return one.Name == c.Name }); i >= 0 {
			t.Containers[i] = c
		}
	}
	return t
}
