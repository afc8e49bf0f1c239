package vpc

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// natUserData makes a NAT of a plain Amazon Linux 2023: it forwards packets, with its own address as their source.
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
		// A newer AMI must not replace the instance, and interrupt the tasks' connections, in an unrelated deployment.
	}, pulumi.Parent(n), pulumi.IgnoreChanges([]string{"ami"}))
	if err != nil {
		return err
	}
	address, err := ec2.NewEip(ctx, logical, &ec2.EipArgs{
		Domain: pulumi.String("vpc"), Instance: instance.ID(), Tags: nameTag(logical),
	}, pulumi.Parent(n), pulumi.DependsOn([]pulumi.Resource{n.internet}))
	if err != nil {
		return err
	}
	n.ready = append(n.ready, address)
	for i := range n.privateTables {
		if err := n.routeToInternet(ctx, name, i, ec2.RouteArgs{NetworkInterfaceId: instance.PrimaryNetworkInterfaceId}); err != nil {
			return err
		}
	}
	return nil
}

// natSecurityGroup is not in the Firewall's table, because it exists only where the NAT is an instance.
func (n *Network) natSecurityGroup(ctx *pulumi.Context, logical string) (*ec2.SecurityGroup, error) {
	group, err := newSecurityGroup(ctx, logical, "NAT instance", n.vpc.ID(), pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	vpc := Peer{CIDR: n.args.CIDR.String()}
	in := Edge{From: vpc, Ports: Ports{0, 65535}, Protocol: "tcp", Why: "Everything in the VPC leaves through here"}
	entry, err := addIngress(ctx, logical+"-in", group, in, nil, pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	out := Edge{To: Peer{CIDR: anywhere}, Ports: Ports{0, 65535}, Protocol: "tcp", Why: "To the internet"}
	exit, err := addEgress(ctx, logical+"-out", group, out, nil, pulumi.Parent(n))
	n.ready = append(n.ready, entry, exit)
	return group, err
}
