package runner

import (
	"context"
	"io"
	"sync"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/api"
	"github.com/laravel-ecs/laravel-ecs/emulator/local"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime"
)

// open is a stack of the project. It is read without holding its state folder until something is to be changed, so that
// logs can be followed in one terminal and a release deployed in another.
type open struct {
	*local.Stack
	host *host
	runs sync.Mutex // one run of pulumi at a time, as the lock of Pulumi's state has it

	mu     sync.Mutex
	held   *local.Opened
	view   *local.View
	api    *api.Server
	former []*api.Server // they know the sessions that were begun
}

// hold returns the stack with its state folder, or says that another process has it.
func (o *open) hold(ctx context.Context) (*local.Opened, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.held != nil {
		return o.held, nil
	}
	held, err := o.Open(ctx)
	if err != nil {
		return nil, err
	}
	o.held = held
	o.serve(held.Account(), held.Machine)
	return held, nil
}

// serve answers for another view of the account from now on.
func (o *open) serve(a *account.Account, machine *runtime.Runtime) {
	cfg := api.Config{Account: a}
	if machine != nil {
		cfg.Runtime, cfg.Registry = machine, registry{o.host}
	}
	if o.SharedWith != nil {
		return // that stack's API has the account
	}
	if o.api != nil {
		o.former = append(o.former, o.api)
	}
	o.api = api.New(cfg)
}

// redirect sends the progress of the stack elsewhere and returns where it went before.
func (o *open) redirect(out io.Writer) io.Writer { return o.Out.(*local.Lines).Redirect(out) }

// look brings the view up to date.
func (o *open) look() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.InMemory || o.held != nil || o.view != nil && !o.view.Stale() {
		return nil
	}
	view, err := o.View()
	if err != nil {
		return err
	}
	if o.view != nil {
		o.view.Close()
	}
	o.view = view
	o.serve(view.Account, view.Machine)
	return nil
}

// account is what can be seen of the account.
func (o *open) account() *account.Account {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.held != nil:
		return o.held.Account()
	case o.view != nil:
		return o.view.Account
	}
	return nil
}

// machine is the runtime, nil for a stack in memory.
func (o *open) machine() *runtime.Runtime {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.held != nil:
		return o.held.Machine
	case o.view != nil:
		return o.view.Machine
	}
	return nil
}

// servers are the API of the account as it is, and before it those that know sessions.
func (o *open) servers() []*api.Server {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.api == nil {
		return nil
	}
	return append([]*api.Server{o.api}, o.former...)
}

// close releases the stack; what was never deployed leaves nothing.
func (o *open) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.held != nil {
		_ = o.held.Discard()
		o.held = nil
	}
	if o.view != nil {
		o.view.Close()
		o.view = nil
	}
}
