package aws

import (
	"context"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestServiceRefusals(t *testing.T) {
	type m = map[string]any
	setup := func(t *testing.T) *world {
		w := fleeted(t)
		w.make(account.TargetGroupToken, "orphan", with(goodTargetGroup, account.Values{"name": "orphan"}))
		w.make(account.TargetGroupToken, "ip", with(goodTargetGroup, account.Values{"name": "ip", "targetType": "ip"}))
		w.make(account.ListenerToken, "iplistener", with(with(goodListener, account.Values{"port": 81}), doing("forward", account.Values{"targetGroupArn": "{ip}"})))
		w.make(account.ClusterToken, "empty", account.Values{"name": "empty"})
		lost := containersWith("web", "secrets", []any{m{"name": "APP_KEY", "valueFrom": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:lost-abcdef"}})
		keyless := containersWith("web", "secrets", []any{m{"name": "APP_KEY", "valueFrom": "{key}:token::"}})
		silent := containersWith("web", "logConfiguration", m{"logDriver": "awslogs", "options": m{"awslogs-group": "/shop/none", "awslogs-region": "eu-central-1"}})
		foreign := containersWith("web", "image", "123456789012.dkr.ecr.eu-central-1.amazonaws.com/nothing:1")
		for name, change := range map[string]account.Values{"lost": lost, "keyless": keyless, "silent": silent, "foreign": foreign, "untrusted": {"taskRoleArn": "arn:aws:iam::123456789012:role/app"}} {
			task := w.make(account.TaskToken, name, with(with(goodTask, change), account.Values{"family": name}))
			w.ids[name+"task"] = task.Outputs.Text("arn")
		}
		return w
	}
	balancer := func(group, container string, port int) account.Values {
		return account.Values{"loadBalancers": []any{m{"targetGroupArn": group, "containerName": container, "containerPort": port}}}
	}
	launched := with(goodService, account.Values{"capacityProviderStrategies": nil, "launchType": "EC2"})
	strategy := func(entries ...any) account.Values { return account.Values{"capacityProviderStrategies": entries} }
	testRefusals(t, setup, []refusal{
		{"name", account.ServiceToken, goodService, account.Values{"name": "my web"}, "name", ""},
		{"negative count", account.ServiceToken, goodService, account.Values{"desiredCount": -1}, "desiredCount", ""},
		{"no step", account.ServiceToken, with(goodService, account.Values{"deploymentMaximumPercent": 150}), account.Values{"deploymentMaximumPercent": 100}, "deploymentMaximumPercent", ""},
		{"maximum below all", account.ServiceToken, with(goodService, account.Values{"deploymentMinimumHealthyPercent": 50, "deploymentMaximumPercent": 100}), account.Values{"deploymentMaximumPercent": 90}, "deploymentMaximumPercent", ""},
		{"grace without a balancer", account.ServiceToken, goodService, account.Values{"loadBalancers": nil}, "healthCheckGracePeriodSeconds", ""},
		{"no weight", account.ServiceToken, goodService, strategy(m{"capacityProvider": "fleet"}), "capacityProviderStrategies", ""},
		{"weight", account.ServiceToken, goodService, strategy(m{"capacityProvider": "fleet", "weight": 1001}), "capacityProviderStrategies[0].weight", ""},
		{"binpack by name", account.ServiceToken, goodService, account.Values{"orderedPlacementStrategies": []any{m{"type": "binpack", "field": "name"}}}, "orderedPlacementStrategies[0].field", ""},
		{"placement", account.ServiceToken, goodService, account.Values{"orderedPlacementStrategies": []any{m{"type": "pack"}}}, "orderedPlacementStrategies[0].type", ""},
		{"propagation", account.ServiceToken, with(goodService, account.Values{"propagateTags": "SERVICE"}), account.Values{"propagateTags": "service"}, "propagateTags", ""},

		{"no cluster", account.ServiceToken, goodService, account.Values{"cluster": "nothing"}, "", "ClusterNotFoundException"},
		{"no task", account.ServiceToken, goodService, account.Values{"taskDefinition": "nothing:1"}, "", "ClientException"},
		{"target group without a listener", account.ServiceToken, goodService, balancer("{orphan}", "web", 8080), "", "InvalidParameterException"},
		{"target group for addresses", account.ServiceToken, goodService, balancer("{ip}", "web", 8080), "", "InvalidParameterException"},
		{"no such target group", account.ServiceToken, goodService, balancer("arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/no/1", "web", 8080), "", "InvalidParameterException"},
		{"no such container", account.ServiceToken, goodService, balancer("{tg}", "nginx", 8080), "", "InvalidParameterException"},
		{"no such port", account.ServiceToken, goodService, balancer("{tg}", "web", 80), "", "InvalidParameterException"},
		{"provider of nobody", account.ServiceToken, goodService, strategy(m{"capacityProvider": "spot", "weight": 1}), "", "InvalidParameterException"},
		{"provider of another cluster", account.ServiceToken, goodService, account.Values{"cluster": "empty"}, "", "InvalidParameterException"},

		{"tasks without instances", account.ServiceToken, launched, account.Values{"cluster": "empty"}, "", "RequestTimeout"},
		{"secret that is lost", account.ServiceToken, goodService, account.Values{"taskDefinition": "{losttask}"}, "", "RequestTimeout"},
		{"secret without the key", account.ServiceToken, goodService, account.Values{"taskDefinition": "{keylesstask}"}, "", "RequestTimeout"},
		{"log group that is lost", account.ServiceToken, goodService, account.Values{"taskDefinition": "{silenttask}"}, "", "RequestTimeout"},
		{"repository that is lost", account.ServiceToken, goodService, account.Values{"taskDefinition": "{foreigntask}"}, "", "RequestTimeout"},
		{"role of others", account.ServiceToken, goodService, account.Values{"taskDefinition": "{untrustedtask}"}, "", "RequestTimeout"},
	})

	// AWS creates a service whose tasks cannot start; only the provider's wait finds out.
	w := setup(t)
	w.make(account.ServiceToken, "web", with(goodService, account.Values{"taskDefinition": "{losttask}", "waitForSteadyState": false}))
}

func TestDeploymentWithoutAStepNeverEnds(t *testing.T) {
	ctx := context.Background()
	w := fleeted(t)
	tight := with(goodService, account.Values{"desiredCount": 3, "deploymentMaximumPercent": 125})
	r := w.make(account.ServiceToken, "web", tight)
	next := w.make(account.TaskToken, "taskdef", goodTask)
	w.ids["task"] = next.Outputs.Text("arn")
	_, err := w.Update(ctx, account.ServiceToken, r.ID, w.checked(account.ServiceToken, "web", tight))
	wantCode(t, err, "RequestTimeout")
	if _, err := w.Update(ctx, account.ServiceToken, r.ID, w.checked(account.ServiceToken, "web", with(tight, account.Values{"deploymentMaximumPercent": 134}))); err != nil {
		t.Errorf("a deployment that can start one task: %v", err)
	}
}

func TestClusterRefusals(t *testing.T) {
	type m = map[string]any
	setup := func(t *testing.T) *world {
		w := fleeted(t)
		free := w.make(account.GroupToken, "free", goodGroup)
		w.ids["freearn"] = free.Outputs.Text("arn")
		w.make(account.ClusterToken, "second", account.Values{"name": "second"})
		return w
	}
	provider := func(change m) account.Values {
		block := m{"autoScalingGroupArn": "{freearn}"}
		for name, value := range change {
			block[name] = value
		}
		return account.Values{"name": "free", "autoScalingGroupProvider": block}
	}
	association := account.Values{"clusterName": "second", "capacityProviders": []any{"fleet"}, "defaultCapacityProviderStrategies": []any{m{"capacityProvider": "fleet", "weight": 1}}}
	scaling := func(key string, value any) account.Values {
		return provider(m{"managedScaling": m{"status": "ENABLED", key: value}})
	}
	testRefusals(t, setup, []refusal{
		{"cluster name", account.ClusterToken, account.Values{"name": "third"}, account.Values{"name": "third cluster"}, "name", ""},
		{"cluster setting", account.ClusterToken, account.Values{"name": "third", "settings": []any{m{"name": "containerInsights", "value": "enhanced"}}}, account.Values{"settings": []any{m{"name": "containerInsights", "value": "on"}}}, "settings[0].value", ""},
		{"cluster twice", account.ClusterToken, account.Values{"name": "third"}, account.Values{"name": "shop"}, "", "ClientException"},
		{"provider called ecs", account.CapacityProviderToken, provider(nil), account.Values{"name": "ecs-fleet"}, "name", ""},
		{"provider capacity", account.CapacityProviderToken, scaling("targetCapacity", 100), scaling("targetCapacity", 101), "autoScalingGroupProvider.managedScaling.targetCapacity", ""},
		{"provider draining", account.CapacityProviderToken, provider(m{"managedDraining": "ENABLED"}), provider(m{"managedDraining": "on"}), "autoScalingGroupProvider.managedDraining", ""},
		{"protection without scaling", account.CapacityProviderToken, provider(nil), provider(m{"managedTerminationProtection": "ENABLED"}), "autoScalingGroupProvider.managedTerminationProtection", ""},
		{"protection of a group without it", account.CapacityProviderToken, provider(nil), provider(m{"managedTerminationProtection": "ENABLED", "managedScaling": m{"status": "ENABLED"}}), "", "ClientException"},
		{"group of another provider", account.CapacityProviderToken, provider(nil), provider(m{"autoScalingGroupArn": "{asgarn}"}), "", "ClientException"},
		{"no such group", account.CapacityProviderToken, provider(nil), provider(m{"autoScalingGroupArn": "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:1:autoScalingGroupName/no"}), "", "ClientException"},
		{"provider twice", account.CapacityProviderToken, provider(nil), account.Values{"name": "fleet"}, "", "ClientException"},
		{"default of others", account.ClusterProvidersToken, association, account.Values{"defaultCapacityProviderStrategies": []any{m{"capacityProvider": "spot", "weight": 1}}}, "defaultCapacityProviderStrategies", ""},
		{"no such cluster", account.ClusterProvidersToken, association, account.Values{"clusterName": "third"}, "", "ClusterNotFoundException"},
		{"no such provider", account.ClusterProvidersToken, association, account.Values{"capacityProviders": []any{"spot"}, "defaultCapacityProviderStrategies": nil}, "", "InvalidParameterException"},
	})
}

func TestScalingRefusals(t *testing.T) {
	type m = map[string]any
	setup := func(t *testing.T) *world {
		w := fleeted(t)
		w.make(account.ServiceToken, "web", goodService)
		w.make(account.ScalableTargetToken, "target", account.Values{"serviceNamespace": "ecs", "scalableDimension": "ecs:service:DesiredCount", "resourceId": "service/shop/web", "minCapacity": 2, "maxCapacity": 4})
		w.make(account.ServiceToken, "jobs", with(goodService, account.Values{"name": "jobs", "loadBalancers": nil, "healthCheckGracePeriodSeconds": nil}))
		group, _ := w.Read(account.TargetGroupToken, w.ids["tg"])
		balancer, _ := w.Read(account.BalancerToken, w.ids["lb"])
		second, _ := w.Read(account.BalancerToken, w.ids["lb2"])
		w.ids["label"] = balancer.Outputs.Text("arnSuffix") + "/" + group.Outputs.Text("arnSuffix")
		w.ids["wronglabel"] = second.Outputs.Text("arnSuffix") + "/" + group.Outputs.Text("arnSuffix")
		return w
	}
	target := account.Values{"serviceNamespace": "ecs", "scalableDimension": "ecs:service:DesiredCount", "resourceId": "service/shop/jobs", "minCapacity": 1, "maxCapacity": 4}
	tracking := func(change m) account.Values {
		return account.Values{"targetTrackingScalingPolicyConfiguration": map[string]any(with(account.Values{"targetValue": 60, "predefinedMetricSpecification": m{"predefinedMetricType": "ECSServiceAverageCPUUtilization"}}, change))}
	}
	policy := with(account.Values{"policyType": "TargetTrackingScaling", "serviceNamespace": "ecs", "scalableDimension": "ecs:service:DesiredCount", "resourceId": "service/shop/web"}, tracking(nil))
	byRequests := func(label any) account.Values {
		metric := m{"predefinedMetricType": "ALBRequestCountPerTarget"}
		if label != nil {
			metric["resourceLabel"] = label
		}
		return tracking(m{"predefinedMetricSpecification": metric})
	}
	byMath := func(metrics ...any) account.Values {
		return tracking(m{"predefinedMetricSpecification": nil, "customizedMetricSpecification": m{"metrics": metrics}})
	}
	jobs := m{"id": "jobs", "returnData": false, "metricStat": m{"stat": "Sum", "metric": m{"metricName": "ApproximateNumberOfMessagesVisible", "namespace": "AWS/SQS"}}}
	ratio := m{"id": "ratio", "expression": "jobs / 2"}
	path := "targetTrackingScalingPolicyConfiguration."
	math := with(policy, byMath(jobs, ratio))
	testRefusals(t, setup, []refusal{
		{"target of another form", account.ScalableTargetToken, target, account.Values{"resourceId": "shop/jobs"}, "resourceId", ""},
		{"dimension", account.ScalableTargetToken, target, account.Values{"scalableDimension": "ecs:service:Count"}, "scalableDimension", ""},
		{"maximum below minimum", account.ScalableTargetToken, target, account.Values{"maxCapacity": 0}, "maxCapacity", ""},
		{"target that is no service", account.ScalableTargetToken, target, account.Values{"resourceId": "service/shop/nothing"}, "", "ValidationException"},
		{"policy type", account.ScalingPolicyToken, policy, account.Values{"policyType": "Tracking"}, "policyType", ""},
		{"policy without a configuration", account.ScalingPolicyToken, policy, account.Values{"targetTrackingScalingPolicyConfiguration": nil}, "targetTrackingScalingPolicyConfiguration", ""},
		{"policy by an unknown metric", account.ScalingPolicyToken, policy, tracking(m{"predefinedMetricSpecification": m{"predefinedMetricType": "CPU"}}), path + "predefinedMetricSpecification.predefinedMetricType", ""},
		{"policy to zero", account.ScalingPolicyToken, policy, tracking(m{"targetValue": 0}), path + "targetValue", ""},
		{"policy by requests to nothing", account.ScalingPolicyToken, with(policy, byRequests("{label}")), byRequests(nil), path + "predefinedMetricSpecification.resourceLabel", ""},
		{"policy by requests elsewhere", account.ScalingPolicyToken, with(policy, byRequests("{label}")), byRequests("{wronglabel}"), "", "ValidationException"},
		{"policy by no metric", account.ScalingPolicyToken, math, tracking(m{"predefinedMetricSpecification": nil}), "targetTrackingScalingPolicyConfiguration", ""},
		{"policy by two values", account.ScalingPolicyToken, math, byMath(jobs, ratio, m{"id": "other", "expression": "jobs"}), path + "customizedMetricSpecification.metrics", ""},
		{"policy by an empty metric", account.ScalingPolicyToken, math, byMath(jobs, ratio, m{"id": "none", "returnData": false}), path + "customizedMetricSpecification.metrics[2]", ""},
		{"policy of nothing", account.ScalingPolicyToken, policy, account.Values{"resourceId": "service/shop/jobs"}, "", "ObjectNotFoundException"},
	})

	w := setup(t)
	w.make(account.ScalableTargetToken, "jobstarget", target)
	first := w.make(account.ScalingPolicyToken, "cpu", with(policy, account.Values{"name": "cpu"}))
	if first.ID != "cpu" || len(first.Outputs.Strings("alarmArns")) != 2 {
		t.Errorf("the policy has the id %q and the alarms %v", first.ID, first.Outputs.Strings("alarmArns"))
	}
	w.make(account.ScalingPolicyToken, "cpu2", with(policy, account.Values{"name": "cpu", "resourceId": "service/shop/jobs"}))
}

// A system is built from the bottom and taken down from the top, and in no other order.
func TestLifeOfAnECSSystem(t *testing.T) {
	ctx := context.Background()
	w := fleeted(t)
	service := w.make(account.ServiceToken, "service", goodService)
	if service.ID != "arn:aws:ecs:eu-central-1:123456789012:service/shop/web" {
		t.Errorf("the service's id is %q", service.ID)
	}
	answer, err := w.Invoke(ctx, "aws:ecs/getService:getService", account.Values{"clusterArn": "shop", "serviceName": "web"})
	if err != nil || answer.Text("taskDefinition") != w.ids["task"] {
		t.Errorf("getService answers %v, %v", answer, err)
	}

	wantCode(t, w.Delete(ctx, account.ClusterToken, w.ids["cluster"]), "ClusterContainsServicesException")
	wantCode(t, w.Delete(ctx, account.ClusterProvidersToken, "shop"), "ResourceInUseException")
	wantCode(t, w.Delete(ctx, account.CapacityProviderToken, w.ids["capacity"]), "ResourceInUseException")
	remove := func(token, id string) {
		t.Helper()
		if err := w.Delete(ctx, token, id); err != nil {
			t.Fatalf("deleting %s: %v", id, err)
		}
	}
	remove(account.ServiceToken, service.ID)
	wantCode(t, w.Delete(ctx, account.ClusterToken, w.ids["cluster"]), "ClusterContainsContainerInstancesException")
	wantCode(t, w.Delete(ctx, account.CapacityProviderToken, w.ids["capacity"]), "ResourceInUseException")
	remove(account.ClusterProvidersToken, "shop")
	remove(account.CapacityProviderToken, w.ids["capacity"])
	wantCode(t, w.Delete(ctx, account.ClusterToken, w.ids["cluster"]), "ClusterContainsContainerInstancesException")
	remove(account.GroupToken, w.ids["asg"])
	remove(account.ClusterToken, w.ids["cluster"])
	remove(account.TaskToken, "shop-web")
}

func TestServiceReplacements(t *testing.T) {
	w := newWorld(t)
	type m = map[string]any
	other := account.Values{"capacityProviderStrategies": []any{m{"capacityProvider": "spot", "weight": 1}}}
	for _, want := range []struct {
		name     string
		old      account.Values
		next     account.Values
		replaces bool
	}{
		{"task definition", goodService, account.Values{"taskDefinition": "shop-web:2"}, false},
		{"count", goodService, account.Values{"desiredCount": 3}, false},
		{"balancers", goodService, account.Values{"loadBalancers": nil}, false},
		{"name", goodService, account.Values{"name": "app"}, true},
		{"cluster", goodService, account.Values{"cluster": "other"}, true},
		{"strategy", goodService, other, true},
		{"strategy with a new deployment", with(goodService, account.Values{"forceNewDeployment": true}), other, false},
		{"from a launch type", with(goodService, account.Values{"forceNewDeployment": true, "capacityProviderStrategies": nil, "launchType": "EC2"}), with(other, account.Values{"launchType": nil}), true},
	} {
		if _, replace := w.Diff(account.ServiceToken, "", want.old, nil, with(want.old, want.next)); (len(replace) > 0) != want.replaces {
			t.Errorf("%s: replaces for %v, want %v", want.name, replace, want.replaces)
		}
	}
}
