package aws

import (
	"context"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestNetworkRefusals(t *testing.T) {
	subnet := account.Values{"vpcId": "{vpc}", "cidrBlock": "10.0.8.0/24", "availabilityZone": "eu-central-1c"}
	route := account.Values{"routeTableId": "{rtb}", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "{igw}"}
	nat := account.Values{"subnetId": "{a}", "allocationId": "{eip}"}
	gateway := account.Values{"vpcId": "{vpc}", "serviceName": "com.amazonaws.eu-central-1.s3", "routeTableIds": []any{"{rtb}"}}
	endpoint := account.Values{
		"vpcId": "{vpc}", "serviceName": "com.amazonaws.eu-central-1.ecr.api", "vpcEndpointType": "Interface",
		"subnetIds": []any{"{a}", "{b}"}, "securityGroupIds": []any{"{web}"}, "privateDnsEnabled": true,
	}
	vpc := account.Values{"cidrBlock": "10.9.0.0/16"}
	association := account.Values{"routeTableId": "{rtb}", "subnetId": "{a}"}

	testRefusals(t, furnished, []refusal{
		{"VPC too large", account.VPCToken, vpc, account.Values{"cidrBlock": "10.0.0.0/8"}, "cidrBlock", ""},
		{"VPC too small", account.VPCToken, vpc, account.Values{"cidrBlock": "10.9.0.0/29"}, "cidrBlock", ""},
		{"VPC not canonical", account.VPCToken, vpc, account.Values{"cidrBlock": "10.9.0.1/16"}, "cidrBlock", ""},
		{"VPC without a network", account.VPCToken, vpc, account.Values{"cidrBlock": nil}, "cidrBlock", ""},

		{"subnet outside the VPC", account.SubnetToken, subnet, account.Values{"cidrBlock": "10.2.0.0/24"}, "", "InvalidSubnet.Range"},
		{"subnet wider than the VPC", account.SubnetToken, subnet, account.Values{"vpcId": "{vpc2}", "cidrBlock": "10.0.0.0/15"}, "", "InvalidSubnet.Range"},
		{"subnet too small", account.SubnetToken, subnet, account.Values{"cidrBlock": "10.0.8.0/29"}, "", "InvalidSubnet.Range"},
		{"subnet overlaps", account.SubnetToken, subnet, account.Values{"cidrBlock": "10.0.0.128/25"}, "", "InvalidSubnet.Conflict"},
		{"subnet in an unknown zone", account.SubnetToken, subnet, account.Values{"availabilityZone": "eu-central-1d"}, "", "InvalidParameterValue"},
		{"subnet in a zone of another region", account.SubnetToken, subnet, account.Values{"availabilityZone": "us-east-1a"}, "", "InvalidParameterValue"},
		{"subnet in no VPC", account.SubnetToken, subnet, account.Values{"vpcId": "vpc-0123456789abcdef0"}, "", "InvalidVpcID.NotFound"},
		{"subnet in what is no VPC", account.SubnetToken, subnet, account.Values{"vpcId": "{web}"}, "", "InvalidVpcID.Malformed"},
		{"subnet not canonical", account.SubnetToken, subnet, account.Values{"cidrBlock": "10.0.8.7/24"}, "cidrBlock", ""},

		{"second internet gateway", account.InternetGatewayToken, account.Values{"vpcId": "{vpc2}"}, account.Values{"vpcId": "{vpc}"}, "", "InvalidParameterValue"},

		{"route without destination", account.RouteToken, route, account.Values{"destinationCidrBlock": nil}, "destinationCidrBlock", ""},
		{"route without target", account.RouteToken, route, account.Values{"gatewayId": nil}, "gatewayId", ""},
		{"route with two targets", account.RouteToken, route, account.Values{"natGatewayId": "nat-0123456789abcdef0"}, "gatewayId", ""},
		{"route to nowhere", account.RouteToken, route, account.Values{"gatewayId": "igw-0123456789abcdef0"}, "", "InvalidGatewayID.NotFound"},
		{"route to a gateway that is not attached", account.RouteToken, route, account.Values{"gatewayId": "{igw2}"}, "", "InvalidParameterValue"},
		{"route to a gateway of another VPC", account.RouteToken, route, account.Values{"routeTableId": "{otherrtb}"}, "", "InvalidParameterValue"},
		{"route to an interface that is not there", account.RouteToken, route, account.Values{"gatewayId": nil, "networkInterfaceId": "eni-0123456789abcdef0"}, "", "InvalidNetworkInterfaceID.NotFound"},
		{"route of no table", account.RouteToken, route, account.Values{"routeTableId": "rtb-0123456789abcdef0"}, "", "InvalidRouteTableID.NotFound"},

		{"association of a subnet of another VPC", account.AssociationToken, association, account.Values{"subnetId": "{other}"}, "", "InvalidParameterValue"},
		{"association of nothing", account.AssociationToken, association, account.Values{"subnetId": nil}, "subnetId", ""},

		{"address outside of VPCs", account.EIPToken, account.Values{"domain": "vpc"}, account.Values{"domain": "standard"}, "domain", ""},
		{"NAT gateway without an address", account.NatGatewayToken, nat, account.Values{"allocationId": nil}, "allocationId", ""},
		{"NAT gateway with a lost address", account.NatGatewayToken, nat, account.Values{"allocationId": "eipalloc-0123456789abcdef0"}, "", "InvalidAllocationID.NotFound"},
		{"NAT gateway in a VPC without internet", account.NatGatewayToken, nat, account.Values{"subnetId": "{other}"}, "", "Gateway.NotAttached"},
		{"NAT gateway in no subnet", account.NatGatewayToken, nat, account.Values{"subnetId": "subnet-0123456789abcdef0"}, "", "InvalidSubnetID.NotFound"},

		{"endpoint of no service", account.VPCEndpointToken, gateway, account.Values{"serviceName": "com.amazonaws.eu-central-1.s4"}, "", "InvalidServiceName"},
		{"endpoint of another region", account.VPCEndpointToken, gateway, account.Values{"serviceName": "com.amazonaws.us-east-1.s3"}, "", "InvalidServiceName"},
		{"endpoint malformed", account.VPCEndpointToken, gateway, account.Values{"serviceName": "s3"}, "serviceName", ""},
		{"gateway endpoint of ECR", account.VPCEndpointToken, gateway, account.Values{"serviceName": "com.amazonaws.eu-central-1.ecr.api"}, "", "InvalidParameter"},
		{"gateway endpoint in subnets", account.VPCEndpointToken, gateway, account.Values{"subnetIds": []any{"{a}"}}, "", "InvalidParameter"},
		{"gateway endpoint in a table of another VPC", account.VPCEndpointToken, gateway, account.Values{"routeTableIds": []any{"{otherrtb}"}}, "", "InvalidParameter"},
		{"gateway endpoint with private DNS", account.VPCEndpointToken, gateway, account.Values{"privateDnsEnabled": true}, "", "InvalidParameter"},
		{"interface endpoint in route tables", account.VPCEndpointToken, endpoint, account.Values{"routeTableIds": []any{"{rtb}"}}, "", "InvalidParameter"},
		{"interface endpoint twice in a zone", account.VPCEndpointToken, endpoint, account.Values{"subnetIds": []any{"{a}", "{a2}"}}, "", "DuplicateSubnetsInSameZone"},
		{"interface endpoint with a group of another VPC", account.VPCEndpointToken, endpoint, account.Values{"securityGroupIds": []any{"{othersg}"}}, "", "InvalidParameter"},
		{
			"interface endpoint with private DNS in a VPC without host names", account.VPCEndpointToken, endpoint,
			account.Values{"vpcId": "{vpc2}", "subnetIds": []any{"{other}"}, "securityGroupIds": []any{"{othersg}"}}, "", "InvalidParameter",
		},
	})
}

func TestSecondOfItsKind(t *testing.T) {
	for _, test := range []struct {
		name, token string
		in          account.Values
		code        string
	}{
		{"route", account.RouteToken, account.Values{"routeTableId": "{rtb}", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "{igw}"}, "RouteAlreadyExists"},
		{"association", account.AssociationToken, account.Values{"routeTableId": "{rtb}", "subnetId": "{a}"}, "Resource.AlreadyAssociated"},
		{"NAT gateway on one address", account.NatGatewayToken, account.Values{"subnetId": "{a}", "allocationId": "{eip}"}, "Resource.AlreadyAssociated"},
		{"gateway endpoint", account.VPCEndpointToken, account.Values{"vpcId": "{vpc}", "serviceName": "com.amazonaws.eu-central-1.s3", "routeTableIds": []any{"{rtb}"}}, "RouteAlreadyExists"},
		{
			"private DNS name", account.VPCEndpointToken,
			account.Values{"vpcId": "{vpc}", "serviceName": "com.amazonaws.eu-central-1.logs", "vpcEndpointType": "Interface", "subnetIds": []any{"{a}"}, "privateDnsEnabled": true}, "InvalidParameter",
		},
		{"security group name", account.SecurityGroupToken, account.Values{"vpcId": "{vpc}", "name": "web"}, "InvalidGroup.Duplicate"},
		{
			"rule", account.IngressRuleToken,
			account.Values{"securityGroupId": "{web}", "cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 80, "toPort": 80}, "InvalidPermission.Duplicate",
		},
		{"launch template name", account.LaunchTemplateToken, with(goodTemplate, account.Values{"name": "fleet"}), "InvalidLaunchTemplateName.AlreadyExistsException"},
		{"auto scaling group name", account.GroupToken, with(goodGroup, account.Values{"name": "fleet"}), "AlreadyExists"},
		{"role name", account.RoleToken, account.Values{"name": "task", "assumeRolePolicy": trustEC2}, "EntityAlreadyExists"},
		{"instance profile name", account.InstanceProfileToken, account.Values{"name": "task"}, "EntityAlreadyExists"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := furnished(t)
			w.make(test.token, "first", test.in)
			_, err := w.Create(context.Background(), test.token, "second", w.checked(test.token, "second", test.in))
			wantCode(t, err, test.code)
		})
	}
}

func TestDeleteRefusals(t *testing.T) {
	for _, test := range []struct {
		name      string
		token, in string // what is deleted: the type and the furniture
		user      string // type of what refers to it
		inputs    account.Values
		code      string
	}{
		{"VPC with subnets", account.VPCToken, "vpc", "", nil, "DependencyViolation"},
		{"subnet with a NAT gateway", account.SubnetToken, "b", account.NatGatewayToken, account.Values{"subnetId": "{b}", "allocationId": "{eip}"}, "DependencyViolation"},
		{"address of a NAT gateway", account.EIPToken, "eip", account.NatGatewayToken, account.Values{"subnetId": "{b}", "allocationId": "{eip}"}, "InvalidIPAddress.InUse"},
		{"internet gateway with a NAT gateway", account.InternetGatewayToken, "igw", account.NatGatewayToken, account.Values{"subnetId": "{b}", "allocationId": "{eip}"}, "DependencyViolation"},
		{"route table with a subnet", account.RouteTableToken, "rtb", account.AssociationToken, account.Values{"routeTableId": "{rtb}", "subnetId": "{a}"}, "DependencyViolation"},
		{
			"group that another group admits", account.SecurityGroupToken, "peer", account.IngressRuleToken,
			account.Values{"securityGroupId": "{web}", "referencedSecurityGroupId": "{peer}", "ipProtocol": "-1"}, "DependencyViolation",
		},
		{"group of a fleet", account.SecurityGroupToken, "web", account.GroupToken, goodGroup, "DependencyViolation"},
		{"subnet of a fleet", account.SubnetToken, "b", account.GroupToken, goodGroup, "DependencyViolation"},
		{"role with an inline policy", account.RoleToken, "role", account.RolePolicyToken, account.Values{"role": "app", "policy": allowQueue}, "DeleteConflict"},
		{
			"role with an attached policy", account.RoleToken, "role", account.AttachmentToken,
			account.Values{"role": "app", "policyArn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"}, "DeleteConflict",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := furnished(t)
			ctx := context.Background()
			if test.user == "" {
				wantCode(t, w.Delete(ctx, test.token, w.ids[test.in]), test.code)
				return
			}
			user := w.make(test.user, "user", test.inputs)
			wantCode(t, w.Delete(ctx, test.token, w.ids[test.in]), test.code)
			if err := w.Delete(ctx, test.user, user.ID); err != nil {
				t.Fatal(err)
			}
			for _, subnet := range []string{"a", "b", "a2"} {
				if test.token == account.VPCToken {
					if err := w.Delete(ctx, account.SubnetToken, w.ids[subnet]); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := w.Delete(ctx, test.token, w.ids[test.in]); err != nil {
				t.Errorf("deleting it once nothing refers to it: %v", err)
			}
		})
	}
}

func TestNetworkOutputs(t *testing.T) {
	w := furnished(t)
	nat := w.make(account.NatGatewayToken, "nat", account.Values{"subnetId": "{a}", "allocationId": "{eip}"})
	w.make(account.RouteToken, "route", account.Values{"routeTableId": "{rtb}", "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "{nat}"})
	if got := nat.Outputs.Text("privateIp"); got != "10.0.0.4" {
		t.Errorf("the first address of the subnet is %q, want 10.0.0.4: AWS keeps four", got)
	}
	eip, _ := w.Read(account.EIPToken, w.ids["eip"])
	if eip.Outputs["associationId"] != nat.Outputs["associationId"] || eip.Outputs["publicIp"] != nat.Outputs["publicIp"] {
		t.Errorf("address %v does not belong to the NAT gateway %v", eip.Outputs, nat.Outputs)
	}
	if want := "r-" + w.ids["rtb"] + "1080289494"; w.ids["route"] != want {
		t.Errorf("id of the default route is %s, want %s", w.ids["route"], want)
	}
	vpc, _ := w.Read(account.VPCToken, w.ids["vpc"])
	if _, ok := w.Read(account.SecurityGroupToken, vpc.Outputs.Text("defaultSecurityGroupId")); !ok {
		t.Error("a VPC comes with a security group")
	}
	adopted := w.make("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "default", account.Values{"vpcId": "{vpc}"})
	if adopted.ID != vpc.Outputs["defaultSecurityGroupId"] || adopted.Outputs["name"] != "default" {
		t.Errorf("adopted %v, want the group of the VPC", adopted)
	}
}
