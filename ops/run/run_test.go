package run

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/awstest"
)

const arn = "arn:aws:ecs:eu-west-1:1:task/prod/t-run"

// stopped is the task after its end.
func stopped(changes awstest.Map, web awstest.Map) awstest.Map {
	task := awstest.Task("t-run", awstest.Map{"lastStatus": "STOPPED", "stoppedReason": "Essential container in task exited"})
	web["name"] = "web"
	task["containers"] = awstest.List{awstest.Map{"name": "migrate", "exitCode": 0}, web}
	for key, value := range changes {
		task[key] = value
	}
	return task
}

// cloud starts a task that is PENDING, RUNNING, and then what it is given.
func cloud(t *testing.T, last awstest.Map) *awstest.Cloud {
	t.Helper()
	c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
	c.Set("RunTask", func(awstest.Map, url.Values) any {
		return awstest.Map{"tasks": awstest.List{awstest.Map{"taskArn": arn, "lastStatus": "PROVISIONING"}}}
	})
	asked := 0
	c.Set("DescribeTasks", func(awstest.Map, url.Values) any {
		asked++
		switch {
		case asked == 1: // eventually consistent
			return awstest.Map{"failures": awstest.List{awstest.Map{"reason": "MISSING"}}}
		case asked == 2 || last == nil:
			return awstest.Map{"tasks": awstest.List{awstest.Task("t-run", awstest.Map{"lastStatus": "RUNNING"})}}
		}
		return awstest.Map{"tasks": awstest.List{last}}
	})
	c.Set("FilterLogEvents", func(awstest.Map, url.Values) any {
		if asked < 3 {
			return awstest.Error{Code: "ResourceNotFoundException", Message: "The specified log stream does not exist."}
		}
		return awstest.Map{"events": awstest.List{awstest.Map{"eventId": "1", "timestamp": time.Now().UnixMilli(), "message": "Ran?  Yes\n"}}}
	})
	return c
}

var fast = Options{Command: []string{"php", "artisan", "migrate:status"}, Every: time.Millisecond}

func TestExitCodeAndOutput(t *testing.T) {
	c := cloud(t, stopped(nil, awstest.Map{"exitCode": 7}))
	code, err := Task(t.Context(), c.Session, fast)
	if err != nil || code != 7 {
		t.Errorf("ended with %d, %v", code, err)
	}
	if c.Out.String() != "Ran?  Yes\n" {
		t.Errorf("printed is %q", c.Out)
	}
	awstest.Prints(t, c.Err.String(), "task t-run: release r2, revision prod-web:7", "task t-run: running")
	var asked struct {
		TaskDefinition, LaunchType, StartedBy, PropagateTags string
		CapacityProviderStrategy                             []struct{ CapacityProvider string }
		Overrides                                            struct {
			ContainerOverrides []struct {
				Name    string
				Command []string
			}
		}
	}
	if err := json.Unmarshal([]byte(c.Calls("RunTask")[0]), &asked); err != nil {
		t.Fatal(err)
	}
	containers := asked.Overrides.ContainerOverrides // ssr, whose health web waits for, keeps its command
	if len(containers) != 2 || containers[0].Name != "migrate" || !slices.Equal(containers[0].Command, harmless) ||
		containers[1].Name != "web" || !slices.Equal(containers[1].Command, []string{"artisan", "migrate:status"}) {
		t.Errorf("the overrides are %+v", containers)
	}
	if !strings.HasSuffix(asked.TaskDefinition, "prod-web:7") || asked.LaunchType != "" || asked.StartedBy != StartedBy ||
		asked.PropagateTags != "TASK_DEFINITION" || len(asked.CapacityProviderStrategy) != 1 || asked.CapacityProviderStrategy[0].CapacityProvider != "prod-cp" {
		t.Errorf("asked was %+v", asked)
	}
	if !strings.Contains(c.Calls("FilterLogEvents")[0], `"logStreamNames":["ecs/web/t-run"]`) {
		t.Errorf("the log stream: %s", c.Calls("FilterLogEvents")[0])
	}
}

func TestInterrupted(t *testing.T) {
	c := cloud(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.Set("StopTask", func(awstest.Map, url.Values) any {
		go c.Set("DescribeTasks", func(awstest.Map, url.Values) any {
			return awstest.Map{"tasks": awstest.List{stopped(nil, awstest.Map{"exitCode": 143})}}
		})
		return awstest.Map{}
	})
	go func() {
		for !strings.Contains(c.Err.String(), "running") {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	code, err := Task(ctx, c.Session, fast)
	if code != Interrupted || err != nil {
		t.Errorf("ended with %d, %v", code, err)
	}
	awstest.Prints(t, c.Err.String(), "task t-run: interrupted, stopping it", "task t-run: stopped")
	if stops := c.Calls("StopTask"); len(stops) != 1 || !strings.Contains(stops[0], "t-run") {
		t.Errorf("stopped was %v", stops)
	}
}

func TestNeverStarted(t *testing.T) {
	c := cloud(t, stopped(awstest.Map{"stoppedReason": "TaskFailedToStart: RESOURCE:MEMORY"}, awstest.Map{"reason": "CannotPullContainerError: not found"}))
	_, err := Task(t.Context(), c.Session, fast)
	awstest.Says(t, err, "the command was not started: TaskFailedToStart: RESOURCE:MEMORY; web: CannotPullContainerError: not found", "raise cluster.max")
}

func TestNotPlaced(t *testing.T) {
	c := cloud(t, nil)
	for reason, want := range map[string]string{
		"RESOURCE:MEMORY": "ECS cannot place the task: RESOURCE:MEMORY\nno instance has enough free memory: raise cluster.max",
		"AGENT":           "terminate the instance",
		"SOMETHING":       "ECS cannot place the task: SOMETHING",
	} {
		c.Set("RunTask", func(awstest.Map, url.Values) any {
			return awstest.Map{"failures": awstest.List{awstest.Map{"arn": "x", "reason": reason}}}
		})
		_, err := Task(t.Context(), c.Session, fast)
		awstest.Says(t, err, want)
	}
	c.Set("RunTask", func(awstest.Map, url.Values) any {
		return awstest.Error{Code: "InvalidParameterException", Message: "No Container Instances were found in your cluster."}
	})
	_, err := Task(t.Context(), c.Session, fast)
	awstest.Says(t, err, "starting the task: ECS RunTask: InvalidParameterException: No Container Instances", "cluster.min")
	c.Set("RunTask", func(awstest.Map, url.Values) any {
		return awstest.Error{Code: "AccessDeniedException", Message: "User: u is not authorized to perform: iam:PassRole on resource: r"}
	})
	_, err = Task(t.Context(), c.Session, fast)
	awstest.Says(t, err, "must allow iam:PassRole")
}

func TestOnlyArtisan(t *testing.T) {
	for command, want := range map[string]string{
		"php artisan queue:restart": "artisan queue:restart", "artisan about": "artisan about", "about --json": "artisan about --json",
	} {
		if got, err := artisan(strings.Fields(command)); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s is %v, %v", command, got, err)
		}
	}
	for command, want := range map[string]string{"php -v": "only artisan commands", "php": "only artisan commands", "php artisan": "there is no command", "": "there is no command"} {
		_, err := artisan(strings.Fields(command))
		awstest.Says(t, err, want)
	}
}
