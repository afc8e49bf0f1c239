package ec2

import (
	"fmt"
	"hash/crc32"
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var networkTypes = []account.Type{
	{
		Token: account.VPCToken, Args: ec2.VpcArgs{}, State: ec2.Vpc{},
		ForceNew: []string{"cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength", "instanceTenancy"},
		Defaults: account.Values{"enableDnsSupport": true, "enableDnsHostnames": false, "instanceTenancy": "default"},
		Check:    checkVPC, Create: createVPC,
	},
	{
		Token: account.SubnetToken, Args: ec2.SubnetArgs{}, State: ec2.Subnet{},
		ForceNew: []string{"availabilityZone", "availabilityZoneId", "cidrBlock", "ipv6Native", "outpostArn", "vpcId"},
		Defaults: account.Values{
			"assignIpv6AddressOnCreation": false, "enableDns64": false, "enableResourceNameDnsARecordOnLaunch": false,
			"enableResourceNameDnsAaaaRecordOnLaunch": false, "ipv6Native": false, "mapPublicIpOnLaunch": false,
			"privateDnsHostnameTypeOnLaunch": "ip-name",
		},
		Refs:  []account.Ref{inVPC("DependencyViolation")},
		Check: checkSubnet, Create: createSubnet,
	},
	{
		Token: account.InternetGatewayToken, Args: ec2.InternetGatewayArgs{}, State: ec2.InternetGateway{},
		Refs:   []account.Ref{inVPC("DependencyViolation")},
		Create: createInternetGateway, Update: attachInternetGateway, Delete: deleteInternetGateway,
	},
	{
		Token: account.RouteTableToken, Args: ec2.RouteTableArgs{}, State: ec2.RouteTable{},
		ForceNew: []string{"vpcId"},
		Refs: []account.Ref{
			inVPC("DependencyViolation"),
			{Path: "routes[*].natGatewayId", Type: account.NatGatewayToken, By: "id", Missing: "InvalidNatGatewayID.NotFound"},
			{Path: "routes[*].gatewayId", Type: account.InternetGatewayToken, By: "id", Missing: "InvalidGatewayID.NotFound"},
		},
		Create: createRouteTable, Update: updateRouteTable,
	},
	{
		Token: account.RouteToken, Args: ec2.RouteArgs{}, State: ec2.Route{},
		ForceNew: []string{"routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"},
		Refs: []account.Ref{
			{Path: "routeTableId", Type: account.RouteTableToken, By: "id", Missing: "InvalidRouteTableID.NotFound"},
			{Path: "gatewayId", Type: account.InternetGatewayToken, By: "id", Missing: "InvalidGatewayID.NotFound"},
			{Path: "natGatewayId", Type: account.NatGatewayToken, By: "id", Missing: "InvalidNatGatewayID.NotFound"},
			{Path: "networkInterfaceId", Type: account.InstanceToken, By: "primaryNetworkInterfaceId", Missing: "InvalidNetworkInterfaceID.NotFound"},
		},
		Check: checkRoute, Create: createRoute, Update: updateRoute,
	},
	{
		Token: account.AssociationToken, Args: ec2.RouteTableAssociationArgs{}, State: ec2.RouteTableAssociation{},
		ForceNew: []string{"subnetId", "gatewayId"},
		Refs: []account.Ref{
			{Path: "routeTableId", Type: account.RouteTableToken, By: "id", Missing: "InvalidRouteTableID.NotFound", InUse: "DependencyViolation"},
			{Path: "subnetId", Type: account.SubnetToken, By: "id", Missing: "InvalidSubnetID.NotFound"},
			{Path: "gatewayId", Type: account.InternetGatewayToken, By: "id", Missing: "InvalidGatewayID.NotFound"},
		},
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			r.ExactlyOne("subnetId", "gatewayId")
			return r.Problems
		},
		Create: createAssociation,
		Update: func(tx *account.Tx, old, next *account.Resource) error { return checkAssociation(tx, next) },
	},
}

// inVPC is the reference of everything that lives in a VPC.
func inVPC(inUse string) account.Ref {
	return account.Ref{Path: "vpcId", Type: account.VPCToken, By: "id", Missing: "InvalidVpcID.NotFound", InUse: inUse}
}

func checkVPC(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.ExactlyOne("cidrBlock", "ipv4IpamPoolId")
	r.CIDR("cidrBlock", 16, 28)
	r.OneOf("instanceTenancy", "default", "dedicated")
	return r.Problems
}

func createVPC(tx *account.Tx, r *account.Resource) error {
	r.ID = tx.HexID("vpc")
	table, group := tx.HexID("rtb"), tx.HexID("sg")
	r.Outputs["arn"] = tx.ARN("ec2", "vpc/"+r.ID)
	r.Outputs["ownerId"] = tx.AccountID()
	r.Outputs["dhcpOptionsId"] = "dopt-0f1e2d3c4b5a69788"
	r.Outputs["defaultNetworkAclId"] = tx.HexID("acl")
	r.Outputs["defaultRouteTableId"] = table
	r.Outputs["mainRouteTableId"] = table
	r.Outputs["defaultSecurityGroupId"] = group
	tx.Put(r.ID, account.Resource{Type: account.RouteTableToken, ID: table, Outputs: account.Values{
		"arn": tx.ARN("ec2", "route-table/"+table), "ownerId": tx.AccountID(), "vpcId": r.ID, "routes": []any{},
	}})
	tx.Put(r.ID, account.Resource{Type: account.SecurityGroupToken, ID: group, Outputs: account.Values{
		"arn": tx.ARN("ec2", "security-group/"+group), "ownerId": tx.AccountID(), "vpcId": r.ID,
		"name": "default", "description": "default VPC security group",
	}})
	return nil
}

func checkSubnet(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	if !in.True("ipv6Native") && !in.Has("cidrBlock") {
		r.Refuse("cidrBlock", "is required")
	}
	r.CIDR("cidrBlock", 0, 32)
	r.CIDR6("ipv6CidrBlock")
	r.Conflict("availabilityZone", "availabilityZoneId")
	r.OneOf("privateDnsHostnameTypeOnLaunch", "ip-name", "resource-name")
	return r.Problems
}

func createSubnet(tx *account.Tx, r *account.Resource) error {
	vpc, _ := tx.Get(account.VPCToken, r.Outputs.Text("vpcId"))
	if err := checkSubnetRange(tx, vpc, r.Outputs.Text("cidrBlock")); err != nil {
		return err
	}
	zones, at := tx.Zones(), 0
	if zone := r.Outputs.Text("availabilityZone"); zone != "" {
		at = slices.Index(zones, zone)
	} else if id := r.Outputs.Text("availabilityZoneId"); id != "" {
		at = slices.IndexFunc(zones, func(zone string) bool { return zoneID(tx, zone) == id })
	}
	if at < 0 {
		return tx.Refuse("InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.",
			r.Outputs.Text("availabilityZone")+r.Outputs.Text("availabilityZoneId"), strings.Join(zones, ", "))
	}
	r.ID = tx.HexID("subnet")
	r.Outputs["arn"] = tx.ARN("ec2", "subnet/"+r.ID)
	r.Outputs["ownerId"] = tx.AccountID()
	r.Outputs["availabilityZone"] = zones[at]
	r.Outputs["availabilityZoneId"] = zoneID(tx, zones[at])
	return nil
}

// zoneID is the name of a zone that is the same in every account: euc1-az1.
func zoneID(tx *account.Tx, zone string) string {
	return fmt.Sprintf("%s-az%d", tx.RegionCode(), slices.Index(tx.Zones(), zone)+1)
}

func checkSubnetRange(tx *account.Tx, vpc account.Resource, text string) error {
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return nil // IPv6 only
	}
	around, err := netip.ParsePrefix(vpc.Outputs.Text("cidrBlock"))
	if network.Bits() < 16 || network.Bits() > 28 || err == nil && (network.Bits() < around.Bits() || !around.Contains(network.Addr())) {
		return tx.Refuse("InvalidSubnet.Range", "The CIDR '%s' is invalid: a subnet is /16 to /28 and inside the VPC's %s.", text, around)
	}
	for _, other := range tx.List(account.SubnetToken) {
		taken, err := netip.ParsePrefix(other.Outputs.Text("cidrBlock"))
		if err == nil && other.Outputs.Text("vpcId") == vpc.ID && taken.Overlaps(network) {
			return tx.Refuse("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet: %s is %s.", text, other.ID, taken)
		}
	}
	return nil
}

func createInternetGateway(tx *account.Tx, r *account.Resource) error {
	r.ID = tx.HexID("igw")
	r.Outputs["arn"] = tx.ARN("ec2", "internet-gateway/"+r.ID)
	r.Outputs["ownerId"] = tx.AccountID()
	return attachInternetGateway(tx, nil, r)
}

func attachInternetGateway(tx *account.Tx, _, next *account.Resource) error {
	vpc := next.Outputs.Text("vpcId")
	if other, taken := tx.InternetGatewayOf(vpc); vpc != "" && taken && other.ID != next.ID {
		return tx.Refuse("InvalidParameterValue", "Network %s already has an internet gateway attached: %s.", vpc, other.ID)
	}
	return nil
}

func deleteInternetGateway(tx *account.Tx, r *account.Resource) error {
	for _, nat := range tx.List(account.NatGatewayToken) {
		if vpc := tx.VPCOf(account.SubnetToken, nat.Outputs.Text("subnetId")); vpc == r.Outputs.Text("vpcId") && nat.Outputs.Text("publicIp") != "" {
			return mapped(tx, vpc, nat)
		}
	}
	for _, instance := range tx.List(account.InstanceToken) {
		if vpc := tx.VPCOf(account.SubnetToken, instance.Outputs.Text("subnetId")); vpc == r.Outputs.Text("vpcId") && instance.Outputs.Text("publicIp") != "" {
			return mapped(tx, vpc, instance)
		}
	}
	for _, balancer := range tx.List("aws:lb/loadBalancer:LoadBalancer") {
		if vpc := balancer.Outputs.Text("vpcId"); vpc == r.Outputs.Text("vpcId") && !balancer.Outputs.True("internal") {
			return mapped(tx, vpc, balancer)
		}
	}
	return nil
}

// mapped is AWS's refusal to detach an internet gateway that something still uses.
func mapped(tx *account.Tx, vpc string, by account.Resource) error {
	return tx.Refuse("DependencyViolation",
		"Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway: %s.", vpc, by.ID)
}

func createRouteTable(tx *account.Tx, r *account.Resource) error {
	r.ID = tx.HexID("rtb")
	r.Outputs["arn"] = tx.ARN("ec2", "route-table/"+r.ID)
	r.Outputs["ownerId"] = tx.AccountID()
	return updateRouteTable(tx, nil, r)
}

func updateRouteTable(tx *account.Tx, _, next *account.Resource) error {
	for i, route := range next.Outputs.Blocks("routes") {
		if err := checkRouteTarget(tx, fmt.Sprintf("routes[%d].", i), next.ID, next.Outputs.Text("vpcId"), route); err != nil {
			return err
		}
	}
	return nil
}

var (
	destinations = []string{"destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"}
	routeTargets = []string{
		"gatewayId", "natGatewayId", "networkInterfaceId", "vpcEndpointId", "transitGatewayId", "vpcPeeringConnectionId",
		"egressOnlyGatewayId", "carrierGatewayId", "localGatewayId", "coreNetworkArn",
	}
)

func checkRoute(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.ExactlyOne(destinations...)
	r.ExactlyOne(routeTargets...)
	r.CIDR("destinationCidrBlock", 0, 32)
	r.CIDR6("destinationIpv6CidrBlock")
	return r.Problems
}

func createRoute(tx *account.Tx, r *account.Resource) error {
	table, destination := r.Outputs.Text("routeTableId"), destinationOf(r.Outputs)
	for _, other := range tx.List(account.RouteToken) {
		if other.Outputs.Text("routeTableId") == table && destinationOf(other.Outputs) == destination {
			return tx.Refuse("RouteAlreadyExists", "The route identified by %s already exists.", destination)
		}
	}
	// The provider makes the id from the table and a hash of the destination.
	r.ID = fmt.Sprintf("r-%s%d", table, crc32.ChecksumIEEE([]byte(destination)))
	r.Outputs["origin"] = "CreateRoute"
	r.Outputs["state"] = "active"
	return updateRoute(tx, nil, r)
}

func updateRoute(tx *account.Tx, _, next *account.Resource) error {
	table := next.Outputs.Text("routeTableId")
	next.Outputs["instanceId"], next.Outputs["instanceOwnerId"] = "", ""
	if instance, ok := tx.Find(account.InstanceToken, "primaryNetworkInterfaceId", next.Outputs.Text("networkInterfaceId")); ok {
		next.Outputs["instanceId"], next.Outputs["instanceOwnerId"] = instance.ID, tx.AccountID()
	}
	return checkRouteTarget(tx, "", table, tx.VPCOf(account.RouteTableToken, table), next.Outputs)
}

// checkRouteTarget refuses a target that is not in the VPC of the route table.
func checkRouteTarget(tx *account.Tx, place, table, vpc string, route account.Values) error {
	var target, in string
	if target = route.Text("gatewayId"); target != "" {
		in = tx.VPCOf(account.InternetGatewayToken, target)
	} else if target = route.Text("natGatewayId"); target != "" {
		nat, _ := tx.Get(account.NatGatewayToken, target)
		in = tx.VPCOf(account.SubnetToken, nat.Outputs.Text("subnetId"))
	} else if target = route.Text("networkInterfaceId"); target != "" {
		instance, _ := tx.Find(account.InstanceToken, "primaryNetworkInterfaceId", target)
		in = tx.VPCOf(account.SubnetToken, instance.Outputs.Text("subnetId"))
	} else {
		return tx.Refuse("InvalidParameterValue", "the embedded cloud has no such route target; %sgatewayId, natGatewayId and networkInterfaceId are", place)
	}
	if in != vpc {
		return tx.Refuse("InvalidParameterValue", "route table %s (in %s) and network gateway %s (in %q) belong to different networks", table, vpc, target, in)
	}
	return nil
}

func destinationOf(route account.Values) string {
	for _, property := range destinations {
		if text := route.Text(property); text != "" {
			return text
		}
	}
	return ""
}

func createAssociation(tx *account.Tx, r *account.Resource) error {
	r.ID = tx.HexID("rtbassoc")
	return checkAssociation(tx, r)
}

func checkAssociation(tx *account.Tx, r *account.Resource) error {
	table, subnet := r.Outputs.Text("routeTableId"), r.Outputs.Text("subnetId")
	if subnet == "" {
		return nil
	}
	for _, other := range tx.List(account.AssociationToken) {
		if other.ID != r.ID && other.Outputs.Text("subnetId") == subnet {
			return tx.Refuse("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association: %s", table, other.ID)
		}
	}
	if in, of := tx.VPCOf(account.SubnetToken, subnet), tx.VPCOf(account.RouteTableToken, table); in != of {
		return tx.Refuse("InvalidParameterValue", "Route table %s (in %s) and subnet %s (in %s) belong to different networks", table, of, subnet, in)
	}
	return nil
}
