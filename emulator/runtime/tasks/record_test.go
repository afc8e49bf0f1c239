package tasks

import (
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/runtimetest"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// TestAfterARollback wants the account to learn what runs, and people why.
func TestAfterARollback(t *testing.T) {
	m, err := machine.New(t.TempDir(), "", runtimetest.New(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &Scheduler{Machine: m}
	record := state.Service{Cluster: "main", Service: "web"}
	record.Begin(state.Deployment{ID: "ecs-svc/1", TaskDefinition: "arn:x:task-definition/web:1"})
	record.MakePrimary("ecs-svc/1", state.Completed, "ECS deployment ecs-svc/1 completed.")
	declared := account.Resource{Type: account.ServiceToken, Outputs: account.Values{"cluster": "arn:x:cluster/main", "name": "web", "taskDefinition": "arn:x:task-definition/web:1"}}
	save := func() {
		t.Helper()
		if err := r.Store.Save(record); err != nil {
			t.Fatal(err)
		}
	}
	save()
	if found := r.Observe(declared); found != nil {
		t.Errorf("a service that runs what was declared is seen as %v", found)
	}

	before := time.Now()
	record.Begin(state.Deployment{ID: "ecs-svc/2", TaskDefinition: "arn:x:task-definition/web:2"})
	record.Note(state.StoppedTask{ID: "0123456789abcdef", Deployment: "ecs-svc/2", Reason: "Essential container in task exited", LastLines: []string{"APP_KEY is not set"}})
	record.MakePrimary("ecs-svc/2", state.Failed, errBreaker.Error())
	record.MakePrimary("ecs-svc/1", state.Completed, "ECS deployment ecs-svc/1 completed.")
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
