package tasks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// taskDefinition is one revision. The account keeps those that were deregistered too, so a rollback finds its own.
type taskDefinition struct {
	ARN        string          `json:"arn"`
	Containers []containerSpec `json:"containers"` // in an order that satisfies dependsOn
}

// containerSpec is a container definition as ECS words it, as far as the emulator can do it.
type containerSpec struct {
	Name              string   `json:"name"`
	Image             string   `json:"image"`
	CPU               int64    `json:"cpu,omitempty"`
	Memory            int64    `json:"memory,omitempty"`            // MiB, hard
	MemoryReservation int64    `json:"memoryReservation,omitempty"` // MiB, soft
	Essential         *bool    `json:"essential,omitempty"`
	EntryPoint        []string `json:"entryPoint,omitempty"`
	Command           []string `json:"command,omitempty"`
	WorkingDirectory  string   `json:"workingDirectory,omitempty"`
	Hostname          string   `json:"hostname,omitempty"`
	User              string   `json:"user,omitempty"`
	Privileged        bool     `json:"privileged,omitempty"`
	ReadOnly          bool     `json:"readonlyRootFilesystem,omitempty"`
	Interactive       bool     `json:"interactive,omitempty"`
	PseudoTerminal    bool     `json:"pseudoTerminal,omitempty"`
	SecurityOptions   []string `json:"dockerSecurityOptions,omitempty"`
	Links             []string `json:"links,omitempty"`
	RestartPolicy     struct {
		Enabled          bool  `json:"enabled"`
		IgnoredExitCodes []int `json:"ignoredExitCodes,omitempty"`
		AttemptPeriod    int   `json:"restartAttemptPeriod,omitempty"`
	} `json:"restartPolicy"`
	StartTimeout int        `json:"startTimeout,omitempty"`
	StopTimeout  *int       `json:"stopTimeout,omitempty"`
	Environment  []variable `json:"environment,omitempty"`
	Secrets      []struct {
		Name      string `json:"name"`
		ValueFrom string `json:"valueFrom"`
	} `json:"secrets,omitempty"`
	DependsOn []struct {
		ContainerName string `json:"containerName"`
		Condition     string `json:"condition"`
	} `json:"dependsOn,omitempty"`
	HealthCheck *struct {
		Command     []string `json:"command"`
		Interval    int      `json:"interval,omitempty"`
		Timeout     int      `json:"timeout,omitempty"`
		Retries     int      `json:"retries,omitempty"`
		StartPeriod int      `json:"startPeriod,omitempty"`
	} `json:"healthCheck,omitempty"`
	LinuxParameters struct {
		Capabilities struct {
			Add  []string `json:"add,omitempty"`
			Drop []string `json:"drop,omitempty"`
		} `json:"capabilities"`
		InitProcess  bool  `json:"initProcessEnabled,omitempty"`
		SharedMemory int64 `json:"sharedMemorySize,omitempty"`
		Tmpfs        []struct {
			ContainerPath string   `json:"containerPath"`
			Size          int      `json:"size"`
			MountOptions  []string `json:"mountOptions,omitempty"`
		} `json:"tmpfs,omitempty"`
	} `json:"linuxParameters"`
	Ulimits []struct {
		Name      string `json:"name"`
		SoftLimit int64  `json:"softLimit"`
		HardLimit int64  `json:"hardLimit"`
	} `json:"ulimits,omitempty"`
	TaskRole         string `json:"taskRole,omitempty"` // of the task definition
	LogConfiguration struct {
		LogDriver string            `json:"logDriver,omitempty"`
		Options   map[string]string `json:"options,omitempty"`
	} `json:"logConfiguration"`
}

type variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// elsewhere lists what ECS has and the emulator has not. Empty values are fine: AWS fills some in.
var elsewhere = []string{
	"mountPoints", "volumesFrom", "environmentFiles", "repositoryCredentials", "firelensConfiguration", "extraHosts",
	"dnsServers", "dnsSearchDomains", "systemControls", "resourceRequirements", "credentialSpecs", "disableNetworking",
}

func (c containerSpec) essential() bool { return c.Essential == nil || *c.Essential }

// ParseTaskDefinition reads a task definition and refuses what cannot be run here.
func ParseTaskDefinition(res account.Resource) (taskDefinition, error) {
	v := res.Outputs
	def := taskDefinition{ARN: v.Text("arn")}
	if def.ARN == "" {
		def.ARN = res.ID
	}
	refuse := func(format string, args ...any) (taskDefinition, error) {
		return def, fmt.Errorf("task definition %s: %s", v.Text("family"), fmt.Sprintf(format, args...))
	}
	if mode := v.Text("networkMode"); mode != "" && mode != "bridge" {
		return refuse("networkMode %q: the emulator runs tasks in bridge mode", mode)
	}
	for _, key := range []string{"volumes", "pidMode", "ipcMode", "proxyConfiguration"} {
		if value := v[key]; value != nil && value != "" && len(v.Blocks(key)) > 0 {
			return refuse("%s is not emulated", key)
		}
	}
	raw := []byte(v.Text("containerDefinitions"))
	var keys []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil {
		return refuse("containerDefinitions: %v", err)
	}
	if err := json.Unmarshal(raw, &def.Containers); err != nil {
		return refuse("containerDefinitions: %v", err)
	}
	for i, given := range keys {
		for _, key := range elsewhere {
			if value := strings.TrimSpace(string(given[key])); !slices.Contains([]string{"", "null", "[]", "{}", "false", `""`}, value) {
				return refuse("container %s: %s is not emulated", def.Containers[i].Name, key)
			}
		}
	}
	for i := range def.Containers {
		def.Containers[i].TaskRole = v.Text("taskRoleArn")
	}
	ordered, err := dependencyOrder(def.Containers)
	if err != nil {
		return refuse("%v", err)
	}
	def.Containers = ordered
	return def, nil
}

// dependencyOrder sorts containers so that each comes after those it depends on; otherwise the order stays.
func dependencyOrder(containers []containerSpec) ([]containerSpec, error) {
	var ordered []containerSpec
	state := map[string]int{} // 1: being visited, 2: done
	byName := map[string]containerSpec{}
	for _, c := range containers {
		byName[c.Name] = c
	}
	var visit func(c containerSpec) error
	visit = func(c containerSpec) error {
		switch state[c.Name] {
		case 1:
			return fmt.Errorf("dependsOn: container %s waits for itself", c.Name)
		case 2:
			return nil
		}
		state[c.Name] = 1
		for _, link := range c.Links { // the agent starts what a container is linked to before it (amazon-ecs-agent, dependencygraph)
			name, _, _ := strings.Cut(link, ":")
			needed, ok := byName[name]
			if !ok {
				return fmt.Errorf("links: container %s is linked to %s, which is not in the task", c.Name, name)
			}
			if err := visit(needed); err != nil {
				return err
			}
		}
		for _, d := range c.DependsOn {
			needed, ok := byName[d.ContainerName]
			switch {
			case !ok:
				return fmt.Errorf("dependsOn: container %s waits for %s, which is not in the task", c.Name, d.ContainerName)
			case !slices.Contains([]string{"START", "COMPLETE", "SUCCESS", "HEALTHY"}, d.Condition):
				return fmt.Errorf("dependsOn: container %s: condition %q is not START, COMPLETE, SUCCESS or HEALTHY", c.Name, d.Condition)
			case d.Condition == "HEALTHY" && needed.HealthCheck == nil:
				return fmt.Errorf("dependsOn: container %s waits for %s to be HEALTHY, which has no health check", c.Name, d.ContainerName)
			}
			if err := visit(needed); err != nil {
				return err
			}
		}
		state[c.Name] = 2
		ordered = append(ordered, c)
		return nil
	}
	for _, c := range containers {
		if err := visit(c); err != nil {
			return nil, err
		}
	}
	return ordered, nil
}

// main is the container that gives the task its name: the one behind the load balancer, else the first essential one.
func (d taskDefinition) main(behindBalancer string) string {
	for _, c := range d.Containers {
		if c.Name == behindBalancer || behindBalancer == "" && c.essential() {
			return c.Name
		}
	}
	return d.Containers[0].Name
}

// memory is what an instance must have free for the task, in bytes.
func (d taskDefinition) memory() int64 {
	var sum int64
	for _, c := range d.Containers {
		if c.MemoryReservation > 0 {
			sum += c.MemoryReservation << 20
		} else {
			sum += c.Memory << 20
		}
	}
	return sum
}

// taskDefinition finds a revision by its ARN, or by family:revision.
func (r *Scheduler) taskDefinition(reference string) (taskDefinition, error) {
	for _, token := range []string{account.TaskToken, account.RetiredTaskToken} {
		for _, res := range r.Account.List(token) {
			arn := res.Outputs.Text("arn")
			if arn == reference || strings.HasSuffix(arn, ":task-definition/"+reference) {
				return ParseTaskDefinition(res)
			}
		}
	}
	return taskDefinition{}, fmt.Errorf("ClientException: unable to describe task definition %q: it does not exist", reference)
}
