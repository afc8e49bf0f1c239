package status

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/awstest"
	"github.com/laravel-ecs/laravel-ecs/ops/exit"
)

func TestSteady(t *testing.T) {
	c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
	if err := Show(t.Context(), c.Session, Options{}); err != nil {
		t.Fatal(err)
	}
	out := strings.Join(strings.Fields(c.Out.String()), " ")
	awstest.Prints(t, out, "PROCESS DESIRED RUNNING PENDING ROLLOUT REVISION web 1 1 0 COMPLETED prod-web:7 worker 1 1 0",
		"SERVICE TASK REVISION RELEASE HEALTH TARGET STARTED prod-web t-web prod-web:7 r2 healthy healthy", "prod-worker t-worker")
	if !strings.HasSuffix(c.Out.String(), "\nhttps://app.example.com\n") || strings.Contains(out, "events") {
		t.Errorf("the end is:\n%s", c.Out)
	}
}

// rolling is a service in the middle of a deployment.
func rolling(body awstest.Map, _ url.Values) any {
	services := awstest.List{}
	for _, name := range body["services"].([]any) {
		changes := awstest.Map{}
		if name == "prod-web" {
			events := awstest.List{}
			for _, message := range []string{"e1", "e2", "e3", "e4", "e5", "e6"} {
				events = append(events, awstest.Map{"createdAt": 1.7e9, "message": message})
			}
			changes = awstest.Map{"runningCount": 1, "desiredCount": 2, "pendingCount": 1, "events": events, "deployments": awstest.List{
				awstest.Map{"status": "PRIMARY", "rolloutState": "IN_PROGRESS", "rolloutStateReason": "ECS deployment ecs-svc/2 in progress."},
				awstest.Map{"status": "ACTIVE", "rolloutState": "COMPLETED"},
			}}
		}
		services = append(services, awstest.Service(name.(string), changes))
	}
	return awstest.Map{"services": services}
}

func TestNotSteady(t *testing.T) {
	c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
	c.Set("DescribeServices", rolling)
	c.Set("DescribeTargetHealth", func(awstest.Map, url.Values) any { return awstest.TargetHealth("unhealthy", "Target.Timeout") })
	err := Show(t.Context(), c.Session, Options{})
	if !errors.Is(err, ErrNotSteady) {
		t.Errorf("the error is %v", err)
	}
	awstest.Says(t, err, "web: rollout IN_PROGRESS (ECS deployment ecs-svc/2 in progress.), 2 deployments at once, 1 of 2 tasks run, 1 pending, the target of task t-web is unhealthy (Target.Timeout)")
	awstest.Prints(t, c.Out.String(), "last events of web:", "e1", "e5", "https://app.example.com")
	if strings.Contains(c.Out.String(), "e6") || strings.Contains(c.Out.String(), "last events of worker") {
		t.Errorf("too much:\n%s", c.Out)
	}
}

// TestTwoReleases: ECS has rolled the worker back, and each service is steady.
func TestTwoReleases(t *testing.T) {
	c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
	stays := awstest.Map{"taskDefinition": "arn:aws:ecs:eu-west-1:1:task-definition/prod-worker:6"}
	c.Set("DescribeServices", func(body awstest.Map, _ url.Values) any {
		services := awstest.List{}
		for _, name := range body["services"].([]any) {
			changes := map[any]awstest.Map{"prod-worker": stays}[name]
			services = append(services, awstest.Service(name.(string), changes))
		}
		return awstest.Map{"services": services}
	})
	c.Set("DescribeTaskDefinition", func(body awstest.Map, _ url.Values) any {
		definition := awstest.Definition()
		if body["taskDefinition"] == stays["taskDefinition"] {
			definition["containerDefinitions"] = awstest.List{
				awstest.Map{"name": "worker", "environment": awstest.List{awstest.Map{"name": "APP_RELEASE", "value": "r1"}}},
			}
		}
		return awstest.Map{"taskDefinition": definition}
	})
	err := Show(t.Context(), c.Session, Options{})
	if !errors.Is(err, ErrNotSteady) || strings.Contains(err.Error(), "web: ") {
		t.Errorf("the error is %v", err)
	}
	awstest.Says(t, err, "worker: it runs release r1, and r2 serves: repeat make up, or make rollback")
	stays["desiredCount"], stays["runningCount"] = 0, 0
	c.Set("ListTasks", func(body awstest.Map, _ url.Values) any {
		if body["serviceName"] == "prod-worker" || body["desiredStatus"] == "STOPPED" {
			return awstest.Map{"taskArns": awstest.List{}}
		}
		return awstest.Map{"taskArns": awstest.List{"t-web"}}
	})
	if err := Show(t.Context(), c.Session, Options{}); err != nil {
		t.Errorf("a worker without tasks: %v", err)
	}
}

func TestStates(t *testing.T) {
	c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
	c.Set("ListTasks", func(body awstest.Map, _ url.Values) any {
		if body["desiredStatus"] == "STOPPED" {
			return awstest.Map{"taskArns": awstest.List{"draining", "gone"}}
		}
		return awstest.Map{"taskArns": awstest.List{"young", "failing"}}
	})
	c.Set("DescribeTasks", func(body awstest.Map, _ url.Values) any {
		var tasks awstest.List
		for _, id := range body["tasks"].([]any) {
			tasks = append(tasks, awstest.Task(id.(string), map[string]awstest.Map{
				"draining": {"desiredStatus": "STOPPED"}, "gone": {"lastStatus": "STOPPED", "desiredStatus": "STOPPED"},
				"young": {"lastStatus": "PENDING", "startedAt": nil, "healthStatus": "UNKNOWN"}, "failing": {"healthStatus": "UNHEALTHY"},
			}[id.(string)]))
		}
		return awstest.Map{"tasks": tasks}
	})
	awstest.Says(t, Show(t.Context(), c.Session, Options{}), "task failing is unhealthy")
	out := strings.Join(strings.Fields(c.Out.String()), " ")
	awstest.Prints(t, out, "draining prod-web:7 r2 stopping", "young prod-web:7 r2 pending", "failing prod-web:7 r2 unhealthy")
	if strings.Contains(out, "gone") {
		t.Error("a stopped task is shown")
	}
}

func TestWatch(t *testing.T) {
	c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
	c.Set("DescribeServices", func(body awstest.Map, form url.Values) any {
		if len(c.Out.String()) > 0 {
			return awstest.Stack()["DescribeServices"](body, form)
		}
		return rolling(body, form)
	})
	if err := Show(t.Context(), c.Session, Options{Watch: true, Every: time.Millisecond}); err != nil {
		t.Errorf("after the rollout: %v", err)
	}
	if n := strings.Count(c.Out.String(), "PROCESS"); n != 2 {
		t.Errorf("drawn %d times", n)
	}
	c.Set("DescribeServices", rolling)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := Show(ctx, c.Session, Options{Watch: true, Every: time.Hour}); !errors.Is(err, ErrNotSteady) {
		t.Errorf("interrupted: %v", err)
	}
}

// TestTargetsRefused: what ECS says is shown all the same.
func TestTargetsRefused(t *testing.T) {
	c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
	c.Set("DescribeTargetHealth", func(awstest.Map, url.Values) any {
		return awstest.Error{Code: "AccessDenied", Message: "User: u is not authorized to perform: elasticloadbalancing:DescribeTargetHealth"}
	})
	err := Show(t.Context(), c.Session, Options{Watch: true, Every: time.Millisecond})
	awstest.Says(t, err, "an administrator must allow elasticloadbalancing:DescribeTargetHealth")
	out := strings.Join(strings.Fields(c.Out.String()), " ")
	awstest.Prints(t, out, "web 1 1 0 COMPLETED", "prod-web t-web prod-web:7 r2 healthy "+time.Unix(1.7e9, 0).Local().Format("15:04:05"), "https://app.example.com")
	if exit.Code(err) != 1 || exit.Printed(err) {
		t.Errorf("exit code %d, printed %v", exit.Code(err), exit.Printed(err))
	}
}

// TestInterruptedRequest: Ctrl-C while AWS is asked is no error to read.
func TestInterruptedRequest(t *testing.T) {
	for before := range 2 {
		c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
		ctx, cancel := context.WithCancel(t.Context())
		drawn := 0
		c.Set("DescribeServices", func(body awstest.Map, form url.Values) any {
			if drawn++; drawn > before {
				cancel()
			}
			return rolling(body, form)
		})
		err := Show(ctx, c.Session, Options{Watch: true, Every: time.Millisecond})
		if exit.Code(err) != 130 || !exit.Printed(err) {
			t.Errorf("after %d: %v", before, err)
		}
		cancel()
	}
}

func TestRefusals(t *testing.T) {
	c := awstest.New(t, "", "{}", nil)
	awstest.Says(t, Show(t.Context(), c.Session, Options{}), "nothing is deployed in the stack prod: make up STACK=prod")
	c = awstest.New(t, "", awstest.Outputs, map[string]awstest.Operation{
		"DescribeServices": func(awstest.Map, url.Values) any { return awstest.Map{"services": awstest.List{}} },
	})
	awstest.Says(t, Show(t.Context(), c.Session, Options{}), "the service prod-web is not in the cluster prod")
	c.Set("DescribeServices", func(awstest.Map, url.Values) any {
		return awstest.Error{Code: "ClusterNotFoundException", Message: "Cluster not found."}
	})
	awstest.Says(t, Show(t.Context(), c.Session, Options{}), "reading the services: ECS DescribeServices: ClusterNotFoundException: Cluster not found.", "make up")
}
