package tasks

import (
	"context"
	"fmt"
	"os"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Redeploy brings a service back to what its last deployment left.
func (r *Scheduler) Redeploy(ctx context.Context, s service) error {
	unlock := r.Locks.Lock("service " + s.key())
	defer unlock()
	if err := r.deploy(ctx, s); err != nil {
		return fmt.Errorf("restoring service %s: %w", s.Name, err)
	}
	return nil
}

// IsOwn tells whether a task was started by RunTask; Tasks ends it when it is left over.
func (r *Scheduler) IsOwn(id string) bool {
	_, err := os.Stat(r.taskFile(id))
	return err == nil
}

// ServiceKey is CLUSTER/SERVICE, as the label of its tasks has it.
func ServiceKey(res account.Resource) string {
	s, _ := ReadService(res) // cluster and name are read first, whatever the rest says
	return s.key()
}
