package account

import (
	"fmt"
	"hash/crc32"
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
)

var networkTypes = []Type{
	{
		Token: vpcToken, Args: ec2.VpcArgs{}, State: ec2.Vpc{},
		ForceNew: []string{"cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength", "instanceTenancy"},
		Defaults: Values{"enableDnsSupport": true, "enableDnsHostnames": false, "instanceTenancy": "default"},
		Check:    checkVPC, Create: createVPC,
	},
	{
		Token: subnetToken, Args: ec2.SubnetArgs{}, State: ec2.Subnet{},
		ForceNew: []string{"availabilityZone", "availabilityZoneId", "cidrBlock", "ipv6Native", "outpostArn", "vpcId"},
		Defaults: Values{
			"assignIpv6AddressOnCreation": false, "enableDns64": false, "enableResourceNameDnsARecordOnLaunch": false,
			"enableResourceNameDnsAaaaRecordOnLaunch": false, "ipv6Native": false, "mapPublicIpOnLaunch": false,
			"privateDnsHostnameTypeOnLaunch": "ip-name",
		},
		Refs:  []Ref{inVPC("DependencyViolation")},
		Check: checkSubnet, Create: createSubnet,
	},
	{
		Token: internetGatewayToken, Args: ec2.InternetGatewayArgs{}, State: ec2.InternetGateway{},
		Refs:   []Ref{inVPC("DependencyViolation")},
		Create: createInternetGateway, Update: attachInternetGateway, Delete: deleteInternetGateway,
	},
	{
		Token: routeTableToken, Args: ec2.RouteTableArgs{}, State: ec2.RouteTable{},
		ForceNew: []string{"vpcId"},
		Refs: []Ref{
			inVPC("DependencyViolation"),
			{Path: "routes[*].natGatewayId", Type: natGatewayToken, By: "id", Missing: "InvalidNatGatewayID.NotFound"},
			{Path: "routes[*].gatewayId", Type: internetGatewayToken, By: "id", Missing: "InvalidGatewayID.NotFound"},
		},
		Create: createRouteTable, Update: updateRouteTable,
	},
	{
		Token: routeToken, Args: ec2.RouteArgs{}, State: ec2.Route{},
		ForceNew: []string{"routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"},
		Refs: []Ref{
			{Path: "routeTableId", Type: routeTableToken, By: "id", Missing: "InvalidRouteTableID.NotFound"},
			{Path: "gatewayId", Type: internetGatewayToken, By: "id", Missing: "InvalidGatewayID.NotFound"},
			{Path: "natGatewayId", Type: natGatewayToken, By: "id", Missing: "InvalidNatGatewayID.NotFound"},
			{Path: "networkInterfaceId", Type: instanceToken, By: "primaryNetworkInterfaceId", Missing: "InvalidNetworkInterfaceID.NotFound"},
		},
		Check: checkRoute, Create: createRoute, Update: updateRoute,
	},
	{
		Token: associationToken, Args: ec2.RouteTableAssociationArgs{}, State: ec2.RouteTableAssociation{},
		ForceNew: []string{"subnetId", "gatewayId"},
		Refs: []Ref{
			{Path: "routeTableId", Type: routeTableToken, By: "id", Missing: "InvalidRouteTableID.NotFound", InUse: "DependencyViolation"},
			{Path: "subnetId", Type: subnetToken, By: "id", Missing: "InvalidSubnetID.NotFound"},
			{Path: "gatewayId", Type: internetGatewayToken, By: "id", Missing: "InvalidGatewayID.NotFound"},
		},
		Check: func(in Values) []Problem {
			r := rules{in: in}
			r.exactlyOne("subnetId", "gatewayId")
			return r.problems
		},
		Create: createAssociation,
		Update: func(tx *Tx, old, next *Resource) error { return tx.checkAssociation(next) },
	},
}

// inVPC is the reference of everything that lives in a VPC.
func inVPC(inUse string) Ref {
	return Ref{Path: "vpcId", Type: vpcToken, By: "id", Missing: "InvalidVpcID.NotFound", InUse: inUse}
}

func checkVPC(in Values) []Problem {
	r := rules{in: in}
	r.exactlyOne("cidrBlock", "ipv4IpamPoolId")
	r.cidr("cidrBlock", 16, 28)
	r.oneOf("instanceTenancy", "default", "dedicated")
	return r.problems
}

func createVPC(tx *Tx, r *Resource) error {
	r.ID = tx.HexID("vpc")
	table, group := tx.HexID("rtb"), tx.HexID("sg")
	r.Outputs["arn"] = tx.ARN("ec2", "vpc/"+r.ID)
	r.Outputs["ownerId"] = tx.AccountID()
	r.Outputs["dhcpOptionsId"] = "dopt-0f1e2d3c4b5a69788"
	r.Outputs["defaultNetworkAclId"] = tx.HexID("acl")
	r.Outputs["defaultRouteTableId"] = table
	r.Outputs["mainRouteTableId"] = table
	r.Outputs["defaultSecurityGroupId"] = group
	tx.Put(r.ID, Resource{Type: routeTableToken, ID: table, Outputs: Values{
		"arn": tx.ARN("ec2", "route-table/"+table), "ownerId": tx.AccountID(), "vpcId": r.ID, "routes": []any{},
	}})
	tx.Put(r.ID, Resource{Type: securityGroupToken, ID: group, Outputs: Values{
		"arn": tx.ARN("ec2", "security-group/"+group), "ownerId": tx.AccountID(), "vpcId": r.ID,
		"name": "default", "description": "default VPC security group",
	}})
	return nil
}

func checkSubnet(in Values) []Problem {
	r := rules{in: in}
	if !in.True("ipv6Native") && !in.Has("cidrBlock") {
		r.refuse("cidrBlock", "is required")
	}
	r.cidr("cidrBlock", 0, 32)
	r.cidr6("ipv6CidrBlock")
	r.conflict("availabilityZone", "availabilityZoneId")
	r.oneOf("privateDnsHostnameTypeOnLaunch", "ip-name", "resource-name")
	return r.problems
}

func createSubnet(tx *Tx, r *Resource) error {
	vpc, _ := tx.Get(vpcToken, r.Outputs.Text("vpcId"))
	if err := tx.checkSubnetRange(vpc, r.Outputs.Text("cidrBlock")); err != nil {
		return err
	}
	zones, at := tx.Zones(), 0
	if zone := r.Outputs.Text("availabilityZone"); zone != "" {
		at = slices.Index(zones, zone)
	} else if id := r.Outputs.Text("availabilityZoneId"); id != "" {
		at = slices.IndexFunc(zones, func(zone string) bool { return tx.zoneID(zone) == id })
	}
	if at < 0 {
		return tx.Refuse("InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.",
			r.Outputs.Text("availabilityZone")+r.Outputs.Text("availabilityZoneId"), strings.Join(zones, ", "))
	}
	r.ID = tx.HexID("subnet")
	r.Outputs["arn"] = tx.ARN("ec2", "subnet/"+r.ID)
	r.Outputs["ownerId"] = tx.AccountID()
	r.Outputs["availabilityZone"] = zones[at]
	r.Outputs["availabilityZoneId"] = tx.zoneID(zones[at])
	return nil
}

// zoneID is the name of a zone that is the same in every account: euc1-az1.
func (tx *Tx) zoneID(zone string) string {
	return fmt.Sprintf("%s-az%d", tx.RegionCode(), slices.Index(tx.Zones(), zone)+1)
}

func (tx *Tx) checkSubnetRange(vpc Resource, text string) error {
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return nil // IPv6 only
	}
	around, err := netip.ParsePrefix(vpc.Outputs.Text("cidrBlock"))
	if network.Bits() < 16 || network.Bits() > 28 || err == nil && (network.Bits() < around.Bits() || !around.Contains(network.Addr())) {
		return tx.Refuse("InvalidSubnet.Range", "The CIDR '%s' is invalid: a subnet is /16 to /28 and inside the VPC's %s.", text, around)
	}
	for _, other := range tx.List(subnetToken) {
		taken, err := netip.ParsePrefix(other.Outputs.Text("cidrBlock"))
		if err == nil && other.Outputs.Text("vpcId") == vpc.ID && taken.Overlaps(network) {
			return tx.Refuse("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet: %s is %s.", text, other.ID, taken)
		}
	}
	return nil
}

func createInternetGateway(tx *Tx, r *Resource) error {
	r.ID = tx.HexID("igw")
	r.Outputs["arn"] = tx.ARN("ec2", "internet-gateway/"+r.ID)
	r.Outputs["ownerId"] = tx.AccountID()
	return attachInternetGateway(tx, nil, r)
}

func attachInternetGateway(tx *Tx, _, next *Resource) error {
	vpc := next.Outputs.Text("vpcId")
	if other, taken := tx.internetGatewayOf(vpc); vpc != "" && taken && other.ID != next.ID {
		return tx.Refuse("InvalidParameterValue", "Network %s already has an internet gateway attached: %s.", vpc, other.ID)
	}
	return nil
}

func deleteInternetGateway(tx *Tx, r *Resource) error {
	for _, nat := range tx.List(natGatewayToken) {
		if vpc := tx.vpcOf(subnetToken, nat.Outputs.Text("subnetId")); vpc == r.Outputs.Text("vpcId") && nat.Outputs.Text("publicIp") != "" {
			return tx.mapped(vpc, nat)
		}
	}
	for _, instance := range tx.List(instanceToken) {
		if vpc := tx.vpcOf(subnetToken, instance.Outputs.Text("subnetId")); vpc == r.Outputs.Text("vpcId") && instance.Outputs.Text("publicIp") != "" {
			return tx.mapped(vpc, instance)
		}
	}
	for _, balancer := range tx.List("aws:lb/loadBalancer:LoadBalancer") {
		if vpc := balancer.Outputs.Text("vpcId"); vpc == r.Outputs.Text("vpcId") && !balancer.Outputs.True("internal") {
			return tx.mapped(vpc, balancer)
		}
	}
	return nil
}

// mapped is AWS's refusal to detach an internet gateway that something still uses.
func (tx *Tx) mapped(vpc string, by Resource) error {
	return tx.Refuse("DependencyViolation",
		"Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway: %s.", vpc, by.ID)
}

func createRouteTable(tx *Tx, r *Resource) error {
	r.ID = tx.HexID("rtb")
	r.Outputs["arn"] = tx.ARN("ec2", "route-table/"+r.ID)
	r.Outputs["ownerId"] = tx.AccountID()
	return updateRouteTable(tx, nil, r)
}

func updateRouteTable(tx *Tx, _, next *Resource) error {
	for i, route := range next.Outputs.Blocks("routes") {
		if err := tx.checkRouteTarget(fmt.Sprintf("routes[%d].", i), next.ID, next.Outputs.Text("vpcId"), route); err != nil {
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

func checkRoute(in Values) []Problem {
	r := rules{in: in}
	r.exactlyOne(destinations...)
	r.exactlyOne(routeTargets...)
	r.cidr("destinationCidrBlock", 0, 32)
	r.cidr6("destinationIpv6CidrBlock")
	return r.problems
}

func createRoute(tx *Tx, r *Resource) error {
	table, destination := r.Outputs.Text("routeTableId"), destinationOf(r.Outputs)
	for _, other := range tx.List(routeToken) {
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

func updateRoute(tx *Tx, _, next *Resource) error {
	table := next.Outputs.Text("routeTableId")
	next.Outputs["instanceId"], next.Outputs["instanceOwnerId"] = "", ""
	if instance, ok := tx.Find(instanceToken, "primaryNetworkInterfaceId", next.Outputs.Text("networkInterfaceId")); ok {
		next.Outputs["instanceId"], next.Outputs["instanceOwnerId"] = instance.ID, tx.AccountID()
	}
	return tx.checkRouteTarget("", table, tx.vpcOf(routeTableToken, table), next.Outputs)
}

// checkRouteTarget refuses a target that is not in the VPC of the route table.
func (tx *Tx) checkRouteTarget(place, table, vpc string, route Values) error {
	var target, in string
	if target = route.Text("gatewayId"); target != "" {
		in = tx.vpcOf(internetGatewayToken, target)
	} else if target = route.Text("natGatewayId"); target != "" {
		nat, _ := tx.Get(natGatewayToken, target)
		in = tx.vpcOf(subnetToken, nat.Outputs.Text("subnetId"))
	} else if target = route.Text("networkInterfaceId"); target != "" {
		instance, _ := tx.Find(instanceToken, "primaryNetworkInterfaceId", target)
		in = tx.vpcOf(subnetToken, instance.Outputs.Text("subnetId"))
	} else {
		return tx.Refuse("InvalidParameterValue", "the embedded cloud has no such route target; %sgatewayId, natGatewayId and networkInterfaceId are", place)
	}
	if in != vpc {
		return tx.Refuse("InvalidParameterValue", "route table %s (in %s) and network gateway %s (in %q) belong to different networks", table, vpc, target, in)
	}
	return nil
}

func destinationOf(route Values) string {
	for _, property := range destinations {
		if text := route.Text(property); text != "" {
			return text
		}
	}
	return ""
}

func createAssociation(tx *Tx, r *Resource) error {
	r.ID = tx.HexID("rtbassoc")
	return tx.checkAssociation(r)
}

func (tx *Tx) checkAssociation(r *Resource) error {
	table, subnet := r.Outputs.Text("routeTableId"), r.Outputs.Text("subnetId")
	if subnet == "" {
		return nil
	}
	for _, other := range tx.List(associationToken) {
		if other.ID != r.ID && other.Outputs.Text("subnetId") == subnet {
			return tx.Refuse("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association: %s", table, other.ID)
		}
	}
	if in, of := tx.vpcOf(subnetToken, subnet), tx.vpcOf(routeTableToken, table); in != of {
		return tx.Refuse("InvalidParameterValue", "Route table %s (in %s) and subnet %s (in %s) belong to different networks", table, of, subnet, in)
	}
	return nil
}
