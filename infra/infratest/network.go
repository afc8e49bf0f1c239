package infratest

import (
	"fmt"
	"maps"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// VPC is the id of a network that exists for the recorder.
const VPC = "vpc-0123456789abcdef0"

// Subnet is the id of a subnet of VPC: of tier 1 (public), 2 (private) or 3 (data), in zone a, b or c.
func Subnet(tier int, zone string) string {
	return fmt.Sprintf("subnet-%08d%s", tier, zone+zone+zone+zone+zone+zone+zone+zone+zone)
}

// network answers questions about VPC. The public subnets have a table with an internet gateway, the private ones one with a NAT gateway, and
// the data subnets the main one, without a default route. Lookups changes what it says of an id, or of the endpoint of a service.
func (r *Recorder) network(args pulumi.MockCallArgs) (map[string]any, bool) {
	asked := func(key string) string { return args.Args[resource.PropertyKey(key)].StringValue() }
	var answer map[string]any
	id := ""
	switch args.Token {
	case "aws:ec2/getVpc:getVpc":
		id = asked("id")
		answer = map[string]any{
			"id": id, "enableDnsSupport": true, "enableDnsHostnames": true, "mainRouteTableId": "rtb-main",
			"cidrBlockAssociations": []any{map[string]any{"cidrBlock": "10.99.0.0/16", "state": "associated", "associationId": "a"}},
		}
	case "aws:ec2/getSubnet:getSubnet":
		id = asked("id")
		tier, zone := id[len("subnet-0000000"):len("subnet-00000000")], id[len(id)-1:]
		answer = map[string]any{
			"id": id, "vpcId": VPC, "availabilityZone": "eu-west-1" + zone, "availableIpAddressCount": 251,
			"cidrBlock": "10.99." + tier + fmt.Sprint(zone[0]-'a') + ".0/24",
		}
	case "aws:ec2/getRouteTables:getRouteTables":
		answer = map[string]any{"id": "eu-west-1", "ids": []any{"rtb-public", "rtb-private"}}
	case "aws:ec2/getRouteTable:getRouteTable":
		id = asked("routeTableId")
		var served []any
		for _, zone := range strings.Split("abc", "") {
			served = append(served, map[string]any{"routeTableId": id, "subnetId": Subnet(map[bool]int{true: 1, false: 2}[id == "rtb-public"], zone)})
		}
		answer = map[string]any{"id": id, "routeTableId": id, "vpcId": VPC, "associations": served, "routes": map[string][]any{
			"rtb-public":  {map[string]any{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}},
			"rtb-private": {map[string]any{"cidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1"}},
			"rtb-main":    {map[string]any{"cidrBlock": "10.0.0.0/8", "transitGatewayId": "tgw-1"}},
		}[id]}
	case "aws:rds/getInstance:getInstance":
		id = asked("dbInstanceIdentifier")
		answer = map[string]any{
			"id": id, "engine": "mysql", "engineVersion": "8.4.5", "storageEncrypted": true, "masterUsername": "admin", "port": 3306, "allocatedStorage": 20,
			"dbInstanceClass": "db.t4g.micro", "backupRetentionPeriod": 7, "dbSubnetGroup": "theirs", "vpcSecurityGroups": []any{"sg-0123456789abcdef0"},
		}
	case "aws:rds/getSubnetGroup:getSubnetGroup":
		id = asked("name")
		answer = map[string]any{"id": id, "vpcId": VPC}
	case "aws:cloudwatch/getLogGroups:getLogGroups":
		id = asked("logGroupNamePrefix")
		answer = map[string]any{"id": id, "logGroupNames": []any{id + "error"}}
	case "aws:ec2/getVpcEndpoint:getVpcEndpoint":
		id = asked("serviceName")
		answer = map[string]any{"id": "vpce-1", "vpcId": VPC, "serviceName": id, "privateDnsEnabled": true, "routeTableIds": []any{"rtb-private"}}
	default:
		return nil, false
	}
	maps.Copy(answer, r.Lookups[id])
	return answer, true
}
