package docker_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// embedded is a line in CloudWatch's embedded metric format, as the specification has it:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html.
type embedded struct {
	Metadata struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name, Unit string }
		}
	} `json:"_aws"`
	members map[string]any
}

// metricsOf are the metrics that a log has, by "NAMESPACE NAME DIMENSIONS", with their last values. A line that CloudWatch would not
// take fails the test.
func metricsOf(t *testing.T, log string) map[string]float64 {
	t.Helper()
	found := map[string]float64{}
	for line := range strings.Lines(log) {
		if !strings.Contains(line, "_aws") {
			continue
		}
		var e embedded
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("not all of the line is JSON: %s", line)
		}
		if err := json.Unmarshal([]byte(line), &e.members); err != nil {
			t.Fatal(err)
		}
		if age := time.Since(time.UnixMilli(e.Metadata.Timestamp)); age < -time.Minute || age > 10*time.Minute {
			t.Errorf("the timestamp is off by %s: %s", age, line)
		}
		for _, directive := range e.Metadata.CloudWatchMetrics {
			for _, dimensions := range directive.Dimensions {
				for _, name := range dimensions {
					if value, _ := e.members[name].(string); value == "" {
						t.Errorf("the dimension %s is not a text: %s", name, line)
					}
				}
				for _, metric := range directive.Metrics {
					value, number := e.members[metric.Name].(float64)
					if !number || !slices.Contains([]string{"Percent", "Seconds", "Count"}, metric.Unit) {
						t.Errorf("the metric %s is no number with a unit of CloudWatch: %s", metric.Name, line)
					}
					found[directive.Namespace+" "+metric.Name+" "+strings.Join(dimensions, " ")] = value
				}
			}
		}
	}
	return found
}

// TestMetrics: the containers print the metrics of testdata/metrics, which the alarms of the program are compared with, and with the right
// values: the disk is that of the Docker engine, the age that of the oldest job which waits.
func TestMetrics(t *testing.T) {
	t.Parallel()
	env := append(database(t), "QUEUE_CONNECTION=database", "METRICS_CLUSTER=c", "METRICS_STACK=s")
	migrate(t, env)
	query(t, env, `INSERT INTO jobs (queue, payload, attempts, reserved_at, available_at, created_at) VALUES
		('default', '{}', 0, NULL, UNIX_TIMESTAMP() - 1000, UNIX_TIMESTAMP() - 5000),
		('nobody', '{}', 0, NULL, UNIX_TIMESTAMP() - 900, UNIX_TIMESTAMP() - 900),
		('default', '{}', 0, NULL, UNIX_TIMESTAMP() + 5000, UNIX_TIMESTAMP() - 9000),
		('default', '{}', 1, UNIX_TIMESTAMP(), UNIX_TIMESTAMP() - 9000, UNIX_TIMESTAMP() - 9000)`)
	scheduler := start(t, options{env: env, args: []string{"scheduler"}})
	scheduler.waitLog("OldestJobAge", time.Minute)
	metrics := metricsOf(t, scheduler.log())
	var names []string
	for name := range metrics {
		names = append(names, name)
	}
	slices.Sort(names)
	list, err := os.ReadFile("testdata/metrics")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names, "\n") + "\n"; got != string(list) {
		t.Errorf("the containers print\n%stestdata/metrics has\n%s", got, list)
	}
	if age := metrics["LaravelECS OldestJobAge Stack"]; age < 1000 || age > 1120 {
		t.Errorf("the oldest job has waited %v s, not 1000", age)
	}
	if jobs := metrics["LaravelECS WaitingJobs Stack"]; jobs != 2 {
		t.Errorf("%v jobs wait, not 2", jobs)
	}
	if got, want := metrics["LaravelECS DiskUtilization ClusterName"], diskOfEngine(t); math.Abs(got-want) > 1 {
		t.Errorf("the disk is %v %% full, the engine's is %v %%", got, want)
	}
	scheduler.signal("TERM")
	if log, status := scheduler.wait(); status != 0 {
		t.Errorf("the scheduler exits %d:\n%s", status, log)
	}
	// The others print the disk alone: an instance may have no scheduler.
	worker := start(t, options{env: env, args: []string{"worker"}})
	web := startWeb(t, options{env: env})
	for _, c := range []*container{worker, web} {
		c.waitLog("DiskUtilization", time.Minute)
		if got := metricsOf(t, c.log()); len(got) != 1 {
			t.Errorf("a container that is no scheduler prints %v", got)
		}
		c.signal("TERM")
		if log, status := c.wait(); status != 0 {
			t.Errorf("exits %d:\n%s", status, log)
		}
	}
	if log, _ := runOnce(t, options{env: env, args: []string{"artisan", "about", "--only=environment"}}); strings.Contains(log, "_aws") {
		t.Errorf("a command prints metrics:\n%s", log)
	}
}

// diskOfEngine is how full the file system of Docker's images is, in percent as df has it.
func diskOfEngine(t *testing.T) float64 {
	t.Helper()
	folder, err := docker("info", "--format", "{{.DockerRootDir}}")
	if err != nil {
		t.Fatal(err)
	}
	out, err := docker("run", "--rm", "--label", label, "--volume", folder+":/engine:ro", "--entrypoint", "stat", image, "--file-system", "--format", "%b %f %a", "/engine")
	if err != nil {
		t.Fatal(err)
	}
	var blocks, free, available float64
	if _, err := fmt.Sscan(out, &blocks, &free, &available); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	return 100 * (blocks - free) / (blocks - free + available)
}

// TestQueueMetricOfRedis: the time is in the job since Laravel 12.11; before, the metric tells for how long nothing is taken from the list.
func TestQueueMetricOfRedis(t *testing.T) {
	t.Parallel()
	env := append(valkey(t), "QUEUE_CONNECTION=redis", "METRICS_STACK=s", "METRICS_QUEUES=high,default")
	c := start(t, options{env: env, args: []string{"scheduler"}})
	c.waitLog("OldestJobAge", time.Minute)
	redis := func(call string) {
		t.Helper()
		c.exec(`php -r 'require "/var/www/vendor/autoload.php"; $app = require "/var/www/bootstrap/app.php";
			$app->make(Illuminate\Contracts\Console\Kernel::class)->bootstrap(); $queue = Illuminate\Support\Facades\Queue::connection(); ` + call + `'`)
	}
	measure := func() (age float64) {
		t.Helper()
		return metricsOf(t, c.exec("HEARTBEAT_FILE=/run/app/heartbeat php /usr/local/lib/laravel-ecs/schedule.php"))["LaravelECS OldestJobAge Stack"]
	}
	if age := measure(); age != 0 {
		t.Errorf("the oldest job of an empty queue has waited %v s", age)
	}
	redis(`$queue->pushRaw(json_encode(["uuid" => "a"]), "default");`)
	first := measure()
	time.Sleep(3 * time.Second)
	if age := measure(); first > 1 || age < 3 || age > 60 {
		t.Errorf("a job of an older Laravel has waited %v s and, 3 s later, %v s", first, age)
	}
	redis(`$queue->pushRaw(json_encode(["uuid" => "b", "createdAt" => time() - 1000, "delay" => 200]), "high");`)
	if age := measure(); age < 800 || age > 860 {
		t.Errorf("a job that was to wait 200 of 1000 s has waited %v s", age)
	}
	if got := metricsOf(t, c.exec("HEARTBEAT_FILE=/run/app/heartbeat php /usr/local/lib/laravel-ecs/schedule.php"))["LaravelECS WaitingJobs Stack"]; got != 2 {
		t.Errorf("%v jobs wait in both queues, not 2", got)
	}
}
