package deploy

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
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

const (
	// eventsShown and stoppedShown are how many events and stopped tasks of a service are worth reading.
	eventsShown, stoppedShown = 5, 3
	// clockSkew is how far this machine's clock may be ahead of AWS's.
	clockSkew = time.Minute
	// explainLimit is how long the explanation of a failure may take.
	explainLimit = 20 * time.Second
)

// routine are the events of every deployment, also of one that succeeds. They do not say why one failed, and within the clock skew they
// may be those of the deployment before ("Amazon ECS service event messages", Amazon ECS developer guide).
var routine = regexp.MustCompile(`has reached a steady state|deployment completed|has (started|stopped) \d+ (running )?tasks|(de)?registered \d+ targets|has begun draining connections`)

// scaling is why ECS stops the tasks that a deployment replaces.
const scaling = "Scaling activity initiated by"

// explain prints what went wrong in the services since the deployment began: their events and why tasks stopped. It says nothing where
// the stack has no services yet, where ECS reports no fault, and after an interrupt: the error before it stands for itself.
func explain(ctx context.Context, s *session.Session, since time.Time) {
	if ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, explainLimit)
	defer cancel()
	c, err := cluster.Open(ctx, s)
	if err != nil {
		return
	}
	lines, err := reasons(ctx, c, since.Add(-clockSkew))
	if err != nil {
		fmt.Fprintln(s.Err, "asking ECS why:", session.Explain(err))
	} else if len(lines) > 0 {
		fmt.Fprintf(s.Err, "\nAmazon ECS says:\n  %s\n", strings.Join(lines, "\n  "))
	}
}

// reasons are the events of the services since a time, and why tasks stopped since then. A service that is not there has none.
func reasons(ctx context.Context, c *cluster.Cluster, since time.Time) (lines []string, err error) {
	services := slices.Sorted(maps.Values(c.Outputs.ServiceNames))
	for part := range slices.Chunk(services, cluster.ServiceLimit) {
		answer, err := c.API.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &c.Name, Services: part})
		if err != nil {
			return nil, err
		}
		for _, service := range answer.Services {
			lines = append(lines, events(service, since)...)
		}
	}
	for _, service := range services {
		some, err := stopped(ctx, c, service, since)
		if err != nil {
			return nil, err
		}
		lines = append(lines, some...)
	}
	return lines, nil
}

// events are the newest messages of a service that are not routine, the newest first, as ECS lists them.
func events(service types.Service, since time.Time) (lines []string) {
	for _, event := range service.Events {
		if len(lines) < eventsShown && aws.ToTime(event.CreatedAt).After(since) && !routine.MatchString(aws.ToString(event.Message)) {
			lines = append(lines, aws.ToTime(event.CreatedAt).Local().Format("15:04:05 ")+aws.ToString(event.Message))
		}
	}
	return lines
}

// stopped says of the last stopped tasks why they did.
func stopped(ctx context.Context, c *cluster.Cluster, service string, since time.Time) (lines []string, err error) {
	tasks, err := c.TasksWith(ctx, service, types.DesiredStatusStopped)
	if err != nil {
		return nil, err
	}
	tasks = slices.DeleteFunc(tasks, func(t types.Task) bool {
		return !stopTime(t).After(since) || strings.HasPrefix(aws.ToString(t.StoppedReason), scaling)
	})
	slices.SortStableFunc(tasks, func(a, b types.Task) int { return stopTime(b).Compare(stopTime(a)) })
	for _, task := range tasks[:min(stoppedShown, len(tasks))] {
		lines = append(lines, fmt.Sprintf("%s task %s of %s stopped: %s", stopTime(task).Local().Format("15:04:05"), cluster.ID(task.TaskArn), service, reason(task)))
	}
	return lines, nil
}

func stopTime(t types.Task) time.Time { return aws.ToTime(cmp.Or(t.StoppedAt, t.StoppingAt)) }

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
