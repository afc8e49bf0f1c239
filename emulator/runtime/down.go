package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// Down removes every container, volume and network of this state folder, whether or not the account knows of it, and
// forgets deployments and targets. Snapshots and certificates stay.
func (r *Runtime) Down(ctx context.Context) error {
	r.console.hangUp()
	label := "label=" + r.stateLabel()
	registry, _ := r.registryAddress(ctx)
	for _, kind := range []struct{ name, list, remove string }{
		{"containers", "ps --all --quiet --no-trunc --filter", "rm --force --volumes"},
		{"volumes", "volume ls --quiet --filter", "volume rm --force"},
		{"networks", "network ls --quiet --no-trunc --filter", "network rm"},
	} {
		out, err := r.docker.run(ctx, append(strings.Fields(kind.list), label)...)
		if err != nil {
			return fmt.Errorf("listing %s: %w", kind.name, err)
		}
		if ids := strings.Fields(out); len(ids) > 0 {
			if _, err := r.docker.run(ctx, append(strings.Fields(kind.remove), ids...)...); err != nil && !isMissing(err) {
				return fmt.Errorf("removing %s: %w", kind.name, err)
			}
		}
	}
	if registry != "" {
		r.forgetImages(ctx, registry)
	}
	files, err := filepath.Glob(filepath.Join(r.stateDir, "runtime", "service-*.json"))
	own, globErr := filepath.Glob(r.taskFile("*"))
	err = errors.Join(err, globErr, os.RemoveAll(filepath.Join(r.stateDir, "runtime", "logs")))
	files = append(append(files, own...), r.stoppedFile(), filepath.Join(r.stateDir, "runtime", "revisions.json"))
	for _, path := range append(files, r.targetsFile(), r.structureFile()) {
		err = errors.Join(err, removeFile(path))
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
	for _, token := range []string{account.RepositoryToken, account.DatabaseToken, account.CacheClusterToken, account.CacheReplicationToken, account.ListenerToken} {
		for _, res := range r.list(token) {
			if err := r.Ensure(ctx, res); err != nil {
				return err
			}
		}
	}
	for _, res := range r.list(account.ServiceToken) {
		s, err := readService(res)
		if err != nil {
			continue // its next update says so
		}
		if record, known := r.Service(s.cluster, s.name); known && record.RolloutState == state.Completed {
			// What runs may be what a rollback returned to; a new deployment is not for Reconcile to begin.
			s.settings = record.Deployment(record.Primary).Settings
			if err := r.redeploy(ctx, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeOrphans removes containers whose resource the account does not have. Volumes wait for Down: they hold data.
func (r *Runtime) removeOrphans(ctx context.Context) error {
	found, err := r.docker.containers(ctx, r.stateLabel())
	if err != nil {
		return err
	}
	known := map[string]bool{"registry": len(r.list(account.RepositoryToken)) > 0, "balancer": len(r.list(account.ListenerToken)) > 0}
	for _, token := range []string{account.DatabaseToken, account.CacheClusterToken, account.CacheReplicationToken} {
		for _, res := range r.list(token) {
			known[ownerOf(res)] = true
		}
	}
	services := slices.Collect(func(yield func(string) bool) {
		for _, res := range r.list(account.ServiceToken) {
			if !yield(serviceKey(res)) {
				return
			}
		}
	})
	for _, c := range found {
		labels := c.Config.Labels
		if labels[labelRole] == "task" && (slices.Contains(services, labels[labelService]) || r.isOwn(labels[labelTask])) || known[labels[labelOwner]] {
			continue
		}
		r.logf("removing %s, which stands for nothing any more", c.name())
		if err := r.docker.remove(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}
