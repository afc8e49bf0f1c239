package infra

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ClusterArgs describes the instances that tasks run on.
type ClusterArgs struct {
	SubnetIDs pulumi.StringArrayInput // private, one per zone
	// Network is the way of the instances to AWS: routes, NAT, rules, endpoints. It stays until the last instance is gone: ECS deletes no
	// service whose tasks no agent stops, and no cluster whose instances no agent deregisters.
	Network []pulumi.Resource
	// SecurityGroupIDs are for every instance. (The article had to patch a CloudFormation template to get more than one.)
	SecurityGroupIDs pulumi.StringArrayInput
	// InstanceTypes are tried in this order. All are ARM64, or none is.
	InstanceTypes []string
	ARM64         bool
	// ReservedMiB is memory of an instance that tasks do not get (ECS_RESERVED_MEMORY).
	ReservedMiB                int
	MinInstances, MaxInstances int
	// OnDemandBase instances are never spot; above them, OnDemandPercent of the rest is on demand.
	OnDemandBase, OnDemandPercent int
	// AMI is the image of the instances. Empty means Amazon's current ECS image when an instance starts; running instances stay.
	AMI     string
	KeyPair string // for SSH; empty for none
	DiskGB  int
	// TargetCapacity is how full managed scaling keeps the instances, 1-100; below 100 leaves room for the next release.
	TargetCapacity int
	// MaxInstanceDays is after how many days an instance is replaced, by one with the current AMI; 0: never.
	MaxInstanceDays int
	// ScaleInProtection keeps instances with tasks from being scaled in, and also from being replaced after MaxInstanceDays.
	// ForceDelete lets a destroy delete them all the same.
	ScaleInProtection, ForceDelete bool
	ContainerInsights              bool
	// Guests tells that services of other environments run here: AWS refuses to delete the cluster then, after everything before it is gone. So
	// Pulumi refuses the destroy before it begins.
	Guests bool
	// ExecLog gets the sessions of ECS Exec; nil where it is off.
	ExecLog *cloudwatch.LogGroup
	// Tags are repeated on the instances and their disks, which do not get the provider's default tags.
	Tags map[string]string
}

// Cluster is an ECS cluster with one capacity provider.
type Cluster struct {
	pulumi.ResourceState

	Name             pulumi.StringOutput `pulumi:"clusterName"`
	ARN              pulumi.StringOutput `pulumi:"clusterArn"`
	CapacityProvider pulumi.StringOutput `pulumi:"capacityProvider"`

	args     ClusterArgs
	cluster  *ecs.Cluster
	group    *autoscaling.Group
	attached *ecs.ClusterCapacityProviders
}

// NewCluster registers the cluster so that a destroy deletes in this order: services, attachment, capacity provider, group, cluster and network.
// In any other order AWS waits for instances that nothing stops (aws-cdk#18179).
func NewCluster(ctx *pulumi.Context, name string, args ClusterArgs, opts ...pulumi.ResourceOption) (*Cluster, error) {
	c := &Cluster{args: args}
	if err := ctx.RegisterComponentResource("laravel:infra:Cluster", name, c, opts...); err != nil {
		return nil, err
	}
	if err := c.createCluster(ctx, name); err != nil {
		return nil, fmt.Errorf("creating cluster: %w", err)
	}
	template, err := c.launchTemplate(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("creating launch template: %w", err)
	}
	if err := c.createGroup(ctx, name, template); err != nil {
		return nil, fmt.Errorf("creating auto scaling group: %w", err)
	}
	if err := c.createCapacityProvider(ctx, name); err != nil {
		return nil, fmt.Errorf("creating capacity provider: %w", err)
	}
	c.Name, c.ARN = c.cluster.Name, c.cluster.Arn
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{
		"clusterName": c.Name, "clusterArn": c.ARN, "capacityProvider": c.CapacityProvider,
	})
}

// ClusterRef is what services and alarms need to know of a cluster: the environment's own one, or a shared one.
type ClusterRef struct {
	Name, ARN, CapacityProvider pulumi.StringOutput
	// ExecLogARN is the log group of ECS Exec; nil for none.
	ExecLogARN pulumi.StringInput
	// Ready must exist before a service: its strategy may only name a capacity provider that is attached to the cluster.
	Ready []pulumi.Resource
	// Tasks is where tasks on Fargate are; nil on instances.
	Tasks *TaskNetwork
}

// TaskNetwork is where tasks have an address of their own.
type TaskNetwork struct {
	SubnetIDs, SecurityGroupIDs pulumi.StringArrayInput
}

// place says on what of the cluster the tasks of a service run.
func (c ClusterRef) place(service *ecs.ServiceArgs) {
	if c.Tasks == nil {
		service.OrderedPlacementStrategies = ecs.ServiceOrderedPlacementStrategyArray{
			&ecs.ServiceOrderedPlacementStrategyArgs{Type: pulumi.String("spread"), Field: pulumi.String("attribute:ecs.availability-zone")},
			&ecs.ServiceOrderedPlacementStrategyArgs{Type: pulumi.String("binpack"), Field: pulumi.String("memory")},
		}
		return
	}
	// Fargate spreads tasks over zones itself, and takes no strategies (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement.html).
	service.NetworkConfiguration = &ecs.ServiceNetworkConfigurationArgs{
		Subnets: c.Tasks.SubnetIDs, SecurityGroups: c.Tasks.SecurityGroupIDs, AssignPublicIp: pulumi.Bool(false),
	}
	// With it the provider changes fargate to fargateSpot in the service, by a rolling deployment; otherwise it replaces the service
	// (terraform-provider-aws, internal/service/ecs/service.go, capacityProviderStrategyCustomizeDiff).
	service.ForceNewDeployment = pulumi.Bool(true)
}

// onFargate makes a task definition one for Fargate: an address for each task, a size, and volumes, which are empty for each task.
func (t Task) onFargate(definition *ecs.TaskDefinitionArgs) {
	cpu, mib := t.Size()
	definition.NetworkMode, definition.RequiresCompatibilities = pulumi.String("awsvpc"), pulumi.StringArray{pulumi.String("FARGATE")}
	definition.Cpu, definition.Memory = pulumi.String(strconv.Itoa(cpu)), pulumi.String(strconv.Itoa(mib))
	volumes := ecs.TaskDefinitionVolumeArray{}
	for _, c := range t.containers() {
		for _, path := range sortedKeys(c.volumes()) {
			volumes = append(volumes, &ecs.TaskDefinitionVolumeArgs{Name: pulumi.String(c.volumes()[path])})
		}
	}
	definition.Volumes = volumes
}

// Ref returns what services need.
func (c *Cluster) Ref() ClusterRef {
	ref := ClusterRef{Name: c.Name, ARN: c.ARN, CapacityProvider: c.CapacityProvider, Ready: []pulumi.Resource{c.attached}}
	if c.args.ExecLog != nil {
		ref.ExecLogARN = c.args.ExecLog.Arn
	}
	return ref
}

// SharedCluster returns the cluster of another environment, which declares it.
func SharedCluster(name, arn, capacityProvider, execLogARN string, tasks *TaskNetwork) ClusterRef {
	ref := ClusterRef{
		Name: pulumi.String(name).ToStringOutput(), ARN: pulumi.String(arn).ToStringOutput(),
		CapacityProvider: pulumi.String(capacityProvider).ToStringOutput(), Tasks: tasks,
	}
	if execLogARN != "" {
		ref.ExecLogARN = pulumi.String(execLogARN)
	}
	return ref
}

func (c *Cluster) createCluster(ctx *pulumi.Context, name string) (err error) {
	opts := []pulumi.ResourceOption{pulumi.Parent(c)}
	if c.args.Guests {
		opts = append(opts, pulumi.Protect(true))
	}
	c.cluster, err = NewECSCluster(ctx, name+"-ecs", c.args.ContainerInsights, c.args.ExecLog, opts...)
	return err
}

// NewECSCluster registers a cluster without capacity. execLog gets the sessions of ECS Exec; nil where it is off.
func NewECSCluster(ctx *pulumi.Context, name string, containerInsights bool, execLog *cloudwatch.LogGroup, opts ...pulumi.ResourceOption) (*ecs.Cluster, error) {
	insights := "disabled"
	if containerInsights {
		insights = "enabled"
	}
	args := &ecs.ClusterArgs{
		Settings: ecs.ClusterSettingArray{&ecs.ClusterSettingArgs{
			Name: pulumi.String("containerInsights"), Value: pulumi.String(insights),
		}},
	}
	if execLog != nil {
		args.Configuration = &ecs.ClusterConfigurationArgs{ExecuteCommandConfiguration: &ecs.ClusterConfigurationExecuteCommandConfigurationArgs{
			Logging: pulumi.String("OVERRIDE"),
			LogConfiguration: &ecs.ClusterConfigurationExecuteCommandConfigurationLogConfigurationArgs{
				CloudWatchLogGroupName: execLog.Name,
			},
		}}
	}
	return ecs.NewCluster(ctx, name, args, opts...)
}

func (c *Cluster) createCapacityProvider(ctx *pulumi.Context, name string) error {
	protection := "DISABLED"
	if c.args.ScaleInProtection {
		protection = "ENABLED"
	}
	provider, err := ecs.NewCapacityProvider(ctx, name+"-capacity", &ecs.CapacityProviderArgs{
		AutoScalingGroupProvider: &ecs.CapacityProviderAutoScalingGroupProviderArgs{
			AutoScalingGroupArn:          c.group.Arn,
			ManagedDraining:              pulumi.String("ENABLED"),
			ManagedTerminationProtection: pulumi.String(protection),
			ManagedScaling: &ecs.CapacityProviderAutoScalingGroupProviderManagedScalingArgs{
				Status:         pulumi.String("ENABLED"),
				TargetCapacity: pulumi.Int(c.args.TargetCapacity),
			},
		},
	}, pulumi.Parent(c))
	if err != nil {
		return err
	}
	c.attached, err = ecs.NewClusterCapacityProviders(ctx, name+"-providers", &ecs.ClusterCapacityProvidersArgs{
		ClusterName:       c.cluster.Name,
		CapacityProviders: pulumi.StringArray{provider.Name},
		DefaultCapacityProviderStrategies: ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArray{
			&ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArgs{CapacityProvider: provider.Name, Weight: pulumi.Int(1)},
		},
	}, pulumi.Parent(c))
	c.CapacityProvider = provider.Name
	return err
}
