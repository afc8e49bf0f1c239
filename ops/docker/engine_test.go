package docker

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestEnsure(t *testing.T) {
	client := filepath.Join(t.TempDir(), "docker")
	t.Setenv("DOCKER", client)
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
	var out bytes.Buffer
	writeFile(t, client, "#!/bin/sh\necho 28.0\n")
	if err := Ensure(t.Context(), &out); err != nil || out.Len() > 0 {
		t.Errorf("a running engine gives %v, %s", err, &out)
	}
	writeFile(t, client, "#!/bin/sh\necho cannot connect >&2\nexit 1\n")
	// DOCKER_HOST names an engine elsewhere: nothing may be installed here.
	if err := Ensure(t.Context(), &out); err == nil || !strings.Contains(err.Error(), "DOCKER_HOST") || !strings.Contains(err.Error(), "cannot connect") {
		t.Errorf("an engine that is away gives %v", err)
	}
}

// TestEnsureSaysHowToInstall: a user who is not root gets an error that says what to do.
func TestEnsureSaysHowToInstall(t *testing.T) {
	bin := t.TempDir()
	writeFile(t, filepath.Join(bin, "id"), "#!/bin/sh\necho 1000\n")
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("DOCKER_HOST", "")
	t.Setenv("DOCKER_CONTEXT", "")
	client := filepath.Join(t.TempDir(), "docker")
	t.Setenv("DOCKER", client)
	if err := Ensure(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "install Docker: https://docs.docker.com") {
		t.Errorf("without a client: %v", err)
	}
	writeFile(t, client, "#!/bin/sh\necho cannot connect >&2\nexit 1\n")
	if err := Ensure(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "start it (Docker Desktop") || !strings.Contains(err.Error(), "cannot connect") {
		t.Errorf("without an engine: %v", err)
	}
}
