// Package ec2 holds networks, firewalls, instances and the Auto Scaling groups that start them.
package ec2

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is EC2 with Auto Scaling, and the public parameters of SSM that name AWS's images.
var Service = account.Service{
	Types: []account.Type{
		vpcType, subnet, internetGateway, routeTable, route, association, eip, natGateway, endpoint, flowLog,
		securityGroup, defaultSecurityGroup, ingressRule, egressRule, instance, launchTemplate, group,
	},
	Functions: slices.Concat(functions, lookups),
}

// inVPC is the reference of everything that is in a VPC.
func inVPC(inUse string) account.Ref {
	return account.Ref{Path: "vpcId", Type: account.VPCToken, By: "id", Missing: "InvalidVpcID.NotFound", InUse: inUse}
}

// identity is that of what EC2 names: prefix-0 and 16 hexadecimal digits, with an ARN of the kind.
func identity(prefix, kind string, outputs account.Values) account.Identity {
	named := account.Identity{ID: prefix + "-0{hex:16}", Outputs: outputs}
	if kind != "" {
		named.ARN = "ec2:" + kind + "/{id}"
	}
	return named
}

var owned = account.Values{"ownerId": "{account}"}

var vpcType = account.Type{
	Token: account.VPCToken, Args: ec2.VpcArgs{}, State: ec2.Vpc{},
	ForceNew: []string{"cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"},
	Replaces: func(old, next account.Values) []string {
		if old.Text("instanceTenancy") == "dedicated" && (!next.Has("instanceTenancy") || next.Text("instanceTenancy") == "default") {
			return nil // AWS allows this one change
		}
		return []string{"instanceTenancy"}
	},
	Defaults: account.Values{"enableDnsSupport": true, "enableDnsHostnames": false, "instanceTenancy": "default"},
	Rules:    []account.Rule{account.ExactlyOne("cidrBlock", "ipv4IpamPoolId"), account.CIDR("cidrBlock", 16, 28)},
	Identity: identity("vpc", "vpc", account.Values{
		"ownerId": "{account}", "dhcpOptionsId": "dopt-0f1e2d3c4b5a69788", "defaultNetworkAclId": "acl-0{hex:16}",
		"mainRouteTableId": "rtb-0{hex:16}", "defaultRouteTableId": "{mainRouteTableId}", "defaultSecurityGroupId": "sg-0{hex:16}",
	}),
	Create: func(tx *account.Tx, r *account.Resource) error {
		table, group := r.Outputs.Text("mainRouteTableId"), r.Outputs.Text("defaultSecurityGroupId")
		tx.Put(r.ID, account.Resource{Type: account.RouteTableToken, ID: table, Outputs: account.Values{
			"arn": tx.ARN("ec2", "route-table/"+table), "ownerId": tx.AccountID(), "vpcId": r.ID, "routes": []any{},
		}})
		tx.Put(r.ID, account.Resource{Type: account.SecurityGroupToken, ID: group, Outputs: account.Values{
			"arn": tx.ARN("ec2", "security-group/"+group), "ownerId": tx.AccountID(), "vpcId": r.ID,
			"name": "default", "description": "default VPC security group",
		}})
		return nil
	},
}

var subnet = account.Type{
	Token: account.SubnetToken, Args: ec2.SubnetArgs{}, State: ec2.Subnet{},
	ForceNew: []string{"availabilityZone", "availabilityZoneId", "cidrBlock", "ipv6Native", "outpostArn", "vpcId"},
	Defaults: account.Values{
		"assignIpv6AddressOnCreation": false, "enableDns64": false, "enableResourceNameDnsARecordOnLaunch": false,
		"enableResourceNameDnsAaaaRecordOnLaunch": false, "ipv6Native": false, "mapPublicIpOnLaunch": false,
		"privateDnsHostnameTypeOnLaunch": "ip-name",
	},
	Refs:  []account.Ref{inVPC("DependencyViolation")},
	Rules: []account.Rule{account.CIDR("cidrBlock", 0, 32)},
	Check: func(r *account.Rules) {
		if !r.In.Has("cidrBlock") {
			r.Refuse("cidrBlock", "is required")
		}
	},
	Identity: identity("subnet", "subnet", owned),
	Create:   createSubnet,
}

func createSubnet(tx *account.Tx, r *account.Resource) error {
	vpc, _ := tx.Get(account.VPCToken, r.Outputs.Text("vpcId"))
	if err := checkRange(tx, vpc, r.Outputs.Text("cidrBlock")); err != nil {
		return err
	}
	zones := tx.Zones()
	account.SetDefault(r.Outputs, "availabilityZone", zones[0])
	zone := r.Outputs.Text("availabilityZone")
	if !slices.Contains(zones, zone) {
		return tx.Refuse("InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.",
			zone, strings.Join(zones, ", "))
	}
	r.Outputs["availabilityZoneId"] = tx.ZoneID(zone)
	return nil
}

func checkRange(tx *account.Tx, vpc account.Resource, text string) error {
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return tx.Refuse("InvalidParameterValue", "Value (%s) for parameter cidrBlock is invalid", text)
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

var internetGateway = account.Type{
	Token: account.InternetGatewayToken, Args: ec2.InternetGatewayArgs{}, State: ec2.InternetGateway{},
	Refs:     []account.Ref{inVPC("DependencyViolation")},
	Identity: identity("igw", "internet-gateway", owned),
	Complete: func(tx *account.Tx, r *account.Resource) error {
		vpc := r.Outputs.Text("vpcId")
		if other, taken := tx.InternetGatewayOf(vpc); vpc != "" && taken && other.ID != r.ID {
			return tx.Refuse("InvalidParameterValue", "Network %s already has an internet gateway attached: %s.", vpc, other.ID)
		}
		return nil
	},
	Delete: deleteInternetGateway,
}

// deleteInternetGateway refuses while something in the VPC has a public address.
func deleteInternetGateway(tx *account.Tx, r *account.Resource) error {
	vpc := r.Outputs.Text("vpcId")
	mapped := func(by account.Resource) error {
		return tx.Refuse("DependencyViolation",
			"Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway: %s.", vpc, by.ID)
	}
	for _, token := range []string{account.NatGatewayToken, account.InstanceToken} {
		for _, r := range tx.List(token) {
			if tx.VPCOf(account.SubnetToken, r.Outputs.Text("subnetId")) == vpc && r.Outputs.Text("publicIp") != "" {
				return mapped(r)
			}
		}
	}
	for _, balancer := range tx.List(account.BalancerToken) {
		if balancer.Outputs.Text("vpcId") == vpc && !balancer.Outputs.True("internal") {
			return mapped(balancer)
		}
	}
	return nil
}
