package why

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/awstest"
)

const (
	began  = 1_795_000_000 // seconds
	ended  = began + 240
	broken = "arn:aws:ecs:eu-west-1:1:task-definition/prod-web:8"
)

// deployed are the outputs of a stack that was deployed before.
const deployed = `{"release": "good", "clusterName": "c", "serviceNames": {"web": "web"}}`

// cloud has a web service whose release "bad" ECS took back, and the lines of its tasks.
func cloud(t *testing.T, outputs string) *awstest.Cloud {
	definition := func(release string) awstest.Map {
		container := func(name string, more ...any) awstest.Map {
			return awstest.Map{
				"name": name, "environment": append(awstest.List{awstest.Map{"name": "APP_RELEASE", "value": release}}, more...),
				"logConfiguration": awstest.Map{"logDriver": "awslogs", "options": awstest.Map{"awslogs-group": "g", "awslogs-stream-prefix": "ecs"}},
			}
		}
		return awstest.Map{"containerDefinitions": awstest.List{container("migrate"), container("web", awstest.Map{"name": "HEALTH_PATH", "value": "/up"})}}
	}
	return awstest.New(t, "", outputs, map[string]awstest.Operation{
		"DescribeServices": func(awstest.Map, url.Values) any {
			return awstest.Map{"services": awstest.List{awstest.Map{"serviceName": "web", "status": "ACTIVE", "events": awstest.List{
				awstest.Map{"createdAt": ended + 900, "message": "(service web) later"},
				awstest.Map{"createdAt": began + 200, "message": "(service web) deployment failed: tasks failed to start."},
				awstest.Map{"createdAt": began + 60, "message": "(service web) has started 1 tasks: (task t1)."},
				awstest.Map{"createdAt": began - 900, "message": "(service web) earlier"},
			}}}}
		},
		"ListServiceDeployments": func(awstest.Map, url.Values) any {
			return awstest.Map{"serviceDeployments": awstest.List{
				awstest.Map{"targetServiceRevisionArn": "deleted", "status": "STOPPED", "createdAt": began + 9000},
				awstest.Map{"targetServiceRevisionArn": "r8", "status": "ROLLBACK_SUCCESSFUL", "createdAt": began, "finishedAt": ended, "statusReason": "The circuit breaker was triggered."},
				awstest.Map{"targetServiceRevisionArn": "r7", "status": "SUCCESSFUL", "createdAt": began - 9000, "finishedAt": began - 8000},
			}}
		},
		"DescribeServiceRevisions": func(awstest.Map, url.Values) any {
			return awstest.Map{"serviceRevisions": awstest.List{
				awstest.Map{"serviceRevisionArn": "r8", "taskDefinition": broken},
				awstest.Map{"serviceRevisionArn": "r7", "taskDefinition": strings.TrimSuffix(broken, "8") + "7"},
			}}
		},
		"DescribeTaskDefinition": func(in awstest.Map, _ url.Values) any {
			release := "good"
			if in["taskDefinition"] == broken {
				release = "bad"
			}
			return awstest.Map{"taskDefinition": definition(release)}
		},
		"ListTasks": func(awstest.Map, url.Values) any { return awstest.Map{"taskArns": awstest.List{"a/t1", "a/t0"}} },
		"DescribeTasks": func(awstest.Map, url.Values) any {
			return awstest.Map{"tasks": awstest.List{
				awstest.Map{"taskArn": "a/t1", "taskDefinitionArn": broken, "stoppedAt": began + 90, "stoppedReason": "Essential container in task exited",
					"containers": awstest.List{awstest.Map{"name": "migrate", "exitCode": 0}, awstest.Map{"name": "web", "exitCode": 78}}},
				awstest.Map{"taskArn": "a/t0", "taskDefinitionArn": "another", "stoppedAt": began + 95, "stoppedReason": "of another release"},
			}}
		},
		"FilterLogEvents": func(in awstest.Map, _ url.Values) any {
			event := func(second int, text string) awstest.Map {
				return awstest.Map{"timestamp": (began + second) * 1000, "logStreamName": in["logStreamNamePrefix"], "message": text}
			}
			list := awstest.List{
				event(70, `{"_aws":{},"Namespace":"LaravelECS"}`), event(80, `{"type":"access","method":"GET","path":"/up","status":500}`),
				event(81, `{"type":"access","method":"GET","path":"/up","status":500}`), event(89, "APP_KEY is not set"),
			}
			if in["logStreamNamePrefix"] != "ecs/web/t1" {
				list = awstest.List{event(65, "Nothing to migrate.")}
			}
			return awstest.Map{"events": list}
		},
	})
}

func TestWhy(t *testing.T) {
	t.Setenv("TZ", "UTC")
	c := cloud(t, deployed)
	if err := Show(t.Context(), c.Session, ""); err != nil {
		t.Fatal(err)
	}
	at := func(second int64) string { return clock(time.Unix(began+second, 0)) }
	want := []string{
		"Release bad of prod", "",
		"web: ROLLBACK_SUCCESSFUL, " + time.Unix(began, 0).Format("2006-01-02 15:04:05") + " to " + at(240),
		"  ECS: The circuit breaker was triggered.",
		"  events", "    " + at(200) + " (service web) deployment failed: tasks failed to start.",
		"  tasks that stopped", "    " + at(90) + " t1: Essential container in task exited; web: exit code 78",
		"  health check", "    GET /up answered 500: 2 times",
		"  last lines", "    " + at(65) + " migrate/t1 | Nothing to migrate.", "    " + at(89) + " web/t1 | APP_KEY is not set", "",
	}
	if got := strings.Split(c.Out.String(), "\n"); !slices.Equal(got, want) {
		t.Errorf("%s\nexpected:\n%s", c.Out, strings.Join(want, "\n"))
	}
	if asked := c.Calls("DescribeTaskDefinition"); len(asked) != 2 {
		t.Errorf("the task definitions of two deployments are known, and ECS was asked for %q", asked)
	}
}

// TestWhyNothing: a release without evidence is a clear error, and a good one is shown where it is named.
func TestWhyNothing(t *testing.T) {
	c := cloud(t, deployed)
	awstest.Says(t, Show(t.Context(), c.Session, "other"), "ECS has no deployment of release other in the last 90 days: make releases STACK=prod lists them")
	if err := Show(t.Context(), c.Session, "good"); err != nil || !strings.Contains(c.Out.String(), "web: SUCCESSFUL, ") {
		t.Errorf("%v\n%s", err, c.Out)
	}
	c.Set("ListServiceDeployments", func(awstest.Map, url.Values) any { return awstest.Map{} })
	awstest.Says(t, Show(t.Context(), c.Session, ""), "no deployment of prod failed in the last 90 days: --release (RELEASE=) names another one")
}

// TestWhyOfTheFirst: a first deployment that failed left no outputs; its services are in the state.
func TestWhyOfTheFirst(t *testing.T) {
	c := cloud(t, `{"deployment": {"resources": [{"urn": "urn:pulumi:prod::laravel-ecs::a$aws:ecs/service:Service::laravel-prod-web-service",
		"type": "aws:ecs/service:Service", "outputs": {"name": "web", "cluster": "arn:aws:ecs:eu-west-1:1:cluster/c"}}]}}`)
	if err := Show(t.Context(), c.Session, ""); err != nil || !strings.Contains(c.Out.String(), "Release bad of prod\n\nweb: ROLLBACK_SUCCESSFUL, ") {
		t.Errorf("%v\n%s", err, c.Out)
	}
	if services := c.Calls("DescribeServices"); len(services) != 1 || !strings.Contains(services[0], `"cluster":"c"`) || !strings.Contains(services[0], `"services":["web"]`) {
		t.Errorf("asked for %q", services)
	}
}
