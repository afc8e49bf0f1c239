package state

import "time"

// Task is a task as DescribeTasks shows it.
type Task struct {
	ID, Cluster    string
	Service        string // empty for a task that RunTask started
	StartedBy      string // id of the deployment, or what RunTask was told
	Group          string // service:NAME, family:NAME or what RunTask was told
	TaskDefinition string // ARN
	LastStatus     string // PROVISIONING, PENDING, RUNNING, DEACTIVATING, STOPPING, STOPPED
	DesiredStatus  string // RUNNING, STOPPED
	Health         string // HEALTHY, UNHEALTHY, UNKNOWN
	StopCode       string // EssentialContainerExited, UserInitiated, TaskFailedToStart, ServiceSchedulerInitiated
	StoppedReason  string
	Exec           bool // ECS Exec is on
	Overrides      map[string]Override
	Tags           map[string]string
	Containers     []Container

	Created, Started, Stopping, Stopped time.Time
}

// Override is what RunTask changes of a container.
type Override struct {
	Command     []string          `json:"command,omitempty"`
	Environment map[string]string `json:"environment,omitempty"`
}

// Container is one container of a task.
type Container struct {
	Name, Image, ImageDigest string
	RuntimeID                string // of the Docker container
	LastStatus, Health       string
	ExitCode                 *int
	Reason                   string
	Address                  string // where it can be reached
}

// Run is what RunTask is asked for.
type Run struct {
	Cluster, TaskDefinition string
	Group, StartedBy        string
	Overrides               map[string]Override
	Tags                    map[string]string
	Exec                    bool
}

// Target is a registered target of a target group.
type Target struct {
	ID     string // address, or instance
	Port   int
	State  string // initial, healthy, unhealthy, draining
	Reason string // as AWS codes it: Target.FailedHealthChecks; empty when healthy
	Words  string // description
}

// Line is what a container printed, as CloudWatch Logs keeps it.
type Line struct {
	Stream string
	At     time.Time
	Text   string
}
