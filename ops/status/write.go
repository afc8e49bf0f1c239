package status

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
)

// eventsShown is how many events of a service that is not steady are shown.
const eventsShown = 5

func (r *report) write(out io.Writer, url string) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PROCESS\tDESIRED\tRUNNING\tPENDING\tROLLOUT\tREVISION")
	for _, s := range r.services {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\t%s\n", s.Process, s.DesiredCount, s.RunningCount, s.PendingCount, s.rollout(), cluster.ID(s.TaskDefinition))
	}
	table.Flush()
	fmt.Fprintln(out)
	table = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SERVICE\tTASK\tREVISION\tRELEASE\tHEALTH\tTARGET\tSTARTED")
	for _, s := range r.services {
		for _, t := range s.tasks {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", aws.ToString(s.ServiceName), t.id, t.revision, t.release, t.health, t.target, t.started)
		}
	}
	table.Flush()
	for _, s := range r.services {
		if len(s.problems()) > 0 {
			s.writeEvents(out)
		}
	}
	fmt.Fprintf(out, "\n%s\n", url)
}

func (s service) writeEvents(out io.Writer) {
	fmt.Fprintf(out, "\nlast events of %s:\n", s.Process)
	for i, event := range s.Events {
		if i == eventsShown {
			break
		}
		fmt.Fprintf(out, "  %s  %s\n", aws.ToTime(event.CreatedAt).Local().Format("15:04:05"), aws.ToString(event.Message))
	}
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

func (s service) rollout() string {
	if primary := s.primary(); primary != nil && primary.RolloutState != "" {
		return string(primary.RolloutState)
	}
	return "-"
}

// problems is why the stack is not steady; empty when it is.
func (r *report) problems() (list []string) {
	for _, s := range r.services {
		if found := s.problems(); len(found) > 0 {
			list = append(list, s.Process+": "+strings.Join(found, ", "))
		}
	}
	return list
}

// problems: a service is steady when one deployment is left and completed, as many tasks run as are wanted, and none of them is
// unhealthy for ECS or out of service at the load balancer.
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
