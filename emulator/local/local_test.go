package local

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

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
