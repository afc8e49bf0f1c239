package ec2

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

var (
	// gatewayServices are the services with an endpoint of type Gateway, and the prefix list that stands for each.
	gatewayServices = map[string]string{"s3": "pl-6ea54007", "dynamodb": "pl-66a5400f"}
	endpointService = regexp.MustCompile(`^(?:com|aws)\.[a-z0-9.-]+$`)
)

var endpoint = account.Type{
	Token: account.VPCEndpointToken, Args: ec2.VpcEndpointArgs{}, State: ec2.VpcEndpoint{},
	ForceNew: []string{"resourceConfigurationArn", "serviceName", "serviceNetworkArn", "serviceRegion", "vpcEndpointType", "vpcId"},
	Defaults: account.Values{"vpcEndpointType": "Gateway", "privateDnsEnabled": false},
	Refs: []account.Ref{
		inVPC("DependencyViolation"),
		{Path: "subnetIds", Type: account.SubnetToken, By: "id", Missing: "InvalidSubnetID.NotFound", InUse: "DependencyViolation"},
		{Path: "securityGroupIds", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound", InUse: "DependencyViolation"},
		{Path: "routeTableIds", Type: account.RouteTableToken, By: "id", Missing: "InvalidRouteTableID.NotFound"},
	},
	Rules: []account.Rule{
		account.ExactlyOne("serviceName", "resourceConfigurationArn", "serviceNetworkArn"),
		account.Matches("serviceName", endpointService, "it looks like com.amazonaws.eu-central-1.s3"),
		account.OneOf("vpcEndpointType", "Gateway", "Interface"),
	},
	Identity: identity("vpce", "vpc-endpoint", account.Values{
		"ownerId": "{account}", "state": "available", "serviceRegion": "{region}",
		"policy": `{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}],"Version":"2008-10-17"}`,
	}),
	Create: createEndpoint,
	Complete: func(tx *account.Tx, r *account.Resource) error {
		for _, property := range map[string][]string{"Gateway": {"subnetIds", "securityGroupIds"}, "Interface": {"routeTableIds"}}[r.Outputs.Text("vpcEndpointType")] {
			if len(r.Outputs.List(property)) > 0 {
				return tx.Refuse("InvalidParameter", "%s cannot be specified for endpoints of type %s", property, r.Outputs.Text("vpcEndpointType"))
			}
		}
		if r.Outputs.Text("vpcEndpointType") == "Gateway" {
			return placeGateway(tx, r)
		}
		return placeInterface(tx, r)
	},
}

func createEndpoint(tx *account.Tx, r *account.Resource) error {
	name, kind := r.Outputs.Text("serviceName"), r.Outputs.Text("vpcEndpointType")
	service, regional := strings.CutPrefix(name, "com.amazonaws."+tx.Region()+".")
	prefixList, gateway := gatewayServices[service]
	switch {
	case !regional || !gateway && !known.Endpoints.Has(service):
		return tx.Refuse("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist in %s", name, tx.Region())
	case kind == "Gateway" && !gateway:
		return tx.Refuse("InvalidParameter", "VpcEndpointType (Gateway) does not match available VpcEndpoints service types ([Interface]) of %s", name)
	case kind == "Gateway":
		r.Outputs["prefixListId"] = prefixList
	default:
		r.Outputs["dnsEntries"] = []any{map[string]any{
			"dnsName": fmt.Sprintf("%s-%s.%s.%s.vpce.amazonaws.com", r.ID, tx.Letters(8), service, tx.Region()), "hostedZoneId": "Z" + strings.ToUpper(tx.Letters(20)),
		}}
	}
	return nil
}

// placeInterface gives an endpoint a network interface in each of its subnets.
func placeInterface(tx *account.Tx, r *account.Resource) error {
	vpc, _ := tx.Get(account.VPCToken, r.Outputs.Text("vpcId"))
	if r.Outputs.True("privateDnsEnabled") {
		if !vpc.Outputs.True("enableDnsSupport") || !vpc.Outputs.True("enableDnsHostnames") {
			return tx.Refuse("InvalidParameter", "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for %s", vpc.ID)
		}
		for _, other := range tx.List(account.VPCEndpointToken) {
			if other.ID != r.ID && other.Outputs.Text("vpcId") == vpc.ID && other.Outputs.True("privateDnsEnabled") && other.Outputs.Text("serviceName") == r.Outputs.Text("serviceName") {
				return tx.Refuse("InvalidParameter", "private-dns-enabled cannot be set because there is already a conflicting DNS domain for %s in the VPC %s: %s",
					r.Outputs.Text("serviceName"), vpc.ID, other.ID)
			}
		}
	}
	tx.DefaultGroup(r, "securityGroupIds", vpc.ID)
	subnets := r.Outputs.Strings("subnetIds")
	if in, err := tx.SameVPC("InvalidParameter", subnets, r.Outputs.Strings("securityGroupIds")); err != nil {
		return err
	} else if in != vpc.ID {
		return tx.Refuse("InvalidParameter", "The subnets and security groups of the endpoint are in %s, not in %s", in, vpc.ID)
	}
	if zones, _, _ := tx.ZonesOf(subnets); len(zones) < len(subnets) {
		return tx.Refuse("DuplicateSubnetsInSameZone", "Found two VPC endpoint subnets in the same availability zone: %d subnets are in %s", len(subnets), strings.Join(zones, ", "))
	}
	interfaces := r.Outputs.List("networkInterfaceIds")
	for len(interfaces) < len(subnets) {
		interfaces = append(interfaces, tx.HexID("eni"))
	}
	r.Outputs["networkInterfaceIds"] = interfaces[:len(subnets)]
	account.SetDefaults(r.Outputs, account.Values{
		"ipAddressType": "ipv4", "dnsOptions": map[string]any{"dnsRecordIpType": "ipv4", "privateDnsOnlyForInboundResolverEndpoint": false},
	})
	return nil
}

// placeGateway refuses route tables of another VPC, and those that have a route to the service already.
func placeGateway(tx *account.Tx, r *account.Resource) error {
	if r.Outputs.True("privateDnsEnabled") {
		return tx.Refuse("InvalidParameter", "Private DNS can only be enabled for endpoints of type Interface")
	}
	for _, table := range r.Outputs.Strings("routeTableIds") {
		if in := tx.VPCOf(account.RouteTableToken, table); in != r.Outputs.Text("vpcId") {
			return tx.Refuse("InvalidParameter", "Route table %s (in %s) does not belong to %s", table, in, r.Outputs.Text("vpcId"))
		}
		for _, other := range tx.List(account.VPCEndpointToken) {
			if other.ID != r.ID && other.Outputs.Text("serviceName") == r.Outputs.Text("serviceName") && slices.Contains(other.Outputs.Strings("routeTableIds"), table) {
				return tx.Refuse("RouteAlreadyExists", "route table %s already has a route with destination-prefix-list-id %s: %s", table, r.Outputs.Text("prefixListId"), other.ID)
			}
		}
	}
	return nil
}
