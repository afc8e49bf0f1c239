package remote

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/awstest"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// pluginScript keeps what it is called with and ends with 5; a tunnel it holds open until it is interrupted.
const pluginScript = `#!/bin/bash
if [ "$1" = --version ]; then echo "$VERSION"; exit; fi
for argument in "$@"; do echo "$argument"; done > "$CALLED.partial"
echo "variable: $AWS_SSM_START_SESSION_RESPONSE" >> "$CALLED.partial"
mv "$CALLED.partial" "$CALLED"
case "$5" in *PortForwarding*) trap 'exit 0' TERM; while :; do sleep 0.05; done ;; esac
exit 5
`

// installed is a cloud with the plugin in place; the function returns what it was called with.
func installed(t *testing.T, version string) (*awstest.Cloud, func() []string) {
	t.Helper()
	c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "session-manager-plugin"), []byte(pluginScript), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	t.Setenv("CALLED", filepath.Join(folder, "called"))
	t.Setenv("VERSION", version)
	c.Set("ExecuteCommand", func(awstest.Map, url.Values) any {
		return awstest.Map{"session": awstest.Map{"sessionId": "ecs-execute-command-1", "streamUrl": "wss://x", "tokenValue": "secret"}}
	})
	c.Set("StartSession", func(awstest.Map, url.Values) any {
		return awstest.Map{"SessionId": "ann-1", "StreamUrl": "wss://x", "TokenValue": "secret"}
	})
	c.Set("TerminateSession", func(awstest.Map, url.Values) any { return awstest.Map{"SessionId": "ann-1"} })
	return c, func() []string {
		text, _ := os.ReadFile(os.Getenv("CALLED"))
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
}

func TestShell(t *testing.T) {
	const json = `{"sessionId":"ecs-execute-command-1","streamUrl":"wss://x","tokenValue":"secret"}`
	for version, want := range map[string][2]string{"1.2.764.0": {sessionVariable, "variable: " + json}, "1.2.497.0": {json, "variable:"}, "": {json, "variable:"}} {
		c, called := installed(t, version)
		code, err := Shell(t.Context(), c.Session, "", "")
		if err != nil || code != 5 {
			t.Errorf("%s: ended with %d, %v", version, code, err)
		}
		got, endpoint := called(), os.Getenv("AWS_ENDPOINT_URL")
		expected := []string{want[0], "eu-west-1", "StartSession", "", `{"Target":"ecs:prod_t-web_0123abcd"}`, endpoint, want[1]}
		if strings.Join(got, "\n") != strings.Join(expected, "\n") {
			t.Errorf("%s: called with\n%s", version, strings.Join(got, "\n"))
		}
		awstest.Prints(t, c.Calls("ExecuteCommand")[0], `"command":"/bin/bash"`, `"container":"web"`, `"interactive":true`)
		awstest.Prints(t, c.Err.String(), "task t-web of web, release r2")
	}
	c, _ := installed(t, "")
	t.Setenv(PluginVariable, filepath.Join(filepath.Dir(os.Getenv("CALLED")), "session-manager-plugin"))
	if _, err := Shell(t.Context(), c.Session, "worker", "php -v"); err != nil {
		t.Error(err)
	}
	awstest.Prints(t, c.Calls("ExecuteCommand")[0], `"command":"php -v"`, "t-worker")
}

func TestShellRefusals(t *testing.T) {
	c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
	_, err := Shell(t.Context(), c.Session, "", "")
	awstest.Says(t, err, "the Session Manager plugin is not installed", "session-manager-working-with-install-plugin")

	c, _ = installed(t, "")
	refuse := func(changes awstest.Map, want ...string) {
		t.Helper()
		c.Set("DescribeTasks", func(awstest.Map, url.Values) any {
			return awstest.Map{"tasks": awstest.List{awstest.Task("t-web", changes)}}
		})
		_, err := Shell(t.Context(), c.Session, "", "")
		awstest.Says(t, err, want...)
	}
	refuse(awstest.Map{"enableExecuteCommand": false}, "ECS Exec is off: set access.exec to true in Pulumi.prod.yaml, then make up STACK=prod")
	refuse(awstest.Map{"lastStatus": "PENDING"}, "no task of web runs: make status")
	refuse(awstest.Map{"containers": awstest.List{awstest.Map{"name": "web", "managedAgents": awstest.List{
		awstest.Map{"name": "ExecuteCommandAgent", "lastStatus": "STOPPED", "reason": "crashed"}}}}}, "the agent of ECS Exec in the task t-web is STOPPED (crashed)")
	c.Set("ExecuteCommand", func(awstest.Map, url.Values) any {
		return awstest.Error{Code: "AccessDeniedException", Message: "User: u is not authorized to perform: ecs:ExecuteCommand on resource: r"}
	})
	refuse(nil, "opening a session in the task t-web", "must allow ecs:ExecuteCommand")
	c.Set("ExecuteCommand", func(awstest.Map, url.Values) any {
		return awstest.Error{Code: "TargetNotConnectedException", Message: "The execute command failed."}
	})
	refuse(nil, "SSM agent is not connected")
}

func TestTunnel(t *testing.T) {
	c, called := installed(t, "1.2.764.0")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for len(called()) < 7 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if err := Tunnel(ctx, c.Session, "database", 0); err != nil {
		t.Fatal(err)
	}
	port := 13306
	if !strings.Contains(c.Out.String(), "-P 13306 ") { // the port is taken on this machine
		if _, err := fmt.Sscanf(c.Out.String(), "127.0.0.1:%d ", &port); err != nil {
			t.Fatal(err)
		}
	}
	awstest.Prints(t, c.Out.String(), fmt.Sprintf("127.0.0.1:%d leads to db.internal:3306 through i-1", port),
		fmt.Sprintf("mysql -h 127.0.0.1 -P %d -u app -p laravel\n", port))
	request := fmt.Sprintf(`{"DocumentName":"AWS-StartPortForwardingSessionToRemoteHost","Parameters":{"host":["db.internal"],"localPortNumber":["%d"],"portNumber":["3306"]},"Target":"i-1"}`, port)
	if got := called(); got[4] != request || !strings.Contains(got[6], `"SessionId":"ann-1"`) {
		t.Errorf("called with\n%s", strings.Join(got, "\n"))
	}
	if ended := c.Calls("TerminateSession"); len(ended) != 1 || !strings.Contains(ended[0], "ann-1") {
		t.Errorf("terminated were %v", ended)
	}
}

// TestTunnelThroughATask: on Fargate there is no instance.
func TestTunnelThroughATask(t *testing.T) {
	c, called := installed(t, "1.2.764.0")
	onFargate := awstest.Map{"networkConfiguration": awstest.Map{"awsvpcConfiguration": awstest.Map{"subnets": awstest.List{"subnet-1"}}}}
	c.Set("DescribeServices", func(awstest.Map, url.Values) any {
		return awstest.Map{"services": awstest.List{awstest.Service("prod-web", onFargate)}}
	})
	c.Set("ListContainerInstances", func(awstest.Map, url.Values) any { return awstest.Map{"containerInstanceArns": awstest.List{}} })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for len(called()) < 7 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if err := Tunnel(ctx, c.Session, "database", 0); err != nil {
		t.Fatal(err)
	}
	awstest.Prints(t, c.Out.String(), "leads to db.internal:3306 through task t-web")
	if got := called(); !strings.HasSuffix(got[4], `"Target":"ecs:prod_t-web_0123abcd"}`) {
		t.Errorf("called with\n%s", strings.Join(got, "\n"))
	}
	c.Set("DescribeTasks", func(awstest.Map, url.Values) any {
		return awstest.Map{"tasks": awstest.List{awstest.Task("t-web", awstest.Map{"enableExecuteCommand": false})}}
	})
	awstest.Says(t, Tunnel(t.Context(), c.Session, "cache", 0), "ECS Exec is off: set access.exec to true in Pulumi.prod.yaml")
}

// TestClientOfPostgres: psql, without a password in it.
func TestClientOfPostgres(t *testing.T) {
	far, err := destination(session.Outputs{
		DatabaseEndpoint: "db.internal:5432", AppConfig: map[string]string{"DB_CONNECTION": "pgsql", "DB_USERNAME": "shop_a", "DB_DATABASE": "shop"},
	}, "database")
	if err != nil || far.port != 5432 || far.client(15432) != "psql --host=127.0.0.1 --port=15432 --username=shop_a --dbname=shop" {
		t.Errorf("%v: %s, %v", far.port, far.client(15432), err)
	}
}

func TestTunnelRefusals(t *testing.T) {
	c, _ := installed(t, "")
	awstest.Says(t, Tunnel(t.Context(), c.Session, "queue", 0), "TO=queue: database or cache is expected")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	awstest.Says(t, Tunnel(t.Context(), c.Session, "cache", 99999), "--port 99999 (PORT=) is outside 1-65535")
	awstest.Says(t, Tunnel(t.Context(), c.Session, "cache", -1), "--port -1 (PORT=) is outside 1-65535")
	awstest.Says(t, Tunnel(t.Context(), c.Session, "cache", port), fmt.Sprintf("port %d of this machine is taken", port))
	c.Set("StartSession", func(awstest.Map, url.Values) any {
		return awstest.Error{Code: "TargetNotConnected", Message: "i-1 is not connected."}
	})
	awstest.Says(t, Tunnel(t.Context(), c.Session, "cache", 0), "opening a tunnel through the instance i-1", "i-1 is not connected.", "SSM agent is not connected")
	c.Set("ListContainerInstances", func(awstest.Map, url.Values) any { return awstest.Map{"containerInstanceArns": awstest.List{}} })
	awstest.Says(t, Tunnel(t.Context(), c.Session, "cache", 0), "the cluster prod has no instances", "cluster.min")
	if n := len(c.Calls("TerminateSession")); n != 0 {
		t.Errorf("%d sessions were terminated that never began", n)
	}
}

func TestClients(t *testing.T) {
	o := awstest.New(t, "", awstest.Outputs, nil)
	outputs, err := o.Session.Outputs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	far, err := destination(outputs, "cache")
	if err != nil || far.client(1) != "redis-cli -h 127.0.0.1 -p 1 --tls" {
		t.Errorf("%s, %v", far.client(1), err)
	}
	const secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod-REDIS_PASSWORD-Ab12Cd"
	for _, reference := range []string{secret, secret + ":::3f0c"} {
		outputs.SecretARNs = map[string]string{"REDIS_PASSWORD": reference}
		want := `REDISCLI_AUTH="$(aws secretsmanager get-secret-value --region eu-west-1 --secret-id ` + secret + ` --query SecretString --output text)" redis-cli -h 127.0.0.1 -p 1 --tls`
		if far, _ := destination(outputs, "cache"); far.client(1) != want {
			t.Error(far.client(1))
		}
	}
	outputs.SecretARNs = nil
	outputs.AppConfig = map[string]string{"REDIS_HOST": "cache.internal"}
	if far, _ := destination(outputs, "cache"); far.client(1) != "redis-cli -h 127.0.0.1 -p 1" {
		t.Error(far.client(1))
	}
	outputs.AppConfig = map[string]string{"MEMCACHED_HOST": "cache.internal"}
	if far, _ := destination(outputs, "cache"); far.client(1) != "telnet 127.0.0.1 1" {
		t.Error(far.client(1))
	}
	outputs.CacheEndpoint = "nonsense"
	if _, err := destination(outputs, "cache"); err == nil {
		t.Error("an endpoint without a port is taken")
	}
	outputs.CacheEndpoint = "" // sessions may be in the database, or in a cookie
	_, err = destination(outputs, "cache")
	awstest.Says(t, err, "TO=cache: the stack has no cache (cache.engine: none)")
}
