package aws

import (
	"context"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

type any1 = map[string]any

// onFargate are the containers of a task with what Fargate has: the task's changes, and those of the container web.
func onFargate(task account.Values, web map[string]any) account.Values {
	containers := shopContainers()
	for _, c := range containers {
		c["memory"], c["memoryReservation"], c["cpu"] = 512, 128, 64
		delete(c, "linuxParameters")
		delete(c, "dockerSecurityOptions")
		if c["name"] == "web" {
			c["portMappings"] = []any{any1{"containerPort": 8080, "hostPort": 8080}}
			c["mountPoints"] = []any{any1{"sourceVolume": "tmp", "containerPath": "/tmp"}}
			for key, value := range web {
				c[key] = value
			}
		}
	}
	return with(with(with(goodTask, account.Values{
		"family": "far", "networkMode": "awsvpc", "requiresCompatibilities": []any{"FARGATE"}, "cpu": "256", "memory": "512", "volumes": []any{any1{"name": "tmp"}},
	}), containerText(containers)), task)
}

// TestFargateTaskRefusals: what only tasks on instances may have, sizes, and limits.
func TestFargateTaskRefusals(t *testing.T) {
	const definitions = "containerDefinitions"
	good := onFargate(nil, nil)
	change := func(web map[string]any) account.Values {
		return account.Values{definitions: onFargate(nil, web)[definitions]}
	}
	testRefusals(t, fleeted, []refusal{
		{"bridge mode", account.TaskToken, good, account.Values{"networkMode": "bridge"}, "networkMode", ""},
		{"no size", account.TaskToken, good, account.Values{"cpu": "256", "memory": "768"}, "cpu", ""},
		{"no memory", account.TaskToken, good, account.Values{"memory": nil}, "cpu", ""},
		{"no role to start with", account.TaskToken, with(good, change(map[string]any{"secrets": nil})), account.Values{"executionRoleArn": nil}, "executionRoleArn", ""},
		{"security options", account.TaskToken, good, change(any1{"dockerSecurityOptions": []any{"no-new-privileges"}}), definitions, ""},
		{"tmpfs", account.TaskToken, good, change(any1{"linuxParameters": any1{"tmpfs": []any{any1{"containerPath": "/tmp", "size": 64}}}}), definitions, ""},
		{"capability", account.TaskToken, good, change(any1{"linuxParameters": any1{"capabilities": any1{"add": []any{"NET_ADMIN"}}}}), definitions, ""},
		{"stop timeout", account.TaskToken, good, change(any1{"stopTimeout": 121}), definitions, ""},
		{"links", account.TaskToken, good, change(any1{"links": []any{"migrate"}}), definitions, ""},
		{"another host port", account.TaskToken, good, change(any1{"portMappings": []any{any1{"containerPort": 8080, "hostPort": 80}}}), definitions, ""},
		{"memory beyond the task's", account.TaskToken, good, change(any1{"memory": 513}), definitions, ""},
		{"CPU beyond the task's", account.TaskToken, good, change(any1{"cpu": 256}), "cpu", ""},
		{"reservations beyond the task's", account.TaskToken, good, change(any1{"memoryReservation": 500}), "memory", ""},
		{"unknown volume", account.TaskToken, good, account.Values{"volumes": nil}, definitions, ""},
		{"path of a volume", account.TaskToken, good, change(any1{"mountPoints": []any{any1{"sourceVolume": "tmp", "containerPath": "tmp"}}}), definitions, ""},
		{"folder of a host", account.TaskToken, good, account.Values{"volumes": []any{any1{"name": "tmp", "hostPath": "/tmp"}}}, "volumes", ""},
	})
}

// onFargateToo is the account with what a service on Fargate needs before itself.
func onFargateToo(t *testing.T) *world {
	t.Helper()
	w := fleeted(t)
	for name, change := range map[string]account.Values{"far": onFargate(nil, nil), "own": onFargate(account.Values{"family": "own", "requiresCompatibilities": []any{"EC2"}}, nil)} {
		w.ids[name+"task"] = w.make(account.TaskToken, name, change).Outputs.Text("arn")
	}
	w.make(account.ClusterToken, "fargate", account.Values{"name": "fargate"})
	w.make(account.ClusterProvidersToken, "of-fargate", account.Values{"clusterName": "fargate", "capacityProviders": []any{"FARGATE", "FARGATE_SPOT"}})
	w.make(account.TargetGroupToken, "ip", with(goodTargetGroup, account.Values{"name": "ip", "targetType": "ip"}))
	w.make(account.ListenerToken, "iplistener", with(with(goodListener, account.Values{"port": 81}), doing("forward", account.Values{"targetGroupArn": "{ip}"})))
	port := account.Values{"ipProtocol": "tcp", "fromPort": 8080, "toPort": 8080}
	w.make(account.EgressRuleToken, "to-tasks", with(port, account.Values{"securityGroupId": "{web}", "referencedSecurityGroupId": "{peer}"}))
	w.make(account.IngressRuleToken, "from-balancer", with(port, account.Values{"securityGroupId": "{peer}", "referencedSecurityGroupId": "{web}"}))
	w.make(account.EgressRuleToken, "tasks-out", account.Values{"securityGroupId": "{peer}", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "0.0.0.0/0"})
	return w
}

var fargateService = account.Values{
	"name": "far", "cluster": "fargate", "taskDefinition": "{fartask}", "desiredCount": 2, "waitForSteadyState": true, "healthCheckGracePeriodSeconds": 60,
	"capacityProviderStrategies": []any{any1{"capacityProvider": "FARGATE", "weight": 1}}, "forceNewDeployment": true, "deploymentCircuitBreaker": any1{"enable": true, "rollback": true},
	"loadBalancers":        []any{any1{"targetGroupArn": "{ip}", "containerName": "web", "containerPort": 8080}},
	"networkConfiguration": any1{"subnets": []any{"{a}", "{b}"}, "securityGroups": []any{"{peer}"}, "assignPublicIp": false},
}

func TestFargateServiceRefusals(t *testing.T) {
	good := fargateService
	testRefusals(t, onFargateToo, []refusal{
		{"no network", account.ServiceToken, good, account.Values{"networkConfiguration": nil}, "", "InvalidParameterException"},
		{"network in bridge mode", account.ServiceToken, goodService, account.Values{"networkConfiguration": good["networkConfiguration"]}, "", "InvalidParameterException"},
		{"no such subnet", account.ServiceToken, good, account.Values{"networkConfiguration": any1{"subnets": []any{"subnet-0123456789abcdef0"}}}, "", "InvalidParameterException"},
		{"no such group", account.ServiceToken, good, account.Values{"networkConfiguration": any1{"subnets": []any{"{a}"}, "securityGroups": []any{"sg-0123456789abcdef0"}}}, "", "InvalidParameterException"},
		{"a task for instances", account.ServiceToken, good, account.Values{"taskDefinition": "{owntask}"}, "", "InvalidParameterException"},
		{"a task for Fargate", account.ServiceToken, with(goodService, account.Values{"orderedPlacementStrategies": nil}), account.Values{
			"taskDefinition": "{fartask}", "networkConfiguration": good["networkConfiguration"], "loadBalancers": good["loadBalancers"]}, "", "InvalidParameterException"},
		{"placement", account.ServiceToken, good, account.Values{"orderedPlacementStrategies": []any{any1{"type": "binpack", "field": "memory"}}}, "", "InvalidParameterException"},
		{"target group of instances", account.ServiceToken, good, account.Values{"loadBalancers": goodService["loadBalancers"]}, "", "InvalidParameterException"},
		{"both kinds of capacity", account.ServiceToken, good, account.Values{"capacityProviderStrategies": []any{any1{"capacityProvider": "FARGATE", "weight": 1}, any1{"capacityProvider": "fleet", "weight": 1}}}, "capacityProviderStrategies", ""},
		{"capacity that the cluster does not have", account.ServiceToken, good, account.Values{"cluster": "shop"}, "", "InvalidParameterException"},
	})
}

// TestTasksOnFargateNeedAWay: to AWS by their own network interface, and from the load balancer to their port. Instances are of no help.
func TestTasksOnFargateNeedAWay(t *testing.T) {
	for _, test := range []struct{ token, gone, why string }{
		{account.RouteToken, "privrtb-out", "has no default route"},
		{account.EgressRuleToken, "tasks-out", "no egress rule opens port 443"},
		{account.EgressRuleToken, "to-tasks", "reach port 8080 of the tasks"},
		{account.IngressRuleToken, "from-balancer", "reach port 8080 of the tasks"},
	} {
		w := onFargateToo(t)
		if err := w.Delete(context.Background(), test.token, w.ids[test.gone]); err != nil {
			t.Fatal(err)
		}
		_, err := w.Create(context.Background(), account.ServiceToken, "far", w.checked(account.ServiceToken, "far", fargateService))
		wantCode(t, err, "RequestTimeout")
		if err != nil && !strings.Contains(err.Error(), test.why) {
			t.Errorf("without %s: %v", test.gone, err)
		}
	}
}

// TestFargateInPlace: the two providers of Fargate change in place with a forced deployment; from or to instances, a service is replaced.
func TestFargateInPlace(t *testing.T) {
	w := onFargateToo(t)
	r := w.make(account.ServiceToken, "far", fargateService)
	spot := with(fargateService, account.Values{"capacityProviderStrategies": []any{any1{"capacityProvider": "FARGATE_SPOT", "weight": 1}}})
	if _, replaced := w.Diff(account.ServiceToken, r.ID, r.Inputs, r.Outputs, w.checked(account.ServiceToken, "far", spot)); len(replaced) > 0 {
		t.Errorf("to Spot the service is replaced for %v", replaced)
	}
	if _, err := w.Update(context.Background(), account.ServiceToken, r.ID, w.checked(account.ServiceToken, "far", spot)); err != nil {
		t.Error(err)
	}
	all := account.Values{"clusterName": "fargate", "capacityProviders": []any{"FARGATE", "FARGATE_SPOT", "fleet"}}
	if _, err := w.Update(context.Background(), account.ClusterProvidersToken, "fargate", w.checked(account.ClusterProvidersToken, "of-fargate", all)); err != nil {
		t.Fatal(err)
	}
	fleet := with(fargateService, account.Values{"capacityProviderStrategies": []any{any1{"capacityProvider": "fleet", "weight": 1}}, "taskDefinition": "{owntask}"})
	_, err := w.Update(context.Background(), account.ServiceToken, r.ID, w.checked(account.ServiceToken, "far", fleet))
	wantCode(t, err, "InvalidParameterException")
}
