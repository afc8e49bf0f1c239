package tasks

import (
	"slices"
	"sync"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/haproxy"
)

// Labels on the containers of a task.
const (
	LabelService    = "laravel-ecs.service"    // cluster/service
	LabelTask       = "laravel-ecs.task"       // id
	labelDeployment = "laravel-ecs.deployment" // id
	LabelRevision   = "laravel-ecs.revision"   // ARN of the task definition
	labelContainer  = "laravel-ecs.container"  // name in the task definition
	labelPlace      = "laravel-ecs.place"      // its place in the order of starting, and how many there are: 1/2
	LabelEssential  = "laravel-ecs.essential"
	labelImage      = "laravel-ecs.image" // as the task definition names it
	labelLogGroup   = "laravel-ecs.log-group"
	labelLogStream  = "laravel-ecs.log-stream"
)

// task is a running instance of a task definition.
type task struct {
	id, name   string // name: of its main container
	deployment string
	revision   string

	mu         sync.Mutex
	containers []started // in the order of starting
	targets    []haproxy.Target
	phase      phase
	running    time.Time // when all its containers ran
	healthy    bool
	proven     bool // was healthy at some time
	unhealthy  bool // and is not any more
	admitted   bool // its targets passed a check at some time
	counted    bool // as a failure of its deployment
	reason     string
	lastLines  []string
}

type started struct {
	id, name  string
	address   string
	essential bool
	restarts  bool // Docker restarts it when it dies
}

type phase int

const (
	pending  phase = iota // containers are being started
	running               // all are; health is being watched
	failed                // something is wrong; it will be stopped
	stopping              // draining, then stopping
	stopped
)

// fail notes the first thing that went wrong with a task.
func (t *task) fail(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.phase == pending || t.phase == running {
		t.phase, t.reason, t.healthy = failed, reason, false
	}
}

// failChecks notes that a task's health checks fail. One that was healthy before stays until it is replaced.
func (t *task) failChecks(reason string) {
	t.mu.Lock()
	proven := t.proven
	if proven && t.phase == running {
		t.healthy, t.unhealthy, t.reason = false, true, reason
	}
	t.mu.Unlock()
	if !proven {
		t.fail(reason)
	}
}

// set moves a task to a phase.
func (t *task) set(p phase) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.phase = p
}

func (t *task) snapshot() (phase, []started) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.phase, slices.Clone(t.containers)
}
