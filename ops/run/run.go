// Package run runs a one-off command of the application in a task of its own (ECS RunTask), and returns its exit code.
package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// Options are the flags of the command.
type Options struct {
	// Command is the artisan command: php artisan migrate:status, artisan migrate:status or migrate:status.
	Command []string
	// Process is whose image, environment, roles and size the task gets; empty for the web process that serves.
	Process string
	// Every is the pause between two looks at the task.
	Every time.Duration
}

// StartedBy marks the tasks of this command: aws ecs list-tasks --started-by laravel-ecs-run.
const StartedBy = "laravel-ecs-run"

// Task starts the task, prints what its main container writes and returns its exit code. When the context ends, the task is stopped.
func Task(ctx context.Context, s *session.Session, o Options) (exitCode int, err error) {
	command, err := artisan(o.Command)
	if err != nil {
		return 0, err
	}
	c, err := cluster.Open(ctx, s)
	if err != nil {
		return 0, err
	}
	service, err := c.Service(ctx, cmp.Or(o.Process, c.Serving()))
	if err != nil {
		return 0, err
	}
	definition, main, err := c.Main(ctx, running(service))
	if err != nil {
		return 0, err
	}
	task, err := start(ctx, c, request(c, service, definition, main, aws.ToString(main.Name), command))
	if err != nil {
		return 0, err
	}
	w := &watcher{c: c, task: task, main: main, every: o.Every, out: s.Out, progress: s.Err}
	fmt.Fprintf(s.Err, "task %s: release %s, revision %s\n", w.id(), cluster.Release(definition), cluster.ID(definition.TaskDefinitionArn))
	return w.wait(ctx)
}

// artisan is the command as the image's entrypoint takes it: the role artisan and its arguments (docker/bin/entrypoint). The image
// runs nothing else but its roles.
func artisan(command []string) ([]string, error) {
	if len(command) > 0 && command[0] == "php" {
		command = command[1:]
		if len(command) == 0 || command[0] != "artisan" {
			return nil, errors.New("only artisan commands can be run, such as CMD=\"php artisan migrate:status\"; php artisan tinker --execute '...' runs PHP code if the application has laravel/tinker, and make shell opens a shell")
		}
	}
	if len(command) > 0 && command[0] == "artisan" {
		command = command[1:]
	}
	if len(command) == 0 {
		return nil, errors.New("there is no command: make run CMD=\"php artisan migrate:status\"")
	}
	return append([]string{"artisan"}, command...), nil
}

// running is the revision that a service runs: in the middle of a release, that of the deployment with most tasks.
func running(service cluster.Service) string {
	if len(service.Deployments) == 0 {
		return aws.ToString(service.TaskDefinition)
	}
	most := slices.MaxFunc(service.Deployments, func(a, b types.Deployment) int { return cmp.Compare(a.RunningCount, b.RunningCount) })
	return cmp.Or(aws.ToString(most.TaskDefinition), aws.ToString(service.TaskDefinition))
}

// harmless is what the containers before the main one run instead of their own command: a one-off command must not migrate. They cannot
// be left out, because the main one depends on their success, and RunTask overrides neither dependsOn nor the entrypoint (ECS API
// reference, ContainerOverride). artisan --version reads no database.
var harmless = []string{"artisan", "--version"}

func awaitsHealth(main, other types.ContainerDefinition) bool {
	return slices.ContainsFunc(main.DependsOn, func(d types.ContainerDependency) bool {
		return aws.ToString(d.ContainerName) == aws.ToString(other.Name) && d.Condition == types.ContainerConditionHealthy
	})
}

// request is a task in which one container runs the command, placed where and how the service's own are.
func request(c *cluster.Cluster, service cluster.Service, definition *types.TaskDefinition, main types.ContainerDefinition, runs string,
	command []string) *ecs.RunTaskInput {
	var overrides []types.ContainerOverride
	for _, container := range definition.ContainerDefinitions {
		override := types.ContainerOverride{Name: container.Name, Command: harmless}
		switch {
		case aws.ToString(container.Name) == runs:
			override.Command = command
		case awaitsHealth(main, container): // it would not become healthy with another command
			continue
		}
		overrides = append(overrides, override)
	}
	input := &ecs.RunTaskInput{
		Cluster: &c.Name, TaskDefinition: definition.TaskDefinitionArn, Count: aws.Int32(1), StartedBy: aws.String(StartedBy),
		CapacityProviderStrategy: service.CapacityProviderStrategy, NetworkConfiguration: service.NetworkConfiguration,
		PlacementStrategy: service.PlacementStrategy, PlacementConstraints: service.PlacementConstraints, PlatformVersion: service.PlatformVersion,
		EnableECSManagedTags: true, PropagateTags: types.PropagateTagsTaskDefinition,
		Overrides: &types.TaskOverride{ContainerOverrides: overrides},
	}
	if len(input.CapacityProviderStrategy) == 0 {
		input.LaunchType = service.LaunchType // ECS refuses both at once
	}
	return input
}

// start asks ECS for the task. A task outside a service is not stopped for its health check, which asks for the web server (ECS API
// reference, HealthCheck: "the task will continue its lifecycle regardless of its health status").
func start(ctx context.Context, c *cluster.Cluster, input *ecs.RunTaskInput) (types.Task, error) {
	answer, err := c.API.RunTask(ctx, input)
	if err != nil {
		err = session.Explain(fmt.Errorf("starting the task: %w", err))
		if strings.Contains(err.Error(), "No Container Instances") { // an InvalidParameterException
			err = fmt.Errorf("%w\n%w", err, c.NoInstances())
		}
		return types.Task{}, err
	}
	if len(answer.Tasks) == 0 {
		return types.Task{}, notPlaced(answer.Failures)
	}
	return answer.Tasks[0], nil
}

// fixes are what to do about a task that ECS cannot place, by the beginning of ECS's reason (ECS developer guide, "Amazon ECS API
// failure reasons").
var fixes = []struct{ reason, text string }{
	{"RESOURCE:MEMORY", "no instance has enough free memory: raise cluster.max or take larger cluster.instanceTypes, or --process (PROCESS=worker) with a smaller reservationMib"},
	{"RESOURCE:CPU", "no instance has enough free CPU: raise cluster.max or take larger cluster.instanceTypes, or --process (PROCESS=worker) with less cpu"},
	{"RESOURCE:", "no instance has room for it: raise cluster.max or take larger cluster.instanceTypes"},
	{"AGENT", "the ECS agent of the instance is not connected: terminate the instance, its Auto Scaling group starts another one"},
	{"ATTRIBUTE", "the instances lack what the task definition needs: their processor architecture must be that of the image"},
	{"EMPTY CAPACITY PROVIDER", "the capacity provider has no instances yet: raise cluster.min"},
	{"LOCATION", "the instance is in a subnet without a way to the task's network"},
}

// notPlaced says in ECS's words why there is no task, and what to do.
func notPlaced(failures []types.Failure) error {
	if len(failures) == 0 {
		return errors.New("ECS started no task and gave no reason: run the command again")
	}
	reason := aws.ToString(failures[0].Reason)
	return errors.New("ECS cannot place the task: " + strings.TrimSuffix(reason+": "+aws.ToString(failures[0].Detail), ": ") + fix(reason))
}

// fix is a line with what to do about a reason; "" where nothing is known.
func fix(reason string) string {
	for _, each := range fixes {
		if strings.HasPrefix(reason, each.reason) {
			return "\n" + each.text
		}
	}
	return ""
}
