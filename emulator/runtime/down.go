package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/data"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/haproxy"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/tasks"
)

// Down removes every container, volume and network of this state folder, whether or not the account knows of it, and
// forgets deployments and targets. Snapshots and certificates stay.
func (r *Runtime) Down(ctx context.Context) error {
	r.HangUp()
	label := "label=" + r.StateLabel()
	registry, _ := r.RegistryAddress(ctx)
	for _, kind := range []struct{ name, list, remove string }{
		{"containers", "ps --all --quiet --no-trunc --filter", "rm --force --volumes"},
		{"volumes", "volume ls --quiet --filter", "volume rm --force"},
		{"networks", "network ls --quiet --no-trunc --filter", "network rm"},
	} {
		out, err := r.Docker.Run(ctx, append(strings.Fields(kind.list), label)...)
		if err != nil {
			return fmt.Errorf("listing %s: %w", kind.name, err)
		}
		if ids := strings.Fields(out); len(ids) > 0 {
			if _, err := r.Docker.Run(ctx, append(strings.Fields(kind.remove), ids...)...); err != nil && !machine.IsMissing(err) {
				return fmt.Errorf("removing %s: %w", kind.name, err)
			}
		}
	}
	if registry != "" {
		r.ForgetImages(ctx, registry)
	}
	return r.forget()
}

// forget removes all files of the runtime but the load balancer's certificates, for which a browser may have an exception.
func (r *Runtime) forget() error {
	files, err := os.ReadDir(r.Path(""))
	for _, file := range files {
		if !strings.HasPrefix(file.Name(), haproxy.KeptPrefix) {
			err = errors.Join(err, os.RemoveAll(r.Path(file.Name())))
		}
	}
	return err
}

// Reconcile makes the machine agree with the account again: after a restart of the machine, a killed command, or a task
// that died. It removes containers that stand for nothing, starts what is missing and replaces dead tasks of services
// that were steady. A deployment that was under way is left to the next update of its service.
func (r *Runtime) Reconcile(ctx context.Context) error {
	if err := r.removeOrphans(ctx); err != nil {
		return err
	}
	for _, token := range []string{account.RepositoryToken, account.DatabaseToken, account.DatabaseClusterToken, account.CacheClusterToken, account.CacheReplicationToken, account.BucketToken, account.ListenerToken} {
		for _, res := range r.List(token) {
			if err := r.Ensure(ctx, res); err != nil {
				return err
			}
		}
	}
	for _, res := range r.List(account.ServiceToken) {
		s, err := tasks.ReadService(res)
		if err != nil {
			continue // its next update says so
		}
		if record, known := r.Service(s.Cluster, s.Name); known && record.RolloutState == state.Completed {
			// What runs may be what a rollback returned to; a new deployment is not for Reconcile to begin.
			s.Settings = record.Deployment(record.Primary).Settings
			if err := r.Redeploy(ctx, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeOrphans removes containers whose resource the account does not have. Volumes wait for Down: they hold data.
func (r *Runtime) removeOrphans(ctx context.Context) error {
	found, err := r.Docker.Containers(ctx, r.StateLabel())
	if err != nil {
		return err
	}
	known := map[string]bool{"registry": len(r.List(account.RepositoryToken)) > 0, "balancer": len(r.List(account.ListenerToken)) > 0, data.ObjectsOwner: len(r.List(account.BucketToken))+len(r.List(account.QueueToken)) > 0}
	for _, token := range []string{account.DatabaseToken, account.DatabaseClusterToken, account.CacheClusterToken, account.CacheReplicationToken} {
		for _, res := range r.List(token) {
			known[machine.OwnerOf(res)] = true
		}
	}
	services := slices.Collect(func(yield func(string) bool) {
		for _, res := range r.List(account.ServiceToken) {
			if !yield(tasks.ServiceKey(res)) {
				return
			}
		}
	})
	for _, c := range found {
		labels := c.Config.Labels
		if labels[machine.LabelRole] == "task" && (slices.Contains(services, labels[tasks.LabelService]) || r.IsOwn(labels[tasks.LabelTask])) || known[labels[machine.LabelOwner]] {
			continue
		}
		r.Logf("removing %s, which stands for nothing any more", c.ShortName())
		if err := r.Docker.Remove(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}
