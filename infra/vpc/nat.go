package vpc

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// createNAT connects the private subnets to the internet: by one instance, one gateway, a gateway per zone, or not at all.
func (n *Network) createNAT(ctx *pulumi.Context, name string) error {
	switch n.args.NAT {
	case NATInstance:
		return n.createNATInstance(ctx, name)
	case NATGateway:
		return n.createNATGateways(ctx, name, 1)
	case NATGatewayPerZone:
		return n.createNATGateways(ctx, name, len(n.zones))
	}
	return nil
}

func (n *Network) createNATGateways(ctx *pulumi.Context, name string, count int) error {
	var gateways []*ec2.NatGateway
	wait := pulumi.DependsOn([]pulumi.Resource{n.internet})
	for i := range count {
		logical := fmt.Sprintf("%s-nat-%d", name, i+1)
		address, err := ec2.NewEip(ctx, logical, &ec2.EipArgs{Domain: pulumi.String("vpc"), Tags: nameTag(logical)}, pulumi.Parent(n), wait)
		if err != nil {
			return err
		}
		gateway, err := ec2.NewNatGateway(ctx, logical, &ec2.NatGatewayArgs{
			AllocationId: address.ID(),
			SubnetId:     n.tiers["public"][i].ID(),
			Tags:         nameTag(logical),
		}, pulumi.Parent(n), wait)
		if err != nil {
			return err
		}
		gateways = append(gateways, gateway)
	}
	for i := range n.privateTables {
		if err := n.routeToInternet(ctx, name, i, ec2.RouteArgs{NatGatewayId: gateways[i%count].ID()}); err != nil {
			return err
		}
	}
	return nil
}
