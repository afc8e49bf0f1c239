package runtime

import (
	"context"
	"errors"
)

// Preflight says, before anything is declared, what would keep the containers from running: no Docker, or a front door
// port that somebody else holds. https says whether the stack will listen for HTTPS too.
func (r *Runtime) Preflight(ctx context.Context, https bool) error {
	if err := r.Docker.Ping(ctx); err != nil {
		return err
	}
	declared := []int{80}
	if https {
		declared = append(declared, 443)
	}
	var problems []error
	for _, port := range declared {
		problems = append(problems, r.CheckPort(ctx, port))
	}
	return errors.Join(problems...)
}
