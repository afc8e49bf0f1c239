package local

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	emulated "github.com/laravel-ecs/laravel-ecs/emulator/account/aws"
	"github.com/laravel-ecs/laravel-ecs/emulator/api"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

func TestWaitForPage(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	if _, err := waitForPage(t.Context(), server.URL, 0); err != nil || asked.Load() != 3 {
		t.Errorf("after %d requests: %v", asked.Load(), err)
	}

	asked.Store(-1 << 20)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if status, err := waitForPage(ctx, server.URL, http.StatusServiceUnavailable); err != nil || status != http.StatusServiceUnavailable {
		t.Errorf("a fixed response gives %d, %v", status, err)
	}
	if _, err := waitForPage(ctx, server.URL, 0); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a page that never comes gives %v", err)
	}
}

// TestFixedResponse: only a rule for all requests that the program did not make is maintenance.
func TestFixedResponse(t *testing.T) {
	a, err := emulated.Open("", "eu-central-1")
	if err != nil {
		t.Fatal(err)
	}
	const listener = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shop/0123456789abcdef/0123456789abcdef"
	if err := a.Seed(account.ListenerToken, listener, account.Values{"arn": listener}); err != nil {
		t.Fatal(err)
	}
	url, stop, err := api.New(api.Config{Account: a}).Serve()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	client := elb.New(elb.Options{Region: "eu-central-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider(api.AccessKey, api.SecretKey, "")})
	var priority int32
	makeRule := func(path string) error {
		priority++
		_, err := client.CreateRule(t.Context(), &elb.CreateRuleInput{
			ListenerArn: aws.String(listener), Priority: &priority,
			Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &types.PathPatternConditionConfig{Values: []string{path}}}},
			Actions:    []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("503"), ContentType: aws.String("text/html")}}},
		})
		return err
	}
	if status := fixedResponse(a); status != 0 {
		t.Errorf("without rules: %d", status)
	}
	for _, each := range []struct {
		path string
		want int
	}{{"/old/*", 0}, {"/*", 503}} {
		if err := makeRule(each.path); err != nil {
			t.Fatal(err)
		}
		if status := fixedResponse(a); status != each.want {
			t.Errorf("%s: %d", each.path, status)
		}
	}
}

// TestPorts: the variables choose them, else the last up, else 8080 and 8443.
func TestPorts(t *testing.T) {
	state := t.TempDir()
	find := func(http, https string) (*Stack, error) {
		t.Setenv("HTTP_PORT", http)
		t.Setenv("HTTPS_PORT", https)
		return Find(Stack{Name: "local", Root: t.TempDir(), State: state})
	}
	if s, err := find("", ""); err != nil || s.HTTPPort != 8080 || s.HTTPSPort != 8443 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := (&Stack{State: state, HTTPPort: 9090, HTTPSPort: 9443}).rememberPorts(); err != nil {
		t.Fatal(err)
	}
	if s, err := find("", ""); err != nil || s.HTTPPort != 9090 || s.HTTPSPort != 9443 {
		t.Errorf("remembered: %+v, %v", s, err)
	}
	if s, err := find("7070", ""); err != nil || s.HTTPPort != 7070 || s.HTTPSPort != 9443 {
		t.Errorf("chosen: %+v, %v", s, err)
	}
	for says, ports := range map[string][2]string{`HTTP_PORT="http"`: {"http", ""}, `HTTPS_PORT="70000"`: {"", "70000"}, "both 7070": {"7070", "7070"}} {
		if _, err := find(ports[0], ports[1]); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v", ports, err)
		}
	}
}

// TestState: the folder of a stack's state is in the repository, unless STATE says otherwise.
func TestState(t *testing.T) {
	root := t.TempDir()
	if s, err := Find(Stack{Name: "prod", Root: root}); err != nil || s.State != filepath.Join(root, ".local", "prod") {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := Find(Stack{Name: "prod", Root: root, State: "/elsewhere"}); err != nil || s.State != "/elsewhere" {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestKeepsSnapshot: the account knows again the snapshots whose data is in the state folder, and no others.
func TestKeepsSnapshot(t *testing.T) {
	root, state := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(state, "snapshots"), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		filepath.Join(state, "snapshots", "shop-db-1-final.sql"): "", filepath.Join(root, "Pulumi.yaml"): "name: laravel-ecs\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for snapshot, want := range map[string]bool{
		"shop-db-1-final": true, "Shop-DB-1-final": true, "arn:aws:rds:eu-west-1:123456789012:snapshot:shop-db-1-final": true,
		"shop-db-2-final": false, "": false,
	} {
		if err := os.WriteFile(filepath.Join(root, "Pulumi.local.yaml"), []byte("config:\n  laravel-ecs:database: {restore: {snapshot: \""+snapshot+"\"}}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := config.ReadFile(root, "local")
		if err != nil {
			t.Fatal(err)
		}
		if got := (&Stack{State: state}).keepsSnapshot(file); got != want {
			t.Errorf("%q: %v", snapshot, got)
		}
	}
}
