package vpc

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// way is how packets leave a subnet: its route table, and the target of the default route, which is empty without one.
type way struct{ table, target string }

func (w way) internet() bool { return strings.HasPrefix(w.target, "igw-") }

// inspected tells whether a firewall is between the subnet and the internet: the default route leads to its endpoint
// (https://docs.aws.amazon.com/network-firewall/latest/developerguide/arch-two-zone-igw.html).
func (w way) inspected() bool { return strings.HasPrefix(w.target, "vpce-") }

// target is what a route leads to. The provider has one property for each kind, and the endpoint of a firewall in vpcEndpointId
// (terraform-provider-aws, internal/service/ec2/vpc_route_table_data_source.go).
func target(r ec2.GetRouteTableRoute) string {
	return cmp.Or(r.GatewayId, r.VpcEndpointId, r.NatGatewayId, r.TransitGatewayId, r.NetworkInterfaceId, r.InstanceId, r.VpcPeeringConnectionId,
		r.CarrierGatewayId, r.LocalGatewayId, r.CoreNetworkArn)
}

// routesOf finds the way out of each subnet. A subnet that no route table names has the VPC's main one
// (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html). The provider leaves propagated routes out
// (vpc_route_table_data_source.go, as above).
func routesOf(ctx *pulumi.Context, network *ec2.LookupVpcResult, subnets []string, opts ...pulumi.InvokeOption) (map[string]way, error) {
	tables, err := ec2.GetRouteTables(ctx, &ec2.GetRouteTablesArgs{
		VpcId: &network.Id, Filters: []ec2.GetRouteTablesFilter{{Name: "association.subnet-id", Values: subnets}},
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("network.vpcId: looking up the route tables of %s: %w", network.Id, err)
	}
	ways := map[string]way{}
	for _, id := range append([]string{network.MainRouteTableId}, tables.Ids...) {
		table, err := ec2.LookupRouteTable(ctx, &ec2.LookupRouteTableArgs{RouteTableId: &id}, opts...)
		if err != nil {
			return nil, fmt.Errorf("network.vpcId: looking up the route table %s: %w", id, err)
		}
		out := way{table: id}
		for _, route := range table.Routes {
			if route.CidrBlock == anywhere {
				out.target = target(route)
			}
		}
		served := []string{}
		for _, association := range table.Associations {
			served = append(served, association.SubnetId)
		}
		if id == network.MainRouteTableId {
			served = subnets // the other tables come after it
		}
		for _, subnet := range served {
			ways[subnet] = out
		}
	}
	return ways, nil
}

// checkEndpoints: private subnets without a default route need the endpoints that the program makes in a VPC of its own without NAT, each
// with its private name, and a gateway endpoint of S3 in their route tables, from where ECR's image layers come
// (https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html).
func (e *Existing) checkEndpoints(ctx *pulumi.Context, ways map[string]way, opts ...pulumi.InvokeOption) (problems []error) {
	closed := map[string]string{} // subnets by route table
	for _, id := range e.args.PrivateSubnets {
		if out, found := ways[id]; found && out.target == "" {
			closed[out.table] = id
		}
	}
	if len(closed) == 0 {
		return nil
	}
	tables := slices.Sorted(maps.Keys(closed))
	refuse := func(table, format string, args ...any) {
		problems = append(problems, fmt.Errorf("network.privateSubnets: %s has no route for 0.0.0.0/0 in its route table, and the VPC has "+format+": add a route to a NAT or transit gateway, or that",
			append([]any{closed[table]}, args...)...))
	}
	// The look-up finds one endpoint or none (internal/service/ec2/vpc_endpoint_data_source.go), and no filter has a route table or the private name
	// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html): of several, one may well be as it must be.
	several := func(err error, service string) bool {
		if err == nil || !strings.Contains(err.Error(), "multiple ") {
			return false
		}
		if err := ctx.Log.Warn(fmt.Sprintf("network.vpcId: %s has several endpoints for %s: it is not checked that the private subnets reach one", e.args.VpcID, service), nil); err != nil {
			problems = append(problems, err)
		}
		return true
	}
	for _, service := range e.args.Services {
		switch endpoint, err := e.endpoint(ctx, service, "Interface", opts...); {
		case several(err, service):
		case err != nil:
			refuse(tables[0], "no interface endpoint for %s (%w)", service, err)
		case !endpoint.PrivateDnsEnabled:
			refuse(tables[0], "%s for %s without private DNS", endpoint.Id, service)
		}
	}
	s3, err := e.endpoint(ctx, "s3", "Gateway", opts...)
	switch {
	case several(err, "s3"):
		return problems
	case err != nil:
		refuse(tables[0], "no gateway endpoint for s3 (%w)", err)
		return problems
	}
	for _, table := range tables {
		if !slices.Contains(s3.RouteTableIds, table) {
			refuse(table, "%s for s3 without %s", s3.Id, table)
		}
	}
	return problems
}

func (e *Existing) endpoint(ctx *pulumi.Context, service, kind string, opts ...pulumi.InvokeOption) (*ec2.LookupVpcEndpointResult, error) {
	name, state := fmt.Sprintf("com.amazonaws.%s.%s", e.args.Region, service), "available"
	return ec2.LookupVpcEndpoint(ctx, &ec2.LookupVpcEndpointArgs{
		VpcId: &e.args.VpcID, ServiceName: &name, State: &state, Filters: []ec2.GetVpcEndpointFilter{{Name: "vpc-endpoint-type", Values: []string{kind}}},
	}, opts...)
}
