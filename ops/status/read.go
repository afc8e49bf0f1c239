package status

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// report is what AWS says at one moment.
type report struct{ services []service }

type service struct {
	cluster.Service
	tasks []task
}

// task is a line of the table.
type task struct {
	id, revision, release, health, target string
	started                               string
}

// read asks ECS for services and tasks, and the load balancer for their health.
func read(ctx context.Context, c *cluster.Cluster) (*report, error) {
	services, err := c.Services(ctx)
	if err != nil {
		return nil, err
	}
	instances, err := c.Instances(ctx)
	if err != nil {
		return nil, err
	}
	r, ids := &report{}, cluster.EC2(instances)
	for _, each := range services {
		one := service{Service: each}
		targets, err := targetHealth(ctx, c, each)
		if err != nil {
			return nil, err
		}
		tasks, err := c.Tasks(ctx, aws.ToString(each.ServiceName))
		if err != nil {
			return nil, err
		}
		for _, t := range tasks {
			definition, err := c.Definition(ctx, aws.ToString(t.TaskDefinitionArn))
			if err != nil {
				return nil, err
			}
			line := task{
				id: cluster.ID(t.TaskArn), revision: cluster.ID(t.TaskDefinitionArn), release: cluster.Release(definition),
				health: health(t), target: targetOf(t, ids[aws.ToString(t.ContainerInstanceArn)], targets),
			}
			if t.StartedAt != nil {
				line.started = t.StartedAt.Local().Format("15:04:05")
			}
			one.tasks = append(one.tasks, line)
		}
		r.services = append(r.services, one)
	}
	return r, nil
}

// health is ECS's word for a running task, else where it is in its life (ECS developer guide, "Amazon ECS task lifecycle").
func health(t types.Task) string {
	if state := aws.ToString(t.LastStatus); state != "RUNNING" || aws.ToString(t.DesiredStatus) == "STOPPED" {
		if state == "RUNNING" {
			state = "stopping"
		}
		return strings.ToLower(state)
	}
	return strings.ToLower(string(t.HealthStatus))
}

// targetHealth is the health of the targets of a service, by target (instance or address, and port).
func targetHealth(ctx context.Context, c *cluster.Cluster, s cluster.Service) (map[string]string, error) {
	states := map[string]string{}
	client := elb.NewFromConfig(c.Config)
	for _, balancer := range s.LoadBalancers {
		found, err := client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: balancer.TargetGroupArn})
		if err != nil {
			return nil, session.Explain(fmt.Errorf("reading the health of the targets of %s: %w", s.Process, err))
		}
		for _, each := range found.TargetHealthDescriptions {
			if each.Target == nil || each.TargetHealth == nil {
				continue
			}
			state := string(each.TargetHealth.State)
			if reason := string(each.TargetHealth.Reason); state == "unhealthy" && reason != "" {
				state += " (" + reason + ")"
			}
			states[fmt.Sprintf("%s:%d", aws.ToString(each.Target.Id), aws.ToInt32(each.Target.Port))] = state
		}
	}
	return states, nil
}

// targetOf finds the target of a task: its instance with a host port, or its own address with a container port (network mode awsvpc).
func targetOf(t types.Task, instance string, states map[string]string) string {
	for _, container := range t.Containers {
		for _, binding := range container.NetworkBindings {
			if state, there := states[fmt.Sprintf("%s:%d", instance, aws.ToInt32(binding.HostPort))]; there {
				return state
			}
		}
		for _, network := range container.NetworkInterfaces {
			for target, state := range states {
				if strings.HasPrefix(target, aws.ToString(network.PrivateIpv4Address)+":") {
					return state
				}
			}
		}
	}
	if len(states) > 0 && aws.ToString(t.LastStatus) == "RUNNING" {
		return "unregistered"
	}
	return ""
}
