package tasks

import (
	"fmt"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// request renders a container definition for the engine.
func (c containerSpec) request(image, network, address string, env []string, labels map[string]string) machine.CreateRequest {
	q := machine.CreateRequest{
		Image: image, User: c.User, Cmd: c.Command, Env: env, Labels: labels, StopTimeout: or(c.StopTimeout, 30), // the agent's default
		HostConfig: machine.HostConfig{
			NetworkMode: network, Memory: mib(c.Memory), MemoryReservation: mib(c.MemoryReservation), CPUShares: max(c.CPU, 2),
			CapAdd: c.LinuxParameters.Capabilities.Add, CapDrop: c.LinuxParameters.Capabilities.Drop, SecurityOpt: c.DockerSecurityOptions,
			ReadonlyRootfs: c.ReadonlyRootFilesystem, Init: c.LinuxParameters.InitProcessEnabled, Tmpfs: map[string]string{},
		},
	}
	// Docker has no restartAttemptPeriod and no ignoredExitCodes: it restarts at once, and after every exit code but 0.
	if c.RestartPolicy.Enabled {
		q.HostConfig.RestartPolicy = &machine.RestartPolicy{Name: "on-failure"}
	}
	for _, t := range c.LinuxParameters.Tmpfs {
		q.HostConfig.Tmpfs[t.ContainerPath] = strings.Join(append([]string{fmt.Sprintf("size=%dm", t.Size)}, t.MountOptions...), ",")
	}
	q.HostConfig.LogConfig.Type = "json-file"
	q.HostConfig.LogConfig.Config = map[string]string{"max-size": "10m", "max-file": "3"}
	q.Healthcheck = &machine.Healthcheck{Test: []string{"NONE"}} // ECS ignores a HEALTHCHECK of the image
	if h := c.HealthCheck; h != nil {
		q.Healthcheck = &machine.Healthcheck{
			Test: h.Command, Interval: seconds(h.Interval, 30), Timeout: seconds(h.Timeout, 5), StartPeriod: seconds(h.StartPeriod, 0), Retries: or(h.Retries, 3),
		}
	}
	var attached machine.Endpoint
	attached.IPAMConfig.IPv4Address = address
	q.NetworkingConfig.EndpointsConfig = map[string]machine.Endpoint{network: attached}
	return q
}

func seconds(n *int, otherwise int) time.Duration {
	return time.Duration(or(n, otherwise)) * time.Second
}

func mib(n *int) int64 { return int64(or(n, 0)) << 20 }

func or(n *int, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return *n
}
