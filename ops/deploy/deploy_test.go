package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// pulumi records how it is called, and fails where a file says so.
const pulumi = `#!/bin/sh
case "$1" in
version) echo v3.999.0 ;;
whoami) echo somebody ;;
stack) echo '{"release": "one", "clusterName": "c", "serviceNames": {"web": "app-web"}}' ;;
*) echo "$@" >> "$PROJECT/calls"; if [ -f "$PROJECT/fail" ]; then echo "error: it broke" >&2; exit 255; fi ;;
esac
`

// answers are what Amazon ECS says, by operation.
func open(t *testing.T, answers map[string]any) (s *session.Session, root string, complaints *strings.Builder) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if answers[operation] == nil {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"AccessDeniedException","message":"User: arn:aws:iam::1:user/u is not authorized to perform: ecs:`+operation+` on resource: *"}`)
			return
		}
		_ = json.NewEncoder(w).Encode(answers[operation])
	}))
	t.Cleanup(server.Close)
	root = t.TempDir()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "PROJECT": root, "CI": "", "PATH": root + ":" + os.Getenv("PATH"),
	} {
		t.Setenv(name, value)
	}
	for name, text := range map[string]string{"pulumi": pulumi, "Pulumi.yaml": "name: x\n", "Pulumi.s.yaml": "config: {}\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	complaints = &strings.Builder{}
	if s, err := session.Open(root, "s", &strings.Builder{}, complaints); err == nil {
		return s, root, complaints
	}
	t.Fatal("the session does not open")
	return nil, "", nil
}

func calls(t *testing.T, root string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestCalls(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(context.Context, *session.Session) error
		ci   string
		want string
	}{
		"up":       {func(ctx context.Context, s *session.Session) error { return Up(ctx, s, Options{}) }, "", "up --stack s"},
		"up, yes":  {func(ctx context.Context, s *session.Session) error { return Up(ctx, s, Options{Yes: true}) }, "", "up --stack s --yes"},
		"up in CI": {func(ctx context.Context, s *session.Session) error { return Up(ctx, s, Options{}) }, "true", "up --stack s --yes --non-interactive"},
		"up after a look": {func(ctx context.Context, s *session.Session) error {
			return Up(ctx, s, Options{Yes: true, Previewed: true})
		}, "", "up --stack s --yes --skip-preview"},
		"preview":       {func(ctx context.Context, s *session.Session) error { return Preview(ctx, s, nil) }, "", "preview --stack s --diff"},
		"preview in CI": {func(ctx context.Context, s *session.Session) error { return Preview(ctx, s, nil) }, "true", "preview --stack s --diff --non-interactive"},
		"down":          {func(ctx context.Context, s *session.Session) error { return Down(ctx, s, false) }, "", "destroy --stack s"},
		"down in CI":    {func(ctx context.Context, s *session.Session) error { return Down(ctx, s, true) }, "true", "destroy --stack s --yes --non-interactive"},
	} {
		s, root, _ := open(t, nil)
		t.Setenv("CI", test.ci)
		if err := test.do(t.Context(), s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := calls(t, root); got != test.want {
			t.Errorf("%s: pulumi %s, pulumi %s expected", name, got, test.want)
		}
	}
	s, root, _ := open(t, nil)
	if err := Up(t.Context(), s, Options{Values: map[string]any{"release.name": "two"}}); err != nil {
		t.Fatal(err)
	}
	file := strings.TrimPrefix(calls(t, root), "up --stack s --config-file ")
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the copy of the stack file, %s, is still there: %v", file, err)
	}
}

// TestFailure: what happened since the deployment began is told, older things are not.
func TestFailure(t *testing.T) {
	now := time.Now()
	answers := map[string]any{
		"DescribeServices": map[string]any{"services": []any{map[string]any{"serviceName": "app-web", "events": []any{
			map[string]any{"message": "(service app-web) deployment failed: tasks failed to start.", "createdAt": now.Unix()},
			map[string]any{"message": "has reached a steady state.", "createdAt": now.Add(-time.Hour).Unix()},
		}}}},
		"ListTasks": map[string]any{"taskArns": []string{"arn:aws:ecs:us-east-1:1:task/c/t1", "arn:aws:ecs:us-east-1:1:task/c/t2"}},
		"DescribeTasks": map[string]any{"tasks": []any{
			map[string]any{"taskArn": "arn:aws:ecs:us-east-1:1:task/c/t1", "stoppedAt": now.Add(-time.Hour).Unix(), "stoppedReason": "old"},
			map[string]any{"taskArn": "arn:aws:ecs:us-east-1:1:task/c/t2", "stoppedAt": now.Unix(), "stoppedReason": "Essential container in task exited", "containers": []any{
				map[string]any{"name": "migrate", "exitCode": 0}, map[string]any{"name": "web", "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"},
				map[string]any{"name": "side", "exitCode": 2},
			}},
		}},
	}
	s, root, complaints := open(t, answers)
	if err := os.WriteFile(filepath.Join(root, "fail"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := Up(t.Context(), s, Options{Yes: true})
	if err == nil || err.Error() != "the deployment of s failed (pulumi up: exit status 255): what was made stays, and the next run carries on" {
		t.Errorf("%v", err)
	}
	text := complaints.String()
	for _, want := range []string{
		"error: it broke", "\nAmazon ECS says:\n", "deployment failed: tasks failed to start.",
		"task t2 of app-web stopped: Essential container in task exited; web: OutOfMemoryError: Container killed due to memory usage; side: exit code 2",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "steady") || strings.Contains(text, "t1") {
		t.Errorf("what is old is told:\n%s", text)
	}

	// What the deployment before says of its success tells nothing, even where this machine's clock is ahead.
	before := now.Add(-clockSkew / 2).Unix()
	s, root, complaints = open(t, map[string]any{
		"DescribeServices": map[string]any{"services": []any{map[string]any{"serviceName": "app-web", "events": []any{
			map[string]any{"message": "(service app-web) has reached a steady state.", "createdAt": before},
			map[string]any{"message": "(service app-web) (deployment ecs-svc/1) deployment completed.", "createdAt": before},
			map[string]any{"message": "(service app-web) has stopped 1 running tasks: (task t1).", "createdAt": before},
			map[string]any{"message": "(service app-web) registered 1 targets in (target-group tg)", "createdAt": before},
		}}}},
		"ListTasks": map[string]any{"taskArns": []string{"arn:aws:ecs:us-east-1:1:task/c/t1"}},
		"DescribeTasks": map[string]any{"tasks": []any{map[string]any{
			"taskArn": "arn:aws:ecs:us-east-1:1:task/c/t1", "stoppedAt": before, "stoppedReason": "Scaling activity initiated by (deployment ecs-svc/1)",
		}}},
	})
	if err := os.WriteFile(filepath.Join(root, "fail"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Up(t.Context(), s, Options{}); err == nil || strings.Contains(complaints.String(), "ECS") {
		t.Errorf("after a deployment that succeeded: %v\n%s", err, complaints)
	}

	delete(answers, "ListTasks")
	s, root, complaints = open(t, answers)
	if err := os.WriteFile(filepath.Join(root, "fail"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Up(t.Context(), s, Options{}); err == nil || !strings.Contains(complaints.String(), "an administrator must allow ecs:ListTasks") {
		t.Errorf("%v\n%s", err, complaints)
	}
	interrupted, cancel := context.WithCancel(t.Context())
	s, root, complaints = open(t, answers)
	if err := os.WriteFile(filepath.Join(root, "fail"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pulumi(interrupted); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := Up(interrupted, s, Options{}); err == nil || strings.Contains(complaints.String(), "ECS") {
		t.Errorf("after an interrupt: %v\n%s", err, complaints)
	}
}
