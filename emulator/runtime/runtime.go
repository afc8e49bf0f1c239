// Package runtime makes real what the emulated account declares: containers on the local Docker engine, on one private
// network per state folder. An RDS instance is a MariaDB server, an ElastiCache node memcached or Valkey, an ECR
// repository a registry on loopback, a load balancer HAProxy, all buckets are one S3 server, and an ECS service is tasks that are
// started, health-checked, drained and stopped in ECS's order. Containers answer to the host names that AWS would give them.
//
// Everything it makes carries the label laravel-ecs.state with the state folder, so that Down removes exactly that.
package runtime

import (
	"context"
	"io"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/data"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/haproxy"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/registry"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/tasks"
)

var (
	_ machine.Account  = (*account.Account)(nil)
	_ account.Backend  = (*Runtime)(nil)
	_ account.Observer = (*Runtime)(nil)
)

// Config says where a runtime keeps its state and on which ports the load balancer answers.
type Config struct {
	StateDir            string // holds what must survive a command; also the identity of what this runtime owns
	Root                string // the repository, for docker/base.sh
	HTTPPort, HTTPSPort int    // loopback ports of the load balancer; 0 means 8080 and 8443
	Account             machine.Account
	Log                 io.Writer // progress, line by line; nil means silence
	// DeployLimit is how long a deployment may take to become steady; 0 means ten minutes.
	DeployLimit time.Duration
}

// Runtime owns the containers of one state folder. It is safe for concurrent use by one process.
type Runtime struct {
	*machine.Machine
	*haproxy.Balancer
	*registry.Host
	*data.Servers
	*tasks.Scheduler
}

// New prepares a runtime. It starts nothing.
func New(cfg Config) (*Runtime, error) {
	m, err := machine.New(cfg.StateDir, cfg.Root, cfg.Account, cfg.Log)
	if err != nil {
		return nil, err
	}
	balancer, host := haproxy.New(m, cfg.HTTPPort, cfg.HTTPSPort), registry.New(m)
	servers, scheduler := data.New(m), tasks.New(m, balancer, host, cfg.DeployLimit)
	scheduler.Jobs = servers.QueuePoints
	return &Runtime{m, balancer, host, servers, scheduler}, nil
}

// Ensure makes a created or updated resource real. It returns when the resource works: a database accepts connections,
// a service is steady. Types without a real counterpart need nothing.
func (r *Runtime) Ensure(ctx context.Context, res account.Resource) error {
	r.SetRemoved(res, false)
	switch res.Type {
	case account.RepositoryToken:
		_, err := r.Registry(ctx)
		return err
	case account.DatabaseToken:
		return r.EnsureDatabase(ctx, res)
	case account.DatabaseClusterToken:
		return r.EnsureCluster(ctx, res)
	case account.DatabaseParameterGroupToken, account.DatabaseClusterParametersToken:
		return r.EnsureDatabasesUsing(ctx, res)
	case account.CacheClusterToken, account.CacheReplicationToken:
		return r.EnsureCache(ctx, res)
	case account.BalancerToken, account.ListenerToken, account.ListenerRuleToken, account.TargetGroupToken:
		return r.EnsureBalancer(ctx)
	case account.BucketToken, account.BucketCORSToken, account.QueueToken, account.RolePolicyToken:
		return r.EnsureObjects(ctx)
	case account.TaskToken:
		if _, err := tasks.ParseTaskDefinition(res); err != nil {
			return err
		}
		return r.Store.Register(res.Outputs.Text("arn"))
	case account.ServiceToken:
		return r.EnsureService(ctx, res)
	default:
		return nil
	}
}

// Remove takes away what stands for a resource that is being deleted.
func (r *Runtime) Remove(ctx context.Context, res account.Resource) error {
	r.SetRemoved(res, true)
	err := r.remove(ctx, res)
	if err != nil {
		r.SetRemoved(res, false) // it stays in the account too
	}
	return err
}

func (r *Runtime) remove(ctx context.Context, res account.Resource) error {
	switch res.Type {
	case account.RepositoryToken:
		return r.RemoveRepository(ctx, res)
	case account.DatabaseToken:
		return r.RemoveDatabase(ctx, res)
	case account.DatabaseClusterToken:
		return r.RemoveCluster(ctx, res)
	case account.CacheClusterToken, account.CacheReplicationToken:
		return r.RemoveOwned(ctx, machine.OwnerOf(res))
	case account.BalancerToken, account.ListenerToken, account.ListenerRuleToken, account.TargetGroupToken:
		return r.EnsureBalancer(ctx)
	case account.BucketToken:
		return r.RemoveBucket(ctx, res)
	case account.BucketCORSToken, account.QueueToken, account.RolePolicyToken:
		return r.EnsureObjects(ctx)
	case account.ServiceToken:
		return r.RemoveService(ctx, res)
	default:
		return nil
	}
}
