package api

import (
	"context"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/metrics"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// Runtime is what the API asks of whatever runs the tasks. *runtime.Runtime satisfies it; without one, a control plane does.
type Runtime interface {
	metrics.Source
	// Service returns the record of a service; false when it was never deployed. Cluster and service are names.
	Service(cluster, name string) (state.Service, bool)
	// Revisions returns when each revision of a task definition was registered, by ARN.
	Revisions() (map[string]time.Time, error)
	// Tasks returns the tasks of a cluster: what runs, and what stopped within the last hour.
	Tasks(ctx context.Context, cluster string) ([]state.Task, error)
	// Run starts a task of its own and returns it while it is starting.
	Run(ctx context.Context, run state.Run) (state.Task, error)
	// Stop begins to stop a task.
	Stop(ctx context.Context, cluster, id, reason string) error
	// Targets returns what is registered with a target group.
	Targets(ctx context.Context, groupARN string) ([]state.Target, error)
	// Lines returns what tasks printed to a log group, oldest first. It may leave out what is older than since.
	Lines(ctx context.Context, logGroup string, since time.Time) ([]state.Line, error)
	// Registry returns the address of the image registry, HOST:PORT.
	Registry(ctx context.Context) (string, error)
	// RecordImages tells the account of images that were pushed to a repository past the provider.
	RecordImages(ctx context.Context, repository string) error
	// Reach returns the address at which this machine reaches a host and port of the private network.
	Reach(ctx context.Context, host string, port int) (string, error)
}
