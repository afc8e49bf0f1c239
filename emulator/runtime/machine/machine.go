// Package machine is what every part of the runtime works with: the Docker engine, the private network of a state folder,
// long-lived service containers, and the declared resources.
//
// Everything it makes carries the label laravel-ecs.state with the state folder.
package machine

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// Machine is the Docker engine as one state folder uses it. It is safe for concurrent use by one process.
type Machine struct {
	Account  Account
	Docker   Engine
	StateDir string
	Name     string // prefix of every container, and the network's name
	Store    *state.Store
	Locks    KeyedLocks

	Root  string // the repository
	log   io.Writer
	logMu sync.Mutex

	subnet      netip.Prefix
	reserved    map[netip.Addr]bool
	lastAddress netip.Addr
	images      sync.Map // tags by name

	removed sync.Map // resources that are being removed
}

// New prepares the use of a state folder. root is the repository, for docker/base.sh.
func New(stateDir, root string, declared Account, log io.Writer) (*Machine, error) {
	if stateDir == "" || declared == nil {
		return nil, fmt.Errorf("preparing the runtime: a state folder and an account are needed")
	}
	stateDir, err := filepath.Abs(stateDir)
	if err == nil {
		err = os.MkdirAll(filepath.Join(stateDir, "runtime"), 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("preparing the runtime: %w", err)
	}
	if log == nil {
		log = io.Discard
	}
	return &Machine{
		Account: declared, Docker: FindEngine(), StateDir: stateDir, Name: "laravel-ecs-" + account.StableHex(stateDir, 6),
		Store: state.OpenStore(filepath.Join(stateDir, "runtime")), Root: root, log: log,
		reserved: map[netip.Addr]bool{},
	}, nil
}

// Path is a file of the runtime in the state folder.
func (r *Machine) Path(name string) string { return filepath.Join(r.StateDir, "runtime", name) }
