package runtime

import (
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// TestAfterARollback wants the account to learn what runs, and people why.
func TestAfterARollback(t *testing.T) {
	r := newTest(t, newFake())
	state := ServiceState{Cluster: "main", Service: "web"}
	state.begin(Deployment{ID: "ecs-svc/1", TaskDefinition: "arn:x:task-definition/web:1"})
	state.makePrimary("ecs-svc/1", Completed, "ECS deployment ecs-svc/1 completed.")
	declared := account.Resource{Type: tokenService, Outputs: account.Values{"cluster": "arn:x:cluster/main", "name": "web", "taskDefinition": "arn:x:task-definition/web:1"}}
	save := func() {
		t.Helper()
		if err := r.saveService(state); err != nil {
			t.Fatal(err)
		}
	}
	save()
	if found := r.Observe(declared); found != nil {
		t.Errorf("a service that runs what was declared is seen as %v", found)
	}

	before := time.Now()
	state.begin(Deployment{ID: "ecs-svc/2", TaskDefinition: "arn:x:task-definition/web:2"})
	state.note(StoppedTask{ID: "0123456789abcdef", Deployment: "ecs-svc/2", Reason: "Essential container in task exited", LastLines: []string{"APP_KEY is not set"}})
	state.makePrimary("ecs-svc/2", Failed, errBreaker.Error())
	state.makePrimary("ecs-svc/1", Completed, "ECS deployment ecs-svc/1 completed.")
	save()
	declared.Outputs["taskDefinition"] = "arn:x:task-definition/web:2"
	if found := r.Observe(declared); found.Text("taskDefinition") != "arn:x:task-definition/web:1" {
		t.Errorf("after a rollback the service is seen as %v", found)
	}
	failures, err := r.Failures(before)
	if err != nil || len(failures) != 1 {
		t.Fatalf("failures: %+v, %v", failures, err)
	}
	for _, want := range []string{"service web: web:2 did not come up: ECS deployment circuit breaker", "web:1 serves", "task 01234567 stopped: Essential container", "| APP_KEY is not set"} {
		if !strings.Contains(failures[0].Summary+"\n"+failures[0].LastTask, want) {
			t.Errorf("%q is not in %+v", want, failures[0])
		}
	}
	if failures, err := r.Failures(time.Now()); err != nil || len(failures) > 0 {
		t.Errorf("what failed before is told again: %+v, %v", failures, err)
	}
}
