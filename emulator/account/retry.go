package account

import (
	"context"
	"errors"
	"time"
)

// retry repeats a delete that AWS refuses because something still depends on the resource, as the provider does for
// many minutes, for as long as other operations change the account. It gives up once nothing has changed for a while.
func (a *Account) retry(ctx context.Context, operation func() error) error {
	var quiet time.Time
	for seen := -1; ; {
		err := operation()
		var refusal *Error
		if !errors.As(err, &refusal) {
			return err
		}
		a.mu.Lock()
		generation, busy := a.state.generation, a.busy > 0
		a.mu.Unlock()
		if busy || generation != seen {
			seen, quiet = generation, time.Now()
		}
		if time.Since(quiet) >= a.Patience {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
