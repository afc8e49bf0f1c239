package cluster

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// Instances are the EC2 instances of the cluster that take tasks, each as ECS knows it. There are none in a cluster that is scaled to 0.
func (c *Cluster) Instances(ctx context.Context) ([]types.ContainerInstance, error) {
	var list []types.ContainerInstance
	pages := ecs.NewListContainerInstancesPaginator(c.API, &ecs.ListContainerInstancesInput{Cluster: &c.Name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, session.Explain(fmt.Errorf("listing the instances of the cluster: %w", err))
		}
		if len(page.ContainerInstanceArns) == 0 {
			continue
		}
		// A page has 100 at most, which is what one call describes.
		found, err := c.API.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{Cluster: &c.Name, ContainerInstances: page.ContainerInstanceArns})
		if err != nil {
			return nil, session.Explain(fmt.Errorf("reading the instances of the cluster: %w", err))
		}
		list = append(list, found.ContainerInstances...)
	}
	return list, nil
}

// NoInstances is the error of a command that needs an instance, in a cluster without one.
func (c *Cluster) NoInstances() error {
	return fmt.Errorf("the cluster %s has no instances: look at cluster.min and cluster.max in the stack file and at the activity of its Auto Scaling group; a new instance joins after one or two minutes", c.Name)
}

// EC2 are the ids of the EC2 instances by the ARN of the container instance.
func EC2(instances []types.ContainerInstance) map[string]string {
	ids := map[string]string{}
	for _, instance := range instances {
		ids[aws.ToString(instance.ContainerInstanceArn)] = aws.ToString(instance.Ec2InstanceId)
	}
	return ids
}
