package runtime

import (
	"context"
	"fmt"
	"os"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func (r *Runtime) redeploy(ctx context.Context, s service) error {
	unlock := r.locks.lock("service " + s.key())
	defer unlock()
	if err := r.deploy(ctx, s); err != nil {
		return fmt.Errorf("restoring service %s: %w", s.name, err)
	}
	return nil
}

// isOwn tells whether a task was started by RunTask; Tasks ends it when it is left over.
func (r *Runtime) isOwn(id string) bool {
	_, err := os.Stat(r.taskFile(id))
	return err == nil
}

func serviceKey(res account.Resource) string {
	s, _ := readService(res) // cluster and name are read first, whatever the rest says
	return s.key()
}
