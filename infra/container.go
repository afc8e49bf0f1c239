package infra

import (
	"encoding/json"
	"maps"
	"slices"
)

// Task is what a service runs.
type Task struct {
	// Main is the process. The task lives as long as it does, and the load balancer sends requests to it.
	Main Container
	// Before run to their end first. Main starts when all of them have succeeded.
	Before []Container
	// Beside run as long as Main does, which reaches each by its name. Main starts when all of them are healthy, so a release with a broken
	// one does not serve. After that, a task lives without them: ECS starts one that ends again, and looks at its health no more ("confirmed
	// only at task startup", API reference, ContainerDependency). They get no secrets.
	Beside []Container
}

// Size is what a task on Fargate has: what its containers have that run together.
func (t Task) Size() (cpu, mib int) {
	for _, c := range append(slices.Clone(t.Beside), t.Main) {
		cpu, mib = cpu+c.CPU, mib+c.MemoryMiB
	}
	return cpu, mib
}

// containers are all containers of the task, in the order of the task definition.
func (t Task) containers() []Container { return append(slices.Concat(t.Before, t.Beside), t.Main) }

// CPU is what the task reserves, in 1/1024 of a vCPU.
func (t Task) CPU() (sum int) {
	for _, c := range t.containers() {
		sum += c.CPU
	}
	return sum
}

// Container is what differs between the containers of one image.
type Container struct {
	// Name is the role of the image, where there is no Command: its entrypoint takes the role as its first argument.
	Name string
	// Command is the arguments of the image: the role and its options, for example for a worker with other queues.
	Command []string
	// CPU is in 1/1024 of a vCPU; MemoryMiB is the hard limit and ReservationMiB what placement counts.
	CPU, MemoryMiB, ReservationMiB int
	// TempMiB is the size of /tmp and of /run, where compiled views and unfinished uploads are. They are in memory.
	TempMiB int
	// Port is published on a dynamic host port; 0 for none.
	Port int
	// StopSeconds is how long the container may take to finish after the stop signal.
	StopSeconds int
	// StartSeconds is how long failing health checks do not count, 0-300; 0 means no health check.
	StartSeconds int
	// Environment adds to what all containers get.
	Environment map[string]string
}

// containerDefinition has the fields of ECS's ContainerDefinition that this program uses
// (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html). The lists are sorted, because a text that
// changes makes a new revision.
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
	DockerSecurityOptions  []string          `json:"dockerSecurityOptions,omitempty"`
	LinuxParameters        linuxParameters   `json:"linuxParameters"`
	MountPoints            []mountPoint      `json:"mountPoints,omitempty"`
	PortMappings           []portMapping     `json:"portMappings,omitempty"`
	Environment            []nameValue       `json:"environment"`
	Secrets                []secretReference `json:"secrets"`
	DependsOn              []dependency      `json:"dependsOn,omitempty"`
	Links                  []string          `json:"links,omitempty"`
	RestartPolicy          *restartPolicy    `json:"restartPolicy,omitempty"`
	HealthCheck            *healthCheck      `json:"healthCheck,omitempty"`
	StopTimeout            int               `json:"stopTimeout"`
	LogConfiguration       logConfiguration  `json:"logConfiguration"`
}

type (
	nameValue       struct{ Name, Value string }
	secretReference struct{ Name, ValueFrom string }
	// linuxParameters has its lists even where they are empty: ECS returns them so, and the provider, which ignores empty lists of a
	// container, compares those inside of linuxParameters. Without them every deployment would replace the task definition.
	linuxParameters struct {
		Capabilities       map[string][]string `json:"capabilities"`
		InitProcessEnabled bool                `json:"initProcessEnabled"`
		Tmpfs              []tmpfs             `json:"tmpfs,omitempty"`
	}
	mountPoint struct {
		SourceVolume  string `json:"sourceVolume"`
		ContainerPath string `json:"containerPath"`
		ReadOnly      bool   `json:"readOnly"`
	}
	tmpfs struct {
		ContainerPath string   `json:"containerPath"`
		Size          int      `json:"size"`
		MountOptions  []string `json:"mountOptions"`
	}
	portMapping struct {
		ContainerPort int    `json:"containerPort"`
		HostPort      int    `json:"hostPort"`
		Protocol      string `json:"protocol"`
	}
	// restartPolicy has codes, because it is not known whether ECS returns an empty list: 143 is a container that ended because it was told to.
	restartPolicy struct {
		Enabled              bool  `json:"enabled"`
		IgnoredExitCodes     []int `json:"ignoredExitCodes"`
		RestartAttemptPeriod int   `json:"restartAttemptPeriod"` // 60 to 1800 seconds that it must have run
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

// ReleaseVariable is the environment variable with the release that a container runs.
const ReleaseVariable = "APP_RELEASE"

const (
	// webUser is www-data as a number: Security Hub ECS.20 reads the task definition, and not the image.
	webUser = "33:33"
)

// taskSettings are the same for all containers of a task.
type taskSettings struct {
	Image, LogGroup, Region string
	Environment             map[string]string
	Secrets                 map[string]string // environment variable -> ARN
	// SetupSecrets are for the containers before the main one.
	SetupSecrets map[string]string
	// Exec makes the root file system writable: the agent of ECS Exec writes there, and a read-only one is not supported (ECS
	// developer guide, "Monitor Amazon ECS containers with ECS Exec").
	Exec bool
	// Fargate leaves out what tasks there cannot have.
	Fargate bool
}

// containerDefinitions renders the task's containers as JSON for ECS.
func containerDefinitions(task Task, shared taskSettings) (string, error) {
	main := task.Main.definition(shared)
	main.Essential = true
	var list []containerDefinition
	setup := shared
	setup.Secrets = maps.Clone(shared.Secrets)
	maps.Copy(setup.Secrets, shared.SetupSecrets)
	for _, c := range task.Before {
		if shared.Fargate {
			// It has the task for itself. The units of all containers must fit into those of the task (API reference, ContainerDefinition, cpu).
			c.CPU = 0
		}
		list = append(list, c.definition(setup))
		main.DependsOn = append(main.DependsOn, dependency{ContainerName: c.Name, Condition: "SUCCESS"})
	}
	beside := shared
	beside.Secrets = nil
	for _, c := range task.Beside {
		d := c.definition(beside)
		d.RestartPolicy = &restartPolicy{Enabled: true, IgnoredExitCodes: []int{143}, RestartAttemptPeriod: 60}
		list = append(list, d)
		main.DependsOn = append(main.DependsOn, dependency{ContainerName: c.Name, Condition: "HEALTHY"})
		if !shared.Fargate {
			main.Links = append(main.Links, c.Name) // in bridge mode only (API reference, ContainerDefinition)
		}
	}
	text, err := json.Marshal(append(list, main))
	return string(text), err
}

func (c Container) definition(shared taskSettings) containerDefinition {
	d := containerDefinition{
		Name: c.Name, Image: shared.Image, Command: c.Command,
		CPU: c.CPU, Memory: c.MemoryMiB, MemoryReservation: c.ReservationMiB,
		User: webUser, ReadonlyRootFilesystem: !shared.Exec, StopTimeout: c.StopSeconds,
		// No program in the container gains rights by a setuid bit. Of these options, only those for SELinux and AppArmor need a setting
		// of the agent (API reference, ContainerDefinition).
		DockerSecurityOptions: []string{"no-new-privileges"},
		LinuxParameters: linuxParameters{
			Capabilities: map[string][]string{"add": {}, "drop": {"ALL"}},
			Tmpfs:        []tmpfs{{"/tmp", c.TempMiB, []string{}}, {"/run", c.TempMiB, []string{}}},
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
		// A name may be there once: RegisterTaskDefinition refuses "new or existing environment variables" as secrets
		// (https://github.com/dagster-io/dagster/issues/11622). The application's own value wins, as in env.
		if _, secret := shared.Secrets[key]; secret {
			continue
		}
		d.Environment = append(d.Environment, nameValue{key, environment[key]})
	}
	for _, key := range sortedKeys(shared.Secrets) {
		d.Secrets = append(d.Secrets, secretReference{key, shared.Secrets[key]})
	}
	if c.Port != 0 {
		d.PortMappings = []portMapping{{ContainerPort: c.Port, HostPort: 0, Protocol: "tcp"}}
	}
	if shared.Fargate {
		c.onFargate(&d)
	}
	if c.StartSeconds > 0 {
		d.HealthCheck = &healthCheck{
			Command: []string{"CMD", "/usr/local/bin/healthcheck"}, Interval: 10, Timeout: 5, Retries: 3, StartPeriod: c.StartSeconds,
		}
	}
	return d
}

// volumes are the places of a container that it may write to, by their paths. A volume of a task is shared by the containers that mount it, and
// these have secrets there that others do not get, so each container has volumes of its own.
func (c Container) volumes() map[string]string {
	return map[string]string{"/run": c.Name + "-run", "/tmp": c.Name + "-tmp"}
}

// onFargate takes out what a container on Fargate may not have, and gives it volumes instead of tmpfs
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html, "Task definition parameters"). ECS gives an empty
// volume the owner and the mode that a directory has which the image declares as VOLUME; otherwise only root could write there
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html).
func (c Container) onFargate(d *containerDefinition) {
	d.DockerSecurityOptions, d.LinuxParameters.Tmpfs = nil, nil
	for _, path := range sortedKeys(c.volumes()) {
		d.MountPoints = append(d.MountPoints, mountPoint{SourceVolume: c.volumes()[path], ContainerPath: path})
	}
	for i := range d.PortMappings { // "the host port must be the same as the container port" in mode awsvpc (API reference, PortMapping)
		d.PortMappings[i].HostPort = d.PortMappings[i].ContainerPort
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
