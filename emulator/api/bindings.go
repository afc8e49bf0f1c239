package api

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// On AWS a task in network mode bridge publishes its ports at dynamic ports of its instance, and the load balancer knows it as that
// instance and port (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_NetworkBinding.html). Here every container has an
// address of its own, so the instance and its port are made from that, the same ones in both places.

// dynamicPorts is the range in which Docker publishes host port 0 (ECS API reference, PortMapping, hostPort).
var dynamicPorts = struct{ from, count uint32 }{32768, 60999 - 32768 + 1}

// hostPort is the port of the instance at which a container's port is published.
func hostPort(address string, port int) int32 {
	sum := fnv.New32a()
	fmt.Fprintf(sum, "%s:%d", address, port)
	return int32(dynamicPorts.from + sum.Sum32()%dynamicPorts.count) //nolint:gosec // below 65536
}

// bindings are where the ports of a running container are published.
func bindings(c state.Container, definition account.Resource) (list []ecstypes.NetworkBinding) {
	containers, err := containerDefinitions(definition.Outputs)
	if err != nil || c.LastStatus != "RUNNING" || c.Address == "" {
		return nil
	}
	for _, one := range containers {
		if text(one.Name) != c.Name {
			continue
		}
		for _, mapping := range one.PortMappings {
			if mapping.ContainerPort != nil {
				list = append(list, ecstypes.NetworkBinding{
					BindIP: ptr("0.0.0.0"), ContainerPort: mapping.ContainerPort, Protocol: ecstypes.TransportProtocolTcp,
					HostPort: ptr(hostPort(c.Address, int(*mapping.ContainerPort))),
				})
			}
		}
	}
	return list
}

// published is a target as the load balancer knows it: an instance and a port of it. An address without a task, such as that of a
// container which is gone, stays an address.
func (s *Server) published(ctx context.Context, address string, port int) (string, int32) {
	for _, cluster := range s.account.List(account.ClusterToken) {
		name := cluster.Outputs.Text("name")
		instances := s.instances(name)
		tasks, err := s.runtime.Tasks(ctx, name)
		if err != nil || len(instances) == 0 {
			continue
		}
		for _, t := range tasks {
			if slices.ContainsFunc(t.Containers, func(c state.Container) bool { return c.Address == address }) {
				return "i-0" + instances[0].id[:16], hostPort(address, port)
			}
		}
	}
	return address, int32(port) //nolint:gosec // a port
}
