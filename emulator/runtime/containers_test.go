package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/runtimetest"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// needDocker skips a test only where SKIP_CONTAINERS=1 says so; a missing Docker is a failure.
func needDocker(t *testing.T) {
	t.Helper()
	if os.Getenv("SKIP_CONTAINERS") == "1" {
		t.Skip("SKIP_CONTAINERS=1: nothing that needs Docker was tested")
	}
	if err := machine.FindEngine().Ping(context.Background()); err != nil {
		t.Fatalf("the container tests need Docker (SKIP_CONTAINERS=1 leaves them out): %v", err)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() // it served only to find the port
	return listener.Addr().(*net.TCPAddr).Port
}

// system is a small declared system on real containers.
type system struct {
	*testing.T
	f       *runtimetest.Account
	r       *Runtime
	image   string // in ECR, by digest
	service string
	balance []account.Resource
}

// newSystem pushes the test application and declares a load balancer. Everything goes when the test ends.
func newSystem(t *testing.T) *system {
	needDocker(t)
	f := runtimetest.New()
	s := &system{T: t, f: f, r: newTest(t, f), service: "web"}
	t.Cleanup(func() { s.must(s.r.Down(context.Background())) })
	local := buildApp(t, s.r.Docker)
	repository := "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app"
	s.ensure(f.Put(account.RepositoryToken, "app", account.Values{"name": "app", "arn": "arn:ecr", "repositoryUrl": repository, "imageTagMutability": "IMMUTABLE"}))
	digest, err := s.r.Push(t.Context(), local, repository, "v1")
	s.must(err)
	s.image = repository + "@" + digest
	f.Put(account.LogGroupToken, "/app", account.Values{"name": "/app"})
	f.Put(account.SecretToken, runtimetest.SecretARN, account.Values{"arn": runtimetest.SecretARN, "name": "app"})
	f.Put(account.SecretVersionToken, "v", account.Values{"arn": runtimetest.SecretARN, "secretString": `{"key":"s3cret"}`, "versionStages": []any{"AWSCURRENT"}})
	s.balance = f.DeclareBalancer()
	for _, res := range s.balance {
		s.ensure(res)
	}
	return s
}

// buildApp makes the image of testdata/app: one static program and nothing else.
func buildApp(t *testing.T, docker machine.Engine) string {
	t.Helper()
	folder, tag := t.TempDir(), "laravel-ecs/runtime-test:"+state.ID()[:12]
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", filepath.Join(folder, "app"), "./testdata/app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the test application: %v\n%s", err, out)
	}
	dockerfile := "FROM scratch\nCOPY app /app\nENTRYPOINT [\"/app\"]\nCMD [\"web\"]\n"
	if err := os.WriteFile(filepath.Join(folder, "Dockerfile"), []byte(dockerfile), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := docker.Run(t.Context(), "build", "--quiet", "--tag", tag, folder); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := docker.Run(context.Background(), "image", "rm", "--force", tag); err != nil {
			t.Error(err)
		}
	})
	return tag
}

// step runs a part of a test; what fails in it is that part's failure.
func (s *system) step(name string, run func(t *testing.T)) bool {
	whole := s.T
	defer func() { s.T = whole }()
	return whole.Run(name, func(t *testing.T) {
		s.T = t
		run(t)
	})
}

func (s *system) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *system) ensure(res account.Resource) {
	s.Helper()
	s.must(s.r.Ensure(s.Context(), res))
}

// define declares a revision of the web task: migrate, then web. edit changes the containers.
func (s *system) define(revision int, release, mode string, edit func(migrate, web map[string]any)) string {
	s.Helper()
	environment := []any{map[string]any{"name": "APP_RELEASE", "value": release}, map[string]any{"name": "MODE", "value": mode}}
	common := func(name string) map[string]any {
		return map[string]any{
			"name": name, "image": s.image, "command": []any{name}, "environment": environment, "user": "33:33", "readonlyRootFilesystem": true,
			"memory": 64, "memoryReservation": 16, "cpu": 64, "stopTimeout": 5,
			"linuxParameters": map[string]any{
				"capabilities": map[string]any{"drop": []any{"ALL"}},
				"tmpfs":        []any{map[string]any{"containerPath": "/tmp", "size": 16}},
			},
			"logConfiguration": map[string]any{"logDriver": "awslogs", "options": map[string]any{"awslogs-group": "/app", "awslogs-stream-prefix": "app"}},
			"mountPoints":      []any{}, "volumesFrom": []any{},
		}
	}
	migrate, web := common("migrate"), common("web")
	migrate["essential"] = false
	web["portMappings"] = []any{map[string]any{"containerPort": 8080, "hostPort": 0}}
	web["dependsOn"] = []any{map[string]any{"containerName": "migrate", "condition": "SUCCESS"}}
	web["secrets"] = []any{map[string]any{"name": "KEY", "valueFrom": runtimetest.SecretARN + ":key::"}}
	web["healthCheck"] = map[string]any{"command": []any{"CMD", "/app", "healthcheck"}, "interval": 2, "timeout": 30, "retries": 3}
	if edit != nil {
		edit(migrate, web)
	}
	containers, err := json.Marshal([]any{web, migrate})
	s.must(err)
	arn := fmt.Sprintf("arn:aws:ecs:eu-central-1:123456789012:task-definition/web:%d", revision)
	s.ensure(s.f.Put(account.TaskToken, arn, account.Values{"arn": arn, "family": "web", "networkMode": "bridge", "containerDefinitions": string(containers)}))
	return arn
}

func (s *system) declare(definition string, desired int) account.Resource {
	return s.f.Put(account.ServiceToken, s.service, account.Values{
		"name": s.service, "cluster": "arn:aws:ecs:eu-central-1:123456789012:cluster/main", "taskDefinition": definition, "desiredCount": desired,
		"deploymentMinimumHealthyPercent": 100, "deploymentMaximumPercent": 200, "healthCheckGracePeriodSeconds": 2,
		"deploymentCircuitBreaker": map[string]any{"enable": true, "rollback": true},
		"loadBalancers":            []any{map[string]any{"targetGroupArn": runtimetest.GroupARN, "containerName": "web", "containerPort": 8080}},
	})
}

func (s *system) get(path string) (int, string) {
	s.Helper()
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", s.r.Ports[80], path))
	s.must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	s.must(err)
	return answer.StatusCode, string(body)
}

// load sends requests over keep-alive connections, with a slow one under way at all times, until it is stopped.
type load struct {
	done, failed atomic.Int64
	problem      atomic.Value
	cancel       context.CancelFunc
	group        sync.WaitGroup
}

func (s *system) underLoad() *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 20}, Timeout: 20 * time.Second}
	url := fmt.Sprintf("http://127.0.0.1:%d", s.r.Ports[80])
	for i := range 11 {
		path, interval := "/", 50*time.Millisecond
		if i == 0 {
			path, interval = "/slow", 10*time.Millisecond
		}
		l.group.Add(1)
		go func() {
			defer l.group.Done()
			for ; ctx.Err() == nil; machine.Pause(ctx, interval) {
				l.once(client, url+path)
			}
		}()
	}
	return l
}

// once sends a POST: a client may not repeat it by itself, so that no failure stays hidden.
func (l *load) once(client *http.Client, url string) {
	answer, err := client.Post(url, "text/plain", strings.NewReader("x"))
	if err == nil {
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close() // read to its end
		if answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("status %s", answer.Status)
		}
	}
	l.done.Add(1)
	if err != nil {
		l.failed.Add(1)
		l.problem.Store(err.Error())
	}
}

// stop ends the load, which must have had no failure.
func (l *load) stop(t *testing.T, during string) {
	t.Helper()
	l.cancel()
	l.group.Wait()
	t.Logf("%s: %d requests, %d failed", during, l.done.Load(), l.failed.Load())
	if l.failed.Load() > 0 || l.done.Load() < 20 {
		t.Errorf("%s: %d of %d requests failed: %v", during, l.failed.Load(), l.done.Load(), l.problem.Load())
	}
}
