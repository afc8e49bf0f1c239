package nights

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/awstest"
)

// schedule has one service that scales, one that does not, the page and the database.
const schedule = `{"wakes": "at 07:00", "down": [
	{"action": "elasticloadbalancingv2:modifyRule", "input": {"RuleArn": "page", "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}]}},
	{"action": "applicationautoscaling:registerScalableTarget", "input": {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": "service/c/web", "MinCapacity": 0, "MaxCapacity": 0}},
	{"action": "ecs:updateService", "input": {"Cluster": "c", "Service": "worker", "DesiredCount": 0}},
	{"action": "rds:stopDBInstance", "input": {"DbInstanceIdentifier": "db"}}], "up": [
	{"action": "rds:startDBInstance", "input": {"DbInstanceIdentifier": "db"}},
	{"action": "applicationautoscaling:registerScalableTarget", "input": {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": "service/c/web", "MinCapacity": 1, "MaxCapacity": 2}},
	{"action": "ecs:updateService", "input": {"Cluster": "c", "Service": "worker", "DesiredCount": 1}},
	{"action": "elasticloadbalancingv2:modifyRule", "input": {"RuleArn": "page", "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/.laravel-ecs/asleep"]}}]}}]}`

func outputs(more string) string {
	return `{"url": "http://x", "release": "r", "clusterName": "c", "serviceNames": {"web": "web", "worker": "worker"}, "databaseEndpoint": "db.internal:3306", "schedule": ` + schedule + more + `}`
}

// account answers what Sleep and Wake ask, and keeps the order in which they change something. statuses are those of the database, one
// for each look; the last one stays. Tasks need a look to stop, and one to start.
type account struct {
	statuses []string
	changes  []string
	desired  map[string]int
	running  map[string]int
	broken   bool // its tasks do not start
}

func (a *account) cloud(t *testing.T, text string) *awstest.Cloud {
	t.Helper()
	a.running = map[string]int{"web": a.desired["web"], "worker": a.desired["worker"]}
	change := func(what, answer string) awstest.Operation {
		return func(body awstest.Map, form url.Values) any {
			said := what
			for _, key := range []string{"desiredCount", "MinCapacity", "MaxCapacity"} {
				if body[key] != nil {
					said += fmt.Sprintf(" %v", body[key])
				}
			}
			said += strings.TrimRight(" "+form.Get("Conditions.member.1.PathPatternConfig.Values.member.1"), " ")
			a.changes = append(a.changes, said)
			if body["desiredCount"] != nil {
				a.desired["worker"] = int(body["desiredCount"].(float64))
			}
			if body["MinCapacity"] != nil {
				a.desired["web"] = int(body["MinCapacity"].(float64))
			}
			if answer == "" {
				return awstest.Map{}
			}
			return "<" + answer + "Response><" + answer + "Result/></" + answer + "Response>"
		}
	}
	status := func() string {
		status := a.statuses[0]
		if len(a.statuses) > 1 {
			a.statuses = a.statuses[1:]
		}
		return status
	}
	return awstest.New(t, "", text, map[string]awstest.Operation{
		"UpdateService": change("worker", ""), "RegisterScalableTarget": change("web", ""), "ModifyRule": change("page", "ModifyRule"),
		"StopDBInstance": change("stop", "StopDBInstance"), "StartDBInstance": change("start", "StartDBInstance"),
		"StopDBCluster": change("stop the cluster", "StopDBCluster"), "StartDBCluster": change("start the cluster", "StartDBCluster"),
		"DescribeDBClusters": func(awstest.Map, url.Values) any {
			return `<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters><DBCluster><Status>` + status() +
				`</Status><Endpoint>aurora.internal</Endpoint></DBCluster></DBClusters></DescribeDBClustersResult></DescribeDBClustersResponse>`
		},
		"DescribeDBInstances": func(awstest.Map, url.Values) any {
			return `<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance><DBInstanceStatus>` + status() +
				`</DBInstanceStatus><Endpoint><Address>db.internal</Address></Endpoint></DBInstance></DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>`
		},
		"DescribeServices": func(awstest.Map, url.Values) any {
			list := []any{}
			for _, name := range []string{"web", "worker"} {
				list = append(list, awstest.Map{"serviceName": name, "status": "ACTIVE", "desiredCount": a.desired[name], "runningCount": a.running[name]})
				if !a.broken {
					a.running[name] = a.desired[name]
				}
			}
			return awstest.Map{"services": list}
		},
	})
}

func same(t *testing.T, a *account, want ...string) {
	t.Helper()
	if !slices.Equal(a.changes, want) {
		t.Errorf("the changes are %q", a.changes)
	}
}

// TestSleep: the page first, and the database when the last task has stopped, also when it is just in its backup.
func TestSleep(t *testing.T) {
	a := &account{statuses: []string{"backing-up", "available", "stopping"}, desired: map[string]int{"web": 2, "worker": 1}}
	c := a.cloud(t, outputs(""))
	if err := Sleep(t.Context(), c.Session, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	same(t, a, "page /*", "web 0 0", "worker 0", "stop")
	awstest.Prints(t, c.Out.String(), "prod is asleep; it wakes at 07:00, or with make wake STACK=prod")
	awstest.Prints(t, c.Err.String(), "waiting for the tasks to stop ...", "waiting for the database to be stopped ...")
	a.changes, a.statuses = nil, []string{"stopped"}
	if err := Sleep(t.Context(), c.Session, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	same(t, a, "page /*", "web 0 0", "worker 0") // a database that is stopped cannot be stopped
}

// TestWake: the database first, also when it is still stopping; the page goes when the tasks run.
func TestWake(t *testing.T) {
	a := &account{statuses: []string{"stopping", "stopped", "starting", "available"}, desired: map[string]int{}}
	c := a.cloud(t, outputs(""))
	if err := Wake(t.Context(), c.Session, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	same(t, a, "start", "web 1 2", "worker 1", "page /.laravel-ecs/asleep")
	awstest.Prints(t, c.Out.String(), "prod is awake: http://x")
	awstest.Prints(t, c.Err.String(), "waiting for the database to be available ...", "waiting for the tasks to serve ...")
}

// TestAurora: a cluster stops after the tasks and starts before them, as an instance does.
func TestAurora(t *testing.T) {
	a := &account{statuses: []string{"available", "stopping"}, desired: map[string]int{"web": 2, "worker": 1}}
	aurora := strings.NewReplacer("DBInstance", "DBCluster", "DbInstance", "DbCluster", "db.internal", "aurora.internal")
	c := a.cloud(t, aurora.Replace(outputs("")))
	if err := Sleep(t.Context(), c.Session, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	same(t, a, "page /*", "web 0 0", "worker 0", "stop the cluster")
	a.changes, a.statuses = nil, []string{"stopping", "stopped", "starting", "available"}
	if err := Wake(t.Context(), c.Session, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	same(t, a, "start the cluster", "web 1 2", "worker 1", "page /.laravel-ecs/asleep")
	a.changes, a.statuses = nil, []string{"stopped"}
	c = a.cloud(t, aurora.Replace(outputs(`, "shares": "staging"`)))
	awstest.Says(t, Wake(t.Context(), c.Session, time.Millisecond), "prod uses the database of staging, which is stopped: make wake STACK=staging first")
}

// TestWakeForTheMend: a deployment does not wait for long for a release that does not serve. It may be what mends it.
func TestWakeForTheMend(t *testing.T) {
	a := &account{statuses: []string{"available"}, desired: map[string]int{}, broken: true}
	e, err := open(t.Context(), a.cloud(t, outputs("")).Session, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	e.Err, e.patience = &said, 50*time.Millisecond
	if err := e.wake(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, a, "web 1 2", "worker 1", "page /.laravel-ecs/asleep")
	awstest.Prints(t, said.String(), "the tasks of the release that runs do not serve after 50ms; the deployment goes on")
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := e.served(stopped); err == nil {
		t.Error("a deployment that is stopped goes on")
	}
}

func TestRefusals(t *testing.T) {
	a := &account{statuses: []string{"stopped"}, desired: map[string]int{}}
	c := a.cloud(t, outputs(`, "shares": "staging"`))
	awstest.Says(t, Wake(t.Context(), c.Session, time.Millisecond), "prod uses the database of staging, which is stopped: make wake STACK=staging first")
	same(t, a)
	c = a.cloud(t, strings.Replace(outputs(""), "rds:startDBInstance", "rds:rebootDBInstance", 1))
	awstest.Says(t, Wake(t.Context(), c.Session, time.Millisecond), "rds:rebootDBInstance: use the version of the program that deployed the stack")
	c = a.cloud(t, strings.Replace(outputs(""), `"schedule"`, `"other"`, 1))
	awstest.Says(t, Sleep(t.Context(), c.Session, time.Millisecond), "the stack prod never sleeps: set environment.schedule in Pulumi.prod.yaml")
	a.statuses = []string{"stopped"}
	c = a.cloud(t, outputs(""))
	c.Set("StartDBInstance", func(awstest.Map, url.Values) any {
		return awstest.Error{Code: "AccessDenied", Message: "User: u is not authorized to perform: rds:StartDBInstance on resource: r"}
	})
	awstest.Says(t, Wake(t.Context(), c.Session, time.Millisecond), "rds:startDBInstance", "must allow rds:StartDBInstance")
}

// TestWait: an error is told as it is, that of a connection which takes too long, too; the end of the time says what was waited for.
func TestWait(t *testing.T) {
	c := (&account{desired: map[string]int{}}).cloud(t, outputs(""))
	e, err := open(t.Context(), c.Session, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	slow := fmt.Errorf("dialing: %w", context.DeadlineExceeded)                                                    // net's timeouts are this error
	if err := e.wait(t.Context(), "it", func(context.Context) (bool, error) { return false, slow }); err != slow { //nolint:errorlint // that error and no other
		t.Errorf("%v", err)
	}
	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	awstest.Says(t, e.wait(short, "it", func(context.Context) (bool, error) { return false, nil }), "prod: waiting for it: context deadline exceeded; make status STACK=prod shows")
}

// TestAround: what sleeps is awake during a deployment and sleeps after it; what is awake gets other numbers of tasks, and nothing else.
func TestAround(t *testing.T) {
	defer func(every time.Duration) { pause = every }(pause)
	pause = time.Millisecond
	asleep, awake, failed := map[string]int{}, map[string]int{"web": 1, "worker": 1}, errors.New("failed")
	more, none := strings.Replace(outputs(""), `"MinCapacity": 1`, `"MinCapacity": 2`, 1), strings.Replace(outputs(""), `"schedule"`, `"other"`, 1)
	soon := time.Now().UTC().Add(2 * time.Minute)
	morning := strings.Replace(outputs(""), `"wakes"`, fmt.Sprintf(`"hours": {"up": "%d %d * * *", "down": "%[1]d %d * * *", "zone": "UTC"}, "wakes"`,
		soon.Minute(), soon.Hour(), (soon.Hour()+10)%24), 1)
	wake := []string{"start", "web 1 2", "worker 1", "page /.laravel-ecs/asleep"}
	sleep := []string{"page /*", "web 0 0", "worker 0", "stop"}
	for name, test := range map[string]struct {
		desired       map[string]int
		before, after string // outputs
		fails         error
		want          []string
		evening       bool // comes during the deployment
	}{
		"asleep":                        {asleep, outputs(""), outputs(""), nil, slices.Concat(wake, []string{"deployed"}, sleep), false},
		"asleep, and it fails":          {asleep, outputs(""), outputs(""), failed, slices.Concat(wake, []string{"deployed"}, sleep), false},
		"asleep, and stopped":           {asleep, outputs(""), outputs(""), context.Canceled, slices.Concat(wake, []string{"deployed"}), false},
		"asleep, without its schedule":  {asleep, outputs(""), none, nil, slices.Concat(wake, []string{"deployed"}), false},
		"awake":                         {awake, outputs(""), outputs(""), nil, []string{"deployed"}, false},
		"awake, with more tasks":        {awake, outputs(""), more, nil, []string{"deployed", "web 2 2", "worker 1"}, false},
		"with more tasks, and it fails": {awake, outputs(""), more, failed, []string{"deployed"}, false},
		"with its first schedule":       {awake, none, outputs(""), nil, []string{"deployed", "web 1 2", "worker 1"}, false},
		"without a schedule":            {awake, none, none, nil, []string{"deployed"}, false},
		"asleep, and its morning comes": {asleep, outputs(""), morning, nil, slices.Concat(wake, []string{"deployed"}), false},
		"asleep, and its evening comes": {asleep, outputs(""), outputs(""), nil, slices.Concat(wake, []string{"deployed"}), true},
	} {
		t.Run(name, func(t *testing.T) {
			a := &account{statuses: []string{"stopped", "available"}, desired: maps.Clone(test.desired)}
			c := a.cloud(t, test.before)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			err := Around(ctx, c.Session, func() error {
				a.changes = append(a.changes, "deployed")
				if errors.Is(test.fails, context.Canceled) {
					stop()
				}
				if test.evening {
					clear(a.desired)
				}
				return errors.Join(test.fails, os.WriteFile(filepath.Join(c.Session.Root, "outputs"), []byte(test.after), 0o600))
			})
			if !errors.Is(err, test.fails) || test.fails == nil && err != nil {
				t.Errorf("%v", err)
			}
			same(t, a, test.want...)
			if told := strings.Contains(c.Err.String(), "prod stays awake until the evening: make sleep STACK=prod"); told != errors.Is(test.fails, context.Canceled) {
				t.Errorf("it says\n%s", c.Err)
			}
		})
	}
}
