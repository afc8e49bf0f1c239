package ecs

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Container is one entry of a task definition's containerDefinitions, with the keys of ECS that the program uses.
type Container struct {
	Name, Image               string
	Command                   []string
	CPU                       int
	Memory, MemoryReservation *int // MiB
	Essential                 *bool
	PortMappings              []portMapping
	Environment               []Variable
	Secrets                   []Secret
	DependsOn                 []Dependency
	Links                     []string
	RestartPolicy             struct {
		Enabled              bool
		IgnoredExitCodes     []int
		RestartAttemptPeriod *int
	}
	StopTimeout            *int
	User                   string
	ReadonlyRootFilesystem bool
	DockerSecurityOptions  []string
	LinuxParameters        struct {
		Capabilities       struct{ Add, Drop []string }
		InitProcessEnabled bool
		Tmpfs              []struct {
			ContainerPath string
			Size          int
			MountOptions  []string
		}
	}
	LogConfiguration *struct {
		LogDriver string
		Options   map[string]string
	}
	HealthCheck *struct {
		Command                                 []string
		Interval, Timeout, Retries, StartPeriod *int
	}

	MountPoints []mountPoint

	VolumesFrom, SystemControls []any // ECS returns them empty
}

// Variable is an environment variable.
type Variable struct{ Name, Value string }

// Secret is an environment variable whose value ECS looks up.
type Secret struct{ Name, ValueFrom string }

type portMapping struct {
	ContainerPort, HostPort int
	Protocol                string
}

type mountPoint struct {
	SourceVolume, ContainerPath string
	ReadOnly                    bool
}

// Dependency is another container that must be there first.
type Dependency struct{ ContainerName, Condition string }

// IsEssential tells whether the task ends with the container.
func (c Container) IsEssential() bool { return c.Essential == nil || *c.Essential }

// ParseContainers reads containerDefinitions; unknown keys and wrong kinds are errors.
func ParseContainers(text string) ([]Container, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var containers []Container
	if err := decoder.Decode(&containers); err != nil {
		return nil, fmt.Errorf("%s", strings.Replace(err.Error(), "json: ", "", 1))
	}
	return containers, nil
}
