package stacks_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// published are the metrics that AWS publishes, with the dimensions that tell what they are of. An alarm on any other one would say
// nothing, for ever: CloudWatch accepts every name. Sources: infra/alarms.go. printed adds those that the image prints.
var published = map[string]string{
	"AWS/ApplicationELB HTTPCode_ELB_5XX_Count":     "LoadBalancer",
	"AWS/ApplicationELB HTTPCode_ELB_502_Count":     "LoadBalancer",
	"AWS/ApplicationELB HTTPCode_Target_5XX_Count":  "LoadBalancer TargetGroup",
	"AWS/ApplicationELB UnHealthyHostCount":         "LoadBalancer TargetGroup",
	"AWS/ApplicationELB HealthyHostCount":           "LoadBalancer TargetGroup",
	"AWS/ApplicationELB TargetResponseTime":         "LoadBalancer TargetGroup",
	"AWS/CertificateManager DaysToExpiry":           "CertificateArn",
	"AWS/RDS CPUUtilization":                        "DBInstanceIdentifier",
	"AWS/RDS FreeStorageSpace":                      "DBInstanceIdentifier",
	"AWS/RDS DatabaseConnections":                   "DBInstanceIdentifier",
	"AWS/ElastiCache CPUUtilization":                "CacheClusterId",
	"AWS/ElastiCache Evictions":                     "CacheClusterId",
	"AWS/ElastiCache DatabaseMemoryUsagePercentage": "CacheClusterId",
	"AWS/ECS CPUUtilization":                        "ClusterName ServiceName|ClusterName",
	"AWS/ECS MemoryUtilization":                     "ClusterName ServiceName",
	"AWS/Events TriggeredRules":                     "RuleName",
	"AWS/Backup NumberOfCopyJobsCompleted":          "BackupVaultName",
	"AWS/EC2 StatusCheckFailed":                     "InstanceId",
}

func keys(values resource.PropertyMap) string {
	var names []string
	for key := range values {
		names = append(names, string(key))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// alarms are the alarms of a stack by the end of their name.
func alarms(t *testing.T, r *infratest.Recorder) map[string]infratest.Resource {
	t.Helper()
	all := map[string]infratest.Resource{}
	for _, a := range r.OfType("aws:cloudwatch/metricAlarm:MetricAlarm") {
		_, name, _ := strings.Cut(a.Name, "-watch-")
		all[name] = a
	}
	return all
}

func TestAlarmsAreOnMetricsThatExist(t *testing.T) {
	exist := maps.Clone(published)
	maps.Copy(exist, printed(t))
	recorders := map[string]*infratest.Recorder{"prod with copies": deploy(t, "prod", copying(t)), "staging with nights": deploy(t, "staging", nightly(t))}
	for _, stack := range environments {
		recorders[stack] = deploy(t, stack, stackConfig(t, stack))
	}
	for stack, r := range recorders {
		list := r.OfType("aws:cloudwatch/metricAlarm:MetricAlarm")
		if stack != "review" && len(list) < 15 {
			t.Errorf("%s: %d alarms", stack, len(list))
		}
		for _, a := range list {
			dimensions := a.Inputs["dimensions"].ObjectValue()
			metric := a.Inputs["namespace"].StringValue() + " " + a.Inputs["metricName"].StringValue()
			if got := keys(dimensions); got == "" || !slices.Contains(strings.Split(exist[metric], "|"), got) {
				t.Errorf("%s: %s is on %s by %q; it exists by %q", stack, a.Name, metric, got, exist[metric])
			}
		}
	}
}

// TestAlarmsOfProduction: one for each condition, with a limit that follows from what the stack is.
func TestAlarmsOfProduction(t *testing.T) {
	got := alarms(t, deploy(t, "prod", stackConfig(t, "prod")))
	for name, want := range map[string]struct {
		threshold float64
		silence   string
	}{
		"no-task":           {1, "breaching"},
		"no-answer":         {5, "notBreaching"},
		"certificate":       {30, "ignore"},
		"db-connections":    {511, "breaching"}, // three quarters of 8 GiB / 12582880
		"db-storage":        {100 << 30 / 10, "breaching"},
		"db-cpu":            {85, "breaching"},
		"cache-evictions":   {0, "notBreaching"},
		"cache-memory":      {85, "breaching"},
		"cache-memory-2":    {85, "breaching"},
		"web-cpu":           {319, "notBreaching"}, // a task reserves 576 of 2048: 355 percent is all of an m6i.large
		"worker-gone":       {1, "breaching"},
		"scheduler-gone":    {1, "breaching"},
		"scheduler-memory":  {90, "notBreaching"},
		"db-backup":         {1, "breaching"},
		"cache-evictions-2": {0, "notBreaching"},
		"disk":              {80, "breaching"},
		"queue-age":         {300, "breaching"},
	} {
		a, there := got[name]
		if !there {
			t.Errorf("there is no alarm %s; there are %q", name, slices.Sorted(maps.Keys(got)))
			continue
		}
		if threshold, silence := a.Inputs["threshold"].NumberValue(), a.Inputs["treatMissingData"].StringValue(); threshold != want.threshold || silence != want.silence {
			t.Errorf("%s fires at %v, and no data is %s", name, threshold, silence)
		}
	}
}

// TestAlarmsFollowTheStack: MariaDB admits half the connections, memcached has no memory metric, and a colour without tasks is no outage.
func TestAlarmsFollowTheStack(t *testing.T) {
	local := alarms(t, deploy(t, "local", with(stackConfig(t, "local"), "database", "instanceClass", "db.t4g.small")))
	if threshold := local["db-connections"].Inputs["threshold"].NumberValue(); threshold != 63 { // three quarters of 2 GiB / 25165760
		t.Errorf("db-connections fires at %v", threshold)
	}
	if _, there := local["cache-memory"]; there || local["cache-evictions"].Inputs == nil {
		t.Errorf("memcached has the alarms %q", slices.Sorted(maps.Keys(local)))
	}
	if _, there := alarms(t, deploy(t, "staging", stackConfig(t, "staging")))["certificate"]; there {
		t.Error("a stack without a certificate has an alarm of one")
	}
	colors := with(stackConfig(t, "prod"), "release", "strategy", "blueGreen")
	idle := alarms(t, deploy(t, "prod", colors))
	for name, want := range map[string]bool{"no-task": true, "web-gone": true, "no-task-green": false, "web-green-gone": false, "errors-green": true} {
		if _, there := idle[name]; there != want {
			t.Errorf("with an idle green it is %v that there is %s", there, name)
		}
	}
	colors = with(with(with(colors, "release", "name", "r1"), "release", "candidate", "r2"), "release", "percent", 10)
	both := alarms(t, deploy(t, "prod", colors))
	for _, name := range []string{"no-task", "no-task-green", "web-gone", "web-green-gone"} {
		if _, there := both[name]; !there {
			t.Errorf("with a candidate there is no %s", name)
		}
	}
}

// TestFailedDeploymentsAreReported: the rule names the services, and the topic lets EventBridge publish, which by itself it does not.
func TestFailedDeploymentsAreReported(t *testing.T) {
	r := deploy(t, "prod", stackConfig(t, "prod"))
	rules, targets, policies := r.OfType("aws:cloudwatch/eventRule:EventRule"), r.OfType("aws:cloudwatch/eventTarget:EventTarget"), r.OfType("aws:sns/topicPolicy:TopicPolicy")
	rules = slices.DeleteFunc(rules, func(rule infratest.Resource) bool { return !strings.HasSuffix(rule.Name, "-deployments") })
	if len(rules) != 1 || len(targets) != 1 || len(policies) != 1 {
		t.Fatalf("%d rules, %d targets, %d policies", len(rules), len(targets), len(policies))
	}
	pattern, policy := rules[0].Inputs["eventPattern"].StringValue(), policies[0].Inputs["policy"].StringValue()
	if !strings.Contains(pattern, "SERVICE_DEPLOYMENT_FAILED") || strings.Count(pattern, "-service") != 3 {
		t.Errorf("the pattern is %s", pattern)
	}
	for _, text := range []string{"events.amazonaws.com", "aws:SourceArn", "cloudwatch.amazonaws.com", "aws:SourceAccount"} {
		if !strings.Contains(policy, text) {
			t.Errorf("%s is not in the policy %s", text, policy)
		}
	}
}

// TestReleasesAreLines: each graph of the dashboard has a line where a deployment of web started, of either colour. Nothing in it is a time, so
// a release changes no dashboard.
func TestReleasesAreLines(t *testing.T) {
	rule := func(r *infratest.Recorder) (pattern string) {
		for _, rule := range r.OfType("aws:cloudwatch/eventRule:EventRule") {
			if strings.HasSuffix(rule.Name, "-releases") {
				pattern += rule.Inputs["eventPattern"].StringValue()
			}
		}
		return pattern
	}
	prod := deploy(t, "prod", stackConfig(t, "prod"))
	if pattern := rule(prod); !strings.Contains(pattern, `"eventName":["SERVICE_DEPLOYMENT_IN_PROGRESS"]`) || strings.Count(pattern, "-service") != 1 {
		t.Errorf("the pattern is %s", pattern)
	}
	colors := with(with(stackConfig(t, "prod"), "release", "strategy", "blueGreen"), "worker", "count", 0)
	if pattern := rule(deploy(t, "prod", colors)); strings.Count(pattern, "-service") != 2 {
		t.Errorf("the pattern of two colours is %s", pattern)
	}
	if pattern := rule(deploy(t, "prod", with(stackConfig(t, "prod"), "observability", "dashboard", false))); pattern != "" {
		t.Errorf("without a dashboard there is %s", pattern)
	}
	var body struct {
		Widgets []struct {
			Properties struct {
				Title   string
				Metrics [][]any
			}
		}
	}
	if err := json.Unmarshal([]byte(one(t, prod, "aws:cloudwatch/dashboard:Dashboard").Inputs["dashboardBody"].StringValue()), &body); err != nil || len(body.Widgets) < 8 {
		t.Fatalf("%d widgets, %v", len(body.Widgets), err)
	}
	for _, widget := range body.Widgets {
		text, err := json.Marshal(widget.Properties.Metrics)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`["AWS/Events","TriggeredRules","RuleName","laravel-prod-watch-releases`, `"expression":"FILL(started, 0)"`} {
			if strings.Count(string(text), want) != 1 {
				t.Errorf("%s: %q is not once in %s", widget.Properties.Title, want, text)
			}
		}
		if strings.Count(string(text), `"yAxis":"right"`) != 1 { // it has the other axis for itself: 0 or 1
			t.Errorf("%s: the right axis is not the release's: %s", widget.Properties.Title, text)
		}
	}
}
