package vpc

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const anywhere = "0.0.0.0/0"

func (n *Network) createPublicRoutes(ctx *pulumi.Context, name string) error {
	notice, err := n.noticeNew(ctx, name)
	if err != nil {
		return err
	}
	gateway, err := ec2.NewInternetGateway(ctx, name+"-igw", &ec2.InternetGatewayArgs{
		VpcId: n.vpc.ID(),
		Tags:  nameTag(name),
	}, pulumi.Parent(n), notice)
	if err != nil {
		return err
	}
	table, err := n.routeTable(ctx, name+"-public", n.tiers["public"]...)
	if err != nil {
		return err
	}
	n.internet, err = ec2.NewRoute(ctx, name+"-public-internet", &ec2.RouteArgs{
		RouteTableId:         table.ID(),
		DestinationCidrBlock: pulumi.String(anywhere),
		GatewayId:            gateway.ID(),
	}, pulumi.Parent(n))
	n.ready = append(n.ready, n.internet)
	return err
}

func (n *Network) createPrivateRoutes(ctx *pulumi.Context, name string) error {
	for i, subnet := range n.tiers["private"] {
		table, err := n.routeTable(ctx, fmt.Sprintf("%s-private-%d", name, i+1), subnet)
		if err != nil {
			return err
		}
		n.privateTables = append(n.privateTables, table)
	}
	// The data tier has one table, without a default route.
	var err error
	n.dataTable, err = n.routeTable(ctx, name+"-data", n.tiers["data"]...)
	return err
}

func (n *Network) routeTable(ctx *pulumi.Context, logical string, subnets ...*ec2.Subnet) (*ec2.RouteTable, error) {
	table, err := ec2.NewRouteTable(ctx, logical, &ec2.RouteTableArgs{
		VpcId: n.vpc.ID(),
		Tags:  nameTag(logical),
	}, pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	for i, subnet := range subnets {
		association, err := ec2.NewRouteTableAssociation(ctx, fmt.Sprintf("%s-assoc-%d", logical, i+1), &ec2.RouteTableAssociationArgs{
			RouteTableId: table.ID(),
			SubnetId:     subnet.ID(),
		}, pulumi.Parent(n))
		if err != nil {
			return nil, err
		}
		n.ready = append(n.ready, association)
	}
	return table, nil
}

// routeToInternet is the default route of a private route table, by NAT gateway or by the network interface of a NAT instance.
func (n *Network) routeToInternet(ctx *pulumi.Context, name string, i int, args ec2.RouteArgs) error {
	args.RouteTableId, args.DestinationCidrBlock = n.privateTables[i].ID(), pulumi.String(anywhere)
	route, err := ec2.NewRoute(ctx, fmt.Sprintf("%s-private-%d-internet", name, i+1), &args, pulumi.Parent(n))
	n.ready = append(n.ready, route)
	return err
}
