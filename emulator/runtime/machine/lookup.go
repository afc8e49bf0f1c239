package machine

import (
	"fmt"
	"slices"
	"sync"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// List returns the resources of a type without those that are being removed. The account forgets a resource only
// after Remove, and several may be under way at once.
func (r *Machine) List(token string) []account.Resource {
	return slices.DeleteFunc(r.Account.List(token), func(res account.Resource) bool {
		gone, _ := r.removed.Load(OwnerOf(res))
		return gone == true
	})
}

// SetRemoved hides a resource that is being removed, or shows it again.
func (r *Machine) SetRemoved(res account.Resource, gone bool) {
	r.removed.Store(OwnerOf(res), gone)
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
type KeyedLocks struct{ locks sync.Map }

// Lock waits for the key and returns what frees it.
func (k *KeyedLocks) Lock(key string) (unlock func()) {
	held, _ := k.locks.LoadOrStore(key, new(sync.Mutex))
	lock := held.(*sync.Mutex)
	lock.Lock()
	return lock.Unlock
}
