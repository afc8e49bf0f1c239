package ecs

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var serviceFunctions = []account.Function{{
	Token: "aws:ecs/getService:getService",
	Args:  ecs.LookupServiceArgs{}, Result: ecs.LookupServiceResult{},
	Run: getService,
}}

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
