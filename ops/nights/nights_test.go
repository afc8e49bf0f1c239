package nights

import (
	"context"
	"fmt"
	"net/url"
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
	return awstest.New(t, "", text, map[string]awstest.Operation{
		"UpdateService": change("worker", ""), "RegisterScalableTarget": change("web", ""), "ModifyRule": change("page", "ModifyRule"),
		"StopDBInstance": change("stop", "StopDBInstance"), "StartDBInstance": change("start", "StartDBInstance"),
		"DescribeDBInstances": func(awstest.Map, url.Values) any {
			status := a.statuses[0]
			if len(a.statuses) > 1 {
				a.statuses = a.statuses[1:]
			}
			return `<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance><DBInstanceStatus>` + status +
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
