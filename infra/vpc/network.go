package vpc

import (
	"fmt"
	"net/netip"
	"sync/atomic"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// NetworkArgs describes the VPC of one environment.
type NetworkArgs struct {
	// CIDR is the address range of the VPC, /16 to /23. Each zone gets a sixteenth of it per tier.
	CIDR netip.Prefix
	// Zones is the number of availability zones, 2 or 3: the first ones by name, or ZoneNames.
	Zones     int
	ZoneNames []string
	// NAT is how private subnets reach the internet: NATNone, NATInstance, NATGateway or NATGatewayPerZone.
	NAT string
	// NATGeneration is any word. Another one replaces a NAT instance, which then has Amazon's current image.
	NATGeneration string
	// FlowLogDays is how long rejected connections are kept in CloudWatch Logs.
	FlowLogDays int
	// EmptyDefaultGroup takes the rules of the VPC's default security group away.
	EmptyDefaultGroup bool
	// Region is the region of the provider; endpoint service names carry it.
	Region string
}

// Ways for private subnets to reach the internet. A gateway costs about 35 USD a month, per zone with gatewayPerZone; an instance about 6.
const (
	NATNone           = "none"
	NATInstance       = "instance"
	NATGateway        = "gateway"
	NATGatewayPerZone = "gatewayPerZone"
)

// Network is the VPC with a public, a private and a data subnet in every zone.
type Network struct {
	pulumi.ResourceState

	VpcID pulumi.StringOutput `pulumi:"vpcId"`
	// PublicSubnetIDs are for the load balancer and the NAT. Instances do not get a public address by themselves.
	PublicSubnetIDs pulumi.StringArrayOutput `pulumi:"publicSubnetIds"`
	// PrivateSubnetIDs are for the instances.
	PrivateSubnetIDs pulumi.StringArrayOutput `pulumi:"privateSubnetIds"`
	// DataSubnetIDs are for the database and the cache. They have no route to the internet.
	DataSubnetIDs pulumi.StringArrayOutput `pulumi:"dataSubnetIds"`

	args  NetworkArgs
	zones []string
	vpc   *ec2.Vpc
	// internet is the route to the internet gateway.
	internet pulumi.Resource
	tiers    map[string][]*ec2.Subnet
	// privateTables has one route table per zone, so that each zone can have a NAT of its own.
	privateTables []*ec2.RouteTable
	dataTable     *ec2.RouteTable
	ready         []pulumi.Resource
	natInstance   pulumi.StringInput
	// existing is the VPC that is not the program's; nil where it is.
	existing *Existing
	isNew    atomic.Bool
}

// Internet is the route that public resources wait for: AWS refuses public load balancers and addresses in a VPC without one. It is nil in
// a network that exists, which has one.
func (n *Network) Internet() pulumi.Resource { return n.internet }

// Ready is the way from the private subnets to the internet: routes, associations, and the NAT. It must exist before instances and until
// after them, because ECS stops tasks only through an agent that it hears from. The database and the cache need none of it, so they do
// not wait for a NAT.
func (n *Network) Ready() []pulumi.Resource { return n.ready }

// NewNetwork registers the VPC, its subnets and their routes.
func NewNetwork(ctx *pulumi.Context, name string, args NetworkArgs, opts ...pulumi.ResourceOption) (*Network, error) {
	n := &Network{args: args, tiers: map[string][]*ec2.Subnet{}}
	if err := ctx.RegisterComponentResource("laravel:infra:Network", name, n, opts...); err != nil {
		return nil, err
	}
	steps := []struct {
		what string
		do   func(*pulumi.Context, string) error
	}{
		{"choosing availability zones", n.chooseZones},
		{"creating VPC", n.createVPC},
		{"creating subnets", n.createSubnets},
		{"creating public routes", n.createPublicRoutes},
		{"creating private routes", n.createPrivateRoutes},
		{"creating NAT", n.createNAT},
		{"creating S3 endpoint", n.createS3Endpoint},
		{"creating flow log", n.createFlowLog},
	}
	for _, step := range steps {
		if err := step.do(ctx, name); err != nil {
			return nil, fmt.Errorf("%s: %w", step.what, err)
		}
	}
	n.VpcID = n.vpc.ID().ToStringOutput()
	n.PublicSubnetIDs = subnetIDs(n.tiers["public"])
	n.PrivateSubnetIDs = subnetIDs(n.tiers["private"])
	n.DataSubnetIDs = subnetIDs(n.tiers["data"])
	return n, n.registerOutputs(ctx)
}

func (n *Network) registerOutputs(ctx *pulumi.Context) error {
	return ctx.RegisterResourceOutputs(n, pulumi.Map{
		"vpcId": n.VpcID, "publicSubnetIds": n.PublicSubnetIDs,
		"privateSubnetIds": n.PrivateSubnetIDs, "dataSubnetIds": n.DataSubnetIDs,
	})
}

// chooseZones takes the first available zones. The choice is for new subnets only (see createSubnets): the list changes when a zone has
// an event, or when AWS opens one (hashicorp/terraform#11928). With too few in an event, the others stand for them, so that an
// environment that exists can still be deployed.
func (n *Network) chooseZones(ctx *pulumi.Context, _ string) error {
	n.zones = n.args.ZoneNames
	for _, state := range []*string{pulumi.StringRef("available"), nil} {
		if len(n.zones) >= n.args.Zones {
			break
		}
		found, err := aws.GetAvailabilityZones(ctx, &aws.GetAvailabilityZonesArgs{
			State: state,
			// Local zones and Wavelength zones have neither ALB nor RDS.
			Filters: []aws.GetAvailabilityZonesFilter{{Name: "opt-in-status", Values: []string{"opt-in-not-required"}}},
		}, pulumi.Parent(n))
		if err != nil {
			return err
		}
		n.zones = found.Names
	}
	if len(n.zones) < n.args.Zones {
		return fmt.Errorf("network.zones: %d wanted, region %s has %d", n.args.Zones, n.args.Region, len(n.zones))
	}
	n.zones = n.zones[:n.args.Zones]
	return nil
}

func (n *Network) createVPC(ctx *pulumi.Context, name string) error {
	var err error
	n.vpc, err = ec2.NewVpc(ctx, name+"-vpc", &ec2.VpcArgs{
		CidrBlock: pulumi.String(n.args.CIDR.String()),
		// Both are needed for the private names of RDS, ElastiCache and interface endpoints.
		EnableDnsHostnames: pulumi.Bool(true),
		EnableDnsSupport:   pulumi.Bool(true),
		Tags:               nameTag(name),
	}, pulumi.Parent(n))
	if err != nil {
		return err
	}
	if !n.args.EmptyDefaultGroup {
		return nil
	}
	// The default group without rules: what is given no group by mistake has no connections (Security Hub EC2.2).
	_, err = ec2.NewDefaultSecurityGroup(ctx, name+"-default", &ec2.DefaultSecurityGroupArgs{
		VpcId: n.vpc.ID(),
		Tags:  nameTag(name + "-default-unused"),
	}, pulumi.Parent(n))
	return err
}

// createSubnets makes each subnet in a zone and leaves it there, whatever the list of zones becomes: another zone would replace it, and
// with it all that is in it. Zones that the stack file names are followed.
func (n *Network) createSubnets(ctx *pulumi.Context, name string) error {
	opts := []pulumi.ResourceOption{pulumi.Parent(n)}
	if len(n.args.ZoneNames) == 0 {
		opts = append(opts, pulumi.IgnoreChanges([]string{"availabilityZone"}))
	}
	for tier, tierName := range []string{"public", "private", "data"} {
		for i, zone := range n.zones {
			block := SubnetBlock(n.args.CIDR, tier, i)
			logical := fmt.Sprintf("%s-%s-%d", name, tierName, i+1)
			subnet, err := ec2.NewSubnet(ctx, logical, &ec2.SubnetArgs{
				VpcId:            n.vpc.ID(),
				AvailabilityZone: pulumi.String(zone),
				CidrBlock:        pulumi.String(block.String()),
				Tags:             nameTag(logical),
			}, opts...)
			if err != nil {
				return err
			}
			n.tiers[tierName] = append(n.tiers[tierName], subnet)
		}
	}
	return nil
}

// SubnetBlock returns the address range of a tier (0 public, 1 private, 2 data) in a zone (0-3): one sixteenth of the VPC.
// Each tier has room for four zones, so that a third zone changes no address.
func SubnetBlock(vpc netip.Prefix, tier, zone int) netip.Prefix {
	bits := vpc.Bits() + 4
	base := vpc.Masked().Addr().As4()
	start := uint32(base[0])<<24 | uint32(base[1])<<16 | uint32(base[2])<<8 | uint32(base[3])
	start += uint32(tier*4+zone) << (32 - bits)
	addr := netip.AddrFrom4([4]byte{byte(start >> 24), byte(start >> 16), byte(start >> 8), byte(start)})
	return netip.PrefixFrom(addr, bits)
}

func subnetIDs(subnets []*ec2.Subnet) pulumi.StringArrayOutput {
	ids := pulumi.StringArray{}
	for _, s := range subnets {
		ids = append(ids, s.ID())
	}
	return ids.ToStringArrayOutput()
}

func nameTag(name string) pulumi.StringMap { return pulumi.StringMap{"Name": pulumi.String(name)} }
