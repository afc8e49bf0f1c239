// Package fargate makes the cluster of an environment whose tasks run on AWS Fargate.
package fargate

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// The capacity providers of Fargate. They are there in every account
// (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html).
const (
	OnDemand = "FARGATE"
	Spot     = "FARGATE_SPOT"
)

// Args describes the cluster.
type Args struct {
	SubnetIDs        pulumi.StringArrayInput // private, one per zone
	SecurityGroupIDs pulumi.StringArrayInput // of every task
	// Network is the way of the tasks to AWS: routes, NAT, rules, endpoints. It stays until the last task is gone.
	Network           []pulumi.Resource
	Spot              bool
	ContainerInsights bool
	// ExecLog gets the sessions of ECS Exec; nil where it is off.
	ExecLog *cloudwatch.LogGroup
}

// Cluster is an ECS cluster without instances.
//
// It is not infra.Cluster with other capacity. ECS moves no service between instances and Fargate
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html), so an environment that changes has both for
// a while; and it lets no capacity provider go that a service uses, while the provider knows the list of a cluster as a whole. With a
// cluster of their own, services move when they are ready, and the other cluster goes with its instances when the last one has moved.
type Cluster struct {
	pulumi.ResourceState

	Name pulumi.StringOutput `pulumi:"clusterName"`
	ARN  pulumi.StringOutput `pulumi:"clusterArn"`

	args     Args
	attached *ecs.ClusterCapacityProviders
}

// NewCluster registers the cluster.
func NewCluster(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Cluster, error) {
	c := &Cluster{args: args}
	if err := ctx.RegisterComponentResource("laravel:infra:Fargate", name, c, opts...); err != nil {
		return nil, err
	}
	cluster, err := infra.NewECSCluster(ctx, name+"-ecs", args.ContainerInsights, args.ExecLog, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating cluster: %w", err)
	}
	// Both are there, so that a change from one to the other is one of the services only.
	c.attached, err = ecs.NewClusterCapacityProviders(ctx, name+"-providers", &ecs.ClusterCapacityProvidersArgs{
		ClusterName:       cluster.Name,
		CapacityProviders: pulumi.StringArray{pulumi.String(OnDemand), pulumi.String(Spot)},
		DefaultCapacityProviderStrategies: ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArray{
			&ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArgs{CapacityProvider: pulumi.String(c.provider()), Weight: pulumi.Int(1)},
		},
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("attaching capacity providers: %w", err)
	}
	c.Name, c.ARN = cluster.Name, cluster.Arn
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"clusterName": c.Name, "clusterArn": c.ARN})
}

func (c *Cluster) provider() string {
	if c.args.Spot {
		return Spot
	}
	return OnDemand
}

// Ref returns what services need.
func (c *Cluster) Ref() infra.ClusterRef {
	ref := infra.ClusterRef{
		Name: c.Name, ARN: c.ARN, CapacityProvider: pulumi.String(c.provider()).ToStringOutput(), Ready: append([]pulumi.Resource{c.attached}, c.args.Network...),
		Tasks: &infra.TaskNetwork{SubnetIDs: c.args.SubnetIDs, SecurityGroupIDs: c.args.SecurityGroupIDs},
	}
	if c.args.ExecLog != nil {
		ref.ExecLogARN = c.args.ExecLog.Arn
	}
	return ref
}
