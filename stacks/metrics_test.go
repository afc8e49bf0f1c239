package stacks_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// printed are the metrics that the image prints, by namespace and name. TestMetrics of docker/ compares the list with the lines of a
// container.
func printed(t *testing.T) map[string]string {
	t.Helper()
	list, err := os.ReadFile("docker/testdata/metrics")
	if err != nil {
		t.Fatal(err)
	}
	metrics := map[string]string{}
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		metrics[fields[0]+" "+fields[1]] = strings.Join(fields[2:], " ")
	}
	return metrics
}

// reports are the variables that make the containers of a stack report metrics.
func reports(t *testing.T, r *infratest.Recorder) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, d := range r.OfType(definition) {
		var containers []struct {
			Environment []struct{ Name, Value string }
		}
		if err := json.Unmarshal([]byte(text(d, "containerDefinitions")), &containers); err != nil {
			t.Fatal(err)
		}
		for _, c := range containers {
			for _, v := range c.Environment {
				if strings.HasPrefix(v.Name, "METRICS_") {
					found[v.Name] = v.Value
				}
			}
		}
	}
	return found
}

// TestMetricsAndAlarmsGoTogether: what an alarm or the dashboard watches, a container is told to report, with the same dimension; what
// nobody watches, no container reports.
func TestMetricsAndAlarmsGoTogether(t *testing.T) {
	staging := stackConfig(t, "staging")
	for name, test := range map[string]struct {
		config      map[string]string
		disk, queue bool
		wait        float64
	}{
		"as shipped":                {staging, true, true, 300},
		"long jobs":                 {with(staging, "worker", "jobSeconds", 600), true, true, 1200},
		"a limit":                   {with(staging, "worker", "maxWaitSeconds", 90), true, true, 90},
		"no worker":                 {with(staging, "worker", "count", 0), true, false, 0},
		"no scheduler":              {with(staging, "scheduler", "count", 0), true, false, 0},
		"another scheduler":         {with(staging, "scheduler", "command", []string{"artisan", "schedule:work"}), true, false, 0},
		"nothing of the image's":    {with(with(with(staging, "scheduler", "count", 0), "worker", "count", 0), "web", "command", []string{"artisan", "octane:start"}), false, false, 0},
		"no alarms, so nothing":     {with(staging, "observability", "alarms", false), false, false, 0},
		"with a dashboard of it":    {with(with(staging, "observability", "emails", []string{"ops@laravel.dev"}), "observability", "dashboard", true), true, true, 300},
		"queues of their own names": {with(staging, "worker", "command", []string{"worker", "--queue=high,default"}), true, true, 300},
	} {
		t.Run(name, func(t *testing.T) {
			r := deploy(t, "staging", test.config)
			got := alarms(t, r)
			disk, hasDisk := got["disk"]
			queue, hasQueue := got["queue-age"]
			if hasDisk != test.disk || hasQueue != test.queue {
				t.Fatalf("alarms on the disk %v, on the queue %v", hasDisk, hasQueue)
			}
			if hasQueue && queue.Inputs["threshold"].NumberValue() != test.wait {
				t.Errorf("the alarm on the queue fires at %v", queue.Inputs["threshold"])
			}
			for _, a := range []infratest.Resource{disk, queue} { // before them nothing reports, and no data is bad
				if a.Name != "" && !slices.Contains(a.DependsOn, "laravel-staging-web-service") {
					t.Errorf("%s waits for %v", a.Name, a.DependsOn)
				}
			}
			reports := reports(t, r)
			if hasDisk && reports["METRICS_CLUSTER"] != disk.Inputs["dimensions"].ObjectValue()["ClusterName"].StringValue() {
				t.Errorf("the alarm is on %v, the containers report %q", disk.Inputs["dimensions"], reports)
			}
			if hasQueue && reports["METRICS_STACK"] != queue.Inputs["dimensions"].ObjectValue()["Stack"].StringValue() {
				t.Errorf("the alarm is on %v, the containers report %q", queue.Inputs["dimensions"], reports)
			}
			if _, told := reports["METRICS_STACK"]; told != hasQueue {
				t.Errorf("it is %v that a container reports the queue", told)
			}
			if want := map[bool]string{true: "high,default"}[strings.Contains(test.config["laravel-ecs:worker"], "high")]; reports["METRICS_QUEUES"] != want {
				t.Errorf("the queues are %q, not %q", reports["METRICS_QUEUES"], want)
			}
			if name == "no alarms, so nothing" && len(reports) > 0 {
				t.Errorf("the containers report %q", reports)
			}
			for _, d := range r.OfType("aws:cloudwatch/dashboard:Dashboard") {
				for metric := range printed(t) {
					if name := strings.Fields(metric)[1]; !strings.Contains(d.Inputs["dashboardBody"].StringValue(), name) {
						t.Errorf("the dashboard has no %s", name)
					}
				}
			}
		})
	}
}

// TestSharingReviewReportsTheDisk: its tasks may be alone on an instance of the environment that it shares, whose alarm watches the disk.
func TestSharingReviewReportsTheDisk(t *testing.T) {
	r, err := share(stagingShares(), sharing(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := reports(t, r); got["METRICS_CLUSTER"] != "laravel-staging-cluster" || len(got) != 1 {
		t.Errorf("the containers report %q", got)
	}
	if got := reports(t, deploy(t, "review", stackConfig(t, "review"))); len(got) != 0 {
		t.Errorf("a review environment of its own, without alarms, reports %q", got)
	}
}
