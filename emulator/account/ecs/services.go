package ecs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var service = account.Type{
	Token: account.ServiceToken, Args: ecs.ServiceArgs{}, State: ecs.Service{},
	Name:     account.Name{Property: "name", Max: 255},
	ForceNew: []string{"name", "cluster", "iamRole", "launchType", "schedulingStrategy", "deploymentController.type"},
	Replaces: func(old, next account.Values) []string {
		before, after := len(old.List("capacityProviderStrategies")), len(next.List("capacityProviderStrategies"))
		if !next.True("forceNewDeployment") || (before == 0) != (after == 0) {
			return []string{"capacityProviderStrategies"}
		}
		return nil
	},
	Defaults: account.Values{
		"deploymentMaximumPercent": 200.0, "deploymentMinimumHealthyPercent": 100.0, "desiredCount": 0.0, "enableEcsManagedTags": false,
		"enableExecuteCommand": false, "schedulingStrategy": "REPLICA", "waitForSteadyState": false, "availabilityZoneRebalancing": "DISABLED", "propagateTags": "NONE",
		"deploymentController":     map[string]any{"type": "ECS"},
		"deploymentCircuitBreaker": map[string]any{"enable": false, "rollback": false},
	},
	Refs: []account.Ref{
		{Path: "loadBalancers[*].targetGroupArn", Type: account.TargetGroupToken, By: "arn", Missing: "InvalidParameterException"},
		{Path: "networkConfiguration.subnets[*]", Type: account.SubnetToken, By: "id", Missing: "InvalidParameterException"},
		{Path: "networkConfiguration.securityGroups[*]", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidParameterException"},
	},
	Rules: name("name", strategyRules("capacityProviderStrategies",
		account.OneOf("schedulingStrategy", "REPLICA"),
		account.OneOf("propagateTags", "SERVICE", "TASK_DEFINITION", "NONE"),
		account.Between("desiredCount", 0, 1<<31-1),
		account.Between("deploymentMinimumHealthyPercent", 0, 100),
		account.Between("deploymentMaximumPercent", 1, 200),
		account.Between("healthCheckGracePeriodSeconds", 0, 1<<31-1),
		account.AtMost("loadBalancers", 5),
		account.Between("loadBalancers[*].containerPort", 0, 65535),
		account.AtMost("orderedPlacementStrategies", 5),
		account.OneOf("orderedPlacementStrategies[*].type", "random", "spread", "binpack"),
	)...),
	Check: checkService,
	Identity: account.Identity{Outputs: account.Values{
		"iamRole": "/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
	}},
	Create:  createService,
	Lingers: true,
	Delete:  stopTasks,
	Update: func(tx *account.Tx, old, next *account.Resource) error {
		// The provider sends no alarms where there are none, and ECS keeps those that it has (terraform-provider-aws v5.100,
		// internal/service/ecs/service.go, resourceServiceUpdate).
		if old.Outputs.Has("alarms") && !next.Inputs.Has("alarms") {
			next.Outputs["alarms"] = old.Outputs["alarms"]
		}
		if runsOnFargate(tx, old.Outputs) != runsOnFargate(tx, next.Outputs) {
			return refuseMove(tx)
		}
		return completeService(tx, next, old.Outputs.Text("taskDefinition") != next.Outputs.Text("taskDefinition"))
	},
}

func checkService(r *account.Rules) {
	checkStrategy(r, "capacityProviderStrategies")
	least, most := percentages(r.In)
	if most == 100 && least == 100 {
		r.Refuse("deploymentMaximumPercent", "both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments")
	} else if most < 100 || most < least {
		r.Refuse("deploymentMaximumPercent", "maximumPercent must be 100 or more, and not below minimumHealthyPercent")
	}
	if r.In.Has("healthCheckGracePeriodSeconds") && len(r.In.List("loadBalancers")) == 0 && !r.In.IsUnknown("loadBalancers") {
		r.Refuse("healthCheckGracePeriodSeconds", "health check grace period is only valid for services configured to use load balancers")
	}
	// The provider sends an empty list as none, which the SDK refuses (terraform-provider-aws, internal/service/ecs/service.go, expandAlarms;
	// aws-sdk-go-v2/service/ecs, validators.go).
	if r.In.Has("alarms") && !r.In.IsUnknown("alarms.alarmNames") && len(r.In.List("alarms.alarmNames")) == 0 {
		r.Refuse("alarms.alarmNames", "missing required field, DeploymentConfiguration.Alarms.AlarmNames")
	}
	for i, strategy := range r.In.Blocks("orderedPlacementStrategies[*]") {
		field := strings.ToLower(strategy.Text("field"))
		place := fmt.Sprintf("orderedPlacementStrategies[%d].field", i)
		switch strategy.Text("type") {
		case "binpack":
			if field != "cpu" && field != "memory" {
				r.Refuse(place, "the binpack strategy needs the field cpu or memory, not %q", field)
			}
		case "spread":
			if field != "instanceid" && field != "host" && !strings.HasPrefix(field, "attribute:") {
				r.Refuse(place, "the spread strategy needs the field instanceId, host or attribute:NAME, not %q", field)
			}
		}
	}
}

// percentages are how many of the desired tasks a deployment keeps and may have.
func percentages(values account.Values) (least, most int) {
	least, most = 100, 200
	if n, ok := values.Int("deploymentMinimumHealthyPercent"); ok {
		least = n
	}
	if n, ok := values.Int("deploymentMaximumPercent"); ok {
		most = n
	}
	return least, most
}

func createService(tx *account.Tx, r *account.Resource) error {
	cluster, ok := findCluster(tx, r.Outputs.Text("cluster"))
	if !ok {
		return tx.Refuse("ClusterNotFoundException", "Cluster not found: %s", r.Outputs.Text("cluster"))
	}
	name := r.Outputs.Text("name")
	r.ID = tx.ARN("ecs", "service/"+cluster.Outputs.Text("name")+"/"+name)
	if _, taken := tx.Get(account.ServiceToken, r.ID); taken {
		return tx.Refuse("InvalidParameterException", "Creation of service was not idempotent: %s already exists; choose another name", name)
	}
	association, _ := tx.Get(account.ClusterProvidersToken, cluster.Outputs.Text("name"))
	if len(r.Outputs.List("capacityProviderStrategies")) == 0 && len(association.Outputs.List("defaultCapacityProviderStrategies")) == 0 {
		account.SetDefault(r.Outputs, "launchType", "EC2")
	}
	return completeService(tx, r, false)
}

// completeService applies the rules between a service, its task definition, its target groups and its cluster.
func completeService(tx *account.Tx, r *account.Resource, deploys bool) error {
	out := r.Outputs
	completeStrategy(out, "capacityProviderStrategies")
	task, status, ok := FindTaskDefinition(tx, out.Text("taskDefinition"))
	if !ok {
		return tx.Refuse("ClientException", "TaskDefinition not found: %s", out.Text("taskDefinition"))
	}
	if status != "ACTIVE" {
		return tx.Refuse("ClientException", "TaskDefinition is inactive: %s was deregistered; declare it with skipDestroy to keep it for rollbacks", out.Text("taskDefinition"))
	}
	containers, err := ParseContainers(task.Outputs.Text(definitions))
	if err != nil {
		return fmt.Errorf("reading the containers of %s: %w", task.ID, err)
	}
	if err := checkNetwork(tx, out, task); err != nil {
		return err
	}
	mode := task.Outputs.Text("networkMode")
	for _, balancer := range out.Blocks("loadBalancers[*]") {
		if err := checkTarget(tx, balancer, containers, mode); err != nil {
			return err
		}
	}
	association, _ := tx.Get(account.ClusterProvidersToken, account.AfterSlash(out.Text("cluster")))
	attached := providers(association.Outputs, "capacityProviders")
	for _, name := range providers(out, "capacityProviderStrategies[*].capacityProvider") {
		if !slices.Contains(attached, name) {
			return tx.Refuse("InvalidParameterException",
				"The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider %s with the cluster and try again.", name)
		}
	}
	if out.True("waitForSteadyState") {
		if why := neverSteady(tx, r, task, containers, deploys); why != "" {
			return tx.Refuse("RequestTimeout", "waiting for ECS Service (%s): timeout while waiting for state to become 'tfSTABLE' (last state: 'tfPENDING', timeout: 20m0s): %s", r.ID, why)
		}
	}
	return nil
}

// checkTarget applies the rules between a target group and the container behind it.
func checkTarget(tx *account.Tx, balancer account.Values, containers []Container, mode string) error {
	arn, name := balancer.Text("targetGroupArn"), balancer.Text("containerName")
	port, _ := balancer.Int("containerPort")
	i := slices.IndexFunc(containers, func(c Container) bool { return c.Name == name })
	if i < 0 {
		return tx.Refuse("InvalidParameterException", "The container %s does not exist in the task definition.", name)
	}
	if !slices.ContainsFunc(containers[i].PortMappings, func(p portMapping) bool { return p.ContainerPort == port }) {
		return tx.Refuse("InvalidParameterException", "The container %s did not have a container port %d defined.", name, port)
	}
	group, _ := tx.Get(account.TargetGroupToken, arn)
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
