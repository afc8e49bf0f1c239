package run

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/awstest"
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
	if err := DropSchema(t.Context(), c.Session, time.Millisecond); err != nil {
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

// TestSchemaIsNotDropped: every reason is an error, and without a database of its own nothing is stopped.
func TestSchemaIsNotDropped(t *testing.T) {
	awstest.Says(t, DropSchema(t.Context(), sharing(t, awstest.Map{"exitCode": 1}).Session, time.Millisecond), "the task t-run exits with 1")
	c := sharing(t, awstest.Map{"reason": "CannotPullContainerError"})
	awstest.Says(t, DropSchema(t.Context(), c.Session, time.Millisecond), "the command was not started: migrate: CannotPullContainerError")
	c.Set("UpdateService", func(awstest.Map, url.Values) any { return awstest.Error{Code: "AccessDeniedException", Message: "no"} })
	awstest.Says(t, DropSchema(t.Context(), c.Session, time.Millisecond), "stopping the tasks of web")
	c = cloud(t, nil)
	awstest.Says(t, DropSchema(t.Context(), c.Session, time.Millisecond), "no database of its own on a shared server")
	c = sharing(t, awstest.Map{})
	c.Set("DescribeTaskDefinition", func(awstest.Map, url.Values) any { return awstest.Map{"taskDefinition": awstest.Definition()} })
	awstest.Says(t, DropSchema(t.Context(), c.Session, time.Millisecond), "no container of prod-web:7 has the variable DB_MASTER_USERNAME")
	if len(c.Calls("UpdateService")) > 0 {
		t.Error("it stopped the tasks")
	}
}
