package ecs

import (
	"encoding/json"
	"fmt"
	"strings"
)

// container is one entry of a task definition's containerDefinitions, with the keys of ECS that the program uses.
type container struct {
	Name, Image               string
	Command                   []string
	CPU                       int
	Memory, MemoryReservation *int
	Essential                 *bool
	PortMappings              []portMapping
	Environment               []struct{ Name, Value string }
	Secrets                   []secretRef
	DependsOn                 []dependency
	Links                     []string
	RestartPolicy             *restartPolicy
	StopTimeout               *int
	User                      string
	ReadonlyRootFilesystem    *bool
	DockerSecurityOptions     []string
	LinuxParameters           *linuxParameters
	LogConfiguration          *logConfiguration
	HealthCheck               *healthCheck

	MountPoints, VolumesFrom, SystemControls []any // ECS returns them empty
}

type secretRef struct{ Name, ValueFrom string }

type portMapping struct {
	ContainerPort, HostPort int
	Protocol                string
}

type dependency struct{ ContainerName, Condition string }

type restartPolicy struct {
	Enabled              bool
	IgnoredExitCodes     []int
	RestartAttemptPeriod *int
}

type linuxParameters struct {
	Capabilities       *struct{ Add, Drop []string }
	InitProcessEnabled *bool
	Tmpfs              []struct {
		ContainerPath string
		Size          int
		MountOptions  []string
	}
}

type logConfiguration struct {
	LogDriver string
	Options   map[string]string
}

type healthCheck struct {
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
