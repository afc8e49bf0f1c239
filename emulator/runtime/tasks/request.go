package tasks

import (
	"context"
	"encoding/json"
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

// mount gives the container its volumes, which are empty for each task. ECS gives a volume owner, mode and content of a directory that the image
// declares as VOLUME at the same place, as Docker does with a new volume; otherwise it is root's, with mode 0755
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html). Containers of the program share none.
func (r *Scheduler) mount(ctx context.Context, c containerSpec, q *machine.CreateRequest) error {
	if len(c.MountPoints) == 0 {
		return nil
	}
	declared, err := r.Docker.Run(ctx, "image", "inspect", "--format", "{{json .Config.Volumes}}", q.Image)
	if err != nil {
		return fmt.Errorf("CannotCreateContainerError: reading the volumes of %s: %w", q.Image, err)
	}
	var volumes map[string]any
	if err := json.Unmarshal([]byte(declared), &volumes); err != nil {
		return fmt.Errorf("CannotCreateContainerError: reading the volumes of %s: %w", q.Image, err)
	}
	for _, m := range c.MountPoints {
		if _, ours := volumes[m.ContainerPath]; ours {
			q.HostConfig.Mounts = append(q.HostConfig.Mounts, machine.Mount{Type: "volume", Target: m.ContainerPath, ReadOnly: m.ReadOnly})
		} else {
			q.HostConfig.Tmpfs[m.ContainerPath] = "ro" // for the users of the program it is; Docker gives a tmpfs the mode of the directory below it
		}
	}
	return nil
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
