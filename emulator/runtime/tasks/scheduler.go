// Package tasks runs ECS services and tasks as containers: tasks are started, health-checked, drained and stopped in ECS's order, a
// deployment that fails is given up and rolled back, and everything is recorded as ECS's API shows it.
package tasks

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/metrics"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/haproxy"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/registry"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// Scheduler runs the tasks of one state folder.
type Scheduler struct {
	*machine.Machine
	*haproxy.Balancer
	*registry.Host
	Limit    time.Duration // how long a deployment may take
	Settling time.Duration // how long a task without health checks must run before it counts as healthy
	Tick     time.Duration // how often a deployment looks at its tasks; a look costs a tenth of a second of the processor

	// Jobs has the metrics of queues.
	Jobs func(ctx context.Context, m metrics.Metric, from, to time.Time) (metrics.Points, bool, error)

	lastNumber map[string]int // of task names

	taskMu   sync.Mutex
	launched map[string]state.Task // tasks of services that have no container yet
	leaving  map[string]bool       // tasks that are being stopped
	ending   sync.WaitGroup
	closing  chan struct{}
	finish   sync.Once
}

// New prepares a scheduler. limit is how long a deployment may take to become steady; 0 means ten minutes.
func New(m *machine.Machine, b *haproxy.Balancer, h *registry.Host, limit time.Duration) *Scheduler {
	return &Scheduler{
		Machine: m, Balancer: b, Host: h, Limit: cmp.Or(limit, 10*time.Minute), Settling: 40 * time.Second, Tick: time.Second,
		closing: make(chan struct{}), lastNumber: map[string]int{}, launched: map[string]state.Task{}, leaving: map[string]bool{},
	}
}
