package infra

import (
	"encoding/json"
	"maps"
	"slices"
)

// Container is what differs between the containers of one image. Everything else is the same for all of them.
type Container struct {
	// Name is also the role: the image's entrypoint takes it as its first argument.
	Name string
	// Command replaces the role as the arguments of the image; for a worker with other queues, say.
	Command []string
	// CPU is in 1/1024 of a vCPU; MemoryMiB is the hard limit and ReservationMiB what placement counts.
	CPU, MemoryMiB, ReservationMiB int
	// Port is published on a dynamic host port; 0 for none.
	Port int
	// StopSeconds is how long the container may take to finish after the stop signal.
	StopSeconds int
	// StartSeconds is how long failing health checks do not count, 0-300. A container without StartSeconds has no check.
	StartSeconds int
	// Essential takes the task down when it ends. A container that is not essential runs to its end.
	Essential bool
	// After names a container that must have succeeded before this one starts.
	After string
	// Environment adds to what all containers get.
	Environment map[string]string
}

// containerDefinition has the fields of AWS's ContainerDefinition in use here (ECS API reference). The order of the lists is
// fixed, because a text that changes makes a new revision.
type containerDefinition struct {
	Name                   string            `json:"name"`
	Image                  string            `json:"image"`
	Command                []string          `json:"command"`
	Essential              bool              `json:"essential"`
	CPU                    int               `json:"cpu"`
	Memory                 int               `json:"memory"`
	MemoryReservation      int               `json:"memoryReservation"`
	User                   string            `json:"user"`
	ReadonlyRootFilesystem bool              `json:"readonlyRootFilesystem"`
	LinuxParameters        linuxParameters   `json:"linuxParameters"`
	PortMappings           []portMapping     `json:"portMappings,omitempty"`
	Environment            []nameValue       `json:"environment"`
	Secrets                []secretReference `json:"secrets"`
	DependsOn              []dependency      `json:"dependsOn,omitempty"`
	HealthCheck            *healthCheck      `json:"healthCheck,omitempty"`
	StopTimeout            int               `json:"stopTimeout"`
	LogConfiguration       logConfiguration  `json:"logConfiguration"`
}

type (
	nameValue       struct{ Name, Value string }
	secretReference struct{ Name, ValueFrom string }
	linuxParameters struct {
		Capabilities       map[string][]string `json:"capabilities"`
		InitProcessEnabled bool                `json:"initProcessEnabled"`
		Tmpfs              []tmpfs             `json:"tmpfs"`
	}
	tmpfs struct {
		ContainerPath string `json:"containerPath"`
		Size          int    `json:"size"`
	}
	portMapping struct {
		ContainerPort int    `json:"containerPort"`
		HostPort      int    `json:"hostPort"`
		Protocol      string `json:"protocol"`
	}
	dependency struct {
		ContainerName string `json:"containerName"`
		Condition     string `json:"condition"`
	}
	healthCheck struct {
		Command     []string `json:"command"`
		Interval    int      `json:"interval"`
		Timeout     int      `json:"timeout"`
		Retries     int      `json:"retries"`
		StartPeriod int      `json:"startPeriod"`
	}
	logConfiguration struct {
		LogDriver string            `json:"logDriver"`
		Options   map[string]string `json:"options"`
	}
)

// MarshalJSON uses AWS's spelling; the struct tags would repeat it for two fields only.
func (n nameValue) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"name": n.Name, "value": n.Value})
}

// MarshalJSON uses AWS's spelling.
func (s secretReference) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"name": s.Name, "valueFrom": s.ValueFrom})
}

// ReleaseVariable tells a container which release it runs.
const ReleaseVariable = "APP_RELEASE"

const (
	// webUser is www-data by number: Security Hub ECS.20 reads the task definition, not the image.
	webUser = "33:33"
	// tmpfsMiB is the size of /tmp and of /run, where Laravel keeps compiled views and uploads on their way.
	tmpfsMiB = 64
)

// taskSettings is what all containers of a task share.
type taskSettings struct {
	Image, LogGroup, Region string
	Environment             map[string]string
	Secrets                 map[string]string // environment variable -> ARN
	// Exec makes the root file system writable: the agent of ECS Exec writes there, and a read-only one is not supported (ECS
	// developer guide, "Monitor Amazon ECS containers with ECS Exec").
	Exec bool
}

// containerDefinitions renders the containers as ECS wants them.
func containerDefinitions(containers []Container, shared taskSettings) (string, error) {
	list := make([]containerDefinition, len(containers))
	for i, c := range containers {
		list[i] = c.definition(shared)
	}
	text, err := json.Marshal(list)
	return string(text), err
}

func (c Container) definition(shared taskSettings) containerDefinition {
	d := containerDefinition{
		Name: c.Name, Image: shared.Image, Command: c.Command, Essential: c.Essential,
		CPU: c.CPU, Memory: c.MemoryMiB, MemoryReservation: c.ReservationMiB,
		User: webUser, ReadonlyRootFilesystem: !shared.Exec, StopTimeout: c.StopSeconds,
		LinuxParameters: linuxParameters{
			Capabilities: map[string][]string{"drop": {"ALL"}},
			Tmpfs:        []tmpfs{{"/tmp", tmpfsMiB}, {"/run", tmpfsMiB}},
		},
		LogConfiguration: logConfiguration{LogDriver: "awslogs", Options: map[string]string{
			"awslogs-group": shared.LogGroup, "awslogs-region": shared.Region, "awslogs-stream-prefix": "ecs",
		}},
		Environment: []nameValue{}, Secrets: []secretReference{},
	}
	if len(c.Command) == 0 {
		d.Command = []string{c.Name}
	}
	environment := maps.Clone(shared.Environment)
	maps.Copy(environment, c.Environment)
	for _, key := range sortedKeys(environment) {
		d.Environment = append(d.Environment, nameValue{key, environment[key]})
	}
	for _, key := range sortedKeys(shared.Secrets) {
		d.Secrets = append(d.Secrets, secretReference{key, shared.Secrets[key]})
	}
	if c.Port != 0 {
		d.PortMappings = []portMapping{{ContainerPort: c.Port, HostPort: 0, Protocol: "tcp"}}
	}
	if c.After != "" {
		d.DependsOn = []dependency{{ContainerName: c.After, Condition: "SUCCESS"}}
	}
	if c.StartSeconds > 0 {
		d.HealthCheck = &healthCheck{
			Command: []string{"CMD", "/usr/local/bin/healthcheck", c.Name}, Interval: 10, Timeout: 5, Retries: 3, StartPeriod: c.StartSeconds,
		}
	}
	return d
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
