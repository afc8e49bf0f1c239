package ecs

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var serviceTypes = []account.Type{{
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
		"enableExecuteCommand": false, "schedulingStrategy": "REPLICA", "waitForSteadyState": false, "availabilityZoneRebalancing": "DISABLED",
		"deploymentController":     map[string]any{"type": "ECS"},
		"deploymentCircuitBreaker": map[string]any{"enable": false, "rollback": false},
	},
	Refs: []account.Ref{
		{Path: "loadBalancers[*].targetGroupArn", Type: account.TargetGroupToken, By: "arn", Missing: "InvalidParameterException"},
		{Path: "networkConfiguration.subnets[*]", Type: account.SubnetToken, By: "id", Missing: "InvalidParameterException", InUse: "DependencyViolation"},
		{Path: "networkConfiguration.securityGroups[*]", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidParameterException", InUse: "DependencyViolation"},
		{Path: "alarms.alarmNames[*]", Type: account.AlarmToken, By: "id", Missing: "InvalidParameterException"},
	},
	ReadBack: []string{"taskDefinition"}, // the circuit breaker goes back to an earlier one
	Check:    checkService,
	Create:   createService,
	Update:   updateService,
}}

func checkService(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Length("name", 1, 255)
	r.Matches("name", ecsName, "only letters, digits, hyphens and underscores are allowed")
	r.OneOf("launchType", "EC2", "FARGATE", "EXTERNAL")
	r.OneOf("schedulingStrategy", "REPLICA", "DAEMON")
	r.OneOf("propagateTags", "SERVICE", "TASK_DEFINITION", "NONE")
	r.OneOf("availabilityZoneRebalancing", "ENABLED", "DISABLED")
	r.OneOf("deploymentController.type", "ECS", "CODE_DEPLOY", "EXTERNAL")
	r.Between("desiredCount", 0, 1<<31-1)
	r.Between("healthCheckGracePeriodSeconds", 0, 1<<31-1)
	if in.Has("launchType") && len(in.List("capacityProviderStrategies")) > 0 {
		r.Refuse("launchType", "specifying both a launch type and capacity provider strategy is not supported; remove one")
	}
	checkStrategy(&r, "capacityProviderStrategies")
	checkDeployment(&r)
	if in.Has("healthCheckGracePeriodSeconds") && len(in.List("loadBalancers")) == 0 && !in.IsUnknown("loadBalancers") {
		r.Refuse("healthCheckGracePeriodSeconds", "health check grace period is only valid for services configured to use load balancers")
	}
	if len(in.List("loadBalancers")) > 5 {
		r.Refuse("loadBalancers", "has %d entries; a service can have 5", len(in.List("loadBalancers")))
	}
	r.Between("loadBalancers[*].containerPort", 0, 65535)
	for i, balancer := range in.Blocks("loadBalancers[*]") {
		if balancer.Has("targetGroupArn") == balancer.Has("elbName") {
			r.Refuse(fmt.Sprintf("loadBalancers[%d]", i), "needs targetGroupArn or elbName, one of them")
		}
	}
	if len(in.List("orderedPlacementStrategies")) > 5 {
		r.Refuse("orderedPlacementStrategies", "has %d entries; a service can have 5", len(in.List("orderedPlacementStrategies")))
	}
	r.OneOf("orderedPlacementStrategies[*].type", "random", "spread", "binpack")
	for i, strategy := range in.Blocks("orderedPlacementStrategies[*]") {
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
		case "random":
			if field != "" {
				r.Refuse(place, "the random strategy has no field")
			}
		}
	}
	r.OneOf("placementConstraints[*].type", "distinctInstance", "memberOf")
	return r.Problems
}

// deployment judges how many tasks a deployment may stop and start.
func checkDeployment(r *account.Rules) {
	r.Between("deploymentMinimumHealthyPercent", 0, 100)
	r.Between("deploymentMaximumPercent", 1, 200)
	least, most := 100, 200
	if n, ok := r.In.Int("deploymentMinimumHealthyPercent"); ok {
		least = n
	}
	if n, ok := r.In.Int("deploymentMaximumPercent"); ok {
		most = n
	}
	if r.In.Text("schedulingStrategy") == "DAEMON" {
		if r.In.Has("desiredCount") || len(r.In.List("capacityProviderStrategies")) > 0 {
			r.Refuse("schedulingStrategy", "the daemon scheduling strategy does not support desiredCount, placement and capacity provider strategies")
		}
		return
	}
	if most == 100 && least == 100 {
		r.Refuse("deploymentMaximumPercent", "both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments")
	} else if most < 100 || most < least {
		r.Refuse("deploymentMaximumPercent", "maximumPercent must be 100 or more, and not below minimumHealthyPercent")
	}
	if r.In.Text("availabilityZoneRebalancing") == "ENABLED" && most <= 100 {
		r.Refuse("availabilityZoneRebalancing", "needs a deploymentMaximumPercent above 100")
	}
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
	account.SetDefault(r.Outputs, "cluster", "default")
	r.Outputs["iamRole"] = "/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
	if len(r.Outputs.List("capacityProviderStrategies")) == 0 && len(serviceProviders(tx, *r)) == 0 {
		account.SetDefault(r.Outputs, "launchType", "EC2")
	}
	account.SetDefault(r.Outputs, "propagateTags", "NONE")
	for _, strategy := range r.Outputs.Blocks("capacityProviderStrategies[*]") {
		completeStrategy(strategy)
	}
	return judgeService(tx, r, false)
}

func updateService(tx *account.Tx, old, next *account.Resource) error {
	deploys := next.Outputs.True("forceNewDeployment") || old.Outputs.Text("taskDefinition") != next.Outputs.Text("taskDefinition")
	for _, strategy := range next.Outputs.Blocks("capacityProviderStrategies[*]") {
		completeStrategy(strategy)
	}
	return judgeService(tx, next, deploys)
}
