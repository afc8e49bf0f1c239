package stacks_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// TestTimesFitTogether checks the rules of timing.go with the declared resources of each stack file.
func TestTimesFitTogether(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		delay, _ := at(one(t, r, "aws:lb/targetGroup:TargetGroup"), "deregistrationDelay")
		idle, _ := at(one(t, r, "aws:lb/loadBalancer:LoadBalancer"), "idleTimeout")
		seen := map[string]bool{}
		for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
			type container struct {
				Name        string
				Command     []string
				StopTimeout int
				Essential   bool
				Environment []struct{ Name, Value string }
			}
			var containers []container
			if err := json.Unmarshal([]byte(text(definition, "containerDefinitions")), &containers); err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(containers, func(c container) bool { return c.Essential })
			if i < 0 {
				t.Fatalf("%s has no essential container", definition.Name)
			}
			main := containers[i]
			seen[main.Name] = true
			number := func(name string) int {
				for _, v := range main.Environment {
					if v.Name == name {
						var n int
						if _, err := fmt.Sscan(v.Value, &n); err != nil {
							t.Fatalf("%s=%s", name, v.Value)
						}
						return n
					}
				}
				t.Fatalf("%s has no %s", main.Name, name)
				return 0
			}
			switch main.Name {
			case "web":
				path := struct{ Name, Value string }{"HEALTH_PATH", text(one(t, r, "aws:lb/targetGroup:TargetGroup"), "healthCheck.path")}
				if !slices.Contains(main.Environment, path) {
					t.Errorf("the container has no HEALTH_PATH=%s", path.Value)
				}
				request := number("REQUEST_SECONDS")
				if request > int(delay.NumberValue()) || request > int(idle.NumberValue()) {
					t.Errorf("a request may take %d s, the delay is %v and the idle timeout %v", request, delay, idle)
				}
				if number("KEEP_ALIVE_SECONDS") <= int(idle.NumberValue()) {
					t.Error("the container closes idle connections before the load balancer does")
				}
				if number("DRAIN_SECONDS")+number("GRACE_SECONDS") >= main.StopTimeout || number("GRACE_SECONDS") < request {
					t.Errorf("ECS kills after %d s what may take %d + %d", main.StopTimeout, number("DRAIN_SECONDS"), number("GRACE_SECONDS"))
				}
			case "worker":
				var job int
				if _, err := fmt.Sscanf(main.Command[1], "--timeout=%d", &job); err != nil {
					t.Fatal(err)
				}
				if job >= main.StopTimeout || job >= number("DB_QUEUE_RETRY_AFTER") || job >= number("HEARTBEAT_SECONDS") {
					t.Errorf("a job may take %d s; stop %d, retry %d, heartbeat %d", job, main.StopTimeout, number("DB_QUEUE_RETRY_AFTER"), number("HEARTBEAT_SECONDS"))
				}
			}
		}
		if !seen["web"] || !seen["worker"] {
			t.Errorf("only the times of %v were checked", seen)
		}
	})
}

// TestMigrationsRunInFrontOfWhateverRuns: without web tasks, the worker's tasks run the migrations.
func TestMigrationsRunInFrontOfWhateverRuns(t *testing.T) {
	config := with(with(stackConfig(t, "staging"), "web", "count", 0), "scheduler", "count", 0)
	services := deploy(t, "staging", config).OfType("aws:ecs/taskDefinition:TaskDefinition")
	if len(services) != 1 {
		t.Fatalf("%d task definitions, the worker's expected", len(services))
	}
	var containers []struct{ Name string }
	if err := json.Unmarshal([]byte(text(services[0], "containerDefinitions")), &containers); err != nil {
		t.Fatal(err)
	}
	if len(containers) != 2 || containers[0].Name != "migrate" || containers[1].Name != "worker" {
		t.Errorf("the worker's task has %v", containers)
	}
}

// TestRolloutsWaitForTheProcess: four tasks that start slowly, one after the other, and ten minutes.
func TestRolloutsWaitForTheProcess(t *testing.T) {
	config := manyProcesses(t)
	config["laravel-ecs:processes"] = `{"feed": {"command": ["artisan", "feed:serve"], "path": "/feed", "startSeconds": 300}}`
	limits := map[string]string{}
	for _, service := range each(t, deploy(t, "staging", config), "aws:ecs/service:Service") {
		limits[service.Name] = service.CreateTimeout
	}
	// 300 s, two health checks of 10 s, the delay and the stop of 60 s each, four times: 29 minutes
	if got := limits["laravel-staging-feed-service"]; got != "39m" {
		t.Errorf("feed has %s of %v", got, limits)
	}
	if got := limits["laravel-staging-scheduler-service"]; got != "20m" {
		t.Errorf("the scheduler has %s of %v", got, limits)
	}
}
