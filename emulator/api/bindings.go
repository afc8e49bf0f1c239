package api

import (
	"context"
	"fmt"
	"hash/fnv"

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

// publisher tells how the load balancer knows a target: as an instance and a port of it. An address without a task, such as that of a
// container which is gone, stays an address.
func (s *Server) publisher(ctx context.Context) func(address string, port int) (string, int32) {
	instances := map[string]string{} // by the address of a container
	for _, cluster := range s.account.List(account.ClusterToken) {
		name := cluster.Outputs.Text("name")
		in := s.instances(name)
		tasks, err := s.runtime.Tasks(ctx, name)
		if err != nil || len(in) == 0 {
			continue
		}
		for _, t := range tasks {
			for _, c := range t.Containers {
				instances[c.Address] = "i-0" + in[0].id[:16]
			}
		}
	}
	return func(address string, port int) (string, int32) {
		if id, ok := instances[address]; ok {
			return id, hostPort(address, port)
		}
		return address, int32(port) //nolint:gosec // a port
	}
}
