package vpc

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ExistingArgs names a VPC that somebody else made, and its subnets. Nothing of it is changed.
type ExistingArgs struct {
	VpcID string
	// PublicSubnets are for the load balancer, PrivateSubnets for the instances, DataSubnets for database and cache.
	PublicSubnets, PrivateSubnets, DataSubnets []string
	// Region is the region of the provider, Addresses how many addresses of the private subnets are needed, and AddressesOf by what.
	Region      string
	Addresses   int
	AddressesOf string
	// Services are the endpoints, by the last parts of their service names, that take the place of a default route of PrivateSubnets.
	Services []string
	// OwnName is the name of the VPC that the program makes for this environment, where it makes one.
	OwnName string
}

// Existing is a VPC with subnets that the program can use.
type Existing struct {
	args ExistingArgs
	// PublicRanges are the addresses of the public subnets.
	PublicRanges []string
	// short is what too few free addresses are there for. It counts before the first deployment, which takes some of them.
	short []error
}

// tier is one list of subnets.
type tier struct {
	key string // in the stack file, without network.
	ids []string
	// public needs a route to an internet gateway, which the others must not have; out needs a way to AWS of another kind.
	public, out bool
	zones       []string
	free        int
	unknown     bool // one of them could not be looked up
}

// dockerBridge is the network of the containers on every instance: packets to these addresses never leave the instance.
var dockerBridge = netip.MustParsePrefix("172.17.0.0/16")

// LookUp reads the VPC and its subnets, and returns every reason why an environment would not work in it. It is called before a resource
// is registered.
func LookUp(ctx *pulumi.Context, args ExistingArgs, opts ...pulumi.InvokeOption) (*Existing, error) {
	network, err := ec2.LookupVpc(ctx, &ec2.LookupVpcArgs{Id: &args.VpcID}, opts...)
	if err != nil {
		return nil, fmt.Errorf("network.vpcId: looking up %s in %s: %w", args.VpcID, args.Region, err)
	}
	// The program would register no network any more, and delete this one.
	if network.Tags["Name"] == args.OwnName {
		return nil, fmt.Errorf("network.vpcId: %s is the network that the program made for this environment (its name is %s), and would be deleted: remove the key", args.VpcID, args.OwnName)
	}
	e := &Existing{args: args}
	problems := checkVPC(network)
	tiers := []*tier{
		{key: "publicSubnets", ids: args.PublicSubnets, public: true}, {key: "privateSubnets", ids: args.PrivateSubnets, out: true},
		{key: "dataSubnets", ids: args.DataSubnets},
	}
	routes, err := routesOf(ctx, network, slices.Concat(args.PublicSubnets, args.PrivateSubnets, args.DataSubnets), opts...)
	if err != nil {
		return nil, err
	}
	for _, t := range tiers {
		for _, id := range t.ids {
			subnet, err := ec2.LookupSubnet(ctx, &ec2.LookupSubnetArgs{Id: &id}, opts...)
			if err != nil {
				problems = append(problems, fmt.Errorf("network.%s: looking up %s in %s: %w", t.key, id, args.Region, err))
				t.unknown = true
				continue
			}
			problems = append(problems, e.checkSubnet(t, subnet, routes[id])...)
		}
		if len(t.zones) < 2 && !t.unknown {
			problems = append(problems, fmt.Errorf("network.%s: all are in %v; load balancer, instances and database need two availability zones", t.key, t.zones))
		}
	}
	problems = append(problems, e.checkTiers(tiers[0], tiers[1])...)
	problems = append(problems, e.checkEndpoints(ctx, routes, opts...)...)
	if len(problems) > 0 {
		return nil, fmt.Errorf("network.vpcId: %s has %d problem(s):\n%w", args.VpcID, len(problems), errors.Join(problems...))
	}
	return e, nil
}

// checkVPC wants both DNS settings: without the resolver no name is found, and the private names of endpoints need both (API reference of
// EC2, CreateVpcEndpoint, PrivateDnsEnabled), as private hosted zones do, in which servers that exist have their names.
func checkVPC(network *ec2.LookupVpcResult) (problems []error) {
	for _, setting := range []struct {
		name string
		on   bool
	}{{"enableDnsSupport", network.EnableDnsSupport}, {"enableDnsHostnames", network.EnableDnsHostnames}} {
		if !setting.on {
			problems = append(problems, fmt.Errorf("network.vpcId: %s of %s is off, and the tasks would not find the database by its name: turn it on (aws ec2 modify-vpc-attribute)", setting.name, network.Id))
		}
	}
	for _, one := range network.CidrBlockAssociations {
		if block, err := netip.ParsePrefix(one.CidrBlock); err == nil && block.Overlaps(dockerBridge) {
			problems = append(problems, fmt.Errorf("network.vpcId: %s of %s overlaps %s, the Docker bridge of every instance: tasks could not reach these addresses", block, network.Id, dockerBridge))
		}
	}
	return problems
}

// albFree and albBits are what a load balancer needs of each subnet
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html, "Availability Zone subnets"; with
// fewer, AWS says "ELB requires at least 8 free IP addresses in each subnet", https://qiita.com/motani/items/9a4cadad1f570f4b3921).
const (
	albFree = 8
	albBits = 27
)

func (e *Existing) checkSubnet(t *tier, subnet *ec2.LookupSubnetResult, out way) (problems []error) {
	refuse := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("network.%s: %s "+format, append([]any{t.key, subnet.Id}, args...)...))
	}
	zone := subnet.AvailabilityZone
	if subnet.VpcId != e.args.VpcID {
		refuse("is in %s, not in %s", subnet.VpcId, e.args.VpcID)
	}
	if len(zone) != len(e.args.Region)+1 { // us-east-1-bos-1a, us-east-1-wl1-bos-wlz-1
		refuse("is in %s, which is no availability zone: choose a subnet in %sa, %[4]sb, ...", zone, e.args.Region)
	}
	switch {
	case t.public && !out.internet() && !out.inspected():
		refuse("has no route for 0.0.0.0/0 to an internet gateway, or to the endpoint of a firewall before one: nobody would reach the load balancer")
	case !t.public && out.internet():
		refuse("has a route for 0.0.0.0/0 to the internet gateway %s, and what is in it gets no public address: choose a private subnet", out.target)
	case t.out && subnet.MapPublicIpOnLaunch:
		refuse("gives every instance a public address (mapPublicIpOnLaunch): turn it off, or choose another subnet")
	}
	block, err := netip.ParsePrefix(subnet.CidrBlock)
	switch {
	case t.public && slices.Contains(t.zones, zone):
		refuse("is the second one in %s: a load balancer takes one subnet in each zone", zone)
	case t.public && (err != nil || block.Bits() > albBits):
		refuse("has the addresses %s: a load balancer needs a subnet of /%d or more", subnet.CidrBlock, albBits)
	case t.public && subnet.AvailableIpAddressCount < albFree:
		e.short = append(e.short, fmt.Errorf("network.%s: %s has %d free addresses: a load balancer needs %d", t.key, subnet.Id, subnet.AvailableIpAddressCount, albFree))
	}
	if t.public {
		e.PublicRanges = append(e.PublicRanges, subnet.CidrBlock)
	}
	t.free += subnet.AvailableIpAddressCount
	if !slices.Contains(t.zones, zone) {
		t.zones = append(t.zones, zone)
	}
	return problems
}

// checkTiers: a load balancer sends no requests to instances in a zone that it is not in ("Subnets for your load balancer", as above).
func (e *Existing) checkTiers(public, private *tier) (problems []error) {
	for _, zone := range private.zones {
		if !slices.Contains(public.zones, zone) {
			problems = append(problems, fmt.Errorf("network.publicSubnets: none is in %s, where a private one is: the load balancer would not reach its instances", zone))
		}
	}
	if private.free < e.args.Addresses {
		e.short = append(e.short, fmt.Errorf("network.privateSubnets: %d free addresses for %d %s", private.free, e.args.Addresses, e.args.AddressesOf))
	}
	return problems
}

// NewExistingNetwork has the face of NewNetwork, and registers nothing but itself.
func NewExistingNetwork(ctx *pulumi.Context, name string, e *Existing, opts ...pulumi.ResourceOption) (*Network, error) {
	n := &Network{existing: e}
	if err := ctx.RegisterComponentResource("laravel:infra:Network", name, n, opts...); err != nil {
		return nil, err
	}
	n.VpcID = pulumi.String(e.args.VpcID).ToStringOutput()
	n.PublicSubnetIDs = pulumi.ToStringArray(e.args.PublicSubnets).ToStringArrayOutput()
	n.PrivateSubnetIDs = pulumi.ToStringArray(e.args.PrivateSubnets).ToStringArrayOutput()
	n.DataSubnetIDs = pulumi.ToStringArray(e.args.DataSubnets).ToStringArrayOutput()
	return n, n.registerOutputs(ctx)
}
