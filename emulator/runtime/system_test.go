package runtime

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/laravel-ecs/laravel-ecs/emulator/metrics"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/runtimetest"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// TestSystem takes a service through its life: creation, releases under load, bad releases, scaling, deletion.
func TestSystem(t *testing.T) {
	s := newSystem(t)
	begin := time.Now()
	if status, _ := s.get("/"); status != http.StatusServiceUnavailable {
		t.Errorf("without a target the load balancer answers %d, want 503", status)
	}
	first := s.define(1, "one", "", nil)
	s.ensure(s.declare(first, 2))
	if status, body := s.get("/"); status != http.StatusOK || !strings.HasPrefix(body, "one ") {
		t.Fatalf("got %d %q", status, body)
	}
	s.step("hardening", s.hardening)
	s.step("headers", s.headers)
	for range 3 {
		s.get("/fail")
	}
	s.get("/slow")
	start := time.Now()
	s.ensure(s.declare(first, 2))
	t.Logf("no change: %s", time.Since(start))

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
		record, ok := s.r.Service("main", "web")
		if !ok || record.TaskDefinition != second || record.RolloutState != state.Completed || record.Deployments[0].RolloutState != state.Failed {
			t.Errorf("%s: after the rollback %s is %s; the failed deployment is %s", mode, record.TaskDefinition, record.RolloutState, record.Deployments[0].RolloutState)
		}
		if !slices.ContainsFunc(record.Stopped, func(one state.StoppedTask) bool { return one.TaskDefinition == bad && one.Reason != "" }) {
			t.Errorf("%s: the failed tasks are not recorded: %+v", mode, record.Stopped)
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

	s.step("an image that the registry lost", s.lostImage)
	s.step("metrics", func(t *testing.T) { s.metrics(t, begin) })

	res := s.declare(third, 2)
	s.must(s.r.Remove(t.Context(), res))
	s.f.Delete(res)
	if left := s.containers(t); len(left) != 0 {
		t.Errorf("after the deletion: %v", left)
	}
}

// serves checks that exactly the tasks of a release run, healthy, and answer.
func (s *system) serves(t *testing.T, release string, count int) {
	t.Helper()
	running := 0
	for _, c := range s.containers(t) {
		if !c.essential {
			continue
		}
		running++
		if c.release != release || c.Health() != "healthy" || c.target != "healthy" {
			t.Errorf("%s is of release %s, %s, its target %s; want release %s and health", c.ShortName(), c.release, c.Health(), c.target, release)
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

// lostImage deletes the image that runs: this machine has its layers still, and the next instance would not.
func (s *system) lostImage(t *testing.T) {
	registry, err := s.r.Registry(t.Context())
	s.must(err)
	if _, err := s.r.Pull(t.Context(), s.image); err != nil {
		t.Fatal(err)
	}
	_, digest, _ := strings.Cut(s.image, "@")
	ref, err := name.NewDigest(registry+"/app@"+digest, name.Insecure)
	s.must(err)
	s.must(remote.Delete(ref))
	if _, err := s.r.Pull(t.Context(), s.image); err == nil || !strings.Contains(err.Error(), "CannotPullContainerError") {
		t.Errorf("pulling it again: %v", err)
	}
}

// metrics asks what the load balancer saw since the test began, when the current minute is over.
func (s *system) metrics(t *testing.T, begin time.Time) {
	end := time.Now().Truncate(time.Minute).Add(time.Minute)
	for time.Now().Before(end) {
		time.Sleep(time.Second)
	}
	of := map[string]string{"TargetGroup": runtimetest.GroupARN[strings.LastIndex(runtimetest.GroupARN, ":")+1:], "LoadBalancer": "app/lb/0123456789abcdef"}
	for _, one := range []struct {
		name, statistic string
		least, most     float64
	}{
		{"HTTPCode_Target_5XX_Count", "Sum", 3, 3}, {"RequestCount", "Sum", 50, 1e9}, {"TargetResponseTime", "Maximum", 2, 10}, {"TargetResponseTime", "p50", 0, 1},
		{"HealthyHostCount", "Maximum", 2, 6}, {"UnHealthyHostCount", "Minimum", 0, 0},
	} {
		points, known, err := s.r.Points(t.Context(), metrics.Metric{Namespace: "AWS/ApplicationELB", Name: one.name, Dimensions: of}, begin, end)
		values, _ := points.Statistics(one.statistic, 24*time.Hour)
		for _, got := range values { // one, except at midnight
			if got < one.least || got > one.most {
				t.Errorf("%s %s is %g, want %g to %g", one.statistic, one.name, got, one.least, one.most)
			}
		}
		if err != nil || !known || len(values) == 0 {
			t.Errorf("%s: %v (%v, %v)", one.name, values, known, err)
		}
	}
	points, _, err := s.r.Points(t.Context(), metrics.Metric{Namespace: "AWS/ApplicationELB", Name: "HTTPCode_ELB_5XX_Count", Dimensions: map[string]string{"LoadBalancer": of["LoadBalancer"]}}, begin, end)
	if len(points) == 0 || err != nil {
		t.Errorf("the answer without a target is not counted (%v)", err)
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
	all := s.containers(t)
	format := "{{.HostConfig.CapDrop}} {{.HostConfig.Memory}} {{.HostConfig.MemoryReservation}} {{.HostConfig.CpuShares}} {{.Config.StopTimeout}} {{.HostConfig.Tmpfs}} {{.HostConfig.LogConfig.Config}}"
	got, err := s.r.Docker.Run(t.Context(), "inspect", "--format", format, all[len(all)-1].ID)
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
