package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const anywhere = "0.0.0.0/0"

func (n *Network) createPublicRoutes(ctx *pulumi.Context, name string) error {
	gateway, err := ec2.NewInternetGateway(ctx, name+"-igw", &ec2.InternetGatewayArgs{
		VpcId: n.vpc.ID(),
		Tags:  nameTag(name),
	}, pulumi.Parent(n))
	if err != nil {
		return err
	}
	table, err := n.routeTable(ctx, name+"-public", n.tiers["public"]...)
	if err != nil {
		return err
	}
	n.internet, err = ec2.NewRoute(ctx, name+"-public-internet", &ec2.RouteArgs{
		RouteTableId:         table.ID(),
		DestinationCidrBlock: pulumi.String(anywhere),
		GatewayId:            gateway.ID(),
	}, pulumi.Parent(n))
	return err
}

func (n *Network) createPrivateRoutes(ctx *pulumi.Context, name string) error {
	for i, subnet := range n.tiers["private"] {
		table, err := n.routeTable(ctx, fmt.Sprintf("%s-private-%d", name, i+1), subnet)
		if err != nil {
			return err
		}
		n.privateTables = append(n.privateTables, table)
	}
	// The data tier shares one table that never gets a default route.
	var err error
	n.dataTable, err = n.routeTable(ctx, name+"-data", n.tiers["data"]...)
	return err
}

func (n *Network) routeTable(ctx *pulumi.Context, logical string, subnets ...*ec2.Subnet) (*ec2.RouteTable, error) {
	table, err := ec2.NewRouteTable(ctx, logical, &ec2.RouteTableArgs{
		VpcId: n.vpc.ID(),
		Tags:  nameTag(logical),
	}, pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	for i, subnet := range subnets {
		_, err := ec2.NewRouteTableAssociation(ctx, fmt.Sprintf("%s-assoc-%d", logical, i+1), &ec2.RouteTableAssociationArgs{
			RouteTableId: table.ID(),
			SubnetId:     subnet.ID(),
		}, pulumi.Parent(n))
		if err != nil {
			return nil, err
		}
	}
	return table, nil
}

// createNAT gives private subnets their way out: nothing, one instance, one gateway, or a gateway per zone.
func (n *Network) createNAT(ctx *pulumi.Context, name string) error {
	switch n.args.NAT {
	case NATInstance:
		return n.createNATInstance(ctx, name)
	case NATGateway:
		return n.createNATGateways(ctx, name, 1)
	case NATGatewayPerZone:
		return n.createNATGateways(ctx, name, len(n.zones))
	}
	return nil
}

func (n *Network) createNATGateways(ctx *pulumi.Context, name string, count int) error {
	var gateways []*ec2.NatGateway
	wait := pulumi.DependsOn([]pulumi.Resource{n.internet})
	for i := range count {
		logical := fmt.Sprintf("%s-nat-%d", name, i+1)
		address, err := ec2.NewEip(ctx, logical, &ec2.EipArgs{Domain: pulumi.String("vpc"), Tags: nameTag(logical)}, pulumi.Parent(n), wait)
		if err != nil {
			return err
		}
		gateway, err := ec2.NewNatGateway(ctx, logical, &ec2.NatGatewayArgs{
			AllocationId: address.ID(),
			SubnetId:     n.tiers["public"][i].ID(),
			Tags:         nameTag(logical),
		}, pulumi.Parent(n), wait)
		if err != nil {
			return err
		}
		gateways = append(gateways, gateway)
	}
	for i, table := range n.privateTables {
		_, err := ec2.NewRoute(ctx, fmt.Sprintf("%s-private-%d-internet", name, i+1), &ec2.RouteArgs{
			RouteTableId:         table.ID(),
			DestinationCidrBlock: pulumi.String(anywhere),
			NatGatewayId:         gateways[i%count].ID(),
		}, pulumi.Parent(n))
		if err != nil {
			return err
		}
	}
	return nil
}

// natUserData turns a plain Amazon Linux 2023 into a NAT: forward, and masquerade what leaves.
const natUserData = `#!/bin/bash
set -eu
until dnf install -y nftables; do sleep 5; done # the public address comes a moment after the start
echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/90-nat.conf
sysctl --system
cat >/etc/sysconfig/nftables.conf <<'RULES'
table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    masquerade
  }
}
RULES
systemctl enable --now nftables
`

func (n *Network) createNATInstance(ctx *pulumi.Context, name string) error {
	logical := name + "-nat"
	ami, err := ssm.LookupParameter(ctx, &ssm.LookupParameterArgs{
		Name: "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
	}, pulumi.Parent(n))
	if err != nil {
		return err
	}
	group, err := n.natSecurityGroup(ctx, logical)
	if err != nil {
		return err
	}
	instance, err := ec2.NewInstance(ctx, logical, &ec2.InstanceArgs{
		Ami:                 pulumi.String(ami.Value),
		InstanceType:        pulumi.String("t4g.nano"),
		SubnetId:            n.tiers["public"][0].ID(),
		VpcSecurityGroupIds: pulumi.StringArray{group.ID()},
		SourceDestCheck:     pulumi.Bool(false), // it forwards packets that are not addressed to it
		MetadataOptions: &ec2.InstanceMetadataOptionsArgs{
			HttpEndpoint: pulumi.String("enabled"), HttpTokens: pulumi.String("required"), HttpPutResponseHopLimit: pulumi.Int(1),
		},
		RootBlockDevice: &ec2.InstanceRootBlockDeviceArgs{Encrypted: pulumi.Bool(true)},
		UserData:        pulumi.String(natUserData),
		Tags:            nameTag(logical),
		// A newer AMI is a reason to replace the way out on purpose, never during an unrelated deploy.
	}, pulumi.Parent(n), pulumi.IgnoreChanges([]string{"ami"}))
	if err != nil {
		return err
	}
	_, err = ec2.NewEip(ctx, logical, &ec2.EipArgs{
		Domain: pulumi.String("vpc"), Instance: instance.ID(), Tags: nameTag(logical),
	}, pulumi.Parent(n), pulumi.DependsOn([]pulumi.Resource{n.internet}))
	if err != nil {
		return err
	}
	for i, table := range n.privateTables {
		_, err := ec2.NewRoute(ctx, fmt.Sprintf("%s-private-%d-internet", name, i+1), &ec2.RouteArgs{
			RouteTableId:         table.ID(),
			DestinationCidrBlock: pulumi.String(anywhere),
			NetworkInterfaceId:   instance.PrimaryNetworkInterfaceId,
		}, pulumi.Parent(n))
		if err != nil {
			return err
		}
	}
	return nil
}

// natSecurityGroup stays here and not in the Firewall's table: the group exists only where the NAT is an instance.
func (n *Network) natSecurityGroup(ctx *pulumi.Context, logical string) (*ec2.SecurityGroup, error) {
	group, err := newSecurityGroup(ctx, logical, "NAT instance", n.vpc.ID(), pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	vpc := Peer{CIDR: n.args.CIDR.String()}
	in := Edge{From: vpc, Ports: Ports{0, 65535}, Protocol: "tcp", Why: "Everything in the VPC leaves through here"}
	if err := addIngress(ctx, logical+"-in", group, in, nil, pulumi.Parent(n)); err != nil {
		return nil, err
	}
	out := Edge{To: Peer{CIDR: anywhere}, Ports: Ports{0, 65535}, Protocol: "tcp", Why: "To the internet"}
	return group, addEgress(ctx, logical+"-out", group, out, nil, pulumi.Parent(n))
}

// createS3Endpoint is free and carries every image layer, because ECR keeps them in S3.
func (n *Network) createS3Endpoint(ctx *pulumi.Context, name string) error {
	tables := pulumi.StringArray{n.dataTable.ID()}
	for _, table := range n.privateTables {
		tables = append(tables, table.ID())
	}
	_, err := ec2.NewVpcEndpoint(ctx, name+"-s3", &ec2.VpcEndpointArgs{
		VpcId:           n.vpc.ID(),
		ServiceName:     pulumi.Sprintf("com.amazonaws.%s.s3", n.args.Region),
		VpcEndpointType: pulumi.String("Gateway"),
		RouteTableIds:   tables,
		Tags:            nameTag(name + "-s3"),
	}, pulumi.Parent(n))
	return err
}

func (n *Network) createFlowLog(ctx *pulumi.Context, name string) error {
	group, err := cloudwatch.NewLogGroup(ctx, name+"-flow", &cloudwatch.LogGroupArgs{
		RetentionInDays: pulumi.Int(n.args.FlowLogDays),
	}, pulumi.Parent(n))
	if err != nil {
		return err
	}
	role, err := newServiceRole(ctx, name+"-flow", flowLogsService, "Lets VPC flow logs write to CloudWatch", pulumi.Parent(n))
	if err != nil {
		return err
	}
	policy, err := iam.NewRolePolicy(ctx, name+"-flow", &iam.RolePolicyArgs{
		Role: role.ID(),
		Policy: policyDocument(Statement{
			Actions:   []string{"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"},
			Resources: []pulumi.StringInput{group.Arn, pulumi.Sprintf("%s:*", group.Arn)},
		}),
	}, pulumi.Parent(n))
	if err != nil {
		return err
	}
	_, err = ec2.NewFlowLog(ctx, name+"-flow", &ec2.FlowLogArgs{
		VpcId: n.vpc.ID(),
		// What was refused is what an investigation asks for; logging everything costs about as much as the NAT.
		TrafficType:    pulumi.String("REJECT"),
		LogDestination: group.Arn,
		IamRoleArn:     role.Arn,
		Tags:           nameTag(name + "-flow"),
	}, pulumi.Parent(n), pulumi.DependsOn([]pulumi.Resource{policy}))
	return err
}
