// Package runtime makes real what the emulated account declares: containers on the local Docker engine, on one private
// network per state folder. An RDS instance is a MariaDB server, an ElastiCache node memcached or Valkey, an ECR
// repository a registry on loopback, a load balancer HAProxy, and an ECS service tasks that are started,
// health-checked, drained and stopped in ECS's order. Containers answer to the host names that AWS would give them.
//
// Everything it makes carries the label laravel-ecs.state with the state folder, so that Down removes exactly that.
package runtime

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

var (
	_ Account          = (*account.Account)(nil)
	_ account.Backend  = (*Runtime)(nil)
	_ account.Observer = (*Runtime)(nil)
)

// Config says where a runtime keeps its state and where the front door is.
type Config struct {
	StateDir            string // holds what must survive a command; also the identity of what this runtime owns
	Root                string // the repository, for docker/base.sh
	HTTPPort, HTTPSPort int    // loopback ports of the load balancer; 0 means 8080 and 8443
	Account             Account
	Log                 io.Writer // progress, line by line; nil means silence
	// DeployLimit is how long a deployment may take to become steady; 0 means ten minutes.
	DeployLimit time.Duration
}

// Runtime owns the containers of one state folder. It is safe for concurrent use by one process.
type Runtime struct {
	account  Account
	docker   engine
	stateDir string
	root     string
	name     string // prefix of every container, and the network's name
	ports    map[int]int
	log      io.Writer
	store    *state.Store
	limit    time.Duration
	settle   time.Duration // how long a task without health checks must run before it counts as healthy
	tick     time.Duration // how often a deployment looks at its tasks; a look costs a tenth of a second of the processor

	console     *console
	locks       keyedLocks
	logMu       sync.Mutex
	subnet      netip.Prefix
	reserved    map[netip.Addr]bool
	lastAddress netip.Addr
	lastNumber  map[string]int // of task names
	images      map[string]string

	taskMu   sync.Mutex
	launched map[string]state.Task // tasks of services that have no container yet
	leaving  map[string]bool       // tasks that are being stopped
	own      map[string]*ownRun    // tasks of their own that this process looks after
	ending   sync.WaitGroup

	removedMu sync.Mutex
	removed   map[string]bool
}

// New prepares a runtime. It starts nothing.
func New(cfg Config) (*Runtime, error) {
	if cfg.StateDir == "" || cfg.Account == nil {
		return nil, fmt.Errorf("preparing the runtime: a state folder and an account are needed")
	}
	stateDir, err := filepath.Abs(cfg.StateDir)
	if err != nil {
		return nil, fmt.Errorf("preparing the runtime: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(stateDir, "runtime"), 0o700); err != nil {
		return nil, fmt.Errorf("preparing the runtime: %w", err)
	}
	sum := sha256.Sum256([]byte(stateDir))
	if cfg.Log == nil {
		cfg.Log = io.Discard
	}
	r := &Runtime{
		account:  cfg.Account,
		docker:   findEngine(),
		stateDir: stateDir,
		root:     cfg.Root,
		name:     "laravel-ecs-" + hex.EncodeToString(sum[:3]),
		ports:    map[int]int{80: cmp.Or(cfg.HTTPPort, 8080), 443: cmp.Or(cfg.HTTPSPort, 8443)},
		log:      cfg.Log,
		store:    state.OpenStore(filepath.Join(stateDir, "runtime")),
		limit:    cmp.Or(cfg.DeployLimit, 10*time.Minute),
		settle:   40 * time.Second,
		tick:     time.Second,
		reserved: map[netip.Addr]bool{},
		removed:  map[string]bool{},

		lastNumber: map[string]int{},
		images:     map[string]string{},

		launched: map[string]state.Task{}, leaving: map[string]bool{}, own: map[string]*ownRun{},
	}
	r.console = &console{docker: r.docker, container: r.name + "-balancer"}
	return r, nil
}

// Ensure makes a created or updated resource real. It returns when the resource works: a database accepts connections,
// a service is steady. Types without a real counterpart need nothing.
func (r *Runtime) Ensure(ctx context.Context, res account.Resource) error {
	r.setRemoved(res, false)
	switch res.Type {
	case account.RepositoryToken:
		_, err := r.ensureRegistry(ctx)
		return err
	case account.DatabaseToken:
		return r.ensureDatabase(ctx, res)
	case account.DatabaseParameterGroupToken:
		return r.ensureDatabasesUsing(ctx, res)
	case account.CacheClusterToken, account.CacheReplicationToken:
		return r.ensureCache(ctx, res)
	case account.BalancerToken, account.ListenerToken, account.ListenerRuleToken, account.TargetGroupToken:
		return r.ensureBalancer(ctx)
	case account.TaskToken:
		if _, err := parseTaskDefinition(res); err != nil {
			return err
		}
		return r.store.Register(res.Outputs.Text("arn"))
	case account.ServiceToken:
		return r.ensureService(ctx, res)
	default:
		return nil
	}
}

// Remove takes away what stands for a resource that is being deleted.
func (r *Runtime) Remove(ctx context.Context, res account.Resource) error {
	r.setRemoved(res, true)
	err := r.remove(ctx, res)
	if err != nil {
		r.setRemoved(res, false) // it stays in the account too
	}
	return err
}

func (r *Runtime) remove(ctx context.Context, res account.Resource) error {
	switch res.Type {
	case account.RepositoryToken:
		return r.removeRepository(ctx, res)
	case account.DatabaseToken:
		return r.removeDatabase(ctx, res)
	case account.CacheClusterToken, account.CacheReplicationToken:
		return r.removeOwned(ctx, ownerOf(res))
	case account.BalancerToken, account.ListenerToken, account.ListenerRuleToken, account.TargetGroupToken:
		return r.ensureBalancer(ctx)
	case account.ServiceToken:
		return r.removeService(ctx, res)
	default:
		return nil
	}
}
