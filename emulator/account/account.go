// Package account is an AWS account for trying and rehearsing a Pulumi program: it accepts what pulumi-aws v6 and AWS
// accept, refuses what they refuse, with AWS's error codes, and returns what the real provider returns. It creates
// nothing itself; a Backend may make what is declared real.
package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// accountID is the account number of AWS's own documentation.
const accountID = "123456789012"

// Account holds resources. It is safe for concurrent use; its lock is never held while a Backend works.
type Account struct {
	region string
	store  store

	types     map[string]Type
	functions map[string]Function

	// patience is how long a refused delete waits for a change that may let it pass.
	Patience time.Duration

	mu       sync.Mutex
	state    state
	backend  Backend
	busy     int // backend calls under way
	faults   Faults
	attempts map[string]int
}

// Open reads the account from a file, which it creates with the first change. An empty path keeps it in memory only.
func Open(path, region string, services []Service) (*Account, error) {
	if _, known := regions[region]; !known {
		return nil, fmt.Errorf("opening the account: %q is not a region of AWS (such as eu-central-1)", region)
	}
	a := &Account{
		region: region, store: store{path: path}, Patience: time.Second, attempts: map[string]int{},
		types: map[string]Type{}, functions: map[string]Function{},
	}
	for _, service := range services {
		for _, t := range service.Types {
			a.types[t.Token] = t
		}
		for _, f := range service.Functions {
			a.functions[f.Token] = f
		}
	}
	state, err := a.store.load(region)
	if err != nil {
		return nil, fmt.Errorf("opening the account: %w", err)
	}
	a.state = state
	return a, nil
}

// ID is the twelve digits of the account.
func (a *Account) ID() string { return accountID }

// Region is the region the account works in.
func (a *Account) Region() string { return a.region }

// Types lists the tokens of the resource types the account knows.
func (a *Account) Types() []string { return SortedKeys(a.types) }

// Functions lists the tokens of the invokes the account answers.
func (a *Account) Functions() []string { return SortedKeys(a.functions) }

// Lookup returns what the account knows about a type.
func (a *Account) Lookup(token string) (Type, bool) {
	t, ok := a.types[token]
	return t, ok
}

// Create declares a resource with checked inputs. name is its logical name. When the backend fails, the resource
// that is recorded anyway comes back together with the error.
func (a *Account) Create(ctx context.Context, token, name string, inputs Values) (Resource, error) {
	t, err := a.lookup(token)
	if err != nil {
		return Resource{}, err
	}
	if err := a.delay(ctx, "create", token); err != nil {
		return Resource{}, err
	}
	var made Resource
	err = a.Change(ctx, func(tx *Tx) error {
		r := Resource{Type: token, Name: name, Inputs: inputs.Clone(), Outputs: t.outputs(inputs)}
		if err := tx.checkRegion(t); err != nil {
			return err
		}
		if err := tx.checkRefs(t, r); err != nil {
			return err
		}
		if err := tx.identify(t, &r); err != nil {
			return err
		}
		if t.Create != nil {
			if err := t.Create(tx, &r); err != nil {
				return err
			}
		}
		if t.Complete != nil {
			if err := t.Complete(tx, &r); err != nil {
				return err
			}
		}
		if old, taken := tx.Get(token, r.ID); taken && old.Owner == "" && (t.Overwrites == nil || !t.Overwrites(r)) {
			return fmt.Errorf("creating %s: there is already one with the id %q", token, r.ID)
		}
		made = finish(t, r)
		tx.Save(made)
		return nil
	})
	if err != nil {
		return Resource{}, err
	}
	return a.ensure(ctx, made)
}

// Update changes a resource to the checked inputs.
func (a *Account) Update(ctx context.Context, token, id string, inputs Values) (Resource, error) {
	t, err := a.lookup(token)
	if err != nil {
		return Resource{}, err
	}
	if err := a.delay(ctx, "update", token); err != nil {
		return Resource{}, err
	}
	var next Resource
	err = a.Change(ctx, func(tx *Tx) error {
		old, ok := tx.Get(token, id)
		if !ok {
			return fmt.Errorf("updating %s %q: it does not exist (deleted outside of Pulumi? run a refresh)", token, id)
		}
		next = Resource{Type: token, ID: id, Name: old.Name, Owner: old.Owner, Inputs: inputs.Clone(), Outputs: t.updated(old, inputs)}
		if err := tx.checkRefs(t, next); err != nil {
			return err
		}
		if t.Update != nil {
			if err := t.Update(tx, &old, &next); err != nil {
				return err
			}
		}
		if t.Complete != nil {
			if err := t.Complete(tx, &next); err != nil {
				return err
			}
		}
		next = finish(t, next)
		tx.Save(next)
		return nil
	})
	if err != nil {
		return Resource{}, err
	}
	return a.ensure(ctx, next)
}

// Delete removes a resource. Deleting what does not exist any more succeeds, as it does with the real provider.
func (a *Account) Delete(ctx context.Context, token, id string) error {
	t, err := a.lookup(token)
	if err != nil {
		return err
	}
	if err := a.delay(ctx, "delete", token); err != nil {
		return err
	}
	if t.Lingers {
		time.Sleep(a.Patience / 4)
	}
	var gone Resource
	var exists bool
	err = a.retry(ctx, func() error {
		return a.Change(ctx, func(tx *Tx) error {
			gone, exists = tx.Get(token, id)
			if t.Select != nil {
				gone, exists = t.Select(tx, id)
			}
			if !exists {
				return nil
			}
			if err := tx.checkUnused(gone); err != nil {
				return err
			}
			if t.Delete != nil {
				return t.Delete(tx, &gone)
			}
			return nil
		})
	})
	if err != nil || !exists {
		return err
	}
	if err := a.withBackend(func(b Backend) error { return b.Remove(ctx, gone) }); err != nil {
		return fmt.Errorf("deleting %s %q: %w", token, id, err)
	}
	return a.Change(ctx, func(tx *Tx) error {
		tx.removeWithOwned(gone)
		return nil
	})
}

// Read returns the account's view of a resource; false when it is gone.
func (a *Account) Read(token, id string) (Resource, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.state.Resources[key(token, id)]
	return r.clone(), ok
}

// List returns the resources of a type, ordered by id. An empty token means every type.
func (a *Account) List(token string) []Resource {
	a.mu.Lock()
	defer a.mu.Unlock()
	return (&Tx{account: a}).List(token)
}

// Find returns the first resource of a type whose id or output has the value.
func (a *Account) Find(token, property, value string) (Resource, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return (&Tx{account: a}).Find(token, property, value)
}

// Seed records a resource that exists before the program runs: a hosted zone, a certificate, a key pair.
func (a *Account) Seed(token, id string, outputs Values) error {
	return a.Change(context.Background(), func(tx *Tx) error {
		tx.Save(Resource{Type: token, ID: id, Inputs: Values{}, Outputs: outputs.Clone()})
		return nil
	})
}

// Tamper changes a property of a resource without the program, as a person at the console does.
func (a *Account) Tamper(token, id, property string, value any) error {
	return a.Change(context.Background(), func(tx *Tx) error {
		r, ok := tx.Get(token, id)
		if !ok {
			return fmt.Errorf("tampering with %s %q: it does not exist", token, id)
		}
		r.Inputs[property], r.Outputs[property] = value, value
		tx.Save(r)
		return nil
	})
}

// Turn sets what AWS itself knows of a resource, such as whether it runs, and makes it real.
func (a *Account) Turn(ctx context.Context, r Resource, property string, value any) error {
	err := a.Change(ctx, func(tx *Tx) error {
		tx.Patch(r.Type, r.ID, Values{property: value})
		return nil
	})
	if now, ok := a.Read(r.Type, r.ID); err == nil && ok {
		_, err = a.ensure(ctx, now)
	}
	return err
}

// Change runs one operation under the lock and saves what it did. An error takes the operation back.
func (a *Account) Change(ctx context.Context, operation func(tx *Tx) error) error {
	a.mu.Lock()
	tx := &Tx{Context: ctx, account: a}
	if err := operation(tx); err != nil {
		tx.rollback()
		a.mu.Unlock()
		return err
	}
	if len(tx.undo) > 0 {
		a.state.generation++
	}
	generation := a.state.generation
	a.mu.Unlock()
	return a.store.save(generation, a.snapshot)
}

// sorted returns the records of a type, or all of them, ordered by type and id.
func (a *Account) sorted(token string) []Resource {
	var list []Resource
	for _, r := range a.state.Resources {
		if token == "" || r.Type == token {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(x, y Resource) int { return strings.Compare(key(x.Type, x.ID), key(y.Type, y.ID)) })
	return list
}

func (a *Account) lookup(token string) (Type, error) {
	t, ok := a.types[token]
	if !ok {
		return Type{}, fmt.Errorf("resource type %s is not known to the emulator; did you mean %s?", token, Nearest(token, SortedKeys(a.types)))
	}
	return t, nil
}

func key(token, id string) string { return token + "|" + id }
