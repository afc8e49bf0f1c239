package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// describeLimit is how many tasks one DescribeTasks takes, and how many instances one DescribeContainerInstances (ECS API reference).
const describeLimit = 100

// Tasks are the tasks of a service that have not stopped yet, the oldest first. Those that are told to stop are among them: they still
// finish their requests.
func (c *Cluster) Tasks(ctx context.Context, service string) ([]types.Task, error) {
	running, err := c.TasksWith(ctx, service, types.DesiredStatusRunning)
	if err != nil {
		return nil, err
	}
	stopping, err := c.TasksWith(ctx, service, types.DesiredStatusStopped)
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(append(running, stopping...), func(t types.Task) bool { return aws.ToString(t.LastStatus) == "STOPPED" })
	created := func(t types.Task) time.Time { return aws.ToTime(cmp.Or(t.CreatedAt, t.StartedAt)) }
	slices.SortStableFunc(list, func(a, b types.Task) int { return created(a).Compare(created(b)) })
	return list, nil
}

// TasksWith are the tasks of a service that ECS is to run, or to stop; stopped ones it lists for about an hour (ListTasks, Amazon ECS API
// Reference).
func (c *Cluster) TasksWith(ctx context.Context, service string, desired types.DesiredStatus) ([]types.Task, error) {
	arns, err := session.All(ctx, "listing the tasks of "+service,
		ecs.NewListTasksPaginator(c.API, &ecs.ListTasksInput{Cluster: &c.Name, ServiceName: &service, DesiredStatus: desired}),
		func(page *ecs.ListTasksOutput) []string { return page.TaskArns })
	if err != nil {
		return nil, err
	}
	return c.describe(ctx, arns)
}

func (c *Cluster) describe(ctx context.Context, arns []string) ([]types.Task, error) {
	var list []types.Task
	for part := range slices.Chunk(arns, describeLimit) {
		found, err := c.API.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &c.Name, Tasks: part})
		if err != nil {
			return nil, session.Explain(fmt.Errorf("reading the tasks: %w", err))
		}
		list = append(list, found.Tasks...)
	}
	return list, nil
}

// ErrUnknownTask is the error of a task that ECS does not show: not yet, or not any more.
var ErrUnknownTask = errors.New("ECS does not show the task")

// Task describes one task. ECS shows a stopped task for an hour at least (ECS API reference, DescribeTasks).
func (c *Cluster) Task(ctx context.Context, arn string) (types.Task, error) {
	list, err := c.describe(ctx, []string{arn})
	if err != nil {
		return types.Task{}, err
	}
	if len(list) == 0 {
		return types.Task{}, fmt.Errorf("%w %s", ErrUnknownTask, last(arn))
	}
	return list[0], nil
}

// Definition is a revision of a task definition, read once.
func (c *Cluster) Definition(ctx context.Context, arn string) (*types.TaskDefinition, error) {
	if known := c.definitions[arn]; known != nil {
		return known, nil
	}
	found, err := c.API.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn})
	if err != nil {
		return nil, session.Explain(fmt.Errorf("reading the task definition: %w", err))
	}
	c.definitions[arn] = found.TaskDefinition
	return found.TaskDefinition, nil
}

// Main is a revision with the container that does the work of its tasks: the essential one. What runs before it, such as the migration, is
// not essential.
func (c *Cluster) Main(ctx context.Context, arn string) (*types.TaskDefinition, types.ContainerDefinition, error) {
	definition, err := c.Definition(ctx, arn)
	if err != nil {
		return nil, types.ContainerDefinition{}, err
	}
	for _, container := range slices.Backward(definition.ContainerDefinitions) {
		if container.Essential == nil || *container.Essential { // essential is the default
			return definition, container, nil
		}
	}
	return nil, types.ContainerDefinition{}, fmt.Errorf("the task definition %s has no essential container", ID(definition.TaskDefinitionArn))
}

// releaseVariable tells a container which release it runs (infra.ReleaseVariable).
const releaseVariable = "APP_RELEASE"

// Release is what a revision runs; "" where it does not say so.
func Release(definition *types.TaskDefinition) string {
	for _, container := range definition.ContainerDefinitions {
		for _, variable := range container.Environment {
			if aws.ToString(variable.Name) == releaseVariable {
				return aws.ToString(variable.Value)
			}
		}
	}
	return ""
}

// Instances are the EC2 instances of the cluster that take tasks, each as ECS knows it. There are none in a cluster that is scaled to 0.
func (c *Cluster) Instances(ctx context.Context) ([]types.ContainerInstance, error) {
	arns, err := session.All(ctx, "listing the instances of the cluster",
		ecs.NewListContainerInstancesPaginator(c.API, &ecs.ListContainerInstancesInput{Cluster: &c.Name}),
		func(page *ecs.ListContainerInstancesOutput) []string { return page.ContainerInstanceArns })
	if err != nil {
		return nil, err
	}
	var list []types.ContainerInstance
	for part := range slices.Chunk(arns, describeLimit) {
		found, err := c.API.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{Cluster: &c.Name, ContainerInstances: part})
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
