package stacks_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// TestRendererBesideWeb: ssr is in each task of web, of the same image, without secrets. Web waits for its health, and lives without it.
func TestRendererBesideWeb(t *testing.T) {
	r := deploy(t, "staging", manyProcesses(t))
	list := containersOf(t, r, "web")
	if len(list) != 3 || list[0].Name != "migrate" || list[1].Name != "ssr" || list[2].Name != "web" {
		t.Fatalf("web has %v", list)
	}
	ssr, web := list[1], list[2]
	if ssr.Essential || ssr.Image != web.Image || len(ssr.Secrets) > 0 || len(ssr.PortMappings) > 0 || ssr.RestartPolicy == nil || !ssr.RestartPolicy.Enabled {
		t.Errorf("ssr is %+v", ssr)
	}
	if strings.Join(ssr.Command, " ") != "ssr" || ssr.variable("PORT") != "13714" || ssr.HealthCheck == nil {
		t.Errorf("ssr runs %q on %s, %v", ssr.Command, ssr.variable("PORT"), ssr.HealthCheck)
	}
	waits := slices.ContainsFunc(web.DependsOn, func(d struct{ ContainerName, Condition string }) bool {
		return d.ContainerName == "ssr" && d.Condition == "HEALTHY"
	})
	if !waits || !slices.Equal(web.Links, []string{"ssr"}) || len(web.Secrets) == 0 {
		t.Errorf("web depends on %v and is linked to %v", web.DependsOn, web.Links)
	}
	if web.variable("INERTIA_SSR_URL") != "http://ssr:13714" || web.variable("INERTIA_SSR_ENABLED") != "true" {
		t.Errorf("web has %v", web.Environment)
	}
	for _, service := range each(t, r, "aws:ecs/service:Service") {
		if strings.Contains(service.Name, "ssr") {
			t.Errorf("%s is a service of its own", service.Name)
		}
	}
}

// TestWorkerScalesByItsQueue: by the waiting jobs of each task, and by the age of the oldest.
func TestWorkerScalesByItsQueue(t *testing.T) {
	config := with(stackConfig(t, "staging"), "worker", "scaling", map[string]any{"min": 1, "max": 3, "jobsPerTask": 20})
	r := deploy(t, "staging", with(config, "cluster", "max", 3))
	targets := map[string]float64{}
	for _, policy := range each(t, r, "aws:appautoscaling/policy:Policy") {
		value, _ := at(policy, "targetTrackingScalingPolicyConfiguration.targetValue")
		targets[policy.Name] = value.NumberValue()
		const metrics = "targetTrackingScalingPolicyConfiguration.customizedMetricSpecification.metrics"
		if strings.HasSuffix(policy.Name, "worker-jobs") {
			if got := text(policy, metrics+"[2].expression"); got != "jobs / FILL(tasks, 1)" {
				t.Errorf("%s is of %s", policy.Name, got)
			}
			if got := text(policy, metrics+"[0].metricStat.metric.dimensions[0].value"); got != "laravel-staging" {
				t.Errorf("%s is of the jobs of %s", policy.Name, got)
			}
		}
	}
	if targets["laravel-staging-worker-jobs"] != 20 || targets["laravel-staging-worker-wait"] != 150 || len(targets) != 3 {
		t.Errorf("the targets are %v", targets)
	}
	for scaling, want := range map[string]string{
		`{"min": 2, "max": 1}`:                   "worker.scaling: min 2 and max 1 are not in this order",
		`{"min": 2, "max": 3}`:                   "worker.scaling: min 2 and max 3 are not in this order, or min is below 1 or is not count, 1",
		`{"min": 1}`:                             "worker.scaling.max: 0 turns scaling off",
		`{"min": 1, "max": 2, "jobsPerTask": 0}`: "worker.scaling.jobsPerTask: 0 is outside",
		`{"min": 1, "max": 20}`:                  "40 worker x (128, 192 MiB)",
	} {
		bad := with(stackConfig(t, "staging"), "worker", "scaling", json.RawMessage(scaling))
		if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", scaling, err)
		}
	}
	two := with(config, "cluster", "max", 4)
	two["laravel-ecs:processes"] = `{"mails": {"role": "worker", "queues": ["mails"]}}`
	if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", two); err == nil || !strings.Contains(err.Error(), "worker.scaling: needs one worker") {
		t.Errorf("two workers: %v", err)
	}
	if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", with(config, "scheduler", "count", 0)); err == nil || !strings.Contains(err.Error(), "worker.scaling: needs scheduler.count 1") {
		t.Errorf("without a scheduler: %v", err)
	}
}

// TestWorkerScalesBySQS: by the waiting jobs that SQS reports, without the scheduler; not by the age of the oldest, which may be released for later.
func TestWorkerScalesBySQS(t *testing.T) {
	config := with(with(stackConfig(t, "staging"), "worker", "scaling", map[string]any{"min": 1, "max": 3, "jobsPerTask": 20}), "worker", "queue", "sqs")
	r := deploy(t, "staging", with(with(config, "cluster", "max", 3), "scheduler", "count", 0))
	got := map[string]string{}
	for _, policy := range each(t, r, "aws:appautoscaling/policy:Policy") {
		const metrics = "targetTrackingScalingPolicyConfiguration.customizedMetricSpecification.metrics"
		for _, i := range []string{"[0]", "[1]", "[2]"} {
			const metric = ".metricStat.metric."
			got[policy.Name[strings.LastIndex(policy.Name, "-")+1:]] += strings.Join(slices.DeleteFunc([]string{
				text(policy, metrics+i+metric+"namespace"), text(policy, metrics+i+metric+"metricName"),
				text(policy, metrics+i+metric+"dimensions[0].name"), text(policy, metrics+i+metric+"dimensions[0].value"), text(policy, metrics+i+".expression"),
			}, func(s string) bool { return s == "" }), " ") + "; "
		}
	}
	const of = " QueueName laravel-staging-queue-jobs-name; "
	for name, want := range map[string]string{
		"jobs": "AWS/SQS ApproximateNumberOfMessagesVisible" + of + "AWS/ECS CPUUtilization ClusterName laravel-staging-cluster-ecs-name; jobs / FILL(tasks, 1); ",
		"wait": "",
	} {
		if got[name] != want {
			t.Errorf("%s: %s\nwant %s", name, got[name], want)
		}
	}
}
