package runtime

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/runtimetest"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// TestOwnTasks runs tasks of their own as RunTask does: their exit codes, their logs, and being stopped.
func TestOwnTasks(t *testing.T) {
	s := newSystem(t)
	definition := s.define(1, "one", "", nil)
	run := state.Run{Cluster: "main", TaskDefinition: definition, Group: "family:web", StartedBy: "ops", Overrides: map[string]state.Override{
		"web": {Command: []string{"migrate"}, Environment: map[string]string{"MODE": "migrate", "APP_RELEASE": "two"}},
	}}
	started, err := s.r.Run(t.Context(), run)
	s.must(err)
	if started.LastStatus != "PROVISIONING" || len(started.Containers) != 2 {
		t.Errorf("started: %+v", started)
	}
	ended := s.await(started.ID, "STOPPED")
	if web := ended.container("web"); web.ExitCode == nil || *web.ExitCode != 3 || ended.StopCode != "EssentialContainerExited" {
		t.Errorf("ended: %+v", ended.Task)
	}
	if migrate := ended.container("migrate"); migrate.ExitCode == nil || *migrate.ExitCode != 0 {
		t.Errorf("the migration before it: %+v", migrate)
	}
	lines, err := s.r.Lines(t.Context(), "/app", time.Time{})
	s.must(err)
	var said []string
	for _, l := range lines {
		said = append(said, l.Stream+" "+l.Text)
	}
	for _, want := range []string{"app/migrate/" + started.ID + " role migrate release one", "app/web/" + started.ID + " role migrate release two", "app/web/" + started.ID + " migration failed: column exists"} {
		if !slices.Contains(said, want) {
			t.Errorf("%q is not in %q", want, said)
		}
	}

	run.Overrides = nil
	started, err = s.r.Run(t.Context(), run)
	s.must(err)
	s.await(started.ID, "RUNNING")
	s.must(s.r.Stop(t.Context(), "main", started.ID, "enough"))
	s.r.Settle()
	ended = s.await(started.ID, "STOPPED")
	if web := ended.container("web"); *web.ExitCode != 0 || ended.StopCode != "UserInitiated" || ended.StoppedReason != "enough" {
		t.Errorf("stopped: %+v", ended.Task)
	}

	run.TaskDefinition = s.define(2, "bad", "migrate", nil)
	started, err = s.r.Run(t.Context(), run)
	s.must(err)
	if ended = s.await(started.ID, "STOPPED"); ended.StopCode != "TaskFailedToStart" || *ended.container("migrate").ExitCode != 3 || ended.container("web").ExitCode != nil {
		t.Errorf("after a failed migration: %+v", ended.Task)
	}
}

// TestServiceTasks looks at a service's tasks, targets and logs as the API does, stops one, and puts a rule before them.
func TestServiceTasks(t *testing.T) {
	s := newSystem(t)
	s.f.Put(account.RecordToken, "app", account.Values{"name": "app.example.com", "aliases": []any{map[string]any{"name": "lb"}}})
	definition := s.define(1, "one", "", func(_, web map[string]any) { web["links"] = []any{"migrate:setup"} })
	s.ensure(s.declare(definition, 1))
	tasks, err := s.r.Tasks(t.Context(), "main")
	s.must(err)
	if len(tasks) != 1 || tasks[0].LastStatus != "RUNNING" || tasks[0].Health != "HEALTHY" || tasks[0].TaskDefinition != definition || tasks[0].Containers[1].ImageDigest == "" {
		t.Fatalf("tasks: %+v", tasks)
	}
	task := ownTask{tasks[0]}
	hosts, err := s.r.Docker.Run(t.Context(), "inspect", "--format", "{{join .HostConfig.ExtraHosts \" \"}}", task.container("web").RuntimeID)
	s.must(err)
	balancer, err := s.r.Docker.Inspect(t.Context(), s.r.Name+"-balancer")
	s.must(err)
	door, _ := balancer[0].Address(s.r.Name)
	if want := "setup:" + task.container("migrate").Address + " app.example.com:" + door.String(); hosts != want {
		t.Errorf("the container knows %s, want %s", hosts, want)
	}
	targets, err := s.r.Targets(t.Context(), runtimetest.GroupARN)
	s.must(err)
	if len(targets) != 1 || targets[0].State != "healthy" || targets[0].Port != 8080 {
		t.Errorf("targets: %+v", targets)
	}
	s.must(s.r.Stop(t.Context(), "main", tasks[0].ID, "by hand"))
	s.r.Settle()
	after, err := s.r.Tasks(t.Context(), "main")
	s.must(err)
	if len(after) != 2 || after[0].LastStatus != "STOPPED" || after[0].StoppedReason != "by hand" || after[1].LastStatus != "RUNNING" {
		t.Errorf("after a stop: %+v", after)
	}
	lines, err := s.r.Lines(t.Context(), "/app", time.Time{})
	s.must(err)
	if !slices.ContainsFunc(lines, func(l state.Line) bool {
		return strings.HasSuffix(l.Stream, tasks[0].ID) && l.Text == "web stopped gently"
	}) {
		t.Errorf("what the stopped task said is not in %+v", lines)
	}
	machine.Pause(t.Context(), time.Second)
	if late, err := s.r.Lines(t.Context(), "/app", time.Now()); err != nil || len(late) != 0 {
		t.Errorf("since now: %+v (%v)", late, err)
	}
	if all, err := s.r.Lines(t.Context(), "/app", lines[0].At); err != nil || len(all) < len(lines) {
		t.Errorf("since the first line: %d of %d lines (%v)", len(all), len(lines), err)
	}
	rule := func(id string, priority int, condition map[string]any, action map[string]any) account.Resource {
		return s.f.Put(account.ListenerRuleToken, id, account.Values{"listenerArn": runtimetest.ListenerARN, "priority": priority, "conditions": []any{condition}, "actions": []any{action}})
	}
	s.ensure(rule("all", 2, map[string]any{"pathPattern": map[string]any{"values": []any{"/*"}}}, map[string]any{
		"type": "fixed-response", "fixedResponse": map[string]any{"statusCode": "503", "contentType": "text/html", "messageBody": "<h1>\nBack 'soon'</h1>"}}))
	if status, body := s.get("/"); status != http.StatusServiceUnavailable || body != "<h1>\nBack 'soon'</h1>" {
		t.Errorf("in maintenance: %d %q", status, body)
	}
	s.ensure(rule("ours", 1, map[string]any{"sourceIp": map[string]any{"values": []any{"127.0.0.1/32"}}}, map[string]any{"type": "forward", "targetGroupArn": runtimetest.GroupARN}))
	http.DefaultClient.CloseIdleConnections() // the last connection is the old process's
	if status, body := s.get("/"); status != http.StatusOK || !strings.HasPrefix(body, "one ") {
		t.Errorf("from an address that is let in: %d %q", status, body)
	}
	if targets, err := s.r.Targets(t.Context(), runtimetest.GroupARN); err != nil || len(targets) != 1 || targets[0].State != "healthy" {
		t.Errorf("targets meanwhile: %+v (%v)", targets, err)
	}
}

type ownTask struct{ state.Task }

func (o ownTask) container(name string) state.Container {
	i := slices.IndexFunc(o.Containers, func(c state.Container) bool { return c.Name == name })
	return o.Containers[i]
}

// await polls until a task has a status.
func (s *system) await(id, status string) ownTask {
	s.Helper()
	var last state.Task
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); machine.Pause(s.Context(), 300*time.Millisecond) {
		tasks, err := s.r.Tasks(s.Context(), "main")
		s.must(err)
		for _, t := range tasks {
			if last = t; t.ID == id && t.LastStatus == status {
				return ownTask{t}
			}
		}
	}
	s.Fatalf("not %s within a minute: %+v", status, last)
	return ownTask{}
}
