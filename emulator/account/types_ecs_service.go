package account

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
)

const serviceToken = "aws:ecs/service:Service"

var serviceTypes = []Type{{
	Token: serviceToken, Args: ecs.ServiceArgs{}, State: ecs.Service{},
	Name:     Name{Property: "name", Max: 255},
	ForceNew: []string{"name", "cluster", "iamRole", "launchType", "schedulingStrategy", "deploymentController.type"},
	Replaces: func(old, next Values) []string {
		before, after := len(old.List("capacityProviderStrategies")), len(next.List("capacityProviderStrategies"))
		if !next.True("forceNewDeployment") || (before == 0) != (after == 0) {
			return []string{"capacityProviderStrategies"}
		}
		return nil
	},
	Defaults: Values{
		"deploymentMaximumPercent": 200.0, "deploymentMinimumHealthyPercent": 100.0, "desiredCount": 0.0, "enableEcsManagedTags": false,
		"enableExecuteCommand": false, "schedulingStrategy": "REPLICA", "waitForSteadyState": false, "availabilityZoneRebalancing": "DISABLED",
		"deploymentController":     map[string]any{"type": "ECS"},
		"deploymentCircuitBreaker": map[string]any{"enable": false, "rollback": false},
	},
	Refs: []Ref{
		{Path: "loadBalancers[*].targetGroupArn", Type: targetGroupToken, By: "arn", Missing: "InvalidParameterException"},
		{Path: "networkConfiguration.subnets[*]", Type: subnetToken, By: "id", Missing: "InvalidParameterException", InUse: "DependencyViolation"},
		{Path: "networkConfiguration.securityGroups[*]", Type: securityGroupToken, By: "id", Missing: "InvalidParameterException", InUse: "DependencyViolation"},
		{Path: "alarms.alarmNames[*]", Type: alarmToken, By: "id", Missing: "InvalidParameterException"},
	},
	ReadBack: []string{"taskDefinition"}, // the circuit breaker goes back to an earlier one
	Check:    checkService,
	Create:   createService,
	Update:   updateService,
}}

func checkService(in Values) []Problem {
	r := rules{in: in}
	r.length("name", 1, 255)
	r.matches("name", ecsName, "only letters, digits, hyphens and underscores are allowed")
	r.oneOf("launchType", "EC2", "FARGATE", "EXTERNAL")
	r.oneOf("schedulingStrategy", "REPLICA", "DAEMON")
	r.oneOf("propagateTags", "SERVICE", "TASK_DEFINITION", "NONE")
	r.oneOf("availabilityZoneRebalancing", "ENABLED", "DISABLED")
	r.oneOf("deploymentController.type", "ECS", "CODE_DEPLOY", "EXTERNAL")
	r.between("desiredCount", 0, 1<<31-1)
	r.between("healthCheckGracePeriodSeconds", 0, 1<<31-1)
	if in.Has("launchType") && len(in.List("capacityProviderStrategies")) > 0 {
		r.refuse("launchType", "specifying both a launch type and capacity provider strategy is not supported; remove one")
	}
	r.strategy("capacityProviderStrategies")
	r.deployment()
	if in.Has("healthCheckGracePeriodSeconds") && len(in.List("loadBalancers")) == 0 && !in.IsUnknown("loadBalancers") {
		r.refuse("healthCheckGracePeriodSeconds", "health check grace period is only valid for services configured to use load balancers")
	}
	if len(in.List("loadBalancers")) > 5 {
		r.refuse("loadBalancers", "has %d entries; a service can have 5", len(in.List("loadBalancers")))
	}
	r.between("loadBalancers[*].containerPort", 0, 65535)
	for i, balancer := range in.Blocks("loadBalancers[*]") {
		if balancer.Has("targetGroupArn") == balancer.Has("elbName") {
			r.refuse(fmt.Sprintf("loadBalancers[%d]", i), "needs targetGroupArn or elbName, one of them")
		}
	}
	if len(in.List("orderedPlacementStrategies")) > 5 {
		r.refuse("orderedPlacementStrategies", "has %d entries; a service can have 5", len(in.List("orderedPlacementStrategies")))
	}
	r.oneOf("orderedPlacementStrategies[*].type", "random", "spread", "binpack")
	for i, strategy := range in.Blocks("orderedPlacementStrategies[*]") {
		field := strings.ToLower(strategy.Text("field"))
		place := fmt.Sprintf("orderedPlacementStrategies[%d].field", i)
		switch strategy.Text("type") {
		case "binpack":
			if field != "cpu" && field != "memory" {
				r.refuse(place, "the binpack strategy needs the field cpu or memory, not %q", field)
			}
		case "spread":
			if field != "instanceid" && field != "host" && !strings.HasPrefix(field, "attribute:") {
				r.refuse(place, "the spread strategy needs the field instanceId, host or attribute:NAME, not %q", field)
			}
		case "random":
			if field != "" {
				r.refuse(place, "the random strategy has no field")
			}
		}
	}
	r.oneOf("placementConstraints[*].type", "distinctInstance", "memberOf")
	return r.problems
}

// deployment judges how many tasks a deployment may stop and start.
func (r *rules) deployment() {
	r.between("deploymentMinimumHealthyPercent", 0, 100)
	r.between("deploymentMaximumPercent", 1, 200)
	least, most := 100, 200
	if n, ok := r.in.Int("deploymentMinimumHealthyPercent"); ok {
		least = n
	}
	if n, ok := r.in.Int("deploymentMaximumPercent"); ok {
		most = n
	}
	if r.in.Text("schedulingStrategy") == "DAEMON" {
		if r.in.Has("desiredCount") || len(r.in.List("capacityProviderStrategies")) > 0 {
			r.refuse("schedulingStrategy", "the daemon scheduling strategy does not support desiredCount, placement and capacity provider strategies")
		}
		return
	}
	if most == 100 && least == 100 {
		r.refuse("deploymentMaximumPercent", "both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments")
	} else if most < 100 || most < least {
		r.refuse("deploymentMaximumPercent", "maximumPercent must be 100 or more, and not below minimumHealthyPercent")
	}
	if r.in.Text("availabilityZoneRebalancing") == "ENABLED" && most <= 100 {
		r.refuse("availabilityZoneRebalancing", "needs a deploymentMaximumPercent above 100")
	}
}

func createService(tx *Tx, r *Resource) error {
	cluster, ok := tx.cluster(r.Outputs.Text("cluster"))
	if !ok {
		return tx.Refuse("ClusterNotFoundException", "Cluster not found: %s", r.Outputs.Text("cluster"))
	}
	name := r.Outputs.Text("name")
	r.ID = tx.ARN("ecs", "service/"+cluster.Outputs.Text("name")+"/"+name)
	if _, taken := tx.Get(serviceToken, r.ID); taken {
		return tx.Refuse("InvalidParameterException", "Creation of service was not idempotent: %s already exists; choose another name", name)
	}
	setDefault(r.Outputs, "cluster", "default")
	r.Outputs["iamRole"] = "/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
	if len(r.Outputs.List("capacityProviderStrategies")) == 0 && len(tx.serviceProviders(*r)) == 0 {
		setDefault(r.Outputs, "launchType", "EC2")
	}
	setDefault(r.Outputs, "propagateTags", "NONE")
	for _, strategy := range r.Outputs.Blocks("capacityProviderStrategies[*]") {
		completeStrategy(strategy)
	}
	return tx.judgeService(r, false)
}

func updateService(tx *Tx, old, next *Resource) error {
	deploys := next.Outputs.True("forceNewDeployment") || old.Outputs.Text("taskDefinition") != next.Outputs.Text("taskDefinition")
	for _, strategy := range next.Outputs.Blocks("capacityProviderStrategies[*]") {
		completeStrategy(strategy)
	}
	return tx.judgeService(next, deploys)
}
