package tasks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// ownTasks are the tasks of their own. One that an earlier process left is looked after from here on, or ended.
func (r *Scheduler) ownTasks(groups map[string][]machine.Container) ([]state.Task, error) {
	files, err := filepath.Glob(r.taskFile("*"))
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
			r.adoptOwn(t)
			t = r.refresh(t, groups[t.ID])
			if _, requested := r.stopRequested(t.ID); requested {
				t.DesiredStatus = "STOPPED"
			}
		case time.Since(t.Stopped) > keptTasks:
			if err := errors.Join(machine.RemoveFile(path), machine.RemoveFile(r.stopFile(t.ID))); err != nil {
				return nil, err
			}
			continue
		}
		all = append(all, t)
	}
	return all, nil
}

// adoptOwn looks after a task that nobody looks after any more.
func (r *Scheduler) adoptOwn(t state.Task) {
	release, err := r.attend(t.ID)
	if err != nil {
		return
	}
	go func() {
		defer release()
		found, err := r.ownContainers(context.Background(), t.ID)
		if err == nil && len(found) < len(t.Containers) {
			err = errors.New("TaskFailedToStart: the emulator ended while the task was starting")
		}
		var kept state.Task
		if machine.ReadJSON(r.taskFile(t.ID), &kept) == nil && kept.LastStatus != "STOPPED" { // it may have ended since
			r.watchOwn(t, err)
		}
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
	if err := machine.WriteFile(r.stopFile(id), []byte(reason)); err != nil {
		return fmt.Errorf("stopping the task: %w", err)
	}
	r.ending.Go(func() {
		for {
			if release, err := r.attend(id); err == nil { // whoever looked after it is done
				release()
				return
			}
			machine.Pause(context.Background(), r.Tick)
		}
	})
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
