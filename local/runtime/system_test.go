package runtime

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSystem takes a service through its life: creation, releases under load, bad releases, scaling, deletion.
func TestSystem(t *testing.T) {
	s := newSystem(t)
	if status, _ := s.get("/"); status != http.StatusServiceUnavailable {
		t.Errorf("without a target the load balancer answers %d, want 503", status)
	}
	first := s.define(1, "one", "", nil)
	s.ensure(s.declare(first, 2))
	if status, body := s.get("/"); status != http.StatusOK || !strings.HasPrefix(body, "one ") {
		t.Fatalf("got %d %q", status, body)
	}
	t.Run("hardening", s.hardening)
	t.Run("headers", s.headers)
	t.Run("no change is fast", func(t *testing.T) {
		start := time.Now()
		if err := s.r.Ensure(t.Context(), s.declare(first, 2)); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s", time.Since(start))
	})

	second := s.define(2, "two", "", nil)
	l := s.underLoad()
	s.ensure(s.declare(second, 2))
	l.stop(t, "a release")
	s.serves(t, "two", 2)

	for i, mode := range []string{"500", "migrate"} {
		bad := s.define(3+i, "bad", mode, nil)
		l := s.underLoad()
		s.ensure(s.declare(bad, 2)) // as with the provider, a rollback is no error
		l.stop(t, "a bad release ("+mode+")")
		s.serves(t, "two", 2)
		state, ok := s.r.ServiceState("main", "web")
		if !ok || state.TaskDefinition != second || state.RolloutState != Completed || state.Deployments[0].RolloutState != Failed {
			t.Errorf("%s: after the rollback %s is %s; the failed deployment is %s", mode, state.TaskDefinition, state.RolloutState, state.Deployments[0].RolloutState)
		}
		if !slices.ContainsFunc(state.Stopped, func(one StoppedTask) bool { return one.TaskDefinition == bad && one.Reason != "" }) {
			t.Errorf("%s: the failed tasks are not recorded: %+v", mode, state.Stopped)
		}
	}
	third := s.define(9, "three", "", nil)
	s.ensure(s.declare(third, 1))
	s.serves(t, "three", 1)
	l = s.underLoad()
	s.ensure(s.declare(third, 3))
	s.serves(t, "three", 3)
	s.ensure(s.declare(third, 2))
	l.stop(t, "scaling")
	s.serves(t, "three", 2)

	res := s.declare(third, 2)
	s.must(s.r.Remove(t.Context(), res))
	s.f.delete(res)
	if tasks, err := s.r.Status(t.Context()); err != nil || len(tasks) != 0 {
		t.Errorf("after the deletion: %v %v", tasks, err)
	}
}

// serves checks that exactly the tasks of a release run, healthy, and answer.
func (s *system) serves(t *testing.T, release string, count int) {
	t.Helper()
	tasks, err := s.r.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	running := 0
	for _, task := range tasks {
		if !task.Essential {
			continue
		}
		running++
		if task.Release != release || task.Health != "healthy" || task.Target != "healthy" {
			t.Errorf("task %+v, want release %s and health", task, release)
		}
	}
	if running != count {
		t.Errorf("%d tasks run, want %d", running, count)
	}
	for range 2 * count {
		if status, body := s.get("/"); status != http.StatusOK || !strings.HasPrefix(body, release+" ") {
			t.Errorf("got %d %q, want release %s", status, body, release)
		}
	}
}

// hardening asks the application what it may do, and the engine how it was started.
func (s *system) hardening(t *testing.T) {
	_, body := s.get("/env?name=KEY")
	for _, want := range []string{"secret=s3cret ", "root=open /written: read-only file system ", "tmp=<nil> ", "uid=33\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in %q", want, body)
		}
	}
	tasks, err := s.r.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	format := "{{.HostConfig.CapDrop}} {{.HostConfig.Memory}} {{.HostConfig.MemoryReservation}} {{.HostConfig.CpuShares}} {{.Config.StopTimeout}} {{.HostConfig.Tmpfs}} {{.HostConfig.LogConfig.Config}}"
	got, err := s.r.docker.run(t.Context(), "inspect", "--format", format, tasks[len(tasks)-1].Container)
	want := "[ALL] 67108864 16777216 64 5 map[/tmp:size=16m] map[max-file:3 max-size:10m]"
	if err != nil || got != want {
		t.Errorf("started with %q (%v), want %q", got, err, want)
	}
}

// headers checks what the load balancer tells the application.
func (s *system) headers(t *testing.T) {
	_, body := s.get("/headers")
	for _, want := range []string{"X-Forwarded-For: ", "X-Forwarded-Proto: http", "X-Forwarded-Port: ", "X-Amzn-Trace-Id: Root=1-"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in\n%s", want, body)
		}
	}
}

// TestFirstDeploymentFails wants the reason and the last lines when there is nothing to roll back to.
func TestFirstDeploymentFails(t *testing.T) {
	s := newSystem(t)
	err := s.r.Ensure(t.Context(), s.declare(s.define(1, "bad", "exit", nil), 1))
	if err == nil || !strings.Contains(err.Error(), "EssentialContainerExited") || !strings.Contains(err.Error(), "cannot start: no key") {
		t.Errorf("got %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "s3cret") {
		t.Error("the secret is in the error")
	}
	s.ensure(s.declare(s.define(2, "good", "", nil), 1)) // nothing needs cleaning by hand
	s.serves(t, "good", 1)
}

// TestMissing wants ECS's own words for what a task cannot get.
func TestMissing(t *testing.T) {
	s := newSystem(t)
	cases := map[string]func(migrate, web map[string]any){
		"CannotPullContainerError": func(_, web map[string]any) {
			web["image"] = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app@sha256:" + strings.Repeat("0", 64)
		},
		"ResourceInitializationError": func(_, web map[string]any) {
			web["secrets"] = []any{map[string]any{"name": "KEY", "valueFrom": secretARN + ":other::"}}
		},
		"OutOfMemoryError": func(_, web map[string]any) {
			web["environment"] = []any{map[string]any{"name": "MODE", "value": "memory"}}
		},
		"no container instance met all of its requirements": func(_, web map[string]any) {
			web["memory"], web["memoryReservation"] = 64<<20, 64<<20
		},
	}
	revision := 0
	for want, edit := range cases {
		revision++
		err := s.r.Ensure(t.Context(), s.declare(s.define(revision, "bad", "", edit), 1))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

// TestInterrupted stops a release in the middle, as a killed command does, and wants the next run to finish it.
func TestInterrupted(t *testing.T) {
	s := newSystem(t)
	s.ensure(s.declare(s.define(1, "one", "", nil), 2))
	second := s.define(2, "two", "", nil)
	l := s.underLoad()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if err := s.r.Ensure(ctx, s.declare(second, 2)); err == nil {
		t.Fatal("four seconds were enough for a release: the test interrupts nothing")
	}
	again, err := New(Config{StateDir: s.r.stateDir, Root: s.r.root, HTTPPort: s.r.ports[80], HTTPSPort: s.r.ports[443], Account: s.f, Log: s.r.log})
	s.must(err)
	s.r = again
	s.ensure(s.declare(second, 2))
	l.stop(t, "an interrupted release and its repetition")
	s.serves(t, "two", 2)
	tasks, err := s.r.Status(t.Context())
	s.must(err)
	_, err = s.r.docker.run(t.Context(), "rm", "--force", tasks[len(tasks)-1].Container)
	s.must(err)
	s.must(s.r.Reconcile(t.Context()))
	s.serves(t, "two", 2)
}

// TestDown wants nothing left but what is somebody else's.
func TestDown(t *testing.T) {
	s := newSystem(t)
	s.ensure(s.declare(s.define(1, "one", "", nil), 1))
	s.must(s.r.Down(t.Context()))
	for _, list := range []string{"ps --all --quiet", "volume ls --quiet", "network ls --quiet"} {
		out, err := s.r.docker.run(t.Context(), append(strings.Fields(list), "--filter", "label="+s.r.stateLabel())...)
		if err != nil || out != "" {
			t.Errorf("docker %s: %q, %v", list, out, err)
		}
	}
}
