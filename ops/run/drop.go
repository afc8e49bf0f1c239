package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// dropPatience is how long the task may take: minutes where the cluster has to start an instance for it.
const dropPatience = 10 * time.Minute

// masterVariable is in the environment of the one container that may log in as the server's master user (stacks/processes.go).
const masterVariable = "DB_MASTER_USERNAME"

// DropSchema drops the database and the users that a review environment has on the server that it shares. Its own web revision does it, in
// the container that made them (docker/lib/users.php), and it can be done again. The tasks of the environment are stopped before, because
// a web task that starts makes the database again.
func DropSchema(ctx context.Context, s *session.Session, every time.Duration) error {
	ctx, done := context.WithTimeout(ctx, dropPatience)
	defer done()
	c, err := cluster.Open(ctx, s)
	if err != nil {
		return err
	}
	services, err := c.Services(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(services, func(one cluster.Service) bool { return one.Process == c.Serving() })
	if at < 0 || c.Outputs.Schema == "" {
		return errors.New("the stack has no web service, or no database of its own on a shared server")
	}
	definition, main, err := c.Main(ctx, running(services[at]))
	if err != nil {
		return err
	}
	found := slices.IndexFunc(definition.ContainerDefinitions, isMaster)
	if found < 0 {
		return fmt.Errorf("no container of %s has the variable %s", cluster.ID(definition.TaskDefinitionArn), masterVariable)
	}
	for _, one := range services {
		if _, err := c.API.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &c.Name, Service: one.ServiceName, DesiredCount: aws.Int32(0)}); err != nil {
			return session.Explain(fmt.Errorf("stopping the tasks of %s: %w", one.Process, err))
		}
	}
	master := definition.ContainerDefinitions[found]
	input := request(c, services[at], definition, main, aws.ToString(master.Name), []string{"drop", c.Outputs.Schema})
	// With tags in the call it would need ecs:TagResource, which the roles of pipelines have for services only.
	input.EnableECSManagedTags, input.PropagateTags = false, ""
	task, err := start(ctx, c, input)
	if err != nil {
		return err
	}
	w := &watcher{c: c, task: task, main: master, every: every, out: s.Out, progress: s.Err}
	code, err := w.wait(ctx)
	if err == nil && code != 0 {
		err = fmt.Errorf("the task %s exits with %d", w.id(), code)
	}
	return err
}

func isMaster(container types.ContainerDefinition) bool {
	return slices.ContainsFunc(container.Environment, func(v types.KeyValuePair) bool { return aws.ToString(v.Name) == masterVariable })
}
