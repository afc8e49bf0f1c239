package vpc

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// natImage is the image of the cluster's instances: Docker needs iptables, so it is there, and the image has the agent of Session Manager
// (aws/amazon-ecs-ami, variables.pkr.hcl). Plain Amazon Linux 2023 has no iptables and would install it from the internet at every start.
const natImage = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"

// natUserData makes a NAT of it: it forwards packets, with its own address as their source. The unit does so after a restart too.
// Translation comes before forwarding: a NAT that cannot translate forwards nothing, so that an alarm tells.
const natUserData = `#!/bin/bash
systemctl disable --now --no-block ecs docker docker.socket
cat >/etc/systemd/system/nat.service <<'UNIT'
[Unit]
After=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/iptables -t nat -A POSTROUTING -j MASQUERADE
ExecStart=/usr/sbin/iptables -P FORWARD ACCEPT
ExecStart=/usr/sbin/sysctl -w net.ipv4.ip_forward=1
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now --no-block nat
`

// NATInstanceID is the NAT instance; nil where the NAT is none.
func (n *Network) NATInstanceID() pulumi.StringInput { return n.natInstance }

func (n *Network) createNATInstance(ctx *pulumi.Context, name string) error {
	logical := name + "-nat"
	ami, err := ssm.LookupParameter(ctx, &ssm.LookupParameterArgs{Name: natImage}, pulumi.Parent(n))
	if err != nil {
		return err
	}
	profile, err := infra.NewInstanceProfile(ctx, logical, "Lets Session Manager reach the NAT instance", false, n)
	if err != nil {
		return err
	}
	group, err := n.natSecurityGroup(ctx, logical)
	if err != nil {
		return err
	}
	instance, err := ec2.NewInstance(ctx, strings.TrimSuffix(logical+"-instance-"+n.args.NATGeneration, "-"), &ec2.InstanceArgs{
		Ami:                 pulumi.String(ami.Value),
		InstanceType:        pulumi.String("t4g.nano"),
		SubnetId:            n.tiers["public"][0].ID(),
		VpcSecurityGroupIds: pulumi.StringArray{group.ID()},
		IamInstanceProfile:  profile.Name,
		SourceDestCheck:     pulumi.Bool(false), // it forwards packets that are not addressed to it
		MetadataOptions: &ec2.InstanceMetadataOptionsArgs{
			HttpEndpoint: pulumi.String("enabled"), HttpTokens: pulumi.String("required"), HttpPutResponseHopLimit: pulumi.Int(1),
		},
		// The size is that of the image.
		RootBlockDevice: &ec2.InstanceRootBlockDeviceArgs{
			Encrypted: pulumi.Bool(true), VolumeType: pulumi.String("gp3"), VolumeSize: pulumi.Int(30),
		},
		UserData: pulumi.String(natUserData),
		Tags:     nameTag(logical),
		// A newer AMI must not replace the instance, and interrupt the tasks' connections, in an unrelated deployment. The next generation
		// has another logical name, so it starts from the current AMI, before the address and the routes leave this one.
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
	n.natInstance = instance.ID()
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
	group, err := newSecurityGroup(ctx, logical, "NAT instance", n.vpc.ID(), nameTag(logical), pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	vpc := Peer{CIDR: n.args.CIDR.String()}
	in := Edge{From: vpc, Ports: Ports{0, 65535}, Protocol: "tcp", Why: "Everything in the VPC leaves through here"}
	entry, err := addIngress(ctx, logical+"-in", group.ID(), in, nil, pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	out := Edge{To: Peer{CIDR: anywhere}, Ports: Ports{0, 65535}, Protocol: "tcp", Why: "To the internet"}
	exit, err := addEgress(ctx, logical+"-out", group.ID(), out, nil, pulumi.Parent(n))
	n.ready = append(n.ready, entry, exit)
	return group, err
}
