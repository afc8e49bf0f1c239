package runtime

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/runtimetest"
)

// TestTrouble takes one system through what goes wrong, each time without cleaning by hand before the next step.
func TestTrouble(t *testing.T) {
	s := newSystem(t)
	for _, step := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"things that are missing", s.missing}, {"first deployment fails", s.firstDeploymentFails}, {"logs", s.logs},
		{"a task dies", s.taskDies}, {"an interrupted release", s.interrupted}, {"down", s.down},
	} {
		if !s.step(step.name, step.run) {
			return
		}
	}
}

// firstDeploymentFails wants the reason and the last lines when there is nothing to roll back to.
func (s *system) firstDeploymentFails(t *testing.T) {
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

// missing wants ECS's own words for what a task cannot get.
func (s *system) missing(t *testing.T) {
	cases := map[string]func(migrate, web map[string]any){
		"CannotPullContainerError": func(_, web map[string]any) {
			web["image"] = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app@sha256:" + strings.Repeat("0", 64)
		},
		"ResourceInitializationError": func(_, web map[string]any) {
			web["secrets"] = []any{map[string]any{"name": "KEY", "valueFrom": runtimetest.SecretARN + ":other::"}}
		},
		"OutOfMemoryError": func(_, web map[string]any) {
			web["environment"] = []any{map[string]any{"name": "MODE", "value": "memory"}}
		},
		"no container instance met all of its requirements": func(_, web map[string]any) {
			web["memory"], web["memoryReservation"] = 64<<20, 64<<20
		},
	}
	revision := 100
	for want, edit := range cases {
		revision++
		res := s.declare(s.define(revision, "bad", "", edit), 1)
		res.ID, res.Outputs["name"], res.Outputs["loadBalancers"] = "bad", fmt.Sprintf("bad%d", revision), nil
		err := s.r.Ensure(t.Context(), res)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
		s.must(s.r.Remove(t.Context(), res))
	}
}

// interrupted stops a release in the middle, as a killed command does, and wants the next run to finish it.
func (s *system) interrupted(t *testing.T) {
	s.ensure(s.declare(s.define(30, "one", "", nil), 2))
	second := s.define(31, "two", "", nil)
	progress := s.renew(t)
	l := s.underLoad()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.r.Ensure(ctx, s.declare(second, 2)) }()
	// It stops old tasks as soon as a new one is healthy, and it is steady a tick later at the earliest.
	for deadline := time.Now().Add(time.Minute); !progress.Has("service web: stopping") && time.Now().Before(deadline); {
		machine.Pause(t.Context(), s.r.Tick/10)
	}
	cancel()
	if err := <-ended; err == nil {
		t.Fatal("the release was faster than the test, which interrupts nothing")
	}
	if restarts, healthy := s.newTasks(t, "two"); healthy == 0 || restarts < healthy {
		t.Errorf("while no command runs, Docker restarts %d of %d healthy tasks", restarts, healthy)
	}
	s.renew(t)
	s.ensure(s.declare(second, 2))
	l.stop(t, "an interrupted release and its repetition")
	s.serves(t, "two", 2)
	all := s.containers(t)
	_, err := s.r.Docker.Run(t.Context(), "rm", "--force", all[len(all)-1].ID)
	s.must(err)
	s.must(s.r.Reconcile(t.Context()))
	s.serves(t, "two", 2)
}

// renew is the runtime of another command on the same state. It returns the progress of that command.
func (s *system) renew(t *testing.T) *runtimetest.TestLog {
	t.Helper()
	progress := &runtimetest.TestLog{T: t}
	again, err := New(Config{StateDir: s.r.StateDir, Root: "../..", HTTPPort: s.r.Ports[80], HTTPSPort: s.r.Ports[443], Account: s.f, Log: progress})
	s.must(err)
	s.r = again
	return progress
}

// newTasks counts the healthy tasks of a release, and those that Docker restarts when they die.
func (s *system) newTasks(t *testing.T, release string) (restarts, healthy int) {
	t.Helper()
	for _, c := range s.containers(t) {
		if !c.essential || c.release != release || c.Health() != "healthy" || c.target != "healthy" {
			continue
		}
		healthy++
		if c.HostConfig.RestartPolicy.Name == "unless-stopped" {
			restarts++
		}
	}
	return restarts, healthy
}

// taskDies kills a task while no command runs: Docker restarts it, and only what was under way on it may fail.
func (s *system) taskDies(t *testing.T) {
	s.ensure(s.declare(s.define(20, "one", "", nil), 2))
	l := s.underLoad()
	machine.Pause(t.Context(), 2*time.Second)
	// On a connection of its own: on a used one that ends without an answer, the client would ask again, and kill the other task.
	once := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if answer, err := once.Get(fmt.Sprintf("http://127.0.0.1:%d/die", s.r.Ports[80])); err == nil {
		answer.Body.Close() // it is an error page
	}
	machine.Pause(t.Context(), 5*time.Second)
	l.cancel()
	l.group.Wait()
	t.Logf("a task died: %d requests, %d failed: %v", l.done.Load(), l.failed.Load(), l.problem.Load())
	if under := int64(11); l.failed.Load() > under { // the load keeps at most that many under way
		t.Errorf("%d requests failed, want at most %d", l.failed.Load(), under)
	}
	for deadline := time.Now().Add(time.Minute); ; machine.Pause(t.Context(), time.Second) {
		all := s.containers(t)
		restarts, healthy := 0, 0
		for _, c := range all {
			restarts += c.RestartCount
			if c.essential && c.Health() == "healthy" && c.target == "healthy" {
				healthy++
			}
		}
		if restarts == 1 && healthy == 2 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after a minute the tasks are %+v", all)
		}
	}
}

// logs wants what a service printed, in time's order, also of a task that was scaled away.
func (s *system) logs(t *testing.T) {
	definition := s.define(10, "one", "", func(_, web map[string]any) { delete(web, "healthCheck") })
	s.ensure(s.declare(definition, 2))
	s.ensure(s.declare(definition, 1))
	lines, err := s.r.Lines(t.Context(), "/app", time.Time{})
	s.must(err)
	printed := map[string]int{}
	for i, l := range lines {
		if i > 0 && l.At.Before(lines[i-1].At) {
			t.Errorf("%v comes after %v", l, lines[i-1])
		}
		printed[l.Stream[:strings.LastIndex(l.Stream, "/")+1]+" "+l.Text]++
	}
	if printed["app/migrate/ role migrate release one"] < 2 || printed["app/web/ role web release one"] < 2 || printed["app/web/ web stopped gently"] < 1 {
		t.Errorf("the logs: %v", printed)
	}
}

// down wants nothing left but what is somebody else's.
func (s *system) down(t *testing.T) {
	s.must(s.r.Down(t.Context()))
	for _, list := range []string{"ps --all --quiet", "volume ls --quiet", "network ls --quiet"} {
		out, err := s.r.Docker.Run(t.Context(), append(strings.Fields(list), "--filter", "label="+s.r.StateLabel())...)
		if err != nil || out != "" {
			t.Errorf("docker %s: %q, %v", list, out, err)
		}
	}
}
