package remote

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	smithy "github.com/aws/smithy-go/endpoints"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// Shell opens a shell, or runs one command with a terminal, in the main container of a healthy task (ECS Exec). An empty process is the
// web process that serves. The exit code is that of the Session Manager plugin; AWS's ends with 0 whatever the command's was.
func Shell(ctx context.Context, s *session.Session, process, command string) (exitCode int, err error) {
	p, err := findPlugin(ctx)
	if err != nil {
		return 0, err
	}
	c, err := cluster.Open(ctx, s)
	if err != nil {
		return 0, err
	}
	process = cmp.Or(process, c.Serving())
	service, err := c.Service(ctx, process)
	if err != nil {
		return 0, err
	}
	tasks, err := c.Tasks(ctx, aws.ToString(service.ServiceName))
	if err != nil {
		return 0, err
	}
	task, err := choose(tasks, process, s)
	if err != nil {
		return 0, err
	}
	definition, main, err := mainOf(ctx, c, task)
	if err != nil {
		return 0, err
	}
	opened, err := c.API.ExecuteCommand(ctx, &ecs.ExecuteCommandInput{
		Cluster: &c.Name, Task: task.TaskArn, Container: main.Name, Command: aws.String(cmp.Or(command, "/bin/bash")), Interactive: true,
	})
	if err != nil {
		return 0, session.Explain(fmt.Errorf("opening a session in the task %s: %w", cluster.ID(task.TaskArn), err))
	}
	fmt.Fprintf(s.Err, "task %s of %s, release %s, as root; php artisan works in it\n", cluster.ID(task.TaskArn), process, cluster.Release(definition))
	options := c.API.Options()
	asked := ecs.EndpointParameters{Region: &options.Region, Endpoint: options.BaseEndpoint}
	address, err := endpoint(options.EndpointResolverV2.ResolveEndpoint(ctx, asked))
	if err != nil {
		return 0, err
	}
	return p.run(ctx, conversation{
		session: map[string]string{
			"sessionId": aws.ToString(opened.Session.SessionId), "streamUrl": aws.ToString(opened.Session.StreamUrl), "tokenValue": aws.ToString(opened.Session.TokenValue),
		},
		request: map[string]any{"Target": targetOf(c, task, main)},
		region:  c.Config.Region, profile: profile(s), endpoint: address,
	})
}

// mainOf is the main container of a task, in which the agent of ECS Exec runs.
func mainOf(ctx context.Context, c *cluster.Cluster, task types.Task) (*types.TaskDefinition, types.Container, error) {
	definition, main, err := c.Main(ctx, aws.ToString(task.TaskDefinitionArn))
	if err != nil {
		return nil, types.Container{}, err
	}
	for _, container := range task.Containers {
		if aws.ToString(container.Name) == aws.ToString(main.Name) {
			return definition, container, agentRuns(task, container)
		}
	}
	return definition, types.Container{Name: main.Name}, nil
}

// targetOf is a container as AWS's command line names it for Systems Manager: ecs:cluster_task_runtime.
func targetOf(c *cluster.Cluster, task types.Task, container types.Container) string {
	return fmt.Sprintf("ecs:%s_%s_%s", c.Name, cluster.ID(task.TaskArn), aws.ToString(container.RuntimeId))
}

// choose takes a healthy task in which ECS Exec was on when it started.
func choose(tasks []types.Task, process string, s *session.Session) (types.Task, error) {
	tasks = slices.DeleteFunc(tasks, func(t types.Task) bool {
		return aws.ToString(t.LastStatus) != "RUNNING" || aws.ToString(t.DesiredStatus) == "STOPPED"
	})
	if len(tasks) == 0 {
		return types.Task{}, fmt.Errorf("no task of %s runs: make status", process)
	}
	open := slices.DeleteFunc(slices.Clone(tasks), func(t types.Task) bool { return !t.EnableExecuteCommand })
	if len(open) == 0 {
		if on, _ := s.File.Get("access.exec").(bool); on {
			return types.Task{}, fmt.Errorf("the tasks of %s were started without ECS Exec: %s has access.exec now, make up STACK=%s replaces them", process, s.File.Name(), s.Stack)
		}
		return types.Task{}, fmt.Errorf("ECS Exec is off: set access.exec to true in %s, then make up STACK=%s (it makes the root file system of the containers writable, which its agent needs)", s.File.Name(), s.Stack)
	}
	if at := slices.IndexFunc(open, func(t types.Task) bool { return t.HealthStatus == types.HealthStatusHealthy }); at >= 0 {
		return open[at], nil
	}
	fmt.Fprintf(s.Err, "no task of %s is healthy: this one is %s\n", process, open[0].HealthStatus)
	return open[0], nil
}

// agentRuns looks for the agent of ECS Exec in a container. It comes a few seconds after the container (ECS API reference, ManagedAgent). A
// server that does not name agents is believed.
func agentRuns(task types.Task, container types.Container) error {
	for _, agent := range container.ManagedAgents {
		if state := aws.ToString(agent.LastStatus); agent.Name == types.ManagedAgentNameExecuteCommandAgent && state != "RUNNING" {
			return fmt.Errorf("the agent of ECS Exec in the task %s is %s (%s): try again in a minute; else the root file system is read-only, or the task has no way to ssmmessages",
				cluster.ID(task.TaskArn), state, cmp.Or(aws.ToString(agent.Reason), "no reason given"))
		}
	}
	return nil
}

// profile is where the plugin finds credentials when it must resume a session.
func profile(s *session.Session) string {
	return cmp.Or(s.File.Text("aws:profile"), os.Getenv("AWS_PROFILE"))
}

// endpoint is where a client sends its requests, by its resolver's answer.
func endpoint(resolved smithy.Endpoint, err error) (string, error) {
	if err != nil {
		return "", fmt.Errorf("finding the endpoint that the plugin asks: %w", err)
	}
	return resolved.URI.String(), nil
}
