package awstest

import (
	"maps"
	"net/url"
)

// Outputs are those of a stack with a web and a worker service.
const Outputs = `{"url": "https://app.example.com", "release": "r2", "clusterName": "prod", "loadBalancerDnsName": "lb-1.elb.amazonaws.com",
"serviceNames": {"web": "prod-web", "worker": "prod-worker"}, "databaseEndpoint": "db.internal:3306", "cacheEndpoint": "cache.internal:6379",
"appConfig": {"DB_DATABASE": "laravel", "DB_USERNAME": "app", "CACHE_STORE": "redis", "REDIS_HOST": "tls://cache.internal"},
"traffic": {"blue": {"release": "r2", "percent": 100}}}`

// Map is an object in an answer.
type Map = map[string]any

// List is a list in an answer.
type List = []any

// Task is a running task of the web service on the instance i-1.
func Task(id string, changes Map) Map {
	task := Map{
		"taskArn": "arn:aws:ecs:eu-west-1:1:task/prod/" + id, "taskDefinitionArn": "arn:aws:ecs:eu-west-1:1:task-definition/prod-web:7",
		"lastStatus": "RUNNING", "desiredStatus": "RUNNING", "healthStatus": "HEALTHY", "enableExecuteCommand": true,
		"containerInstanceArn": "arn:aws:ecs:eu-west-1:1:container-instance/prod/ci1", "createdAt": 1.7e9, "startedAt": 1.7e9,
		"containers": List{
			Map{"name": "migrate", "lastStatus": "STOPPED", "exitCode": 0},
			Map{"name": "web", "lastStatus": "RUNNING", "runtimeId": "0123abcd", "networkBindings": List{Map{"hostPort": 32768, "containerPort": 8080}},
				"managedAgents": List{Map{"name": "ExecuteCommandAgent", "lastStatus": "RUNNING"}}},
		},
	}
	maps.Copy(task, changes)
	return task
}

// Service is a service in a steady state with one task.
func Service(name string, changes Map) Map {
	service := Map{
		"serviceName": name, "status": "ACTIVE", "desiredCount": 1, "runningCount": 1, "pendingCount": 0,
		"taskDefinition":           "arn:aws:ecs:eu-west-1:1:task-definition/prod-web:7",
		"capacityProviderStrategy": List{Map{"capacityProvider": "prod-cp", "weight": 1}}, "enableExecuteCommand": true,
		"deployments": List{Map{"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED", "runningCount": 1,
			"taskDefinition": "arn:aws:ecs:eu-west-1:1:task-definition/prod-web:7"}},
	}
	if name == "prod-web" {
		service["loadBalancers"] = List{Map{"targetGroupArn": "tg", "containerName": "web", "containerPort": 8080}}
	}
	maps.Copy(service, changes)
	return service
}

// Stack answers for the stack of Outputs: each service has one task, web's is t-web.
func Stack() map[string]Operation {
	answer := func(value any) Operation { return func(Map, url.Values) any { return value } }
	return map[string]Operation{
		"DescribeServices": func(body Map, _ url.Values) any {
			var services List
			for _, name := range body["services"].(List) {
				services = append(services, Service(name.(string), nil))
			}
			return Map{"services": services}
		},
		"ListTasks": func(body Map, _ url.Values) any {
			if body["desiredStatus"] == "STOPPED" {
				return Map{"taskArns": List{}}
			}
			if body["serviceName"] == "prod-worker" {
				return Map{"taskArns": List{"t-worker"}}
			}
			return Map{"taskArns": List{"t-web"}}
		},
		"DescribeTasks": func(body Map, _ url.Values) any {
			var tasks List
			for _, id := range body["tasks"].(List) {
				tasks = append(tasks, Task(id.(string), nil))
			}
			return Map{"tasks": tasks}
		},
		"DescribeTaskDefinition": answer(Map{"taskDefinition": Definition()}),
		"ListContainerInstances": answer(Map{"containerInstanceArns": List{"arn:aws:ecs:eu-west-1:1:container-instance/prod/ci1"}}),
		"DescribeContainerInstances": answer(Map{"containerInstances": List{Map{
			"containerInstanceArn": "arn:aws:ecs:eu-west-1:1:container-instance/prod/ci1", "ec2InstanceId": "i-1", "status": "ACTIVE", "agentConnected": true,
		}}}),
		"DescribeTargetHealth": answer(TargetHealth("healthy", "")),
	}
}

// Definition is the revision that runs: a migration, then web.
func Definition() Map {
	logs := Map{"logDriver": "awslogs", "options": Map{"awslogs-group": "prod-logs-web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"}}
	environment := List{Map{"name": "APP_RELEASE", "value": "r2"}}
	return Map{
		"taskDefinitionArn": "arn:aws:ecs:eu-west-1:1:task-definition/prod-web:7", "family": "prod-web", "revision": 7,
		"containerDefinitions": List{
			Map{"name": "migrate", "essential": false, "command": List{"migrate"}, "environment": environment, "logConfiguration": logs},
			Map{"name": "ssr", "essential": false, "command": List{"ssr"}, "environment": environment, "logConfiguration": logs},
			Map{"name": "web", "essential": true, "command": List{"web"}, "environment": environment, "logConfiguration": logs, "stopTimeout": 60,
				"dependsOn": List{Map{"containerName": "migrate", "condition": "SUCCESS"}, Map{"containerName": "ssr", "condition": "HEALTHY"}}},
		},
	}
}

// TargetHealth is the answer of the load balancer about the target of web's task.
func TargetHealth(state, reason string) string {
	return `<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions><member>
<Target><Id>i-1</Id><Port>32768</Port></Target><TargetHealth><State>` + state + `</State><Reason>` + reason + `</Reason></TargetHealth>
</member></TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>`
}
