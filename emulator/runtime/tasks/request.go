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
		Image: image, Hostname: c.Hostname, User: c.User, WorkingDir: c.WorkingDirectory, Entrypoint: c.EntryPoint, Cmd: c.Command,
		Env: env, Labels: labels, OpenStdin: c.Interactive, Tty: c.PseudoTerminal, StopTimeout: 30, // the agent's default
		HostConfig: machine.HostConfig{
			NetworkMode: network, Memory: c.Memory << 20, MemoryReservation: c.MemoryReservation << 20, CPUShares: max(c.CPU, 2),
			ShmSize: c.LinuxParameters.SharedMemory << 20, CapAdd: c.LinuxParameters.Capabilities.Add, CapDrop: c.LinuxParameters.Capabilities.Drop,
			SecurityOpt: c.SecurityOptions, Privileged: c.Privileged, ReadonlyRootfs: c.ReadOnly, Init: c.LinuxParameters.InitProcess,
			Tmpfs: map[string]string{},
		},
	}
	if c.RestartPolicy.Enabled {
		q.HostConfig.RestartPolicy = &machine.RestartPolicy{Name: "on-failure"} // at once: Docker has no restartAttemptPeriod
	}
	if c.StopTimeout != nil {
		q.StopTimeout = *c.StopTimeout
	}
	for _, t := range c.LinuxParameters.Tmpfs {
		q.HostConfig.Tmpfs[t.ContainerPath] = strings.Join(append([]string{fmt.Sprintf("size=%dm", t.Size)}, t.MountOptions...), ",")
	}
	for _, u := range c.Ulimits {
		q.HostConfig.Ulimits = append(q.HostConfig.Ulimits, machine.Ulimit{Name: u.Name, Soft: u.SoftLimit, Hard: u.HardLimit})
	}
	q.HostConfig.LogConfig.Type = "json-file"
	q.HostConfig.LogConfig.Config = map[string]string{"max-size": "10m", "max-file": "3"}
	q.Healthcheck = &machine.Healthcheck{Test: []string{"NONE"}} // ECS ignores a HEALTHCHECK of the image
	if h := c.HealthCheck; h != nil {
		q.Healthcheck = &machine.Healthcheck{
			Test: h.Command, Interval: seconds(h.Interval, 30), Timeout: seconds(h.Timeout, 5), StartPeriod: seconds(h.StartPeriod, 0), Retries: 3,
		}
		if h.Retries > 0 {
			q.Healthcheck.Retries = h.Retries
		}
	}
	var attached machine.Endpoint
	attached.IPAMConfig.IPv4Address = address
	q.NetworkingConfig.EndpointsConfig = map[string]machine.Endpoint{network: attached}
	return q
}

func seconds(n, otherwise int) time.Duration {
	if n == 0 {
		n = otherwise
	}
	return time.Duration(n) * time.Second
}
