package app

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// project is a folder with the stack staging.
func project(t *testing.T, stackFile string) (root string) {
	t.Helper()
	root = t.TempDir()
	writeFile(t, filepath.Join(root, "Pulumi.yaml"), "name: laravel-ecs\n")
	writeFile(t, filepath.Join(root, "Pulumi.staging.yaml"), stackFile)
	return root
}

// opened is a session of the stack staging, whose outputs pulumi prints as they are given: the secret ones only when asked for them.
func opened(t *testing.T, outputs string) (s *session.Session, out *strings.Builder) {
	t.Helper()
	bin := t.TempDir()
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("AWS_PROFILE", "some")
	t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "")
	writeFile(t, filepath.Join(bin, "pulumi"), `#!/bin/sh
case "$*" in
version) echo v`+session.CLIVersion+`;;
whoami*) echo me;;
"stack output --json --stack staging --show-secrets") printf '%s' '`+outputs+`';;
*) exit 1;;
esac
`)
	out = &strings.Builder{}
	s, err := session.Open(project(t, "config: {}\n"), "staging", out, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return s, out
}
