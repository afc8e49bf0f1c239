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

// Account is what the runtime reads of the declared system; *account.Account satisfies it.
type Account interface {
	ID() string
	Region() string
	List(token string) []account.Resource
	Find(token, property, value string) (account.Resource, bool)
	Images(repository string) []account.PushedImage
	PutImage(repository, tag, digest string, sizeBytes int64, at time.Time) error
}

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

// Resource types that become containers.
const (
	tokenRepository     = "aws:ecr/repository:Repository"
	tokenDatabase       = "aws:rds/instance:Instance"
	tokenParameters     = "aws:rds/parameterGroup:ParameterGroup"
	tokenCacheCluster   = "aws:elasticache/cluster:Cluster"
	tokenReplication    = "aws:elasticache/replicationGroup:ReplicationGroup"
	tokenCacheSettings  = "aws:elasticache/parameterGroup:ParameterGroup"
	tokenLoadBalancer   = "aws:lb/loadBalancer:LoadBalancer"
	tokenListener       = "aws:lb/listener:Listener"
	tokenListenerRule   = "aws:lb/listenerRule:ListenerRule"
	tokenTargetGroup    = "aws:lb/targetGroup:TargetGroup"
	tokenCertificate    = "aws:acm/certificate:Certificate"
	tokenSecret         = "aws:secretsmanager/secret:Secret"
	tokenSecretVersion  = "aws:secretsmanager/secretVersion:SecretVersion"
	tokenLogGroup       = "aws:cloudwatch/logGroup:LogGroup"
	tokenTaskDefinition = "aws:ecs/taskDefinition:TaskDefinition"
	tokenService        = "aws:ecs/service:Service"
	tokenRetired        = "aws:ecs/retiredTaskDefinition:RetiredTaskDefinition" // the account keeps revisions that were deregistered
)

// Labels on everything the runtime makes.
const (
	labelState = "laravel-ecs.state"
	labelRole  = "laravel-ecs.role" // network, registry, database, cache, balancer, task
	labelOwner = "laravel-ecs.resource"
	labelHash  = "laravel-ecs.hash" // of what the container was made from: another hash, another container
)

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
	case tokenRepository:
		_, err := r.ensureRegistry(ctx)
		return err
	case tokenDatabase:
		return r.ensureDatabase(ctx, res)
	case tokenParameters:
		return r.ensureDatabasesUsing(ctx, res)
	case tokenCacheCluster, tokenReplication:
		return r.ensureCache(ctx, res)
	case tokenLoadBalancer, tokenListener, tokenListenerRule, tokenTargetGroup:
		return r.ensureBalancer(ctx)
	case tokenTaskDefinition:
		if _, err := parseTaskDefinition(res); err != nil {
			return err
		}
		return r.store.Register(text(res.Outputs, "arn"))
	case tokenService:
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
	case tokenRepository:
		return r.removeRepository(ctx, res)
	case tokenDatabase:
		return r.removeDatabase(ctx, res)
	case tokenCacheCluster, tokenReplication:
		return r.removeOwned(ctx, ownerOf(res))
	case tokenLoadBalancer, tokenListener, tokenListenerRule, tokenTargetGroup:
		return r.ensureBalancer(ctx)
	case tokenService:
		return r.removeService(ctx, res)
	default:
		return nil
	}
}

// list returns the resources of a type without those that are being removed. The account forgets a resource only
// after Remove, and several may be under way at once.
func (r *Runtime) list(token string) []account.Resource {
	r.removedMu.Lock()
	defer r.removedMu.Unlock()
	var alive []account.Resource
	for _, res := range r.account.List(token) {
		if !r.removed[res.Type+"|"+res.ID] {
			alive = append(alive, res)
		}
	}
	return alive
}

func (r *Runtime) setRemoved(res account.Resource, gone bool) {
	r.removedMu.Lock()
	defer r.removedMu.Unlock()
	r.removed[res.Type+"|"+res.ID] = gone
}

// find returns the resource of a type whose id, ARN or name is the given one.
func (r *Runtime) find(token, reference string) (account.Resource, bool) {
	for _, property := range []string{"id", "arn", "name"} {
		if res, ok := r.account.Find(token, property, reference); ok {
			return res, true
		}
	}
	return account.Resource{}, false
}

func (r *Runtime) stateLabel() string { return labelState + "=" + r.stateDir }

func (r *Runtime) logf(format string, args ...any) {
	r.logMu.Lock()
	defer r.logMu.Unlock()
	fmt.Fprintf(r.log, format+"\n", args...) // progress only
}

// keyedLocks serialises work on the same thing.
type keyedLocks struct {
	mu    sync.Mutex
	locks map[string]*sync.Mutex
}

func (k *keyedLocks) lock(key string) (unlock func()) {
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
