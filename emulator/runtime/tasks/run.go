package tasks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// A task of its own is started by RunTask and belongs to no service. Its record is a file of its own, and its containers
// are labelled with an empty service name.

func (r *Scheduler) TaskFile(id string) string {
	return r.Path("task-" + id + ".json")
}

// ownRun is a task of its own that this process looks after.
type ownRun struct {
	stop   chan struct{} // closed by Stop
	reason string
	done   chan struct{}
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
	if err := machine.WriteJSON(r.TaskFile(t.ID), t); err != nil {
		return t, fmt.Errorf("recording the task: %w", err)
	}
	r.Logf("task %s: starting %s as %s", t.ID[:8], LastPart(def.ARN), name)
	own := r.attend(t.ID)
	go func() {
		defer close(own.done)
		one := &task{id: t.ID, name: name, deployment: t.StartedBy, revision: def.ARN}
		err := r.startOwn(one, t.Cluster, def, own)
		r.watchOwn(t, own, err)
	}()
	return t, nil
}

func (c *containerSpec) override(o state.Override) {
	if len(o.Command) > 0 {
		c.Command = o.Command
	}
	c.Environment = slices.Clone(c.Environment)
	for _, name := range slices.Sorted(maps.Keys(o.Environment)) {
		c.Environment = slices.DeleteFunc(c.Environment, func(v variable) bool { return v.Name == name })
		c.Environment = append(c.Environment, variable{name, o.Environment[name]})
	}
}

func (r *Scheduler) attend(id string) *ownRun {
	r.taskMu.Lock()
	defer r.taskMu.Unlock()
	own := &ownRun{stop: make(chan struct{}), done: make(chan struct{})}
	r.own[id] = own
	return own
}

// startOwn starts the containers in their order, unless the task is stopped meanwhile.
func (r *Scheduler) startOwn(one *task, cluster string, def taskDefinition, own *ownRun) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-own.stop:
			one.set(stopping) // startContainers looks at it
			cancel()
		case <-ctx.Done():
		}
	}()
	return r.startContainers(ctx, one, service{Cluster: cluster}, def)
}

// watchOwn waits until an essential container has ended or the task is stopped, then ends the others and keeps the record.
func (r *Scheduler) watchOwn(t state.Task, own *ownRun, failed error) {
	ctx := context.Background()
	code, reason := "EssentialContainerExited", "Essential container in task exited"
	if failed != nil {
		code, reason = "TaskFailedToStart", failed.Error()
	}
	for failed == nil {
		found, err := r.ownContainers(ctx, t.ID)
		if err == nil && (len(found) == 0 || slices.ContainsFunc(found, func(c machine.Container) bool {
			return c.Config.Labels[LabelEssential] == "true" && !c.State.Running && c.State.Status != "created"
		})) {
			break
		}
		select {
		case <-own.stop:
		case <-time.After(r.Tick):
			continue
		}
		break
	}
	select {
	case <-own.stop:
		code, reason = "UserInitiated", own.reason
	default:
	}
	if err := r.endOwn(ctx, t, code, reason); err != nil {
		r.Logf("task %s: %v", t.ID[:8], err)
	}
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
	if err := machine.WriteJSON(r.TaskFile(t.ID), t); err != nil {
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

// ownTasks are the tasks of their own. One that an earlier process left is looked after from here on, or ended.
func (r *Scheduler) ownTasks(ctx context.Context, groups map[string][]machine.Container) ([]state.Task, error) {
	files, err := filepath.Glob(r.TaskFile("*"))
	if err != nil {
		return nil, err
	}
	var all []state.Task
	for _, path := range files {
		var t state.Task
		if err := machine.ReadJSON(path, &t); errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		switch {
		case t.LastStatus != "STOPPED":
			r.adoptOwn(t, groups[t.ID])
			t = r.refresh(t, groups[t.ID])
			r.taskMu.Lock()
			if own := r.own[t.ID]; own != nil && own.reason != "" {
				t.DesiredStatus = "STOPPED"
			}
			r.taskMu.Unlock()
		case time.Since(t.Stopped) > keptTasks:
			if err := machine.RemoveFile(path); err != nil {
				return nil, err
			}
			continue
		}
		all = append(all, t)
	}
	return all, nil
}

func (r *Scheduler) adoptOwn(t state.Task, containers []machine.Container) {
	r.taskMu.Lock()
	_, attended := r.own[t.ID]
	r.taskMu.Unlock()
	if attended {
		return
	}
	own := r.attend(t.ID)
	var failed error
	if len(containers) < len(t.Containers) {
		failed = errors.New("TaskFailedToStart: the emulator ended while the task was starting")
	}
	go func() {
		defer close(own.done)
		r.watchOwn(t, own, failed)
	}()
}

// Stop begins to stop a task: the stop signal, and the kill after the stop timeout. A task of a service is replaced.
func (r *Scheduler) Stop(ctx context.Context, cluster, id, reason string) error {
	tasks, err := r.Tasks(ctx, cluster) // adopts what nobody looks after
	if err != nil {
		return err
	}
	i := slices.IndexFunc(tasks, func(t state.Task) bool { return t.ID == id })
	if i < 0 || tasks[i].LastStatus == "STOPPED" {
		return nil
	}
	if tasks[i].Service != "" {
		return r.stopServiceTask(ctx, tasks[i], reason)
	}
	r.taskMu.Lock()
	defer r.taskMu.Unlock()
	if own := r.own[id]; own != nil && own.reason == "" {
		own.reason = reason
		close(own.stop)
		r.ending.Go(func() { <-own.done })
	}
	return nil
}

func (r *Scheduler) stopServiceTask(ctx context.Context, t state.Task, reason string) error {
	res, ok := r.serviceNamed(t.Cluster, t.Service)
	if !ok {
		return nil
	}
	s, err := ReadService(res)
	if err != nil {
		return err
	}
	background := context.WithoutCancel(ctx)
	r.leave(t.ID)
	r.ending.Go(func() {
		unlock := r.Locks.Lock("service " + s.key())
		running, err := r.findTasks(background, s)
		for _, one := range running {
			if one.id == t.ID {
				one.reason = reason
				err = errors.Join(err, r.stop(background, one))
			}
		}
		unlock()
		if record, known := r.Service(s.Cluster, s.Name); known && record.RolloutState == state.Completed {
			s.Settings = record.Deployment(record.Primary).Settings
			err = errors.Join(err, r.Redeploy(background, s))
		}
		if err != nil {
			r.Logf("service %s: replacing a stopped task: %v", s.Name, err)
		}
	})
	return nil
}

// Settle waits until the tasks that are being stopped have ended and were replaced.
func (r *Scheduler) Settle() { r.ending.Wait() }
