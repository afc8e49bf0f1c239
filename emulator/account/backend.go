package account

import (
	"context"
	"errors"
	"fmt"
)

// Backend makes declared things real. Without one the account is only a control plane.
type Backend interface {
	// Ensure runs after a create or update passed the rules and before the engine hears of it. Its error fails the
	// operation; the resource stays recorded, as with a failed create on AWS.
	Ensure(ctx context.Context, r Resource) error
	// Remove runs after a delete passed the rules and before the record goes.
	Remove(ctx context.Context, r Resource) error
}

// Observer is a Backend whose resources may turn out other than they were declared, without an error: ECS rolls a service back.
type Observer interface {
	// Observe returns the inputs of a resource whose real value is another one. It follows every Ensure.
	Observe(r Resource) Values
}

// SetBackend sets what makes resources real; call it before the first operation.
func (a *Account) SetBackend(b Backend) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.backend = b
}

// ensure has the backend make a resource real and returns it as it is then, which is what the provider reads after an update.
func (a *Account) ensure(ctx context.Context, r Resource) (Resource, error) {
	var found Values
	err := a.withBackend(func(b Backend) error {
		err := b.Ensure(ctx, r.clone())
		if observer, ok := b.(Observer); ok {
			found = observer.Observe(r.clone())
		}
		return err
	})
	if err != nil {
		err = fmt.Errorf("making %s %q real: %w", r.Type, r.ID, err)
	}
	r = r.clone()
	if len(found) == 0 {
		return r, err
	}
	for property, value := range found {
		r.Inputs[property], r.Outputs[property] = value, value
	}
	return r.clone(), errors.Join(err, a.Change(ctx, func(tx *Tx) error {
		tx.Save(r)
		return nil
	}))
}

// withBackend calls the backend, if there is one, without the lock.
func (a *Account) withBackend(call func(b Backend) error) error {
	a.mu.Lock()
	backend := a.backend
	if backend == nil {
		a.mu.Unlock()
		return nil
	}
	a.busy++
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		a.busy--
		a.mu.Unlock()
	}()
	return call(backend)
}
