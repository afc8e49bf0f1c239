package runtime

import (
	"context"
	"net"
	"slices"
	"strconv"
)

// Reach returns the address at which this machine reaches a host and port of the private network: that of the container
// which answers to the host name there.
func (r *Runtime) Reach(ctx context.Context, host string, port int) (string, error) {
	found, err := r.docker.containers(ctx, r.stateLabel())
	if err != nil {
		return "", err
	}
	for _, c := range found {
		if slices.Contains(c.NetworkSettings.Networks[r.name].Aliases, host) {
			if address, ok := c.address(r.name); ok {
				host = address.String()
			}
		}
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), nil
}
