package account

import (
	"context"
	"testing"
)

func TestNetworkRefusals(t *testing.T) {
	subnet := Values{"vpcId": "{vpc}", "cidrBlock": "10.0.8.0/24", "availabilityZone": "eu-central-1c"}
	route := Values{"routeTableId": "{rtb}", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "{igw}"}
	nat := Values{"subnetId": "{a}", "allocationId": "{eip}"}
	gateway := Values{"vpcId": "{vpc}", "serviceName": "com.amazonaws.eu-central-1.s3", "routeTableIds": []any{"{rtb}"}}
	endpoint := Values{
		"vpcId": "{vpc}", "serviceName": "com.amazonaws.eu-central-1.ecr.api", "vpcEndpointType": "Interface",
		"subnetIds": []any{"{a}", "{b}"}, "securityGroupIds": []any{"{web}"}, "privateDnsEnabled": true,
	}
	vpc := Values{"cidrBlock": "10.9.0.0/16"}
	association := Values{"routeTableId": "{rtb}", "subnetId": "{a}"}

	testRefusals(t, furnished, []refusal{
		{"VPC too large", vpcToken, vpc, Values{"cidrBlock": "10.0.0.0/8"}, "cidrBlock", ""},
		{"VPC too small", vpcToken, vpc, Values{"cidrBlock": "10.9.0.0/29"}, "cidrBlock", ""},
		{"VPC not canonical", vpcToken, vpc, Values{"cidrBlock": "10.9.0.1/16"}, "cidrBlock", ""},
		{"VPC without a network", vpcToken, vpc, Values{"cidrBlock": nil}, "cidrBlock", ""},
		{"VPC tenancy", vpcToken, vpc, Values{"instanceTenancy": "shared"}, "instanceTenancy", ""},

		{"subnet outside the VPC", subnetToken, subnet, Values{"cidrBlock": "10.2.0.0/24"}, "", "InvalidSubnet.Range"},
		{"subnet wider than the VPC", subnetToken, subnet, Values{"vpcId": "{vpc2}", "cidrBlock": "10.0.0.0/15"}, "", "InvalidSubnet.Range"},
		{"subnet too small", subnetToken, subnet, Values{"cidrBlock": "10.0.8.0/29"}, "", "InvalidSubnet.Range"},
		{"subnet overlaps", subnetToken, subnet, Values{"cidrBlock": "10.0.0.128/25"}, "", "InvalidSubnet.Conflict"},
		{"subnet in an unknown zone", subnetToken, subnet, Values{"availabilityZone": "eu-central-1d"}, "", "InvalidParameterValue"},
		{"subnet in a zone of another region", subnetToken, subnet, Values{"availabilityZone": "us-east-1a"}, "", "InvalidParameterValue"},
		{"subnet in no VPC", subnetToken, subnet, Values{"vpcId": "vpc-0123456789abcdef0"}, "", "InvalidVpcID.NotFound"},
		{"subnet in what is no VPC", subnetToken, subnet, Values{"vpcId": "{web}"}, "", "InvalidVpcID.Malformed"},
		{"subnet not canonical", subnetToken, subnet, Values{"cidrBlock": "10.0.8.7/24"}, "cidrBlock", ""},
		{"subnet with two zones", subnetToken, subnet, Values{"availabilityZoneId": "euc1-az1"}, "availabilityZone", ""},

		{"second internet gateway", internetGatewayToken, Values{"vpcId": "{vpc2}"}, Values{"vpcId": "{vpc}"}, "", "InvalidParameterValue"},

		{"route without destination", routeToken, route, Values{"destinationCidrBlock": nil}, "destinationCidrBlock", ""},
		{"route without target", routeToken, route, Values{"gatewayId": nil}, "gatewayId", ""},
		{"route with two targets", routeToken, route, Values{"natGatewayId": "nat-0123456789abcdef0"}, "gatewayId", ""},
		{"route to nowhere", routeToken, route, Values{"gatewayId": "igw-0123456789abcdef0"}, "", "InvalidGatewayID.NotFound"},
		{"route to a gateway that is not attached", routeToken, route, Values{"gatewayId": "{igw2}"}, "", "InvalidParameterValue"},
		{"route to a gateway of another VPC", routeToken, route, Values{"routeTableId": "{otherrtb}"}, "", "InvalidParameterValue"},
		{"route to an interface that is not there", routeToken, route, Values{"gatewayId": nil, "networkInterfaceId": "eni-0123456789abcdef0"}, "", "InvalidNetworkInterfaceID.NotFound"},
		{"route of no table", routeToken, route, Values{"routeTableId": "rtb-0123456789abcdef0"}, "", "InvalidRouteTableID.NotFound"},

		{"association of a subnet of another VPC", associationToken, association, Values{"subnetId": "{other}"}, "", "InvalidParameterValue"},
		{"association of nothing", associationToken, association, Values{"subnetId": nil}, "subnetId", ""},

		{"address outside of VPCs", eipToken, Values{"domain": "vpc"}, Values{"domain": "standard"}, "domain", ""},
		{"NAT gateway without an address", natGatewayToken, nat, Values{"allocationId": nil}, "allocationId", ""},
		{"private NAT gateway with an address", natGatewayToken, nat, Values{"connectivityType": "private"}, "allocationId", ""},
		{"NAT gateway with a lost address", natGatewayToken, nat, Values{"allocationId": "eipalloc-0123456789abcdef0"}, "", "InvalidAllocationID.NotFound"},
		{"NAT gateway in a VPC without internet", natGatewayToken, nat, Values{"subnetId": "{other}"}, "", "Gateway.NotAttached"},
		{"NAT gateway in no subnet", natGatewayToken, nat, Values{"subnetId": "subnet-0123456789abcdef0"}, "", "InvalidSubnetID.NotFound"},

		{"endpoint of no service", vpcEndpointToken, gateway, Values{"serviceName": "com.amazonaws.eu-central-1.s4"}, "", "InvalidServiceName"},
		{"endpoint of another region", vpcEndpointToken, gateway, Values{"serviceName": "com.amazonaws.us-east-1.s3"}, "", "InvalidServiceName"},
		{"endpoint malformed", vpcEndpointToken, gateway, Values{"serviceName": "s3"}, "serviceName", ""},
		{"gateway endpoint of ECR", vpcEndpointToken, gateway, Values{"serviceName": "com.amazonaws.eu-central-1.ecr.api"}, "", "InvalidParameter"},
		{"gateway endpoint in subnets", vpcEndpointToken, gateway, Values{"subnetIds": []any{"{a}"}}, "", "InvalidParameter"},
		{"gateway endpoint in a table of another VPC", vpcEndpointToken, gateway, Values{"routeTableIds": []any{"{otherrtb}"}}, "", "InvalidParameter"},
		{"gateway endpoint with private DNS", vpcEndpointToken, gateway, Values{"privateDnsEnabled": true}, "", "InvalidParameter"},
		{"interface endpoint in route tables", vpcEndpointToken, endpoint, Values{"routeTableIds": []any{"{rtb}"}}, "", "InvalidParameter"},
		{"interface endpoint twice in a zone", vpcEndpointToken, endpoint, Values{"subnetIds": []any{"{a}", "{a2}"}}, "", "DuplicateSubnetsInSameZone"},
		{"interface endpoint with a group of another VPC", vpcEndpointToken, endpoint, Values{"securityGroupIds": []any{"{othersg}"}}, "", "InvalidParameter"},
		{
			"interface endpoint with private DNS in a VPC without host names", vpcEndpointToken, endpoint,
			Values{"vpcId": "{vpc2}", "subnetIds": []any{"{other}"}, "securityGroupIds": []any{"{othersg}"}}, "", "InvalidParameter",
		},
		{"interface endpoint with a broken policy", vpcEndpointToken, endpoint, Values{"policy": "{"}, "policy", ""},
	})
}

func TestSecondOfItsKind(t *testing.T) {
	for _, test := range []struct {
		name, token string
		in          Values
		code        string
	}{
		{"route", routeToken, Values{"routeTableId": "{rtb}", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "{igw}"}, "RouteAlreadyExists"},
		{"association", associationToken, Values{"routeTableId": "{rtb}", "subnetId": "{a}"}, "Resource.AlreadyAssociated"},
		{"NAT gateway on one address", natGatewayToken, Values{"subnetId": "{a}", "allocationId": "{eip}"}, "Resource.AlreadyAssociated"},
		{"gateway endpoint", vpcEndpointToken, Values{"vpcId": "{vpc}", "serviceName": "com.amazonaws.eu-central-1.s3", "routeTableIds": []any{"{rtb}"}}, "RouteAlreadyExists"},
		{
			"private DNS name", vpcEndpointToken,
			Values{"vpcId": "{vpc}", "serviceName": "com.amazonaws.eu-central-1.logs", "vpcEndpointType": "Interface", "subnetIds": []any{"{a}"}, "privateDnsEnabled": true}, "InvalidParameter",
		},
		{"security group name", securityGroupToken, Values{"vpcId": "{vpc}", "name": "web"}, "InvalidGroup.Duplicate"},
		{
			"rule", ingressRuleToken,
			Values{"securityGroupId": "{web}", "cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 80, "toPort": 80}, "InvalidPermission.Duplicate",
		},
		{"launch template name", launchTemplateToken, goodTemplate.with(Values{"name": "fleet"}), "InvalidLaunchTemplateName.AlreadyExistsException"},
		{"auto scaling group name", groupToken, goodGroup.with(Values{"name": "fleet"}), "AlreadyExists"},
		{"role name", roleToken, Values{"name": "task", "assumeRolePolicy": trustEC2}, "EntityAlreadyExists"},
		{"instance profile name", instanceProfileToken, Values{"name": "task"}, "EntityAlreadyExists"},
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
		inputs    Values
		code      string
	}{
		{"VPC with subnets", vpcToken, "vpc", "", nil, "DependencyViolation"},
		{"subnet with a NAT gateway", subnetToken, "b", natGatewayToken, Values{"subnetId": "{b}", "allocationId": "{eip}"}, "DependencyViolation"},
		{"address of a NAT gateway", eipToken, "eip", natGatewayToken, Values{"subnetId": "{b}", "allocationId": "{eip}"}, "InvalidIPAddress.InUse"},
		{"internet gateway with a NAT gateway", internetGatewayToken, "igw", natGatewayToken, Values{"subnetId": "{b}", "allocationId": "{eip}"}, "DependencyViolation"},
		{
			"internet gateway with a public instance", internetGatewayToken, "igw", instanceToken,
			Values{"ami": "ami-0123456789abcdef0", "instanceType": "t3.nano", "subnetId": "{a}", "associatePublicIpAddress": true}, "DependencyViolation",
		},
		{"route table with a subnet", routeTableToken, "rtb", associationToken, Values{"routeTableId": "{rtb}", "subnetId": "{a}"}, "DependencyViolation"},
		{
			"group that another group admits", securityGroupToken, "peer", ingressRuleToken,
			Values{"securityGroupId": "{web}", "referencedSecurityGroupId": "{peer}", "ipProtocol": "-1"}, "DependencyViolation",
		},
		{"group of a fleet", securityGroupToken, "web", groupToken, goodGroup, "DependencyViolation"},
		{"subnet of a fleet", subnetToken, "b", groupToken, goodGroup, "DependencyViolation"},
		{"role with an inline policy", roleToken, "role", rolePolicyToken, Values{"role": "app", "policy": allowQueue}, "DeleteConflict"},
		{
			"role with an attached policy", roleToken, "role", attachmentToken,
			Values{"role": "app", "policyArn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"}, "DeleteConflict",
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
				if test.token == vpcToken {
					if err := w.Delete(ctx, subnetToken, w.ids[subnet]); err != nil {
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
	nat := w.make(natGatewayToken, "nat", Values{"subnetId": "{a}", "allocationId": "{eip}"})
	w.make(routeToken, "route", Values{"routeTableId": "{rtb}", "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "{nat}"})
	if got := nat.Outputs.Text("privateIp"); got != "10.0.0.4" {
		t.Errorf("the first address of the subnet is %q, want 10.0.0.4: AWS keeps four", got)
	}
	eip, _ := w.Read(eipToken, w.ids["eip"])
	if eip.Outputs["associationId"] != nat.Outputs["associationId"] || eip.Outputs["publicIp"] != nat.Outputs["publicIp"] {
		t.Errorf("address %v does not belong to the NAT gateway %v", eip.Outputs, nat.Outputs)
	}
	if want := "r-" + w.ids["rtb"] + "1080289494"; w.ids["route"] != want {
		t.Errorf("id of the default route is %s, want %s", w.ids["route"], want)
	}
	vpc, _ := w.Read(vpcToken, w.ids["vpc"])
	if _, ok := w.Read(securityGroupToken, vpc.Outputs.Text("defaultSecurityGroupId")); !ok {
		t.Error("a VPC comes with a security group")
	}
	adopted := w.make("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "default", Values{"vpcId": "{vpc}"})
	if adopted.ID != vpc.Outputs["defaultSecurityGroupId"] || adopted.Outputs["name"] != "default" {
		t.Errorf("adopted %v, want the group of the VPC", adopted)
	}
}
