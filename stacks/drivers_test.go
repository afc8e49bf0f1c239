package stacks_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// containerVariables are the plain variables of every container; those of all must agree on the names that are asked for.
func containerVariables(t *testing.T, r *infratest.Recorder, names ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for i, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
		var containers []struct {
			Environment []struct{ Name, Value string }
		}
		if err := json.Unmarshal([]byte(text(definition, "containerDefinitions")), &containers); err != nil {
			t.Fatal(err)
		}
		for j, container := range containers {
			here := map[string]string{}
			for _, variable := range container.Environment {
				if slices.Contains(names, variable.Name) {
					here[variable.Name] = variable.Value
				}
			}
			if i+j > 0 && fmt.Sprint(here) != fmt.Sprint(found) {
				t.Errorf("%s: %v, and others have %v", definition.Name, here, found)
			}
			found = here
		}
	}
	return found
}

// TestVariablesOfSQS: its variables are the program's where it makes the queue, and the application's own otherwise.
func TestVariablesOfSQS(t *testing.T) {
	staging := with(stackConfig(t, "staging"), "env", "SQS_PREFIX", "https://sqs.eu-west-1.amazonaws.com/123456789012")
	if got := containerVariables(t, deploy(t, "staging", staging), "SQS_PREFIX"); got["SQS_PREFIX"] == "" {
		t.Error("the application's own SQS_PREFIX is gone")
	}
	for name, value := range map[string]string{"SQS_PREFIX": "https://sqs.eu-west-1.amazonaws.com/123456789012", "AWS_DEFAULT_REGION": "us-east-1"} {
		other := with(with(with(stackConfig(t, "staging"), "storage", "bucket", false), "env", name, value), "worker", "queue", "sqs")
		_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", other)
		if want := "worker.queue: sqs, and the program sets " + name; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
}

// TestDrivers: sessions, cached values and jobs are where the stack file says, and a cache that nothing uses is not made.
func TestDrivers(t *testing.T) {
	names := []string{"SESSION_DRIVER", "CACHE_STORE", "CACHE_DRIVER", "APP_MAINTENANCE_STORE", "QUEUE_CONNECTION", "REDIS_HOST", "MEMCACHED_HOST"}
	staging := stackConfig(t, "staging")
	for name, test := range map[string]struct {
		config map[string]string
		want   string // session, store, queue
		host   string
	}{
		"as today":       {staging, "redis redis database", "REDIS_HOST"},
		"memcached":      {with(with(staging, "cache", "engine", "memcached"), "cache", "version", "1.6.22"), "memcached memcached database", "MEMCACHED_HOST"},
		"none":           {with(staging, "cache", "engine", "none"), "database database database", ""},
		"cookie":         {with(with(staging, "cache", "engine", "none"), "session", "driver", "cookie"), "cookie database database", ""},
		"each elsewhere": {with(with(with(staging, "session", "driver", "database"), "cache", "store", "database"), "worker", "queue", "redis"), "database database redis", "REDIS_HOST"},
	} {
		r := deploy(t, "staging", test.config)
		got := containerVariables(t, r, names...)
		if drivers := got["SESSION_DRIVER"] + " " + got["CACHE_STORE"] + " " + got["QUEUE_CONNECTION"]; drivers != test.want {
			t.Errorf("%s: %s, %s expected", name, drivers, test.want)
		}
		if got["CACHE_DRIVER"] != got["CACHE_STORE"] || got["APP_MAINTENANCE_STORE"] != got["CACHE_STORE"] {
			t.Errorf("%s: %v", name, got)
		}
		for _, host := range []string{"REDIS_HOST", "MEMCACHED_HOST"} {
			if _, there := got[host]; there != (host == test.host) {
				t.Errorf("%s: %s is there: %v", name, host, there)
			}
		}
		made := 0
		for _, one := range r.All() {
			if strings.Contains(one.Type, "elasticache") || strings.HasPrefix(one.Name, "laravel-staging-watch-cache-") || one.Name == "laravel-staging-firewall-cache" {
				made++
			}
		}
		if (made > 0) != (test.host != "") {
			t.Errorf("%s: %d resources of a cache", name, made)
		}
	}
}

func TestInventoryOfDrivers(t *testing.T) {
	staging := stackConfig(t, "staging")
	checkInventory(t, "staging-nocache", deploy(t, "staging", with(staging, "cache", "engine", "none")))
	checkInventory(t, "staging-sqs", deploy(t, "staging", with(staging, "worker", "queue", "sqs")))
}

// TestProductionWithoutACache: its sessions are in the database, which has a standby.
func TestProductionWithoutACache(t *testing.T) {
	prod := stackConfig(t, "prod")
	delete(prod, "laravel-ecs:cache")
	deploy(t, "prod", with(prod, "cache", "engine", "none"))
}

// TestQueuesThatSQSDoesNotHave: a queue that has another name than the one that the program makes, or that no task reaches.
func TestQueuesThatSQSDoesNotHave(t *testing.T) {
	sqs := with(stackConfig(t, "staging"), "worker", "queue", "sqs")
	alone := with(with(sqs, "network", "nat", "none"), "network", "endpoints", []string{"ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "logs", "secretsmanager", "ssm", "ssmmessages", "ec2messages", "sts"})
	for want, config := range map[string]map[string]string{
		"worker.queue: sqs has one queue, and workers name others, mail, default": with(sqs, "worker", "queues", []string{"mail", "default"}),
		"worker.queue: sqs has one queue, and workers name others, slow":          with(sqs, "worker", "command", []string{"worker", "--queue=slow"}),
		"but Horizon (processes.horizon) works on queues in redis only":           with(sqs, "processes", "horizon", map[string]any{"count": 1}),
		"network.endpoints: sqs is missing":                                       alone,
	} {
		if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %s expected", err, want)
		}
	}
}

// TestQueueOfSQS: the tasks know the queue and may use it, and nothing else of SQS; what SQS reports is an alarm.
func TestQueueOfSQS(t *testing.T) {
	config := with(with(stackConfig(t, "staging"), "worker", "queue", "sqs"), "worker", "jobSeconds", 120)
	r := deploy(t, "staging", config)
	got := containerVariables(t, r, "QUEUE_CONNECTION", "SQS_PREFIX", "SQS_QUEUE", "AWS_DEFAULT_REGION")
	if want := fmt.Sprint(map[string]string{"QUEUE_CONNECTION": "sqs", "SQS_PREFIX": "https://sqs.eu-west-1.amazonaws.com/123456789012",
		"SQS_QUEUE": "laravel-staging-queue-jobs-name", "AWS_DEFAULT_REGION": "eu-west-1"}); fmt.Sprint(got) != want {
		t.Errorf("%v, %s expected", got, want)
	}
	for _, queue := range each(t, r, "aws:sqs/queue:Queue") {
		visible, _ := at(queue, "visibilityTimeoutSeconds")
		if redrive := text(queue, "redrivePolicy"); (redrive != "") != strings.HasSuffix(queue.Name, "-jobs") || redrive != "" && (!strings.Contains(redrive, "-dead") || visible.NumberValue() != 150) {
			t.Errorf("%s: %s, visible again after %v", queue.Name, redrive, visible)
		}
	}
	used := 0
	for _, policy := range each(t, r, "aws:iam/rolePolicy:RolePolicy") {
		for _, s := range statements(policy) {
			if !slices.ContainsFunc(s.Action, func(action string) bool { return strings.HasPrefix(action, "sqs:") }) {
				continue
			}
			used++
			if fmt.Sprint(s.Resource) != "[arn:aws:sqs:eu-west-1:123456789012:laravel-staging-queue-jobs]" || len(s.Action) != 7 || !strings.HasSuffix(policy.Name, "-task") {
				t.Errorf("%s: %v on %v", policy.Name, s.Action, s.Resource)
			}
		}
	}
	for _, policy := range each(t, r, "aws:sqs/queuePolicy:QueuePolicy") {
		if s := statements(policy); len(s) != 1 || s[0].Effect != "Deny" || !strings.Contains(text(policy, "policy"), `"aws:SecureTransport":"false"`) {
			t.Errorf("%s admits requests without TLS", policy.Name)
		}
	}
	for _, c := range controls {
		if failed := c.failing(r.All()); strings.HasPrefix(c.id, "SQS.") && len(failed) > 0 {
			t.Errorf("%s: %v", c.id, failed)
		}
	}
	alarms := ""
	for _, alarm := range each(t, r, "aws:cloudwatch/metricAlarm:MetricAlarm") {
		if text(alarm, "namespace") == "AWS/SQS" {
			alarms += text(alarm, "metricName") + " " + text(alarm, "treatMissingData") + ";"
		}
		if text(alarm, "metricName") == "OldestJobAge" {
			t.Error("the scheduler reports the queue as well")
		}
	}
	if used != 1 || alarms != "ApproximateAgeOfOldestMessage notBreaching;ApproximateNumberOfMessagesVisible notBreaching;" {
		t.Errorf("%d statements, alarms %s", used, alarms)
	}
}
