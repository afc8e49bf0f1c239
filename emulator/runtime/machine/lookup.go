package machine

import (
	"fmt"
	"sync"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// List returns the resources of a type without those that are being removed. The account forgets a resource only
// after Remove, and several may be under way at once.
func (r *Machine) List(token string) []account.Resource {
	r.removedMu.Lock()
	defer r.removedMu.Unlock()
	var alive []account.Resource
	for _, res := range r.Account.List(token) {
		if !r.removed[res.Type+"|"+res.ID] {
			alive = append(alive, res)
		}
	}
	return alive
}

// SetRemoved hides a resource that is being removed, or shows it again.
func (r *Machine) SetRemoved(res account.Resource, gone bool) {
	r.removedMu.Lock()
	defer r.removedMu.Unlock()
	r.removed[res.Type+"|"+res.ID] = gone
}

// Find returns the resource of a type whose id, ARN or name is the given one.
func (r *Machine) Find(token, reference string) (account.Resource, bool) {
	for _, property := range []string{"id", "arn", "name"} {
		if res, ok := r.Account.Find(token, property, reference); ok {
			return res, true
		}
	}
	return account.Resource{}, false
}

// StateLabel is the label of everything that belongs to the state folder.
func (r *Machine) StateLabel() string { return LabelState + "=" + r.StateDir }

// Logf reports progress in a line.
func (r *Machine) Logf(format string, args ...any) {
	r.logMu.Lock()
	defer r.logMu.Unlock()
	fmt.Fprintf(r.log, format+"\n", args...) // progress only
}

// KeyedLocks serialises work on the same thing.
type KeyedLocks struct {
	mu    sync.Mutex
	locks map[string]*sync.Mutex
}

// Lock waits for the key and returns what frees it.
func (k *KeyedLocks) Lock(key string) (unlock func()) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = map[string]*sync.Mutex{}
	}
	if k.locks[key] == nil {
		k.locks[key] = &sync.Mutex{}
	}
	held := k.locks[key]
	k.mu.Unlock()
	held.Lock()
	return held.Unlock
}
