package machine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNoDocker(t *testing.T) {
	err := Engine{CLI: "/nonexistent/docker"}.Ping(t.Context())
	if err == nil || !strings.Contains(err.Error(), "install Docker") {
		t.Errorf("no client: %v", err)
	}
	script := filepath.Join(t.TempDir(), "docker")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2; exit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := (Engine{CLI: script}).Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "start it (service docker start") {
		t.Errorf("no daemon: %v", err)
	}
}
