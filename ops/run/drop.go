package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// dropPatience is how long the task may take: minutes where the cluster has to start an instance for it. It is a variable for tests.
var dropPatience = 10 * time.Minute

// now is the clock. It is a variable for tests.
var now = time.Now

// restartPatience is how long Restart may take, also after an interruption.
const restartPatience = 30 * time.Second

// masterVariable is in the environment of the one container that may log in as the server's master user (stacks/processes.go).
const masterVariable = "DB_MASTER_USERNAME"

// Stopped are the services that DropSchema stopped, as they were before.
type Stopped struct {
	cluster  *cluster.Cluster
	services []cluster.Service
}

// Restart gives them their tasks back, and says so. It tries all, also after the context has ended.
func (s Stopped) Restart(ctx context.Context, progress io.Writer) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), restartPatience)
	defer done()
	for _, one := range s.services {
		if err := scale(ctx, s.cluster, one, one.DesiredCount); err != nil {
			fmt.Fprintf(progress, "%s stays without tasks: %v\n", one.Process, session.Explain(err))
			continue
		}
		fmt.Fprintf(progress, "%s has its number of tasks again: %d\n", one.Process, one.DesiredCount)
	}
}

func scale(ctx context.Context, c *cluster.Cluster, service cluster.Service, tasks int32) error {
	_, err := c.API.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &c.Name, Service: service.ServiceName, DesiredCount: &tasks})
	return err
}

// DropSchema drops the database and the users that a review environment has on the server that it shares. Its own web revision does it, in
// the container that made them (docker/lib/users.php), and it can be done again. The tasks of the environment are stopped before, because
// a web task that starts makes the database again; the services are returned with an error, too. A first deployment that failed has no
// outputs: its services are those of the state.
func DropSchema(ctx context.Context, s *session.Session, schema string, every time.Duration) (Stopped, error) {
	late := fmt.Errorf("it did not end in %g minutes", dropPatience.Minutes())
	limited, done := context.WithTimeoutCause(ctx, dropPatience, late)
	defer done()
	stopped, err := dropSchema(limited, s, schema, every)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = fmt.Errorf("%w (%w)", late, err)
	}
	return stopped, err
}

func dropSchema(ctx context.Context, s *session.Session, schema string, every time.Duration) (stopped Stopped, err error) {
	c, err := cluster.Found(ctx, s)
	if err != nil {
		return stopped, err
	}
	services, err := c.Services(ctx)
	if err != nil {
		return stopped, err
	}
	at := slices.IndexFunc(services, func(one cluster.Service) bool { return one.Process == c.Serving() })
	if at < 0 || schema == "" {
		return stopped, errors.New("the stack has no web service, or no database of its own on a shared server")
	}
	if asleep(c.Outputs.Schedule, services) {
		return stopped, fmt.Errorf("%s sleeps; it wakes %s, or with make wake STACK=%[1]s", c.Outputs.Shares, c.Outputs.Schedule.Wakes)
	}
	definition, main, err := c.Main(ctx, running(services[at]))
	if err != nil {
		return stopped, err
	}
	found := slices.IndexFunc(definition.ContainerDefinitions, isMaster)
	if found < 0 {
		return stopped, fmt.Errorf("no container of %s has the variable %s", cluster.ID(definition.TaskDefinitionArn), masterVariable)
	}
	stopped.cluster = c
	for _, one := range services {
		if err := scale(ctx, c, one, 0); err != nil {
			return stopped, session.Explain(fmt.Errorf("stopping the tasks of %s: %w", one.Process, err))
		}
		if one.DesiredCount > 0 {
			stopped.services = append(stopped.services, one)
		}
	}
	master := definition.ContainerDefinitions[found]
	input := request(c, services[at], definition, main, aws.ToString(master.Name), []string{"drop", schema})
	// With tags in the call it would need ecs:TagResource, which the roles of pipelines have for services only.
	input.EnableECSManagedTags, input.PropagateTags = false, ""
	task, err := start(ctx, c, input)
	if err != nil {
		return stopped, err
	}
	w := &watcher{c: c, task: task, main: master, every: every, out: s.Out, progress: s.Err}
	code, err := w.wait(ctx)
	switch {
	case err == nil && code == Interrupted && ctx.Err() != nil:
		err = fmt.Errorf("the task %s was stopped", w.id())
	case err == nil && code != 0:
		err = fmt.Errorf("the task %s exits with %d", w.id(), code)
	}
	return stopped, err
}

// asleep tells whether the shared environment sleeps by its hours. Where this one has tasks, it was woken by hand.
func asleep(schedule *session.Schedule, services []cluster.Service) bool {
	if schedule == nil || slices.ContainsFunc(services, func(one cluster.Service) bool { return one.DesiredCount > 0 }) {
		return false
	}
	plan, problems := schedule.Hours.Plan()
	return len(problems) == 0 && plan.SleepsAt(now())
}

func isMaster(container types.ContainerDefinition) bool {
	return slices.ContainsFunc(container.Environment, func(v types.KeyValuePair) bool { return aws.ToString(v.Name) == masterVariable })
}
