package account

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
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
	Check:  checkService,
	Create: createService,
	Update: updateService,
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

// judgeService applies the rules between a service, its task definition, its target groups and its cluster.
func (tx *Tx) judgeService(r *Resource, replaces bool) error {
	out := r.Outputs
	if !out.Has("taskDefinition") {
		return tx.Refuse("InvalidParameterException", "TaskDefinition can not be blank")
	}
	task, status, ok := tx.taskDefinition(out.Text("taskDefinition"))
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
		if err := tx.judgeTarget(balancer, containers, mode); err != nil {
			return err
		}
	}
	if err := tx.judgeProviders(r); err != nil {
		return err
	}
	if out.True("waitForSteadyState") {
		if why := tx.neverSteady(r, task, containers, replaces); why != "" {
			return tx.Refuse("RequestTimeout", "waiting for ECS Service (%s): timeout while waiting for state to become 'tfSTABLE' (last state: 'tfPENDING', timeout: 20m0s): %s", r.ID, why)
		}
	}
	return nil
}

// judgeTarget applies the rules between a target group and the container behind it.
func (tx *Tx) judgeTarget(balancer Values, containers []container, mode string) error {
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
	group, ok := tx.Get(targetGroupToken, arn)
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

func (tx *Tx) judgeProviders(r *Resource) error {
	association, _ := tx.Get(clusterProvidersToken, afterSlash(r.Outputs.Text("cluster")))
	var associated []string
	for _, name := range association.Outputs.Strings("capacityProviders") {
		associated = append(associated, afterSlash(name))
	}
	for _, name := range r.Outputs.Strings("capacityProviderStrategies[*].capacityProvider") {
		if !slices.Contains(associated, afterSlash(name)) {
			return tx.Refuse("InvalidParameterException",
				"The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider %s with the cluster and try again.", name)
		}
	}
	return nil
}

// neverSteady says why a service would not come to its desired count, so that the provider's wait would run out. AWS
// creates such a service all the same, and its tasks fail one after the other.
func (tx *Tx) neverSteady(r *Resource, task Resource, containers []container, replaces bool) string {
	desired, _ := r.Outputs.Int("desiredCount")
	if desired == 0 && r.Outputs.Text("schedulingStrategy") != "DAEMON" {
		return ""
	}
	if least, most := percentages(r.Outputs); replaces && desired*most/100 <= desired && (desired*least+99)/100 >= desired {
		return fmt.Sprintf("with %d tasks, at least %d%% and at most %d%% of them, a deployment can neither start nor stop one", desired, least, most)
	}
	if len(tx.serviceProviders(*r)) == 0 && r.Outputs.Text("launchType") == "EC2" {
		if _, found := tx.fleetOf(afterSlash(r.Outputs.Text("cluster"))); !found {
			return "the service was unable to place a task because no container instance met all of its requirements: no Auto Scaling group joins the cluster"
		}
	}
	for _, name := range []string{"executionRoleArn", "taskRoleArn"} {
		role, ok := tx.Find(roleToken, "arn", task.Outputs.Text(name))
		if ok && !trusts(role.Outputs.Text("assumeRolePolicy"), "ecs-tasks.amazonaws.com") {
			return fmt.Sprintf("ECS was unable to assume the role '%s': its trust policy does not name ecs-tasks.amazonaws.com", role.Outputs.Text("arn"))
		}
	}
	for _, c := range containers {
		for _, secret := range c.Secrets {
			if why := tx.unreadable(secret.ValueFrom); why != "" {
				return fmt.Sprintf("ResourceInitializationError: unable to pull secrets for container %s: %s", c.Name, why)
			}
		}
		if l := c.LogConfiguration; l != nil && l.LogDriver == "awslogs" && l.Options["awslogs-create-group"] != "true" && l.Options["awslogs-region"] == tx.Region() {
			if _, ok := tx.Get(logGroupToken, l.Options["awslogs-group"]); !ok {
				return fmt.Sprintf("CannotStartContainerError: the log group %s of container %s does not exist", l.Options["awslogs-group"], c.Name)
			}
		}
		repository, ours := strings.CutPrefix(c.Image, tx.registryHost()+"/")
		repository, _, _ = strings.Cut(repository, "@")
		repository, _, _ = strings.Cut(repository, ":")
		if _, ok := tx.Get(repositoryToken, repository); ours && !ok {
			return fmt.Sprintf("CannotPullContainerError: the repository %s of container %s does not exist", repository, c.Name)
		}
	}
	return ""
}

func percentages(out Values) (least, most int) {
	least, _ = out.Int("deploymentMinimumHealthyPercent")
	most, _ = out.Int("deploymentMaximumPercent")
	return least, most
}

var jsonKeyForm = regexp.MustCompile(`^[^:]*:[^:]*:[^:]*$`)

// unreadable says why ECS cannot read a secret of a container; empty when it can.
func (tx *Tx) unreadable(valueFrom string) string {
	parts := strings.SplitN(valueFrom, ":", 8)
	if len(parts) < 7 || parts[2] != "secretsmanager" || parts[3] != tx.Region() || parts[4] != tx.AccountID() {
		return "" // a parameter of SSM, or a secret of somebody else's
	}
	arn := strings.Join(parts[:7], ":")
	if _, ok := tx.Get(secretToken, arn); !ok {
		return fmt.Sprintf("ResourceNotFoundException: Secrets Manager can't find the specified secret: %s", arn)
	}
	current := slices.IndexFunc(tx.List(secretVersionToken), func(v Resource) bool {
		return v.Outputs.Text("arn") == arn && slices.Contains(v.Outputs.Strings("versionStages"), "AWSCURRENT")
	})
	if current < 0 {
		return fmt.Sprintf("ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label AWSCURRENT: %s has no version", arn)
	}
	if len(parts) < 8 {
		return ""
	}
	if !jsonKeyForm.MatchString(parts[7]) {
		return fmt.Sprintf("unexpected ARN format %s: json-key, version-stage and version-id are needed behind it, each may be empty (ARN:key::)", valueFrom)
	}
	key, _, _ := strings.Cut(parts[7], ":")
	if key == "" {
		return ""
	}
	var fields map[string]any
	text := tx.List(secretVersionToken)[current].Outputs.Text("secretString")
	if json.Unmarshal([]byte(text), &fields) != nil || fields[key] == nil {
		return fmt.Sprintf("retrieved secret from Secrets Manager did not contain json key %s: %s", key, arn)
	}
	return ""
}

// trusts tells whether a trust policy lets a service of AWS assume the role.
func trusts(policy, service string) bool {
	statements, err := bucketStatements(policy)
	return err == nil && slices.ContainsFunc(statements, func(s bucketStatement) bool {
		return s.Effect == "Allow" && s.Action.covers("sts:AssumeRole") && s.Principal["Service"].covers(service)
	})
}
