// Package ecs holds clusters, task definitions, services and their scaling.
package ecs

import (
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var ecsName = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

// name are the rules for what ECS names.
func name(property string, more ...account.Rule) []account.Rule {
	return append(more, account.Length(property, 1, 255), account.Matches(property, ecsName, "only letters, digits, hyphens and underscores are allowed"))
}

// Service is ECS with container instances, and Application Auto Scaling of its services.
var Service = account.Service{
	Types: []account.Type{
		{
			Token: account.ClusterToken, Args: ecs.ClusterArgs{}, State: ecs.Cluster{},
			Name:     account.Name{Property: "name", Max: 255},
			ForceNew: []string{"name"},
			Rules: name("name", account.OneOf("settings[*].name", "containerInsights"),
				account.OneOf("settings[*].value", "enabled", "disabled", "enhanced"),
				account.OneOf("configuration.executeCommandConfiguration.logging", "NONE", "DEFAULT", "OVERRIDE")),
			Check: checkExecLog,
			Identity: account.Identity{
				ID: "{arn}", ARN: "ecs:cluster/{name}",
				Taken:   "ClientException: Arguments on this idempotent request are inconsistent with arguments used in previous request(s): cluster {name} already exists",
				Outputs: account.Values{"settings": []any{map[string]any{"name": "containerInsights", "value": "disabled"}}},
			},
			Delete: deleteCluster,
		},
		capacityProvider, clusterProviders, taskDefinition, service, scalableTarget, scalingPolicy,
	},
	Functions: []account.Function{{
		Token: "aws:ecs/getService:getService", Args: ecs.LookupServiceArgs{}, Result: ecs.LookupServiceResult{}, Run: getService,
	}},
}

// checkExecLog wants a place for the sessions of ECS Exec: "If OVERRIDE is specified, it is required that logConfiguration be specified"
// (API reference, ExecuteCommandConfiguration).
func checkExecLog(r *account.Rules) {
	for _, c := range r.In.Blocks("configuration.executeCommandConfiguration") {
		if c.Text("logging") == "OVERRIDE" && !c.Has("logConfiguration.cloudWatchLogGroupName") && !c.Has("logConfiguration.s3BucketName") {
			r.Refuse("configuration.executeCommandConfiguration.logConfiguration", "OVERRIDE needs a log group or a bucket")
		}
	}
}

// findCluster finds a cluster by its name or ARN.
func findCluster(tx *account.Tx, text string) (account.Resource, bool) {
	return tx.Find(account.ClusterToken, "name", account.AfterSlash(text))
}

func deleteCluster(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	for _, service := range tx.List(account.ServiceToken) {
		if account.AfterSlash(service.Outputs.Text("cluster")) == name {
			return tx.Refuse("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active: %s", service.Outputs.Text("name"))
		}
	}
	const registered = "The Cluster cannot be deleted while Container Instances are active or draining: "
	if group, found := tx.Fleet(name); found {
		return tx.Refuse("ClusterContainsContainerInstancesException", registered+"the instances of Auto Scaling group %s are registered; delete the group first", group.ID)
	}
	if lost, found := tx.Find(account.LostInstancesToken, "cluster", name); found {
		return tx.Refuse("ClusterContainsContainerInstancesException",
			registered+"those of %s were terminated while their agents were disconnected; aws ecs deregister-container-instance --force", lost.ID)
	}
	return nil
}

func getService(tx *account.Tx, args account.Values) (account.Values, error) {
	name := account.AfterSlash(args.Text("serviceName"))
	cluster, ok := findCluster(tx, args.Text("clusterArn"))
	if !ok {
		return nil, tx.Refuse("ClusterNotFoundException", "Cluster not found: %s", args.Text("clusterArn"))
	}
	service, ok := tx.Get(account.ServiceToken, tx.ARN("ecs", "service/"+cluster.Outputs.Text("name")+"/"+name))
	if !ok {
		return nil, tx.Refuse("ServiceNotFoundException", "ECS service %s not found in cluster %s", name, cluster.ID)
	}
	out := service.Outputs
	return account.Values{
		"id": service.ID, "arn": service.ID, "clusterArn": cluster.ID, "serviceName": name, "desiredCount": out["desiredCount"],
		"launchType": out["launchType"], "schedulingStrategy": out["schedulingStrategy"], "taskDefinition": out["taskDefinition"],
		"availabilityZoneRebalancing": out["availabilityZoneRebalancing"], "tags": out["tagsAll"],
	}, nil
}

// providers are the names of the capacity providers at a path, which may be named by ARN.
func providers(values account.Values, path string) []string {
	names := values.Strings(path)
	for i := range names {
		names[i] = account.AfterSlash(names[i])
	}
	return names
}

// serviceOn finds a service of a cluster that runs on a capacity provider: its own, or the cluster's default.
func serviceOn(tx *account.Tx, cluster, provider string) (service string, found bool) {
	association, _ := tx.Get(account.ClusterProvidersToken, cluster)
	for _, service := range tx.List(account.ServiceToken) {
		names := providers(service.Outputs, "capacityProviderStrategies[*].capacityProvider")
		if len(names) == 0 {
			names = providers(association.Outputs, "defaultCapacityProviderStrategies[*].capacityProvider")
		}
		if account.AfterSlash(service.Outputs.Text("cluster")) == cluster && slices.Contains(names, account.AfterSlash(provider)) {
			return service.Outputs.Text("name"), true
		}
	}
	return "", false
}
