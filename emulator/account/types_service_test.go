package account

import (
	"context"
	"testing"
)

func TestServiceRefusals(t *testing.T) {
	type m = map[string]any
	setup := func(t *testing.T) *world {
		w := fleeted(t)
		w.make(targetGroupToken, "orphan", goodTargetGroup.with(Values{"name": "orphan"}))
		w.make(targetGroupToken, "ip", goodTargetGroup.with(Values{"name": "ip", "targetType": "ip"}))
		w.make(listenerToken, "iplistener", goodListener.with(Values{"port": 81}).with(doing("forward", Values{"targetGroupArn": "{ip}"})))
		w.make(clusterToken, "empty", Values{"name": "empty"})
		vpcTask := w.make(taskToken, "vpctask", goodTask.with(Values{"family": "vpc", "networkMode": "awsvpc"}))
		w.ids["vpctask"] = vpcTask.Outputs.Text("arn")
		lost := containersWith("web", "secrets", []any{m{"name": "APP_KEY", "valueFrom": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:lost-abcdef"}})
		keyless := containersWith("web", "secrets", []any{m{"name": "APP_KEY", "valueFrom": "{key}:token::"}})
		silent := containersWith("web", "logConfiguration", m{"logDriver": "awslogs", "options": m{"awslogs-group": "/shop/none", "awslogs-region": "eu-central-1"}})
		foreign := containersWith("web", "image", "123456789012.dkr.ecr.eu-central-1.amazonaws.com/nothing:1")
		for name, change := range map[string]Values{"lost": lost, "keyless": keyless, "silent": silent, "foreign": foreign, "untrusted": {"taskRoleArn": "arn:aws:iam::123456789012:role/app"}} {
			task := w.make(taskToken, name, goodTask.with(change).with(Values{"family": name}))
			w.ids[name+"task"] = task.Outputs.Text("arn")
		}
		return w
	}
	balancer := func(group, container string, port int) Values {
		return Values{"loadBalancers": []any{m{"targetGroupArn": group, "containerName": container, "containerPort": port}}}
	}
	launched := goodService.with(Values{"capacityProviderStrategies": nil, "launchType": "EC2"})
	strategy := func(entries ...any) Values { return Values{"capacityProviderStrategies": entries} }
	network := Values{"networkConfiguration": m{"subnets": []any{"{a}"}, "securityGroups": []any{"{web}"}}}
	testRefusals(t, setup, []refusal{
		{"name", serviceToken, goodService, Values{"name": "my web"}, "name", ""},
		{"launch type and strategy", serviceToken, goodService, Values{"launchType": "EC2"}, "launchType", ""},
		{"negative count", serviceToken, goodService, Values{"desiredCount": -1}, "desiredCount", ""},
		{"no step", serviceToken, goodService.with(Values{"deploymentMaximumPercent": 150}), Values{"deploymentMaximumPercent": 100}, "deploymentMaximumPercent", ""},
		{"maximum below all", serviceToken, goodService.with(Values{"deploymentMinimumHealthyPercent": 50, "deploymentMaximumPercent": 100}), Values{"deploymentMaximumPercent": 90}, "deploymentMaximumPercent", ""},
		{"grace without a balancer", serviceToken, goodService, Values{"loadBalancers": nil}, "healthCheckGracePeriodSeconds", ""},
		{"two bases", serviceToken, goodService, strategy(m{"capacityProvider": "fleet", "weight": 1, "base": 1}, m{"capacityProvider": "spot", "weight": 1, "base": 1}), "capacityProviderStrategies", ""},
		{"no weight", serviceToken, goodService, strategy(m{"capacityProvider": "fleet"}), "capacityProviderStrategies", ""},
		{"weight", serviceToken, goodService, strategy(m{"capacityProvider": "fleet", "weight": 1001}), "capacityProviderStrategies[0].weight", ""},
		{"binpack by name", serviceToken, goodService, Values{"orderedPlacementStrategies": []any{m{"type": "binpack", "field": "name"}}}, "orderedPlacementStrategies[0].field", ""},
		{"placement", serviceToken, goodService, Values{"orderedPlacementStrategies": []any{m{"type": "pack"}}}, "orderedPlacementStrategies[0].type", ""},
		{"propagation", serviceToken, goodService.with(Values{"propagateTags": "SERVICE"}), Values{"propagateTags": "service"}, "propagateTags", ""},
		{"no target", serviceToken, goodService, Values{"loadBalancers": []any{m{"containerName": "web", "containerPort": 8080}}}, "loadBalancers[0]", ""},

		{"no cluster", serviceToken, goodService, Values{"cluster": "nothing"}, "", "ClusterNotFoundException"},
		{"no task", serviceToken, goodService, Values{"taskDefinition": "nothing:1"}, "", "ClientException"},
		{"target group without a listener", serviceToken, goodService, balancer("{orphan}", "web", 8080), "", "InvalidParameterException"},
		{"target group for addresses", serviceToken, goodService, balancer("{ip}", "web", 8080), "", "InvalidParameterException"},
		{"no such target group", serviceToken, goodService, balancer("arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/no/1", "web", 8080), "", "InvalidParameterException"},
		{"no such container", serviceToken, goodService, balancer("{tg}", "nginx", 8080), "", "InvalidParameterException"},
		{"no such port", serviceToken, goodService, balancer("{tg}", "web", 80), "", "InvalidParameterException"},
		{"provider of nobody", serviceToken, goodService, strategy(m{"capacityProvider": "spot", "weight": 1}), "", "InvalidParameterException"},
		{"provider of another cluster", serviceToken, goodService, Values{"cluster": "empty"}, "", "InvalidParameterException"},
		{"network of a bridge", serviceToken, goodService, network, "", "InvalidParameterException"},
		{"awsvpc without a network", serviceToken, goodService, Values{"taskDefinition": "{vpctask}", "loadBalancers": nil, "healthCheckGracePeriodSeconds": nil}, "", "InvalidParameterException"},
		{"alarm of nobody", serviceToken, goodService, Values{"alarms": m{"enable": true, "rollback": true, "alarmNames": []any{"nothing"}}}, "", "InvalidParameterException"},

		{"tasks without instances", serviceToken, launched, Values{"cluster": "empty"}, "", "RequestTimeout"},
		{"secret that is lost", serviceToken, goodService, Values{"taskDefinition": "{losttask}"}, "", "RequestTimeout"},
		{"secret without the key", serviceToken, goodService, Values{"taskDefinition": "{keylesstask}"}, "", "RequestTimeout"},
		{"log group that is lost", serviceToken, goodService, Values{"taskDefinition": "{silenttask}"}, "", "RequestTimeout"},
		{"repository that is lost", serviceToken, goodService, Values{"taskDefinition": "{foreigntask}"}, "", "RequestTimeout"},
		{"role of others", serviceToken, goodService, Values{"taskDefinition": "{untrustedtask}"}, "", "RequestTimeout"},
	})

	// AWS creates a service whose tasks cannot start; only the provider's wait finds out.
	w := setup(t)
	w.make(serviceToken, "web", goodService.with(Values{"taskDefinition": "{losttask}", "waitForSteadyState": false}))
}

func TestDeploymentWithoutAStepNeverEnds(t *testing.T) {
	ctx := context.Background()
	w := fleeted(t)
	tight := goodService.with(Values{"desiredCount": 3, "deploymentMaximumPercent": 125})
	r := w.make(serviceToken, "web", tight)
	next := w.make(taskToken, "taskdef", goodTask)
	w.ids["task"] = next.Outputs.Text("arn")
	_, err := w.Update(ctx, serviceToken, r.ID, w.checked(serviceToken, "web", tight))
	wantCode(t, err, "RequestTimeout")
	if _, err := w.Update(ctx, serviceToken, r.ID, w.checked(serviceToken, "web", tight.with(Values{"deploymentMaximumPercent": 134}))); err != nil {
		t.Errorf("a deployment that can start one task: %v", err)
	}
}

func TestClusterRefusals(t *testing.T) {
	type m = map[string]any
	setup := func(t *testing.T) *world {
		w := fleeted(t)
		free := w.make(groupToken, "free", goodGroup)
		w.ids["freearn"] = free.Outputs.Text("arn")
		w.make(clusterToken, "second", Values{"name": "second"})
		return w
	}
	provider := func(change m) Values {
		block := m{"autoScalingGroupArn": "{freearn}"}
		for name, value := range change {
			block[name] = value
		}
		return Values{"name": "free", "autoScalingGroupProvider": block}
	}
	association := Values{"clusterName": "second", "capacityProviders": []any{"fleet"}, "defaultCapacityProviderStrategies": []any{m{"capacityProvider": "fleet", "weight": 1}}}
	scaling := func(key string, value any) Values {
		return provider(m{"managedScaling": m{"status": "ENABLED", key: value}})
	}
	testRefusals(t, setup, []refusal{
		{"cluster name", clusterToken, Values{"name": "third"}, Values{"name": "third cluster"}, "name", ""},
		{"cluster setting", clusterToken, Values{"name": "third", "settings": []any{m{"name": "containerInsights", "value": "enhanced"}}}, Values{"settings": []any{m{"name": "containerInsights", "value": "on"}}}, "settings[0].value", ""},
		{"cluster twice", clusterToken, Values{"name": "third"}, Values{"name": "shop"}, "", "ClientException"},
		{"provider called ecs", capacityProviderToken, provider(nil), Values{"name": "ecs-fleet"}, "name", ""},
		{"provider capacity", capacityProviderToken, scaling("targetCapacity", 100), scaling("targetCapacity", 101), "autoScalingGroupProvider.managedScaling.targetCapacity", ""},
		{"provider steps", capacityProviderToken, scaling("maximumScalingStepSize", 10000), scaling("maximumScalingStepSize", 10001), "autoScalingGroupProvider.managedScaling.maximumScalingStepSize", ""},
		{"provider draining", capacityProviderToken, provider(m{"managedDraining": "ENABLED"}), provider(m{"managedDraining": "on"}), "autoScalingGroupProvider.managedDraining", ""},
		{"protection without scaling", capacityProviderToken, provider(nil), provider(m{"managedTerminationProtection": "ENABLED"}), "autoScalingGroupProvider.managedTerminationProtection", ""},
		{"protection of a group without it", capacityProviderToken, provider(nil), provider(m{"managedTerminationProtection": "ENABLED", "managedScaling": m{"status": "ENABLED"}}), "", "ClientException"},
		{"group of another provider", capacityProviderToken, provider(nil), provider(m{"autoScalingGroupArn": "{asgarn}"}), "", "ClientException"},
		{"no such group", capacityProviderToken, provider(nil), provider(m{"autoScalingGroupArn": "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:1:autoScalingGroupName/no"}), "", "ClientException"},
		{"provider twice", capacityProviderToken, provider(nil), Values{"name": "fleet"}, "", "ClientException"},
		{"default of others", clusterProvidersToken, association, Values{"defaultCapacityProviderStrategies": []any{m{"capacityProvider": "spot", "weight": 1}}}, "defaultCapacityProviderStrategies", ""},
		{"no such cluster", clusterProvidersToken, association, Values{"clusterName": "third"}, "", "ClusterNotFoundException"},
		{"no such provider", clusterProvidersToken, association, Values{"capacityProviders": []any{"spot"}, "defaultCapacityProviderStrategies": nil}, "", "InvalidParameterException"},
	})
}

func TestScalingRefusals(t *testing.T) {
	type m = map[string]any
	setup := func(t *testing.T) *world {
		w := fleeted(t)
		w.make(serviceToken, "web", goodService)
		w.make(scalableTargetToken, "target", Values{"serviceNamespace": "ecs", "scalableDimension": "ecs:service:DesiredCount", "resourceId": "service/shop/web", "minCapacity": 2, "maxCapacity": 4})
		w.make(serviceToken, "jobs", goodService.with(Values{"name": "jobs", "loadBalancers": nil, "healthCheckGracePeriodSeconds": nil}))
		group, _ := w.Read(targetGroupToken, w.ids["tg"])
		balancer, _ := w.Read(balancerToken, w.ids["lb"])
		second, _ := w.Read(balancerToken, w.ids["lb2"])
		w.ids["label"] = balancer.Outputs.Text("arnSuffix") + "/" + group.Outputs.Text("arnSuffix")
		w.ids["wronglabel"] = second.Outputs.Text("arnSuffix") + "/" + group.Outputs.Text("arnSuffix")
		return w
	}
	target := Values{"serviceNamespace": "ecs", "scalableDimension": "ecs:service:DesiredCount", "resourceId": "service/shop/jobs", "minCapacity": 1, "maxCapacity": 4}
	tracking := func(change m) Values {
		return Values{"targetTrackingScalingPolicyConfiguration": map[string]any(Values{"targetValue": 60, "predefinedMetricSpecification": m{"predefinedMetricType": "ECSServiceAverageCPUUtilization"}}.with(change))}
	}
	policy := Values{"policyType": "TargetTrackingScaling", "serviceNamespace": "ecs", "scalableDimension": "ecs:service:DesiredCount", "resourceId": "service/shop/web"}.with(tracking(nil))
	byRequests := func(label any) Values {
		metric := m{"predefinedMetricType": "ALBRequestCountPerTarget"}
		if label != nil {
			metric["resourceLabel"] = label
		}
		return tracking(m{"predefinedMetricSpecification": metric})
	}
	path := "targetTrackingScalingPolicyConfiguration."
	testRefusals(t, setup, []refusal{
		{"target of another form", scalableTargetToken, target, Values{"resourceId": "shop/jobs"}, "resourceId", ""},
		{"dimension", scalableTargetToken, target, Values{"scalableDimension": "ecs:service:Count"}, "scalableDimension", ""},
		{"maximum below minimum", scalableTargetToken, target, Values{"maxCapacity": 0}, "maxCapacity", ""},
		{"target that is no service", scalableTargetToken, target, Values{"resourceId": "service/shop/nothing"}, "", "ValidationException"},
		{"policy type", scalingPolicyToken, policy, Values{"policyType": "Tracking"}, "policyType", ""},
		{"policy without a configuration", scalingPolicyToken, policy, Values{"targetTrackingScalingPolicyConfiguration": nil}, "targetTrackingScalingPolicyConfiguration", ""},
		{"policy of the default type", scalingPolicyToken, policy, Values{"policyType": nil}, "stepScalingPolicyConfiguration", ""},
		{"policy by an unknown metric", scalingPolicyToken, policy, tracking(m{"predefinedMetricSpecification": m{"predefinedMetricType": "CPU"}}), path + "predefinedMetricSpecification.predefinedMetricType", ""},
		{"policy to zero", scalingPolicyToken, policy, tracking(m{"targetValue": 0}), path + "targetValue", ""},
		{"policy by requests to nothing", scalingPolicyToken, policy.with(byRequests("{label}")), byRequests(nil), path + "predefinedMetricSpecification.resourceLabel", ""},
		{"policy by requests elsewhere", scalingPolicyToken, policy.with(byRequests("{label}")), byRequests("{wronglabel}"), "", "ValidationException"},
		{"policy of nothing", scalingPolicyToken, policy, Values{"resourceId": "service/shop/jobs"}, "", "ObjectNotFoundException"},
	})

	w := setup(t)
	w.make(scalableTargetToken, "jobstarget", target)
	first := w.make(scalingPolicyToken, "cpu", policy.with(Values{"name": "cpu"}))
	if first.ID != "cpu" || len(first.Outputs.Strings("alarmArns")) != 2 {
		t.Errorf("the policy has the id %q and the alarms %v", first.ID, first.Outputs.Strings("alarmArns"))
	}
	w.make(scalingPolicyToken, "cpu2", policy.with(Values{"name": "cpu", "resourceId": "service/shop/jobs"}))
}

// A system is built from the bottom and taken down from the top, and in no other order.
func TestLifeOfAnECSSystem(t *testing.T) {
	ctx := context.Background()
	w := fleeted(t)
	service := w.make(serviceToken, "service", goodService)
	if service.ID != "arn:aws:ecs:eu-central-1:123456789012:service/shop/web" {
		t.Errorf("the service's id is %q", service.ID)
	}
	answer, err := w.Invoke(ctx, "aws:ecs/getService:getService", Values{"clusterArn": "shop", "serviceName": "web"})
	if err != nil || answer.Text("taskDefinition") != w.ids["task"] {
		t.Errorf("getService answers %v, %v", answer, err)
	}

	wantCode(t, w.Delete(ctx, clusterToken, w.ids["cluster"]), "ClusterContainsServicesException")
	wantCode(t, w.Delete(ctx, clusterProvidersToken, "shop"), "ResourceInUseException")
	wantCode(t, w.Delete(ctx, capacityProviderToken, w.ids["capacity"]), "ResourceInUseException")
	remove := func(token, id string) {
		t.Helper()
		if err := w.Delete(ctx, token, id); err != nil {
			t.Fatalf("deleting %s: %v", id, err)
		}
	}
	remove(serviceToken, service.ID)
	wantCode(t, w.Delete(ctx, clusterToken, w.ids["cluster"]), "ClusterContainsContainerInstancesException")
	wantCode(t, w.Delete(ctx, capacityProviderToken, w.ids["capacity"]), "ResourceInUseException")
	remove(clusterProvidersToken, "shop")
	remove(capacityProviderToken, w.ids["capacity"])
	wantCode(t, w.Delete(ctx, clusterToken, w.ids["cluster"]), "ClusterContainsContainerInstancesException")
	remove(groupToken, w.ids["asg"])
	remove(clusterToken, w.ids["cluster"])
	remove(taskToken, "shop-web")
}

func TestServiceReplacements(t *testing.T) {
	w := newWorld(t)
	type m = map[string]any
	other := Values{"capacityProviderStrategies": []any{m{"capacityProvider": "spot", "weight": 1}}}
	for _, want := range []struct {
		name     string
		old      Values
		next     Values
		replaces bool
	}{
		{"task definition", goodService, Values{"taskDefinition": "shop-web:2"}, false},
		{"count", goodService, Values{"desiredCount": 3}, false},
		{"balancers", goodService, Values{"loadBalancers": nil}, false},
		{"name", goodService, Values{"name": "app"}, true},
		{"cluster", goodService, Values{"cluster": "other"}, true},
		{"strategy", goodService, other, true},
		{"strategy with a new deployment", goodService.with(Values{"forceNewDeployment": true}), other, false},
		{"from a launch type", goodService.with(Values{"forceNewDeployment": true, "capacityProviderStrategies": nil, "launchType": "EC2"}), other.with(Values{"launchType": nil}), true},
	} {
		if _, replace := w.Diff(serviceToken, "", want.old, nil, want.old.with(want.next)); (len(replace) > 0) != want.replaces {
			t.Errorf("%s: replaces for %v, want %v", want.name, replace, want.replaces)
		}
	}
}
