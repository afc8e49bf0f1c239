package ecs

import (
	"fmt"
	"slices"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// judgeService applies the rules between a service, its task definition, its target groups and its cluster.
func judgeService(tx *account.Tx, r *account.Resource, replaces bool) error {
	out := r.Outputs
	if !out.Has("taskDefinition") {
		return tx.Refuse("InvalidParameterException", "TaskDefinition can not be blank")
	}
	task, status, ok := FindTaskDefinition(tx, out.Text("taskDefinition"))
	if !ok {
		return tx.Refuse("ClientException", "TaskDefinition not found: %s", out.Text("taskDefinition"))
	}
	if status != "ACTIVE" {
		return tx.Refuse("ClientException", "TaskDefinition is inactive: %s was deregistered; declare it with skipDestroy to keep it for rollbacks", out.Text("taskDefinition"))
	}
	mode := task.Outputs.Text("networkMode")
	switch network := out.Map("networkConfiguration"); {
	case mode == "awsvpc" && network == nil:
		return tx.Refuse("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	case mode != "awsvpc" && network != nil:
		return tx.Refuse("InvalidParameterException", "Network Configuration is not valid for the given networkMode of this task definition: it is %s", mode)
	}
	containers, err := parseContainers(task.Outputs.Text("containerDefinitions"))
	if err != nil {
		return fmt.Errorf("reading the containers of %s: %w", task.ID, err)
	}
	for _, balancer := range out.Blocks("loadBalancers[*]") {
		if err := judgeTarget(tx, balancer, containers, mode); err != nil {
			return err
		}
	}
	if err := judgeProviders(tx, r); err != nil {
		return err
	}
	if out.True("waitForSteadyState") {
		if why := neverSteady(tx, r, task, containers, replaces); why != "" {
			return tx.Refuse("RequestTimeout", "waiting for ECS Service (%s): timeout while waiting for state to become 'tfSTABLE' (last state: 'tfPENDING', timeout: 20m0s): %s", r.ID, why)
		}
	}
	return nil
}

// judgeTarget applies the rules between a target group and the container behind it.
func judgeTarget(tx *account.Tx, balancer account.Values, containers []container, mode string) error {
	arn := balancer.Text("targetGroupArn")
	name := balancer.Text("containerName")
	port, _ := balancer.Int("containerPort")
	i := slices.IndexFunc(containers, func(c container) bool { return c.Name == name })
	if i < 0 {
		return tx.Refuse("InvalidParameterException", "The container %s does not exist in the task definition.", name)
	}
	if !slices.ContainsFunc(containers[i].PortMappings, func(p portMapping) bool { return p.ContainerPort == port }) {
		return tx.Refuse("InvalidParameterException", "The container %s did not have a container port %d defined.", name, port)
	}
	group, ok := tx.Get(account.TargetGroupToken, arn)
	if !ok {
		return nil // a classic load balancer
	}
	if len(group.Outputs.Strings("loadBalancerArns")) == 0 {
		return tx.Refuse("InvalidParameterException",
			"The target group with targetGroupArn %s does not have an associated load balancer: create the listener first (dependsOn)", arn)
	}
	wanted := "instance"
	if mode == "awsvpc" {
		wanted = "ip"
	}
	if kind := group.Outputs.Text("targetType"); kind != wanted {
		return tx.Refuse("InvalidParameterException",
			"The provided target group %s has target type %s, which is incompatible with the %s network mode specified in the task definition: use %s", arn, kind, mode, wanted)
	}
	return nil
}

func judgeProviders(tx *account.Tx, r *account.Resource) error {
	association, _ := tx.Get(account.ClusterProvidersToken, account.AfterSlash(r.Outputs.Text("cluster")))
	var associated []string
	for _, name := range association.Outputs.Strings("capacityProviders") {
		associated = append(associated, account.AfterSlash(name))
	}
	for _, name := range r.Outputs.Strings("capacityProviderStrategies[*].capacityProvider") {
		if !slices.Contains(associated, account.AfterSlash(name)) {
			return tx.Refuse("InvalidParameterException",
				"The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider %s with the cluster and try again.", name)
		}
	}
	return nil
}
