package machine

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
)

// PrivateRange is where the networks of this tool live: away from what Docker itself, clouds and offices like to use.
var PrivateRange = netip.MustParsePrefix("10.219.0.0/16")

// NetworkBits is the size of one of them.
const NetworkBits = 24

// ensureNetwork makes the private network that all containers of this state folder share, and returns its subnet.
func (r *Machine) ensureNetwork(ctx context.Context) (netip.Prefix, error) {
	unlock := r.Locks.Lock("network")
	defer unlock()
	if r.subnet.IsValid() {
		return r.subnet, nil
	}
	if subnets, err := r.subnets(ctx, r.Name); err == nil && len(subnets) == 1 {
		r.subnet = subnets[0]
		return r.subnet, nil
	}
	used, err := r.usedSubnets(ctx)
	if err != nil {
		return netip.Prefix{}, err
	}
	for {
		subnet, ok := freeSubnet(PrivateRange, used)
		if !ok {
			return netip.Prefix{}, fmt.Errorf("creating the private network: no free /24 in %s: `docker network prune` removes unused networks", PrivateRange)
		}
		_, err := r.Docker.Run(ctx, "network", "create", "--driver", "bridge", "--subnet", subnet.String(),
			"--label", r.StateLabel(), "--label", LabelRole+"=network", r.Name)
		if err == nil {
			r.subnet = subnet
			return subnet, nil
		}
		var answer *EngineError
		if !errors.As(err, &answer) || !strings.Contains(strings.ToLower(answer.Text), "overlap") {
			return netip.Prefix{}, fmt.Errorf("creating the private network: %w", err)
		}
		used = append(used, subnet) // somebody took it meanwhile
	}
}

// usedSubnets are the ranges of Docker's networks, of this machine's addresses and of its routes.
func (r *Machine) usedSubnets(ctx context.Context) ([]netip.Prefix, error) {
	ids, err := r.Docker.Run(ctx, "network", "ls", "--quiet")
	if err != nil {
		return nil, fmt.Errorf("listing networks: %w", err)
	}
	used, err := r.subnets(ctx, strings.Fields(ids)...)
	if err != nil && !IsMissing(err) {
		return nil, err
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("listing this machine's addresses: %w", err)
	}
	for _, address := range addresses {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil && prefix.Addr().Is4() {
			used = append(used, prefix.Masked())
		}
	}
	table, _ := os.ReadFile("/proc/net/route") // Linux only; elsewhere Docker runs in a machine of its own
	return append(used, routes(string(table))...), nil
}

func (r *Machine) subnets(ctx context.Context, networks ...string) ([]netip.Prefix, error) {
	out, err := r.Docker.Run(ctx, append([]string{"network", "inspect"}, networks...)...)
	var found []struct {
		IPAM struct{ Config []struct{ Subnet string } }
	}
	if decodeErr := json.Unmarshal([]byte(out), &found); decodeErr != nil {
		return nil, errors.Join(err, decodeErr)
	}
	var subnets []netip.Prefix
	for _, network := range found {
		for _, config := range network.IPAM.Config {
			if prefix, err := netip.ParsePrefix(config.Subnet); err == nil && prefix.Addr().Is4() {
				subnets = append(subnets, prefix)
			}
		}
	}
	return subnets, err
}

// routes reads the destinations in /proc/net/route, leaving out the default route.
func routes(table string) []netip.Prefix {
	var found []netip.Prefix
	for _, line := range strings.Split(table, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 8 {
			continue
		}
		var destination, mask uint32
		if _, err := fmt.Sscanf(fields[1]+" "+fields[7], "%X %X", &destination, &mask); err != nil || mask == 0 {
			continue
		}
		var address [4]byte
		binary.LittleEndian.PutUint32(address[:], destination)
		bits := 0
		for m := mask; m != 0; m >>= 1 {
			bits += int(m & 1)
		}
		found = append(found, netip.PrefixFrom(netip.AddrFrom4(address), bits))
	}
	return found
}

// freeSubnet returns the first /24 of a range that overlaps nothing in use.
func freeSubnet(within netip.Prefix, used []netip.Prefix) (netip.Prefix, bool) {
	for subnet := netip.PrefixFrom(within.Addr(), NetworkBits); within.Contains(subnet.Addr()); subnet = nextSubnet(subnet) {
		free := true
		for _, other := range used {
			free = free && !subnet.Overlaps(other)
		}
		if free {
			return subnet, true
		}
	}
	return netip.Prefix{}, false
}

func nextSubnet(subnet netip.Prefix) netip.Prefix {
	address := subnet.Addr().As4()
	binary.BigEndian.PutUint32(address[:], binary.BigEndian.Uint32(address[:])+256)
	return netip.PrefixFrom(netip.AddrFrom4(address), NetworkBits)
}

// Allocate reserves a fixed address, so that a container keeps it when it or the engine restarts. Addresses are handed
// out in turn: one that was just given up is the last to come back.
func (r *Machine) Allocate(ctx context.Context) (netip.Addr, error) {
	subnet, err := r.ensureNetwork(ctx)
	if err != nil {
		return netip.Addr{}, err
	}
	unlock := r.Locks.Lock("addresses")
	defer unlock()
	ours, err := r.Docker.Containers(ctx, r.StateLabel())
	if err != nil {
		return netip.Addr{}, err
	}
	taken := map[netip.Addr]bool{}
	for _, c := range ours {
		if address, ok := c.Address(r.Name); ok {
			taken[address] = true
			delete(r.reserved, address)
		}
	}
	for address := range r.reserved {
		taken[address] = true
	}
	address, ok := nextAddress(subnet, r.lastAddress, taken)
	if !ok {
		return netip.Addr{}, fmt.Errorf("the private network %s has no free address: stop tasks or lower the desired counts", subnet)
	}
	r.reserved[address], r.lastAddress = true, address
	return address, nil
}

// FixedAddress is the last address of the private network, which is not handed out. It is for what containers and, on Linux, this machine's
// browser know by its address.
func (r *Machine) FixedAddress(ctx context.Context) (netip.Addr, error) {
	subnet, err := r.ensureNetwork(ctx)
	if err != nil {
		return netip.Addr{}, err
	}
	last := subnet.Addr().As4()
	last[3] = 254
	return netip.AddrFrom4(last), nil
}

// Release gives back an address for which no container was made.
func (r *Machine) Release(address netip.Addr) {
	unlock := r.Locks.Lock("addresses")
	defer unlock()
	delete(r.reserved, address)
}

// nextAddress finds a free address after last, going round. The first two (network, gateway), the fixed address and the broadcast address
// are never given.
func nextAddress(subnet netip.Prefix, last netip.Addr, taken map[netip.Addr]bool) (netip.Addr, bool) {
	base := subnet.Addr().As4()
	start := 1
	if last.IsValid() && subnet.Contains(last) {
		start = int(last.As4()[3])
	}
	for i := 1; i <= 252; i++ {
		base[3] = byte(2 + (start-2+i+252)%252)
		if address := netip.AddrFrom4(base); !taken[address] {
			return address, true
		}
	}
	return netip.Addr{}, false
}

// Address is the container's fixed address on the network.
func (c Container) Address(network string) (netip.Addr, bool) {
	attached, ok := c.NetworkSettings.Networks[network]
	if !ok {
		return netip.Addr{}, false
	}
	text := attached.IPAddress
	if attached.IPAMConfig != nil && attached.IPAMConfig.IPv4Address != "" {
		text = attached.IPAMConfig.IPv4Address
	}
	address, err := netip.ParseAddr(text)
	return address, err == nil
}
