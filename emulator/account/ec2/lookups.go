package ec2

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// lookups are the questions about a network that exists (terraform-provider-aws, internal/service/ec2/vpc_*_data_source.go).
var lookups = []account.Function{
	{Token: "aws:ec2/getVpc:getVpc", Args: ec2.LookupVpcArgs{}, Result: ec2.LookupVpcResult{}, Required: []string{"id"}, Run: getVpc},
	{Token: "aws:ec2/getSubnet:getSubnet", Args: ec2.LookupSubnetArgs{}, Result: ec2.LookupSubnetResult{}, Required: []string{"id"}, Run: getSubnet},
	{Token: "aws:ec2/getRouteTables:getRouteTables", Args: ec2.GetRouteTablesArgs{}, Result: ec2.GetRouteTablesResult{}, Required: []string{"vpcId"}, Run: getRouteTables},
	{Token: "aws:ec2/getManagedPrefixList:getManagedPrefixList", Args: ec2.LookupManagedPrefixListArgs{}, Result: ec2.LookupManagedPrefixListResult{}, Required: []string{"name"}, Run: getManagedPrefixList},
	{Token: "aws:ec2/getRouteTable:getRouteTable", Args: ec2.LookupRouteTableArgs{}, Result: ec2.LookupRouteTableResult{}, Required: []string{"routeTableId"}, Run: getRouteTable},
	{Token: "aws:ec2/getVpcEndpoint:getVpcEndpoint", Args: ec2.LookupVpcEndpointArgs{}, Result: ec2.LookupVpcEndpointResult{}, Run: getVpcEndpoint},
}

// answer is what a data source says of a resource: its outputs that the result has.
func answer(tx *account.Tx, token, id, missing string) (account.Values, error) {
	found, ok := tx.Get(token, id)
	if !ok {
		return nil, tx.Refuse(missing, "The ID '%s' does not exist", id)
	}
	result := account.Values{"id": id, "state": "available"}
	for _, key := range []string{
		"arn", "ownerId", "vpcId", "cidrBlock", "enableDnsHostnames", "enableDnsSupport", "instanceTenancy", "dhcpOptionsId", "mainRouteTableId",
		"availabilityZone", "availabilityZoneId", "mapPublicIpOnLaunch", "tags",
	} {
		if found.Outputs.Has(key) {
			result[key] = found.Outputs[key]
		}
	}
	return result, nil
}

func getVpc(tx *account.Tx, args account.Values) (account.Values, error) {
	result, err := answer(tx, account.VPCToken, args.Text("id"), "InvalidVpcID.NotFound")
	if err == nil {
		result["cidrBlockAssociations"] = []any{map[string]any{"cidrBlock": result["cidrBlock"], "associationId": "vpc-cidr-assoc-1", "state": "associated"}}
	}
	return result, err
}

func getSubnet(tx *account.Tx, args account.Values) (account.Values, error) {
	result, err := answer(tx, account.SubnetToken, args.Text("id"), "InvalidSubnetID.NotFound")
	if err != nil {
		return nil, err
	}
	block, err := netip.ParsePrefix(result.Text("cidrBlock"))
	result["availableIpAddressCount"] = float64(int(1)<<(32-block.Bits()) - 5 - len(taken(tx, args.Text("id")))) // AWS keeps the first four and the last
	return result, err
}

// getRouteTables lists tables by the subnets that name them. The main table has such an association only where one was made.
func getRouteTables(tx *account.Tx, args account.Values) (account.Values, error) {
	var ids []string
	filters := args.Blocks("filters")
	for _, filter := range filters {
		if name := filter.Text("name"); name != "association.subnet-id" {
			return nil, tx.Refuse("InvalidParameterValue", "The filter '%s' is invalid", name)
		}
	}
	for _, one := range tx.List(account.AssociationToken) {
		table := one.Outputs.Text("routeTableId")
		wanted := len(filters) == 0 || slices.Contains(filters[0].Strings("values"), one.Outputs.Text("subnetId"))
		if wanted && tx.VPCOf(account.RouteTableToken, table) == args.Text("vpcId") && !slices.Contains(ids, table) {
			ids = append(ids, table)
		}
	}
	return account.Values{"id": tx.Region(), "ids": account.Texts(ids...), "vpcId": args.Text("vpcId")}, nil
}

func getRouteTable(tx *account.Tx, args account.Values) (account.Values, error) {
	id := args.Text("routeTableId")
	result, err := answer(tx, account.RouteTableToken, id, "InvalidRouteTableID.NotFound")
	if err != nil {
		return nil, err
	}
	routes, associations := []any{}, []any{} // the local route is left out
	for _, route := range tx.List(account.RouteToken) {
		if out := route.Outputs; out.Text("routeTableId") == id {
			routes = append(routes, map[string]any{
				"cidrBlock": out.Text("destinationCidrBlock"), "gatewayId": out.Text("gatewayId"), "natGatewayId": out.Text("natGatewayId"),
				"networkInterfaceId": out.Text("networkInterfaceId"), "instanceId": out.Text("instanceId"),
			})
		}
	}
	for _, one := range tx.List(account.AssociationToken) {
		if one.Outputs.Text("routeTableId") == id {
			associations = append(associations, map[string]any{"routeTableId": id, "subnetId": one.Outputs.Text("subnetId"), "routeTableAssociationId": one.ID, "main": false})
		}
	}
	result["routeTableId"], result["routes"], result["associations"] = id, routes, associations
	return result, nil
}

// getVpcEndpoint finds the only endpoint that fits (vpc_endpoint_data_source.go).
func getVpcEndpoint(tx *account.Tx, args account.Values) (account.Values, error) {
	wanted := account.Values{"vpcId": args.Text("vpcId"), "serviceName": args.Text("serviceName"), "state": args.Text("state")}
	for _, filter := range args.Blocks("filters") {
		if name := filter.Text("name"); name != "vpc-endpoint-type" {
			return nil, tx.Refuse("InvalidParameterValue", "The filter '%s' is invalid", name)
		}
		wanted["vpcEndpointType"] = filter.Strings("values")[0]
	}
	var found []account.Values
	for _, one := range tx.List(account.VPCEndpointToken) {
		fits := true
		for key := range wanted {
			fits = fits && wanted.Text(key) == one.Outputs.Text(key)
		}
		if fits {
			found = append(found, account.Values{"id": one.ID})
			for _, key := range []string{"vpcId", "serviceName", "state", "vpcEndpointType", "privateDnsEnabled", "routeTableIds", "subnetIds", "securityGroupIds"} {
				found[len(found)-1][key] = one.Outputs[key]
			}
		}
	}
	switch len(found) {
	case 0:
		return nil, errors.New("no matching EC2 VPC Endpoint found")
	case 1:
		return found[0], nil
	default:
		return nil, errors.New("multiple EC2 VPC Endpoints matched; use additional constraints to reduce matches to a single EC2 VPC Endpoint")
	}
}
