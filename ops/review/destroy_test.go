package review

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

// TestStateWithoutOutputs: a first deployment that failed may have made its database on the shared server. One that shares nothing, or came no
// further than reading the shared stack, has none.
func TestStateWithoutOutputs(t *testing.T) {
	const reference = `{"type": "pulumi:pulumi:StackReference", "inputs": {"name": "organization/laravel-ecs/staging"}}`
	for _, test := range []struct{ resources, schema, shares string }{
		{`{"type": "pulumi:pulumi:Stack"}, ` + reference + `, {"type": "laravel:infra:LentBalancer"}`, "review_fix_login", "staging"},
		{`{"type": "laravel:infra:LentBalancer"}`, "review_fix_login", ""},
		{`{"type": "pulumi:pulumi:Stack"}, ` + reference, "", ""},
		{`{"type": "aws:lb/loadBalancer:LoadBalancer", "inputs": {"name": {"secret": true}}}`, "", ""},
		{`{"type": "pulumi:pulumi:Stack", "outputs": {"schema": "review_old", "shares": "other"}}, ` + reference + `, {"type": "laravel:infra:LentBalancer"}`, "review_old", "other"},
	} {
		s, err := ParseState("review-fix-login", []byte(`{"deployment": {"resources": [`+test.resources+`]}}`))
		if err != nil || s.Schema != test.schema || s.Shares != test.shares {
			t.Errorf("%s: %q on %q, %v", test.resources, s.Schema, s.Shares, err)
		}
	}
}

// destroyed runs Destroy on review-login, whose pulumi destroy exits with a status. outputs are the stack's.
func destroyed(t *testing.T, s Stack, outputs, status string) (c *awstest.Cloud, left string, err error) {
	t.Helper()
	c = awstest.New(t, "", outputs, awstest.Stack())
	task := awstest.Task("t-run", awstest.Map{"lastStatus": "STOPPED", "containers": awstest.List{awstest.Map{"name": "migrate", "exitCode": 0}}})
	definition := awstest.Definition()
	definition["containerDefinitions"].(awstest.List)[0].(awstest.Map)["environment"] = awstest.List{awstest.Map{"name": "DB_MASTER_USERNAME", "value": "admin"}}
	for name, answer := range map[string]awstest.Map{
		"RunTask": {"tasks": awstest.List{task}}, "DescribeTasks": {"tasks": awstest.List{task}}, "DescribeTaskDefinition": {"taskDefinition": definition},
		"FilterLogEvents": {"events": awstest.List{}},
	} {
		c.Set(name, func(awstest.Map, url.Values) any { return answer })
	}
	c.Set("UpdateService", func(body awstest.Map, _ url.Values) any {
		if body["service"] == "prod-worker" && body["desiredCount"] != 0.0 {
			return awstest.Error{Code: "ServiceNotActiveException", Message: "Service was not ACTIVE."}
		}
		return awstest.Map{}
	})
	bin := t.TempDir()
	script := "#!/bin/sh\ncase \"$1 $2\" in version*) echo v" + session.CLIVersion + ";; destroy*) exit " + status + ";; *export) echo '{}';; *output) cat " + filepath.Join(c.Session.Root, "outputs") + ";; esac\n"
	if err := os.WriteFile(filepath.Join(bin, "pulumi"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	before := Every
	t.Cleanup(func() { Every = before })
	Every = time.Millisecond
	left, err = backend{c.Session}.Destroy(t.Context(), s)
	return c, left, err
}

// TestFailedDestroy: the services get the number of tasks back that they had; one that is gone keeps no other one from it.
func TestFailedDestroy(t *testing.T) {
	one := Stack{Name: "review-login", Schema: "review_login", Shares: "staging"}
	c, _, err := destroyed(t, one, awstest.Outputs, "1")
	asked := c.Calls("UpdateService")
	if err == nil || len(asked) != 4 || !strings.Contains(asked[0], `"desiredCount":0`) || !strings.Contains(asked[2], `"desiredCount":1`) || !strings.Contains(asked[2], "prod-web") {
		t.Errorf("%v, the services: %v", err, asked)
	}
	awstest.Prints(t, c.Err.String(), "web has its number of tasks again: 1", "worker stays without tasks: ")
	if c, left, err := destroyed(t, one, awstest.Outputs, "0"); err != nil || left != "" || len(c.Calls("UpdateService")) != 2 {
		t.Errorf("%q, %v, the services: %v", left, err, c.Calls("UpdateService"))
	}
}

// TestNoServiceToDropWith: the statements are reported.
func TestNoServiceToDropWith(t *testing.T) {
	for _, shares := range []string{"staging", ""} {
		_, left, err := destroyed(t, Stack{Name: "review-login", Schema: "review_login", Shares: shares}, "{}", "0")
		if err != nil {
			t.Error(err)
		}
		awstest.Prints(t, left, "on the server of staging", "drop database if exists review_login; drop user if exists review_login_a, review_login_b (")
	}
}
