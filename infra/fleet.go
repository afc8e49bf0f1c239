package infra

import (
	"encoding/base64"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// This file has the instances of the Cluster: their launch template and their Auto Scaling group.

func (c *Cluster) launchTemplate(ctx *pulumi.Context, name string) (*ec2.LaunchTemplate, error) {
	profile, err := NewInstanceProfile(ctx, name+"-instance", "Lets instances join the ECS cluster", true, c)
	if err != nil {
		return nil, fmt.Errorf("creating instance profile: %w", err)
	}
	args := &ec2.LaunchTemplateArgs{
		ImageId:              pulumi.String(c.ami()),
		InstanceType:         pulumi.String(c.args.InstanceTypes[0]),
		IamInstanceProfile:   &ec2.LaunchTemplateIamInstanceProfileArgs{Arn: profile.Arn},
		VpcSecurityGroupIds:  c.args.SecurityGroupIDs,
		UserData:             pulumi.Sprintf(userData, c.cluster.Name, c.args.ReservedMiB).ApplyT(encode).(pulumi.StringOutput),
		UpdateDefaultVersion: pulumi.Bool(true),
		MetadataOptions: &ec2.LaunchTemplateMetadataOptionsArgs{
			HttpEndpoint: pulumi.String("enabled"), HttpTokens: pulumi.String("required"),
			// With one hop containers cannot get the credentials of the instance's role. Tasks get theirs from another endpoint.
			HttpPutResponseHopLimit: pulumi.Int(1),
		},
		BlockDeviceMappings: ec2.LaunchTemplateBlockDeviceMappingArray{&ec2.LaunchTemplateBlockDeviceMappingArgs{
			DeviceName: pulumi.String("/dev/xvda"),
			Ebs: &ec2.LaunchTemplateBlockDeviceMappingEbsArgs{
				Encrypted: pulumi.String("true"), VolumeType: pulumi.String("gp3"), VolumeSize: pulumi.Int(c.args.DiskGB),
				DeleteOnTermination: pulumi.String("true"),
			},
		}},
	}
	for _, kind := range []string{"instance", "volume", "network-interface"} {
		args.TagSpecifications = appendTagSpecification(args.TagSpecifications, kind, c.args.Tags)
	}
	if c.args.KeyPair != "" {
		args.KeyName = pulumi.String(c.args.KeyPair)
	}
	return ec2.NewLaunchTemplate(ctx, name+"-template", args, pulumi.Parent(c))
}

func appendTagSpecification(list ec2.LaunchTemplateTagSpecificationArrayInput, kind string, tags map[string]string) ec2.LaunchTemplateTagSpecificationArray {
	specs, _ := list.(ec2.LaunchTemplateTagSpecificationArray)
	return append(specs, &ec2.LaunchTemplateTagSpecificationArgs{ResourceType: pulumi.String(kind), Tags: pulumi.ToStringMap(tags)})
}

// ami makes EC2 look up the image when an instance starts. A lookup in the program would change the template in the first deployment
// after a new image of Amazon's.
func (c *Cluster) ami() string {
	if c.args.AMI != "" {
		return c.args.AMI
	}
	path := "amazon-linux-2023"
	if c.args.ARM64 {
		path += "/arm64"
	}
	return "resolve:ssm:/aws/service/ecs/optimized-ami/" + path + "/recommended/image_id"
}

// userData joins the cluster. Tasks cannot use the instance's role, and spot instances drain when they are interrupted. Releases are pulled
// by digest, so one pull is enough: "once" pulls an image that is not there, and unlike "prefer-cached" it leaves the agent's cleanup on.
// Half an hour after a task has stopped its container goes, and then the images of earlier releases, three hours after their pull
// (README of amazon-ecs-agent; values below 10m, 1 and 1m are ignored).
const userData = `#!/bin/bash
cat >>/etc/ecs/ecs.config <<'CONFIG'
ECS_CLUSTER=%s
ECS_RESERVED_MEMORY=%d
ECS_ENABLE_SPOT_INSTANCE_DRAINING=true
ECS_AWSVPC_BLOCK_IMDS=true
ECS_IMAGE_PULL_BEHAVIOR=once
ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION=30m
ECS_IMAGE_CLEANUP_INTERVAL=30m
ECS_IMAGE_MINIMUM_CLEANUP_AGE=3h
ECS_NUM_IMAGES_DELETE_PER_CYCLE=10
CONFIG
`

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func (c *Cluster) createGroup(ctx *pulumi.Context, name string, template *ec2.LaunchTemplate) error {
	overrides := autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArray{}
	for _, t := range c.args.InstanceTypes {
		// No weights: capacity providers refuse them (ECS developer guide, "Auto Scaling group capacity providers").
		overrides = append(overrides, &autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArgs{InstanceType: pulumi.String(t)})
	}
	// ECS sets this tag. Without it here, every update would remove it.
	tags := autoscaling.GroupTagArray{groupTag("AmazonECSManaged", "true"), groupTag("Name", name)}
	for _, key := range sortedKeys(c.args.Tags) {
		tags = append(tags, groupTag(key, c.args.Tags[key]))
	}
	args := &autoscaling.GroupArgs{
		VpcZoneIdentifiers: c.args.SubnetIDs,
		MinSize:            pulumi.Int(c.args.MinInstances),
		MaxSize:            pulumi.Int(c.args.MaxInstances),
		ProtectFromScaleIn: pulumi.Bool(c.args.ScaleInProtection),
		ForceDelete:        pulumi.Bool(c.args.ForceDelete),
		HealthCheckType:    pulumi.String("EC2"), // ECS registers tasks, not instances, with the load balancer
		CapacityRebalance:  pulumi.Bool(c.args.OnDemandPercent < 100),
		MixedInstancesPolicy: &autoscaling.GroupMixedInstancesPolicyArgs{
			InstancesDistribution: &autoscaling.GroupMixedInstancesPolicyInstancesDistributionArgs{
				OnDemandBaseCapacity:                pulumi.Int(c.args.OnDemandBase),
				OnDemandPercentageAboveBaseCapacity: pulumi.Int(c.args.OnDemandPercent),
				OnDemandAllocationStrategy:          pulumi.String("prioritized"),
				SpotAllocationStrategy:              pulumi.String("price-capacity-optimized"),
			},
			LaunchTemplate: &autoscaling.GroupMixedInstancesPolicyLaunchTemplateArgs{
				LaunchTemplateSpecification: &autoscaling.GroupMixedInstancesPolicyLaunchTemplateLaunchTemplateSpecificationArgs{
					LaunchTemplateId: template.ID(),
					Version:          pulumi.Sprintf("%d", template.LatestVersion),
				},
				Overrides: overrides,
			},
		},
		// A changed template is for new instances; running ones are replaced by an instance refresh only.
		Tags: tags,
		// The capacity provider sets the desired capacity; the program does not.
	}
	if c.args.MaxInstanceDays > 0 {
		// Old instances go one at a time, each after its successor has started, and managed draining moves its tasks first.
		args.MaxInstanceLifetime = pulumi.Int(c.args.MaxInstanceDays * 24 * 60 * 60)
		args.InstanceMaintenancePolicy = &autoscaling.GroupInstanceMaintenancePolicyArgs{
			MinHealthyPercentage: pulumi.Int(100), MaxHealthyPercentage: pulumi.Int(110),
		}
	}
	var err error
	c.group, err = autoscaling.NewGroup(ctx, name+"-group", args, pulumi.Parent(c), pulumi.DependsOn(append([]pulumi.Resource{c.cluster}, c.args.Network...)),
		pulumi.Timeouts(&pulumi.CustomTimeouts{Delete: "30m"})) // draining comes first
	return err
}

func groupTag(key, value string) *autoscaling.GroupTagArgs {
	return &autoscaling.GroupTagArgs{Key: pulumi.String(key), Value: pulumi.String(value), PropagateAtLaunch: pulumi.Bool(true)}
}
