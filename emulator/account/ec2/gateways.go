package ec2

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var gatewayTypes = []account.Type{
	{
		Token: account.EIPToken, Args: ec2.EipArgs{}, State: ec2.Eip{},
		ForceNew: []string{"address", "customerOwnedIpv4Pool", "domain", "ipamPoolId", "networkBorderGroup", "publicIpv4Pool", "vpc"},
		Refs:     []account.Ref{{Path: "instance", Type: account.InstanceToken, By: "id", Missing: "InvalidInstanceID.NotFound"}},
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			r.OneOf("domain", "vpc")
			r.Conflict("domain", "vpc")
			r.Conflict("instance", "networkInterface")
			return r.Problems
		},
		Create: createEIP, Update: associateEIP,
	},
	{
		Token: account.NatGatewayToken, Args: ec2.NatGatewayArgs{}, State: ec2.NatGateway{},
		ForceNew: []string{"allocationId", "connectivityType", "privateIp", "subnetId"},
		Defaults: account.Values{"connectivityType": "public"},
		Refs: []account.Ref{
			{Path: "subnetId", Type: account.SubnetToken, By: "id", Missing: "InvalidSubnetID.NotFound", InUse: "DependencyViolation"},
			{Path: "allocationId", Type: account.EIPToken, By: "id", Missing: "InvalidAllocationID.NotFound", InUse: "InvalidIPAddress.InUse"},
		},
		Check: checkNatGateway, Create: createNatGateway, Delete: deleteNatGateway,
	},
	{
		Token: account.VPCEndpointToken, Args: ec2.VpcEndpointArgs{}, State: ec2.VpcEndpoint{},
		ForceNew: []string{"resourceConfigurationArn", "serviceName", "serviceNetworkArn", "serviceRegion", "vpcEndpointType", "vpcId"},
		Defaults: account.Values{"vpcEndpointType": "Gateway", "privateDnsEnabled": false},
		Refs: []account.Ref{
			inVPC("DependencyViolation"),
			{Path: "subnetIds", Type: account.SubnetToken, By: "id", Missing: "InvalidSubnetID.NotFound", InUse: "DependencyViolation"},
			{Path: "securityGroupIds", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound", InUse: "DependencyViolation"},
			{Path: "routeTableIds", Type: account.RouteTableToken, By: "id", Missing: "InvalidRouteTableID.NotFound"},
		},
		Check: checkEndpoint, Create: createEndpoint, Update: func(tx *account.Tx, _, next *account.Resource) error { return placeEndpoint(tx, next) },
	},
}

func createEIP(tx *account.Tx, r *account.Resource) error {
	r.ID = tx.HexID("eipalloc")
	address := publicIP(tx)
	r.Outputs["allocationId"] = r.ID
	r.Outputs["arn"] = tx.ARN("ec2", "elastic-ip/"+r.ID)
	r.Outputs["domain"] = "vpc"
	r.Outputs["vpc"] = true
	r.Outputs["networkBorderGroup"] = tx.Region()
	r.Outputs["publicIpv4Pool"] = "amazon"
	r.Outputs["publicIp"] = address
	r.Outputs["publicDns"] = publicDNS(tx, address)
	return associateEIP(tx, nil, r)
}

// associateEIP gives the address to the instance it names.
func associateEIP(tx *account.Tx, old, next *account.Resource) error {
	instance, ok := tx.Get(account.InstanceToken, next.Outputs.Text("instance"))
	if !ok {
		return nil
	}
	if vpc := tx.VPCOf(account.SubnetToken, instance.Outputs.Text("subnetId")); !hasInternetGateway(tx, vpc) {
		return tx.Refuse("Gateway.NotAttached", "Network %s is not attached to any internet gateway", vpc)
	}
	if old == nil || old.Outputs.Text("instance") != instance.ID {
		next.Outputs["associationId"] = tx.HexID("eipassoc")
	}
	next.Outputs["networkInterface"] = instance.Outputs.Text("primaryNetworkInterfaceId")
	next.Outputs["privateIp"] = instance.Outputs.Text("privateIp")
	next.Outputs["privateDns"] = instance.Outputs.Text("privateDns")
	tx.Patch(account.InstanceToken, instance.ID, account.Values{"publicIp": next.Outputs.Text("publicIp"), "publicDns": next.Outputs.Text("publicDns")})
	return nil
}

func hasInternetGateway(tx *account.Tx, vpc string) bool {
	_, attached := tx.InternetGatewayOf(vpc)
	return attached
}

func checkNatGateway(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.OneOf("connectivityType", "public", "private")
	if in.Text("connectivityType") == "private" {
		if in.Has("allocationId") {
			r.Refuse("allocationId", "cannot be set with connectivityType private")
		}
	} else if !in.Has("allocationId") {
		r.Refuse("allocationId", "a public NAT gateway needs the id of an Elastic IP address")
	}
	return r.Problems
}

func createNatGateway(tx *account.Tx, r *account.Resource) error {
	subnet := r.Outputs.Text("subnetId")
	private := r.Outputs.Text("privateIp")
	if private == "" {
		var err error
		if private, err = privateIP(tx, subnet); err != nil {
			return err
		}
	}
	r.ID = tx.HexID("nat")
	r.Outputs["networkInterfaceId"] = tx.HexID("eni")
	r.Outputs["privateIp"] = private
	allocation, public := tx.Get(account.EIPToken, r.Outputs.Text("allocationId"))
	if !public {
		return nil
	}
	if by := allocation.Outputs.Text("associationId"); by != "" {
		return tx.Refuse("Resource.AlreadyAssociated", "Elastic IP address [%s] is already associated with %s", allocation.ID, allocation.Outputs.Text("networkInterface"))
	}
	if vpc := tx.VPCOf(account.SubnetToken, subnet); !hasInternetGateway(tx, vpc) {
		return tx.Refuse("Gateway.NotAttached", "Network %s has no Internet gateway attached; make the NAT gateway depend on one", vpc)
	}
	r.Outputs["associationId"] = tx.HexID("eipassoc")
	r.Outputs["publicIp"] = allocation.Outputs.Text("publicIp")
	tx.Patch(account.EIPToken, allocation.ID, account.Values{
		"associationId": r.Outputs["associationId"], "networkInterface": r.Outputs["networkInterfaceId"],
		"privateIp": private, "privateDns": privateDNS(tx, private),
	})
	return nil
}

func deleteNatGateway(tx *account.Tx, r *account.Resource) error {
	tx.Patch(account.EIPToken, r.Outputs.Text("allocationId"), account.Values{"associationId": "", "networkInterface": "", "privateIp": "", "privateDns": ""})
	return nil
}

// endpointServices are the AWS services a VPC can have an endpoint of, by the name after com.amazonaws.REGION.
var endpointServices = strings.Fields(`
	autoscaling cloudformation cloudtrail ec2 ec2messages ecr.api ecr.dkr ecs ecs-agent ecs-telemetry elasticache
	elasticloadbalancing email-smtp events execute-api kms lambda logs monitoring rds s3 secretsmanager sns sqs ssm
	ssmmessages sts xray`)

// gatewayServices are the services with an endpoint of type Gateway, and the prefix list that stands for each.
var gatewayServices = map[string]string{"s3": "pl-6ea54007", "dynamodb": "pl-66a5400f"}

const openEndpointPolicy = `{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}],"Version":"2008-10-17"}`

var endpointService = regexp.MustCompile(`^(?:com|aws)\.[a-z0-9.-]+$`)

func checkEndpoint(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.ExactlyOne("serviceName", "resourceConfigurationArn", "serviceNetworkArn")
	r.Matches("serviceName", endpointService, "it looks like com.amazonaws.eu-central-1.s3")
	r.OneOf("vpcEndpointType", "Gateway", "GatewayLoadBalancer", "Interface", "Resource", "ServiceNetwork")
	r.JSON("policy")
	return r.Problems
}

func createEndpoint(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("serviceName")
	service, regional := strings.CutPrefix(name, "com.amazonaws."+tx.Region()+".")
	kind := r.Outputs.Text("vpcEndpointType")
	prefixList, gateway := gatewayServices[service]
	switch {
	case !regional || !gateway && !slices.Contains(endpointServices, service):
		return tx.Refuse("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist in %s", name, tx.Region())
	case kind == "Gateway" && !gateway:
		return tx.Refuse("InvalidParameter", "VpcEndpointType (Gateway) does not match available VpcEndpoints service types ([Interface]) of %s", name)
	case kind != "Gateway" && kind != "Interface":
		return tx.Refuse("InvalidParameter", "The embedded cloud has endpoints of the types Gateway and Interface, not %s", kind)
	}
	r.ID = tx.HexID("vpce")
	r.Outputs["arn"] = tx.ARN("ec2", "vpc-endpoint/"+r.ID)
	r.Outputs["ownerId"] = tx.AccountID()
	r.Outputs["state"] = "available"
	r.Outputs["serviceRegion"] = tx.Region()
	if r.Outputs.Text("policy") == "" {
		r.Outputs["policy"] = openEndpointPolicy
	}
	if kind == "Gateway" {
		r.Outputs["prefixListId"] = prefixList
	}
	return placeEndpoint(tx, r)
}

// placeEndpoint puts the endpoint into its subnets or route tables.
func placeEndpoint(tx *account.Tx, r *account.Resource) error {
	if r.Outputs.Text("vpcEndpointType") == "Gateway" {
		return placeGatewayEndpoint(tx, r)
	}
	vpc, _ := tx.Get(account.VPCToken, r.Outputs.Text("vpcId"))
	if len(r.Outputs.List("routeTableIds")) > 0 {
		return tx.Refuse("InvalidParameter", "Route tables can only be specified for endpoints of type Gateway")
	}
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
	if len(r.Outputs.List("securityGroupIds")) == 0 {
		r.Outputs["securityGroupIds"] = []any{vpc.Outputs["defaultSecurityGroupId"]}
	}
	subnets := r.Outputs.Strings("subnetIds")
	if in, err := tx.SameVPC("InvalidParameter", subnets, r.Outputs.Strings("securityGroupIds")); err != nil {
		return err
	} else if in != vpc.ID {
		return tx.Refuse("InvalidParameter", "The subnets and security groups of the endpoint are in %s, not in %s", in, vpc.ID)
	}
	zones := map[string]string{}
	for _, subnet := range subnets {
		zone := tx.ZoneOf(subnet)
		if zones[zone] != "" {
			return tx.Refuse("DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone of %s: %s", subnet, zones[zone])
		}
		zones[zone] = subnet
	}
	interfaces := r.Outputs.List("networkInterfaceIds")
	for len(interfaces) < len(subnets) {
		interfaces = append(interfaces, tx.HexID("eni"))
	}
	r.Outputs["networkInterfaceIds"] = interfaces[:len(subnets)]
	r.Outputs["ipAddressType"] = "ipv4"
	if !r.Outputs.Has("dnsOptions") {
		r.Outputs["dnsOptions"] = map[string]any{"dnsRecordIpType": "ipv4", "privateDnsOnlyForInboundResolverEndpoint": false}
	}
	if !r.Outputs.Has("dnsEntries") {
		service := r.Outputs.Text("serviceName")[len("com.amazonaws.")+len(tx.Region())+1:]
		zone := "Z" + strings.ToUpper(tx.Letters(20))
		r.Outputs["dnsEntries"] = []any{map[string]any{
			"dnsName": fmt.Sprintf("%s-%s.%s.%s.vpce.amazonaws.com", r.ID, tx.Letters(8), service, tx.Region()), "hostedZoneId": zone,
		}}
	}
	return nil
}

func placeGatewayEndpoint(tx *account.Tx, r *account.Resource) error {
	for _, property := range []string{"subnetIds", "securityGroupIds"} {
		if len(r.Outputs.List(property)) > 0 {
			return tx.Refuse("InvalidParameter", "%s can only be specified for endpoints of type Interface", property)
		}
	}
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
