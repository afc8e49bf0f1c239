package run

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/awstest"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// sharing is cloud for an environment with a database of its own on a shared server.
func sharing(t *testing.T, migrate awstest.Map) *awstest.Cloud {
	t.Helper()
	migrate["name"] = "migrate"
	c := cloud(t, awstest.Task("t-run", awstest.Map{"lastStatus": "STOPPED", "containers": awstest.List{migrate, awstest.Map{"name": "web"}}}))
	outputs := strings.Replace(awstest.Outputs, "{", `{"schema": "review_login", "shares": "staging", `, 1)
	c.SetOutputs(t, outputs)
	c.Set("UpdateService", func(awstest.Map, url.Values) any { return awstest.Map{} })
	definition := awstest.Definition()
	before := definition["containerDefinitions"].(awstest.List)[0].(awstest.Map)
	before["environment"] = awstest.List{awstest.Map{"name": masterVariable, "value": "admin"}}
	c.Set("DescribeTaskDefinition", func(awstest.Map, url.Values) any { return awstest.Map{"taskDefinition": definition} })
	return c
}

// TestDropSchema: the tasks are stopped, and the container that has the master's password drops the database that the outputs name.
func TestDropSchema(t *testing.T) {
	c := sharing(t, awstest.Map{"exitCode": 0})
	if _, err := DropSchema(t.Context(), c.Session, "review_login", time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if stopped := c.Calls("UpdateService"); len(stopped) != 2 || !strings.Contains(stopped[0], `"desiredCount":0`) {
		t.Errorf("the services: %v", stopped)
	}
	asked := c.Calls("RunTask")[0]
	for _, want := range []string{`{"command":["drop","review_login"],"name":"migrate"}`, `{"command":["artisan","--version"],"name":"web"}`} {
		if !strings.Contains(asked, want) {
			t.Errorf("%s is not in %s", want, asked)
		}
	}
	if strings.Contains(asked, "Tags") || !strings.Contains(c.Calls("FilterLogEvents")[0], "ecs/migrate/t-run") {
		t.Errorf("asked %s, %s", asked, c.Calls("FilterLogEvents"))
	}
}

// failed is why the database is not dropped.
func failed(t *testing.T, c *awstest.Cloud) error {
	t.Helper()
	_, err := DropSchema(t.Context(), c.Session, "review_login", time.Millisecond)
	return err
}

// TestSchemaIsNotDropped: every reason is an error, and without a database of its own nothing is stopped.
func TestSchemaIsNotDropped(t *testing.T) {
	awstest.Says(t, failed(t, sharing(t, awstest.Map{"exitCode": 1})), "the task t-run exits with 1")
	c := sharing(t, awstest.Map{"reason": "CannotPullContainerError"})
	awstest.Says(t, failed(t, c), "the command was not started: migrate: CannotPullContainerError")
	c.Set("UpdateService", func(awstest.Map, url.Values) any { return awstest.Error{Code: "AccessDeniedException", Message: "no"} })
	awstest.Says(t, failed(t, c), "stopping the tasks of web")
	_, err := DropSchema(t.Context(), cloud(t, nil).Session, "", time.Millisecond)
	awstest.Says(t, err, "no database of its own on a shared server")
	c = sharing(t, awstest.Map{})
	c.Set("DescribeTaskDefinition", func(awstest.Map, url.Values) any { return awstest.Map{"taskDefinition": awstest.Definition()} })
	awstest.Says(t, failed(t, c), "no container of prod-web:7 has the variable DB_MASTER_USERNAME")
	if len(c.Calls("UpdateService")) > 0 {
		t.Error("it stopped the tasks")
	}
}

// TestFailedFirstDeployment: it has no outputs, and the services that the state names.
func TestFailedFirstDeployment(t *testing.T) {
	c := sharing(t, awstest.Map{"exitCode": 0})
	bin := t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	pulumi := func(state string) {
		script := "#!/bin/sh\ncase \"$1 $2\" in version*) echo v" + session.CLIVersion + ";; *output) echo '{}';; *export) echo '" + state + "';; esac\n"
		if err := os.WriteFile(filepath.Join(bin, "pulumi"), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	pulumi(`{"deployment": {"resources": []}}`)
	awstest.Says(t, failed(t, c), "nothing is deployed in the stack prod")
	pulumi(`{"deployment": {"resources": [{"urn": "urn:pulumi:prod::p::aws:ecs/service:Service::laravel-prod-web-service", "type": "aws:ecs/service:Service",
		"outputs": {"name": "prod-web", "cluster": "arn:aws:ecs:eu-west-1:1:cluster/staging"}}]}}`)
	s, err := session.Open(c.Session.Root, "prod", c.Out, c.Err)
	if err == nil {
		_, err = DropSchema(t.Context(), s, "review_login", time.Millisecond)
	}
	if asked := c.Calls("RunTask"); err != nil || len(asked) != 1 || !strings.Contains(asked[0], `["drop","review_login"]`) || !strings.Contains(asked[0], `"cluster":"staging"`) {
		t.Errorf("%v, asked %v", err, asked)
	}
}

// TestDropTakesTooLong: the end of the time is no interruption, which is said as such.
func TestDropTakesTooLong(t *testing.T) {
	before := dropPatience
	t.Cleanup(func() { dropPatience = before })
	dropPatience = 3 * time.Second
	c := sharing(t, awstest.Map{"exitCode": 0})
	running, told := awstest.Task("t-run", awstest.Map{"lastStatus": "RUNNING"}), false
	c.Set("DescribeTasks", func(awstest.Map, url.Values) any {
		if told {
			running["lastStatus"] = "STOPPED"
		}
		return awstest.Map{"tasks": awstest.List{running}}
	})
	c.Set("StopTask", func(awstest.Map, url.Values) any { told = true; return awstest.Map{} })
	err := failed(t, c)
	awstest.Says(t, err, "it did not end in 0.05 minutes (the task t-run was stopped)")
	if said := err.Error() + c.Err.String() + strings.Join(c.Calls("StopTask"), ""); strings.Contains(said, "interrupted") || !strings.Contains(said, "task t-run: it did not end in 0.05 minutes, stopping it") {
		t.Error(said)
	}
}

// TestSharedEnvironmentSleeps: by its hours, unless this one has tasks: it was woken by hand.
func TestSharedEnvironmentSleeps(t *testing.T) {
	t.Cleanup(func() { now = time.Now })
	for _, test := range []struct {
		hour, tasks int
		sleeps      bool
	}{{22, 0, true}, {22, 1, false}, {12, 0, false}} {
		now = func() time.Time { return time.Date(2027, 1, 5, test.hour, 0, 0, 0, time.UTC) }
		c := sharing(t, awstest.Map{"exitCode": 0})
		schedule := `{"schema": "review_login", "shares": "staging", "schedule": {"wakes": "at 07:00", "hours": {"up": "0 7 * * *", "down": "0 20 * * *", "zone": "UTC"}}, `
		c.SetOutputs(t, strings.Replace(awstest.Outputs, "{", schedule, 1))
		c.Set("DescribeServices", func(awstest.Map, url.Values) any {
			tasks := awstest.Map{"desiredCount": test.tasks}
			return awstest.Map{"services": awstest.List{awstest.Service("prod-web", tasks), awstest.Service("prod-worker", tasks)}}
		})
		err := failed(t, c)
		if !test.sleeps {
			if err != nil {
				t.Errorf("%+v: %v", test, err)
			}
			continue
		}
		awstest.Says(t, err, "staging sleeps; it wakes at 07:00, or with make wake STACK=staging")
		if len(c.Calls("RunTask"))+len(c.Calls("UpdateService")) > 0 {
			t.Error("it started a task, or stopped one")
		}
	}
}
