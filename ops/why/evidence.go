package why

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
)

// eventsShown and stoppedShown are how many events and stopped tasks of a service are worth reading.
const eventsShown, stoppedShown = 5, 3

// routine are the events of every deployment, also of one that succeeds. They do not say why one failed, and within the clock skew they
// may be those of the deployment before ("Amazon ECS service event messages", Amazon ECS developer guide).
var routine = regexp.MustCompile(`has reached a steady state|deployment completed|has (started|stopped) \d+ (running )?tasks|(de)?registered \d+ targets|has begun draining connections`)

// scaling is why ECS stops the tasks that a deployment replaces.
const scaling = "Scaling activity initiated by"

// Since are the events of the stack's services since a time, and why tasks stopped since then. A service that is not there has none.
func Since(ctx context.Context, c *cluster.Cluster, since time.Time) (lines []string, err error) {
	names := slices.Sorted(maps.Values(c.Outputs.ServiceNames))
	for part := range slices.Chunk(names, cluster.ServiceLimit) {
		answer, err := c.API.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &c.Name, Services: part})
		if err != nil {
			return nil, err
		}
		for _, service := range answer.Services {
			lines = append(lines, events(service, since, time.Time{})...)
		}
	}
	for _, name := range names {
		tasks, err := stopped(ctx, c, name, since, "")
		if err != nil {
			return nil, err
		}
		for _, task := range tasks {
			lines = append(lines, clock(stopTime(task))+" task "+cluster.ID(task.TaskArn)+" of "+name+" stopped: "+reason(task))
		}
	}
	return lines, nil
}

// events are the newest messages of a service that are not routine, the newest first, as ECS lists them. Without until they go on to now.
func events(service types.Service, since, until time.Time) (lines []string) {
	for _, event := range service.Events {
		at := aws.ToTime(event.CreatedAt)
		if len(lines) < eventsShown && at.After(since) && (until.IsZero() || at.Before(until)) && !routine.MatchString(aws.ToString(event.Message)) {
			lines = append(lines, clock(at)+" "+aws.ToString(event.Message))
		}
	}
	return lines
}

// stopped are the last tasks that stopped, not for a deployment's sake: all, or those of one task definition.
func stopped(ctx context.Context, c *cluster.Cluster, service string, since time.Time, definition string) ([]types.Task, error) {
	tasks, err := c.TasksWith(ctx, service, types.DesiredStatusStopped)
	if err != nil {
		return nil, err
	}
	tasks = slices.DeleteFunc(tasks, func(t types.Task) bool {
		return !stopTime(t).After(since) || strings.HasPrefix(aws.ToString(t.StoppedReason), scaling) || definition != "" && aws.ToString(t.TaskDefinitionArn) != definition
	})
	slices.SortStableFunc(tasks, func(a, b types.Task) int { return stopTime(b).Compare(stopTime(a)) })
	return tasks[:min(stoppedShown, len(tasks))], nil
}

func stopTime(t types.Task) time.Time { return aws.ToTime(cmp.Or(t.StoppedAt, t.StoppingAt)) }

func clock(t time.Time) string { return t.Local().Format("15:04:05") }

// reason is that of the task, and of each container that has one or that failed.
func reason(t types.Task) string {
	parts := []string{aws.ToString(t.StoppedReason)}
	for _, c := range t.Containers {
		switch {
		case aws.ToString(c.Reason) != "":
			parts = append(parts, aws.ToString(c.Name)+": "+*c.Reason)
		case c.ExitCode != nil && *c.ExitCode != 0:
			parts = append(parts, fmt.Sprintf("%s: exit code %d", aws.ToString(c.Name), *c.ExitCode))
		}
	}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "; ")
}
