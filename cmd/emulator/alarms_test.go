package main_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/api"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Every alarm is in one of the two tables. PROCESS stands for the name of a process.
var (
	// driven are the conditions that the emulator can bring about, and what the metric has without and with them; none for tasks that end and for
	// what containers print.
	driven = map[string]struct {
		namespace, metric string
		good, bad         float64
	}{
		"errors":            {"", "HTTPCode_Target_5XX_Count", 0, 1}, // every five seconds: 12 a minute
		"no-answer":         {"", "HTTPCode_ELB_5XX_Count", 0, 1},
		"slow":              {"", "TargetResponseTime", 0.2, 2.5},
		"unhealthy":         {"", "UnHealthyHostCount", 0, 1},
		"PROCESS-unhealthy": {"", "UnHealthyHostCount", 0, 1},
		"PROCESS-cpu":       {"AWS/ECS", "CPUUtilization", 20, 5000}, // percent of what is reserved: more than any instance has
		"queue-age of SQS":  {"AWS/SQS", "ApproximateAgeOfOldestMessage", 3, 5000},
		"queue-dead of SQS": {"AWS/SQS", "ApproximateNumberOfMessagesVisible", 0, 1},
		"no-task":           {}, "PROCESS-gone": {}, "nat-forwards": {}, "disk": {}, "queue-age": {},
	}
	// unmade are in none of the stacks here.
	unmade = map[string]string{"db-capacity": "of Aurora, and no metrics of RDS", "db-readers": "of Aurora, and no metrics of RDS"}
	// undriven are on metrics of what the emulator has no counterpart of, or does not measure.
	undriven = map[string]string{
		"db-cpu": "no metrics of RDS", "db-storage": "no metrics of RDS", "db-connections": "no metrics of RDS",
		"db-backup": "no backups by RDS", "db-copy": "no copies by AWS Backup",
		"cache-cpu": "no metrics of ElastiCache", "cache-evictions": "no metrics of ElastiCache", "cache-memory": "no metrics of ElastiCache",
		"certificate": "no metrics of ACM", "nat-down": "no metrics of EC2", "PROCESS-memory": "nobody measures the memory of tasks",
	}
)

// watchedAccount is a deployed stack whose alarms are looked at.
type watchedAccount struct {
	*life
	server *api.Server
	config aws.Config
}

func watch(t *testing.T, stack string, edit func(*config.File) error) *watchedAccount {
	t.Helper()
	l := newLife(t, stack, nil, edit)
	w := &watchedAccount{life: l, server: api.New(api.Config{Account: l.Account()})}
	server := httptest.NewServer(w.server)
	t.Cleanup(server.Close)
	w.config = aws.Config{Region: l.Account().Region(), BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider(api.AccessKey, api.SecretKey, "")}
	l.zone("example.com")
	if _, err := l.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

var (
	numbered  = regexp.MustCompile(`-\d$`)
	ofProcess = regexp.MustCompile(`^(?:[a-z]+)-(cpu|memory|gone|unhealthy)$`)
)

// kind is the name of an alarm in the tables, of its logical name.
func kind(logical, namespace string) string {
	_, name, _ := strings.Cut(logical, "-watch-")
	name = numbered.ReplaceAllString(name, "")
	if namespace == "AWS/SQS" {
		return name + " of SQS"
	}
	if match := ofProcess.FindStringSubmatch(name); match != nil && !regexp.MustCompile(`^(db|cache|nat)-`).MatchString(name) {
		return "PROCESS-" + match[1]
	}
	return name
}

// states are those of all alarms, by kind; alarms of one kind have the same.
func (w *watchedAccount) states() map[string]types.MetricAlarm {
	w.t.Helper()
	out, err := cloudwatch.NewFromConfig(w.config).DescribeAlarms(w.t.Context(), &cloudwatch.DescribeAlarmsInput{})
	if err != nil {
		w.t.Fatal(err)
	}
	logical := map[string]string{}
	for _, r := range w.Account().List(account.AlarmToken) {
		logical[r.Outputs.Text("name")] = r.Name
	}
	all := map[string]types.MetricAlarm{}
	for _, one := range out.MetricAlarms {
		name := kind(logical[*one.AlarmName], *one.Namespace)
		if other, several := all[name]; several && other.StateValue != one.StateValue {
			w.t.Errorf("%s is %s (%s), and %s is %s (%s)", *other.AlarmName, other.StateValue, *other.StateReason, *one.AlarmName, one.StateValue, *one.StateReason)
		}
		all[name] = one
	}
	return all
}

// report brings about what the load balancer and the processors say in good or in bad times.
func (w *watchedAccount) report(bad bool) {
	w.t.Helper()
	for _, c := range driven {
		value := c.good
		if bad {
			value = c.bad
		}
		if c.metric == "" {
			continue
		}
		if err := w.server.Report(api.Report{Namespace: c.namespace, Name: c.metric, Values: []float64{value}}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// stop ends the tasks of all services, or starts them again.
func (w *watchedAccount) stop(stopped bool) {
	w.t.Helper()
	for _, r := range w.Account().List(account.ServiceToken) {
		cluster := r.Outputs.Text("cluster")
		d := api.Disturbance{Cluster: cluster[strings.LastIndex(cluster, "/")+1:], Service: r.Outputs.Text("name")}
		if stopped {
			d.Unready, _ = r.Outputs.Int("desiredCount")
		}
		if err := w.server.Disturb(d); err != nil {
			w.t.Fatal(err)
		}
	}
}

// print has a container print the lines of the image (docker/lib/metrics.sh) for every minute that an alarm looks at.
func (w *watchedAccount) print(disk, age float64) {
	w.t.Helper()
	var lines []string
	for _, a := range w.Account().List(account.AlarmToken) {
		value := map[string]float64{"DiskUtilization": disk, "OldestJobAge": age}[a.Outputs.Text("metricName")]
		for dimension, of := range a.Outputs.Map("dimensions") {
			for minute := 0; a.Outputs.Text("namespace") == "LaravelECS" && minute < 20; minute++ {
				lines = append(lines, fmt.Sprintf(`{"_aws":{"Timestamp":%d,"CloudWatchMetrics":[{"Namespace":"LaravelECS","Dimensions":[["%s"]],"Metrics":[{"Name":"%s"}]}]},"%[2]s":"%[4]v","%[3]s":%[5]g}`,
					time.Now().Add(-time.Duration(minute)*time.Minute).UnixMilli(), dimension, a.Outputs.Text("metricName"), of, value))
			}
		}
	}
	if err := w.server.SetOutcome(api.Outcome{Output: lines}); err != nil {
		w.t.Fatal(err)
	}
	client, cluster := ecs.NewFromConfig(w.config), w.Account().List(account.ClusterToken)[0].Outputs.Text("name")
	definition := w.Account().List(account.TaskToken)[0].Outputs.Text("family")
	run, err := client.RunTask(w.t.Context(), &ecs.RunTaskInput{Cluster: &cluster, TaskDefinition: &definition})
	if err == nil {
		_, err = client.DescribeTasks(w.t.Context(), &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: []string{*run.Tasks[0].TaskArn}})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestEveryAlarmsCondition brings about the condition of each alarm, where the emulator can: the alarm is OK before and after it, and in ALARM
// with it. It names the others.
func TestEveryAlarmsCondition(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]bool{}
	t.Run("stacks", func(t *testing.T) {
		for stack, edit := range map[string]map[string]any{
			"prod": {"release.name": "r1", "database.copies": map[string]any{"region": "eu-central-1"}},
			"staging": {
				"worker.queue": "sqs", "cluster.max": 4, "web.startSeconds": 1, "loadBalancer.healthCheck": map[string]any{"interval": 5, "timeout": 2}, // a route waits for them
				"processes.feed": map[string]any{"command": []string{"artisan", "feed:serve"}, "path": "/feed", "port": 9000, "startSeconds": 1},
			},
		} {
			t.Run(stack, func(t *testing.T) {
				t.Parallel()
				w := watch(t, stack, func(f *config.File) error { return setAll(f, edit) })
				w.drive()
				mu.Lock()
				defer mu.Unlock()
				for name := range w.states() {
					seen[name] = true
				}
			})
		}
	})
	golden := goldenAlarms(t)
	for _, name := range golden {
		if !seen[name] && unmade[name] == "" {
			t.Errorf("a golden stack has the alarm %s, and none of the stacks here", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(unmade)) {
		if !slices.Contains(golden, name) {
			t.Errorf("no golden stack has the alarm %s", name)
		}
		t.Logf("not made: %s (%s)", name, unmade[name])
	}
	for _, name := range append(slices.Collect(maps.Keys(driven)), slices.Collect(maps.Keys(undriven))...) {
		if !seen[name] {
			t.Errorf("there is no alarm %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(undriven)) {
		t.Logf("not driven: %s (%s)", name, undriven[name])
	}
}

// drive brings about good times and bad ones.
func (w *watchedAccount) drive() {
	const ok, alarm = types.StateValueOk, types.StateValueAlarm
	w.expect("quiet tasks that print nothing", ok, map[string]types.StateValue{"disk": alarm, "queue-age": alarm})
	w.print(40, 3)
	w.report(false)
	w.expect("good times", ok, nil)
	w.report(true)
	w.print(90, 5000)
	w.expect("bad times", alarm, map[string]types.StateValue{"no-task": ok, "PROCESS-gone": ok, "nat-forwards": ok})
	w.stop(true)
	w.expect("no tasks", alarm, map[string]types.StateValue{"PROCESS-cpu": ok}) // nobody reports it
	w.report(false)
	w.stop(false)
	w.expect("good times again", ok, map[string]types.StateValue{"disk": alarm, "queue-age": alarm}) // what was printed stays
}

// expect compares the states of alarms: but has those that are not as the others. One that is not driven has no data.
func (w *watchedAccount) expect(when string, all types.StateValue, but map[string]types.StateValue) {
	w.t.Helper()
	for name, one := range w.states() {
		want := all
		if other, ok := but[name]; ok {
			want = other
		}
		if _, can := driven[name]; !can {
			want = types.StateValueInsufficientData
			if undriven[name] == "" {
				w.t.Errorf("%s is in neither of the two tables", name)
			}
		}
		if one.StateValue != want {
			w.t.Errorf("%s: %s is %s, want %s: %s", when, name, one.StateValue, want, *one.StateReason)
		}
	}
}

// goldenAlarms are the alarms of the golden stacks.
func goldenAlarms(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository(t), "stacks", "testdata", "*.golden"))
	if err != nil || len(files) < 4 {
		t.Fatalf("the goldens are %v (%v)", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range regexp.MustCompile(`(?m)^`+account.AlarmToken+` (\S+)`).FindAllStringSubmatch(string(text), -1) {
			namespace := map[bool]string{true: "AWS/SQS"}[strings.HasSuffix(file, "-sqs.golden") && strings.Contains(line[1], "-queue-")]
			names = append(names, kind(line[1], namespace))
		}
	}
	if len(names) == 0 {
		t.Fatal("the goldens have no alarms")
	}
	return names
}
