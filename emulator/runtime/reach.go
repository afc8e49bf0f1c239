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
	found, err := r.Docker.Containers(ctx, r.StateLabel())
	if err != nil {
		return "", err
	}
	for _, c := range found {
		if slices.Contains(c.NetworkSettings.Networks[r.Name].Aliases, host) {
			if address, ok := c.Address(r.Name); ok {
				host = address.String()
			}
		}
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), nil
}
