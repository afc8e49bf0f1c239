package ecs

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/fargate"
)

// fargateTask applies what a task definition with FARGATE in requiresCompatibilities must and must not have
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html, and for numbers the API reference of
// RegisterTaskDefinition and ContainerDefinition).
func fargateTask(r *account.Rules, containers []Container) {
	if mode := r.In.Text("networkMode"); mode != "awsvpc" && !r.In.IsUnknown("networkMode") {
		r.Refuse("networkMode", "Fargate only supports network mode 'awsvpc'.")
	}
	if !r.In.Has("executionRoleArn") && !r.In.IsUnknown("executionRoleArn") { // logs and a private registry need it
		r.Refuse("executionRoleArn", "Fargate requires task definition to have execution role ARN to support ECR images and log driver awslogs.")
	}
	size := func(key string) (n int, known bool) { // a text in the provider's schema
		text, known := r.In.String(key)
		n, err := strconv.Atoi(text)
		return n, known && err == nil
	}
	cpu, cpuKnown := size("cpu")
	mib, mibKnown := size("memory")
	if cpuKnown && mibKnown && !fargate.Has(cpu, mib) {
		r.Refuse("cpu", "No Fargate configuration exists for given values: %d CPU, %d memory; %s", cpu, mib, fargate.Around(cpu, mib))
	} else if !r.In.Has("cpu") || !r.In.Has("memory") {
		r.Refuse("cpu", "Fargate requires that 'cpu' and 'memory' be defined at the task level.")
	}
	units, reserved := 0, 0
	task := taskRules{Rules: r}
	for _, c := range containers {
		units += c.CPU
		least := cmp.Or(c.MemoryReservation, c.Memory)
		if least != nil {
			reserved += *least
		}
		if c.Memory != nil && mibKnown && *c.Memory > mib {
			task.invalid(c, "its memory, %d, is more than the task's, %d", *c.Memory, mib)
		}
		task.onFargate(c)
	}
	if cpuKnown && units > cpu {
		r.Refuse("cpu", "the containers have %d units together, more than the task's %d", units, cpu)
	}
	if mibKnown && reserved > mib {
		r.Refuse("memory", "the containers reserve %d MiB together, more than the task's %d", reserved, mib)
	}
	for _, key := range []string{"placementConstraints", "ipcMode", "inferenceAccelerators"} {
		if r.In.Has(key) {
			r.Refuse(key, "is not valid in tasks on Fargate")
		}
	}
	for _, volume := range r.In.Blocks("volumes[*]") {
		if volume.Has("dockerVolumeConfiguration") || volume.Has("hostPath") {
			r.Refuse("volumes", "volume %s: tasks on Fargate have bind mounts without a host path", volume.Text("name"))
		}
	}
}

func (t taskRules) onFargate(c Container) {
	if len(c.DockerSecurityOptions) > 0 {
		t.invalid(c, "dockerSecurityOptions are not supported on Fargate")
	}
	if len(c.LinuxParameters.Tmpfs) > 0 {
		t.invalid(c, "tmpfs is not supported on Fargate")
	}
	if added := c.LinuxParameters.Capabilities.Add; len(added) > 0 && !slices.Equal(added, []string{"SYS_PTRACE"}) {
		t.invalid(c, "the only capability that can be added on Fargate is SYS_PTRACE, not %q", added)
	}
	if c.StopTimeout != nil && *c.StopTimeout > fargate.MaxStopSeconds {
		t.invalid(c, "stopTimeout %d is more than %d, the most on Fargate", *c.StopTimeout, fargate.MaxStopSeconds)
	}
}

// checkNetwork applies the rules between a service, the network mode of its tasks and what they run on: CreateService's reference for
// networkConfiguration ("required for task definitions that use the awsvpc network mode ... and it's not supported for other network modes"), and
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement.html ("not supported for tasks that use the Fargate launch type").
func checkNetwork(tx *account.Tx, out account.Values, task account.Resource) error {
	own, fargate := task.Outputs.Text("networkMode") == "awsvpc", runsOnFargate(tx, out)
	switch {
	case own && !out.Has("networkConfiguration"):
		return tx.Refuse("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	case !own && out.Has("networkConfiguration"):
		return tx.Refuse("InvalidParameterException", "Network Configuration is not valid for the given networkMode of this task definition.")
	case fargate && !slices.Contains(task.Outputs.Strings("requiresCompatibilities"), "FARGATE"):
		return tx.Refuse("InvalidParameterException", "Task definition does not support launch_type FARGATE.")
	case !fargate && !slices.Contains(task.Outputs.Strings("requiresCompatibilities"), "EC2"):
		return tx.Refuse("InvalidParameterException", "Task definition does not support launch_type EC2.")
	case fargate && len(out.List("orderedPlacementStrategies")) > 0:
		return tx.Refuse("InvalidParameterException", "Placement strategies are not supported with FARGATE launch type.")
	}
	return nil
}

// unreached says why the load balancer cannot reach tasks that have an address of their own: their health checks fail then, and ECS replaces
// them without an end. Security groups of the tasks and of the load balancer must open the port of the container
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html, "Target security groups").
func unreached(tx *account.Tx, r *account.Resource, task account.Resource) string {
	if task.Outputs.Text("networkMode") != "awsvpc" {
		return ""
	}
	own := r.Outputs.Strings("networkConfiguration.securityGroups")
	for _, balancer := range r.Outputs.Blocks("loadBalancers[*]") {
		port, _ := balancer.Int("containerPort")
		group, _ := tx.Get(account.TargetGroupToken, balancer.Text("targetGroupArn"))
		for _, arn := range group.Outputs.Strings("loadBalancerArns") {
			from, _ := tx.Get(account.BalancerToken, arn)
			if !tx.Admits(from.Outputs.Strings("securityGroups"), own, port) {
				return fmt.Sprintf("Task failed ELB health checks in (target-group %s): no rules of security groups let the load balancer reach port %d of the tasks", group.ID, port)
			}
		}
	}
	return ""
}

// refuseMove: a service that uses a capacity provider of an Auto Scaling group can't be updated to use one of Fargate, and vice versa
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html).
func refuseMove(tx *account.Tx) error {
	return tx.Refuse("InvalidParameterException", "A service cannot be updated from a capacity provider of an Auto Scaling group to one of Fargate, or back: create another service.")
}
