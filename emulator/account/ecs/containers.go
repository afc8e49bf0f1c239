package ecs

import (
	"encoding/json"
	"fmt"
	"strings"
)

// container is one entry of a task definition's containerDefinitions. Keys that are not here do not exist in ECS.
type container struct {
	Name                   string            `json:"name"`
	Image                  string            `json:"image"`
	RepositoryCredentials  map[string]string `json:"repositoryCredentials"`
	CPU                    int               `json:"cpu"`
	Memory                 *int              `json:"memory"`
	MemoryReservation      *int              `json:"memoryReservation"`
	Links                  []string          `json:"links"`
	PortMappings           []portMapping     `json:"portMappings"`
	Essential              *bool             `json:"essential"`
	RestartPolicy          *restartPolicy    `json:"restartPolicy"`
	EntryPoint             []string          `json:"entryPoint"`
	Command                []string          `json:"command"`
	Environment            []pair            `json:"environment"`
	EnvironmentFiles       []map[string]any  `json:"environmentFiles"`
	MountPoints            []mountPoint      `json:"mountPoints"`
	VolumesFrom            []map[string]any  `json:"volumesFrom"`
	LinuxParameters        *linuxParameters  `json:"linuxParameters"`
	Secrets                []secretRef       `json:"secrets"`
	DependsOn              []dependency      `json:"dependsOn"`
	StartTimeout           *int              `json:"startTimeout"`
	StopTimeout            *int              `json:"stopTimeout"`
	VersionConsistency     string            `json:"versionConsistency"`
	Hostname               string            `json:"hostname"`
	User                   string            `json:"user"`
	WorkingDirectory       string            `json:"workingDirectory"`
	DisableNetworking      *bool             `json:"disableNetworking"`
	Privileged             *bool             `json:"privileged"`
	ReadonlyRootFilesystem *bool             `json:"readonlyRootFilesystem"`
	DNSServers             []string          `json:"dnsServers"`
	DNSSearchDomains       []string          `json:"dnsSearchDomains"`
	ExtraHosts             []map[string]any  `json:"extraHosts"`
	DockerSecurityOptions  []string          `json:"dockerSecurityOptions"`
	Interactive            *bool             `json:"interactive"`
	PseudoTerminal         *bool             `json:"pseudoTerminal"`
	DockerLabels           map[string]string `json:"dockerLabels"`
	Ulimits                []ulimit          `json:"ulimits"`
	LogConfiguration       *logConfiguration `json:"logConfiguration"`
	HealthCheck            *containerHealth  `json:"healthCheck"`
	SystemControls         []map[string]any  `json:"systemControls"`
	ResourceRequirements   []map[string]any  `json:"resourceRequirements"`
	FirelensConfiguration  map[string]any    `json:"firelensConfiguration"`
	CredentialSpecs        []string          `json:"credentialSpecs"`
}

type pair struct{ Name, Value string }

type secretRef struct{ Name, ValueFrom string }

type portMapping struct {
	Name               string `json:"name"`
	ContainerPort      int    `json:"containerPort"`
	ContainerPortRange string `json:"containerPortRange"`
	HostPort           int    `json:"hostPort"`
	Protocol           string `json:"protocol"`
	AppProtocol        string `json:"appProtocol"`
}

type restartPolicy struct {
	Enabled              bool  `json:"enabled"`
	IgnoredExitCodes     []int `json:"ignoredExitCodes"`
	RestartAttemptPeriod int   `json:"restartAttemptPeriod"`
}

type mountPoint struct {
	SourceVolume, ContainerPath string
	ReadOnly                    bool
}

type dependency struct{ ContainerName, Condition string }

type ulimit struct {
	Name                 string
	SoftLimit, HardLimit int
}

type linuxParameters struct {
	Capabilities       *struct{ Add, Drop []string } `json:"capabilities"`
	Devices            []map[string]any              `json:"devices"`
	InitProcessEnabled *bool                         `json:"initProcessEnabled"`
	MaxSwap            *int                          `json:"maxSwap"`
	SharedMemorySize   *int                          `json:"sharedMemorySize"`
	Swappiness         *int                          `json:"swappiness"`
	Tmpfs              []struct {
		ContainerPath string
		Size          int
		MountOptions  []string
	} `json:"tmpfs"`
}

type logConfiguration struct {
	LogDriver     string
	Options       map[string]string
	SecretOptions []secretRef
}

type containerHealth struct {
	Command                                 []string
	Interval, Timeout, Retries, StartPeriod *int
}

func (c container) essential() bool { return c.Essential == nil || *c.Essential }

// parseContainers reads containerDefinitions; unknown keys and wrong kinds are errors.
func parseContainers(text string) ([]container, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var containers []container
	if err := decoder.Decode(&containers); err != nil {
		return nil, fmt.Errorf("%s", strings.Replace(err.Error(), "json: ", "", 1))
	}
	return containers, nil
}
