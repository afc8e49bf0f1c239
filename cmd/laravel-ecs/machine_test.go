package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestWaitForPage(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	if err := waitForPage(t.Context(), server.URL); err != nil || asked.Load() != 3 {
		t.Errorf("after %d requests: %v", asked.Load(), err)
	}

	asked.Store(-1 << 20)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := waitForPage(ctx, server.URL); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a page that never comes gives %v", err)
	}
}

func TestFit(t *testing.T) {
	for name, test := range map[string]struct {
		config  string
		port    int
		url     string
		refused string
	}{
		"the usual port":   {"  laravel-ecs:app: { url: 'http://localhost:8080' }\n", 8080, "http://localhost:8080", ""},
		"another port":     {"  laravel-ecs:app: { url: 'http://localhost:8080' }\n", 9090, "http://localhost:9090", ""},
		"an own URL":       {"  laravel-ecs:app: { url: 'https://laravel.test' }\n", 9090, "https://laravel.test", ""},
		"encrypted values": {"  laravel-ecs:secrets: { A: { secure: v1:x } }\n", 8080, "", "laravel-ecs:secrets.A"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			writeFile(t, filepath.Join(root, "Pulumi.yaml"), "name: laravel-ecs\n")
			writeFile(t, filepath.Join(root, "Pulumi.local.yaml"), "config:\n"+test.config)
			s, err := config.ReadFile(root, "local")
			if err != nil {
				t.Fatal(err)
			}
			err = fit(s, options{stack: "local", httpPort: test.port})
			if (err == nil) != (test.refused == "") || err != nil && !strings.Contains(err.Error(), test.refused) {
				t.Errorf("the error is %v", err)
			}
			if err == nil && s.Text("app.url") != test.url {
				t.Errorf("app.url is %q", s.Text("app.url"))
			}
		})
	}
}

func TestStackArgument(t *testing.T) {
	for args, want := range map[string]string{"up --stack prod": "prod", "up --stack=prod": "prod", "up -s prod --yes": "prod", "up": "", "up --stack": ""} {
		if got := stackArgument(strings.Fields(args)); got != want {
			t.Errorf("%s is of stack %q", args, got)
		}
	}
}

func TestTheWayToAWS(t *testing.T) {
	real := instanceMetadata
	t.Cleanup(func() { instanceMetadata = real })
	instanceMetadata = "127.0.0.1:1" // nobody there, whatever machine this is
	t.Chdir(t.TempDir())
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("PATH", t.TempDir())
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	err := toAWS(t.Context(), options{root: t.TempDir(), args: []string{"up", "--stack", "prod"}})
	for _, want := range []string{"Pulumi CLI v" + engine.CLIVersion, "no AWS credentials", "make rehearse"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	writeFile(t, "Pulumi.prod.yaml", "config:\n  aws:profile: deploy\n")
	if !awsCredentials("prod") {
		t.Error("aws:profile of the stack file does not count")
	}
	t.Setenv("AWS_PROFILE", "deploy")
	if !awsCredentials("staging") {
		t.Error("AWS_PROFILE does not count")
	}
	if err := toAWS(t.Context(), options{root: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "up --stack staging") {
		t.Errorf("without arguments: %v", err)
	}
}
