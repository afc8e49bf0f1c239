package api

import (
	"context"
	"fmt"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/metrics"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// begin makes a deployment, whose tasks run at once. With alarms it is completed when its bake time is over.
func (c *controlPlane) begin(ctx context.Context, r account.Resource, record *state.Service, d state.Deployment) error {
	watch, err := metrics.NewWatch(ctx, c, r, c.account.List(account.AlarmToken))
	if err != nil {
		return err
	}
	if watch == nil || record.LastCompleted() == nil { // the first one has nothing to go back to
		record.Begin(d)
		record.MakePrimary(d.ID, state.Completed, fmt.Sprintf("ECS deployment %s completed.", d.ID))
		return nil
	}
	record.Begin(d)
	record.Deployment(d.ID).Bakes = time.Now().Add(watch.Bake)
	go c.bake(r, record.Cluster, record.Service, d.ID, watch)
	return nil
}

// bake watches the alarms of a deployment whose tasks run, and completes it or goes back to the one before.
func (c *controlPlane) bake(r account.Resource, cluster, name, id string, w *metrics.Watch) {
	for time.Sleep(time.Second / 2); ; time.Sleep(time.Second / 2) {
		fired := w.Look(context.Background())
		if c.endBake(r, cluster, name, id, w, fired) {
			return
		}
	}
}

func (c *controlPlane) endBake(r account.Resource, cluster, name, id string, w *metrics.Watch, fired *metrics.Fired) (ended bool) {
	c.deploying.Lock()
	defer c.deploying.Unlock()
	record, err := c.store.Load(cluster, name)
	if err != nil || record.Primary != id || record.RolloutState != state.InProgress {
		return true
	}
	if fired == nil {
		return record.Baked() && c.store.Save(record) == nil
	}
	record.Fail(fired.Error())
	if back := record.LastCompleted(); back != nil && w.Rollback {
		record.RollBack(back.ID, fired.Error())
		record.RolledBack(id, nil)
		record.MakePrimary(back.ID, state.Completed, fmt.Sprintf("ECS deployment %s completed.", back.ID))
		_ = c.account.Tamper(r.Type, r.ID, "taskDefinition", record.TaskDefinition) // it is gone with the service
	}
	_ = c.store.Save(record) // in memory, or the next look does it again
	return true
}
