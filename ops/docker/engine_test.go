package docker

import (
	"bytes"
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
