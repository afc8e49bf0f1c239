package stacks

import (
	"net/netip"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra/vpc"
)

// lookUpNetwork checks the VPC of network.vpcId; nil without one. It comes before everything that is registered, as lookUpZone does.
func (s *stack) lookUpNetwork(ctx *pulumi.Context) (*vpc.Existing, error) {
	c := &s.config.Network
	if !c.Existing() {
		return nil, nil //nolint:nilnil // the program makes it
	}
	addresses, whose := s.config.Addresses()
	existing, err := vpc.LookUp(ctx, vpc.ExistingArgs{
		VpcID: c.VpcID, PublicSubnets: c.PublicSubnets, PrivateSubnets: c.PrivateSubnets, DataSubnets: c.DataSubnets,
		Region: s.config.Region, Addresses: addresses, AddressesOf: whose, OwnName: s.prefix + "-network",
		Services: s.config.Cluster.Endpoints(),
	}, pulumi.Provider(s.provider))
	if err == nil {
		c.PublicRanges = existing.PublicRanges
	}
	return existing, err
}

func (s *stack) createNetwork(ctx *pulumi.Context, existing *vpc.Existing) (*vpc.Network, error) {
	c, name := s.config.Network, s.prefix+"-network"
	if existing != nil {
		network, err := vpc.NewExistingNetwork(ctx, name, existing, s.aws)
		return network, wrap("network", err)
	}
	network, err := vpc.NewNetwork(ctx, name, vpc.NetworkArgs{
		CIDR: netip.MustParsePrefix(c.CIDR), Zones: c.Zones, ZoneNames: c.ZoneNames, NAT: c.NAT,
		FlowLogDays: c.FlowLogDays, EmptyDefaultGroup: c.EmptyDefaultGroup, Region: s.config.Region, NATGeneration: s.config.Image.Rebuild,
	}, s.aws)
	return network, wrap("network", err)
}

// taskPorts are those on which tasks with an address of their own get requests; none where they are on instances.
func (s *stack) taskPorts() (ports []int) {
	if !s.config.Cluster.Fargate() {
		return nil
	}
	for _, p := range processes(s.config, "") {
		if port := p.task.Main.Port; p.behindBalancer && !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	slices.Sort(ports)
	return ports
}

// createFirewall makes the security groups, and the interface endpoints, which need one. It returns what instances need of the network.
func (s *stack) createFirewall(ctx *pulumi.Context, network *vpc.Network) (*vpc.Firewall, []pulumi.Resource, error) {
	c := s.config
	list := ""
	if c.CDN.Closed() {
		list = c.CDN.PrefixList
	}
	moves, err := s.cdnMoves(ctx)
	if err != nil {
		return nil, nil, wrap("cdn", err)
	}
	databaseMoves, err := s.databaseMoves(ctx)
	if err != nil {
		return nil, nil, wrap("database", err)
	}
	firewall, err := vpc.NewFirewall(ctx, s.prefix+"-firewall", vpc.FirewallArgs{
		VpcID: network.VpcID, WebCIDRs: c.Access.Web, WebPrefixList: list, WebTags: s.cdnTags(), WebHooks: moves, SSHCIDRs: c.Access.SSH, HTTPS: c.Domain.Name != "",
		EgressPorts: c.Access.EgressPorts, DatabasePort: s.databasePort(), DatabaseGroupID: c.Database.SecurityGroupID,
		DatabaseTags: s.databaseTags(), DatabaseHooks: databaseMoves,
		CachePort: s.cachePort(), CacheGroupID: c.Cache.SecurityGroupID,
		TaskPorts: s.taskPorts(), Endpoints: len(c.Network.Endpoints) > 0,
	}, s.aws)
	if err != nil {
		return nil, nil, wrap("firewall", err)
	}
	ready := slices.Concat(network.Ready(), firewall.Rules())
	if len(c.Network.Endpoints) == 0 {
		return firewall, ready, nil
	}
	endpoints, err := vpc.NewEndpoints(ctx, s.prefix+"-endpoints", vpc.EndpointsArgs{
		VpcID: network.VpcID, SubnetIDs: network.PrivateSubnetIDs, SecurityGroupID: firewall.ID(vpc.GroupEndpoints),
		Region: c.Region, Services: c.Network.Endpoints,
	}, s.aws)
	if err != nil {
		return nil, nil, wrap("endpoints", err)
	}
	return firewall, append(ready, endpoints.Ready()...), nil
}
