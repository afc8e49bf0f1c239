package ecs

import (
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

const (
	// deleteTimeout is how long the provider waits for a deleted service by default (terraform-provider-aws, internal/service/ecs/service.go).
	deleteTimeout = 20 * time.Minute
	// stopTimeout is how long a container without a stopTimeout may take to stop (ECS_CONTAINER_STOP_TIMEOUT of the agent's README).
	stopTimeout = 30
)

// stopTasks is the provider's delete: it sets the desired count to 0, deletes the service, which drains, and waits until it is INACTIVE
// (resourceServiceDelete and waitServiceInactive in internal/service/ecs/service.go). That takes an agent that stops the tasks, and the
// time of each task: the deregistration delay of its target group, then its stop timeout.
func stopTasks(tx *account.Tx, r *account.Resource) error {
	if desired, _ := r.Outputs.Int("desiredCount"); desired == 0 {
		return nil
	}
	limit := deleteTimeout
	if deadline, ok := tx.Context.Deadline(); ok {
		limit = time.Until(deadline).Round(time.Minute)
	}
	timeout := func(why string) error {
		return tx.Refuse("RequestTimeout",
			"waiting for ECS Service (%s) delete: timeout while waiting for state to become 'INACTIVE' (last state: 'DRAINING', timeout: %s): its tasks do not stop: %s", r.ID, limit, why)
	}
	if fleet, found := tx.Fleet(account.AfterSlash(r.Outputs.Text("cluster"))); found {
		if why := tx.AgentsAway(fleet); why != "" {
			return timeout(why)
		}
	}
	if takes := drainTime(tx, r); takes > limit {
		return timeout("one may take " + takes.String() + " for that")
	}
	return nil
}

// drainTime is how long a task of the service may take to stop.
func drainTime(tx *account.Tx, r *account.Resource) time.Duration {
	seconds, delay := 0, 0
	task, _, _ := FindTaskDefinition(tx, r.Outputs.Text("taskDefinition"))
	containers, _ := ParseContainers(task.Outputs.Text(definitions))
	for _, c := range containers {
		if c.StopTimeout == nil {
			seconds = max(seconds, stopTimeout)
		} else {
			seconds = max(seconds, *c.StopTimeout)
		}
	}
	for _, arn := range r.Outputs.Strings("loadBalancers[*].targetGroupArn") {
		group, _ := tx.Get(account.TargetGroupToken, arn)
		wait, _ := group.Outputs.Int("deregistrationDelay")
		delay = max(delay, wait)
	}
	return time.Duration(seconds+delay) * time.Second
}
