// Package status shows the services of a stack, their tasks, and whether everything is steady.
package status

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/exit"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// ErrNotSteady is the end of a status that is not steady. Its text names the reasons.
var ErrNotSteady = errors.New("not steady")

// Options are the flags of the command.
type Options struct {
	// Watch draws again until everything is steady or the context ends.
	Watch bool
	// Every is the pause between two drawings.
	Every time.Duration
}

// clear moves the cursor to the top of a terminal and clears what is below (ECMA-48, CUP and ED).
const clear = "\x1b[H\x1b[J"

// interrupted is the exit code of a program that Ctrl-C has ended: 128 and the number of SIGINT, as shells have it.
const interrupted = 130

// Show prints the services, the tasks and the URL. The error is ErrNotSteady while something is not as it should be. A table whose targets
// could not be read is printed before the error. Ctrl-C during a request ends it without a message.
func Show(ctx context.Context, s *session.Session, o Options) error {
	err := show(ctx, s, o)
	if err != nil && ctx.Err() != nil && !errors.Is(err, ErrNotSteady) {
		return exit.Status(interrupted)
	}
	return err
}

func show(ctx context.Context, s *session.Session, o Options) error {
	c, err := cluster.Open(ctx, s)
	if err != nil {
		return err
	}
	for first := true; ; first = false {
		found, err := read(ctx, c)
		if err != nil && (found == nil || ctx.Err() != nil) {
			return err
		}
		if o.Watch && session.Terminal(s.Out) {
			fmt.Fprint(s.Out, clear)
		} else if !first {
			fmt.Fprintln(s.Out)
		}
		var problems []string // why the stack is not steady
		for _, each := range found {
			if list := each.problems(); len(list) > 0 {
				problems = append(problems, each.Process+": "+strings.Join(list, ", "))
			}
		}
		write(s.Out, found, c.Outputs.URL)
		if err != nil {
			return err
		}
		if len(problems) == 0 {
			return nil
		}
		if o.Watch {
			select {
			case <-ctx.Done():
			case <-time.After(o.Every):
				continue
			}
		}
		return fmt.Errorf("%w: %s", ErrNotSteady, strings.Join(problems, "; "))
	}
}

// eventsShown is how many events of a service that is not steady are shown.
const eventsShown = 5

func write(out io.Writer, services []service, url string) {
	var text strings.Builder // a terminal gets it whole
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PROCESS\tDESIRED\tRUNNING\tPENDING\tROLLOUT\tREVISION")
	for _, s := range services {
		rollout := "-"
		if primary := s.primary(); primary != nil && primary.RolloutState != "" {
			rollout = string(primary.RolloutState)
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\t%s\n", s.Process, s.DesiredCount, s.RunningCount, s.PendingCount, rollout, cluster.ID(s.TaskDefinition))
	}
	table.Flush()
	fmt.Fprintln(table, "\nSERVICE\tTASK\tREVISION\tRELEASE\tHEALTH\tTARGET\tSTARTED")
	for _, s := range services {
		for _, t := range s.tasks {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", aws.ToString(s.ServiceName), t.id, t.revision, t.release, t.health, t.target, t.started)
		}
	}
	table.Flush()
	for _, s := range services {
		if len(s.problems()) == 0 {
			continue
		}
		fmt.Fprintf(&text, "\nlast events of %s:\n", s.Process)
		for _, event := range s.Events[:min(eventsShown, len(s.Events))] {
			fmt.Fprintf(&text, "  %s  %s\n", aws.ToTime(event.CreatedAt).Local().Format("15:04:05"), aws.ToString(event.Message))
		}
	}
	fmt.Fprintf(out, "%s\n%s\n", text.String(), url)
}

// primary is the deployment that the service works on; nil where ECS names none.
func (s service) primary() *types.Deployment {
	for i := range s.Deployments {
		if aws.ToString(s.Deployments[i].Status) == "PRIMARY" {
			return &s.Deployments[i]
		}
	}
	return nil
}

// problems: a service is steady when one deployment is left and completed, as many tasks run as are wanted, of the release that
// serves, and none of them is unhealthy for ECS or out of service at the load balancer.
func (s service) problems() (list []string) {
	if state := aws.ToString(s.Status); state != "ACTIVE" {
		list = append(list, "the service is "+strings.ToLower(state))
	}
	if primary := s.primary(); primary != nil && primary.RolloutState != "" && primary.RolloutState != types.DeploymentRolloutStateCompleted {
		list = append(list, strings.TrimSuffix(fmt.Sprintf("rollout %s (%s)", primary.RolloutState, aws.ToString(primary.RolloutStateReason)), " ()"))
	}
	if len(s.Deployments) > 1 {
		list = append(list, fmt.Sprintf("%d deployments at once", len(s.Deployments)))
	}
	if s.RunningCount != s.DesiredCount || s.PendingCount > 0 {
		list = append(list, fmt.Sprintf("%d of %d tasks run, %d pending", s.RunningCount, s.DesiredCount, s.PendingCount))
	}
	if s.behind != "" {
		list = append(list, s.behind)
	}
	for _, t := range s.tasks {
		switch {
		case t.health == "unhealthy":
			list = append(list, "task "+t.id+" is unhealthy")
		case (t.health == "healthy" || t.health == "unknown") && t.target != "" && t.target != "healthy":
			list = append(list, "the target of task "+t.id+" is "+t.target)
		}
	}
	return list
}

// service is what AWS says about a service at one moment.
type service struct {
	cluster.Service
	tasks   []task
	release string // of a service with tasks
	behind  string // what is wrong with the release; empty when the web tasks run it too
}

// task is a line of the table.
type task struct {
	id, revision, release, health, target, started string
}

// read asks ECS for services and tasks, and the load balancer for their health. What ECS says is returned beside an error of the load
// balancer.
func read(ctx context.Context, c *cluster.Cluster) (list []service, err error) {
	services, err := c.Services(ctx)
	if err != nil {
		return nil, err
	}
	instances, err := c.Instances(ctx)
	if err != nil {
		return nil, err
	}
	ids := cluster.EC2(instances)
	var refused error // the first of the load balancer's
	for _, each := range services {
		one := service{Service: each}
		targets, unknown := targetHealth(ctx, c, each)
		refused = cmp.Or(refused, unknown)
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
		list = append(list, one)
	}
	if err := readReleases(ctx, c, list); err != nil {
		return nil, err
	}
	return list, refused
}

// health is ECS's word for a running task, else where it is in its life (ECS developer guide, "Amazon ECS task lifecycle").
func health(t types.Task) string {
	state := aws.ToString(t.LastStatus)
	switch {
	case state != "RUNNING":
		return strings.ToLower(state)
	case aws.ToString(t.DesiredStatus) == "STOPPED":
		return "stopping"
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
