package session

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pulumiScript stands for the CLI: it answers as version 3.274.1 does.
const pulumiScript = `#!/bin/sh
echo "$@" >> "$CALLS"
case "$1 $2" in
version*) echo "${VERSION:-v3.274.1}" ;;
whoami*) test -z "$LOGGED_OUT" || { echo "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions" >&2; exit 255; }; echo root ;;
"stack output") test -z "$NO_STACK" || { echo "error: no stack named 'prod' found" >&2; exit 255; }; echo "$OUTPUTS" ;;
"stack export") echo "$EXPORT" ;;
"config get") echo decrypted ;;
*) test -z "$LOCKED" || echo "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end." >&2
	echo printed; echo "error: $1 went wrong" >&2; exit 3 ;;
esac
`

// opened is a session over a stack file, with a Pulumi CLI on PATH and an environment without AWS.
func opened(t *testing.T, stackFile string) *Session {
	t.Helper()
	real := instanceMetadata
	t.Cleanup(func() { instanceMetadata = real })
	instanceMetadata = "127.0.0.1:1" // nothing listens there, whatever machine this is
	root, path, home := t.TempDir(), t.TempDir(), t.TempDir()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "PULUMI_") || name == "CI" {
			t.Setenv(name, "") // restored after the test
			os.Unsetenv(name)
		}
	}
	t.Setenv("HOME", home)
	t.Setenv("PATH", path+":/bin:/usr/bin")
	t.Setenv("CALLS", filepath.Join(home, "calls"))
	t.Setenv("OUTPUTS", "{}")
	write(t, filepath.Join(path, "pulumi"), pulumiScript)
	write(t, filepath.Join(root, "Pulumi.yaml"), "name: laravel-ecs\nruntime: go\n")
	write(t, filepath.Join(root, "Pulumi.prod.yaml"), stackFile)
	s, err := Open(root, "prod", io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// says fails unless the error has every text in it.
func says(t *testing.T, err error, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q is not in: %v", text, err)
		}
	}
}

func TestOpenSaysWhichStacksThereAre(t *testing.T) {
	s := opened(t, "config: {}\n")
	_, err := Open(s.Root, "staging", io.Discard, io.Discard)
	says(t, err, "there is no Pulumi.staging.yaml: the stacks are prod")
}

func TestWith(t *testing.T) {
	const text = "config:\n  laravel-ecs:web:\n    count: 2 # two\n"
	s := opened(t, text)
	file, done, err := s.With(map[string]any{"release.name": "r1"})
	if err != nil {
		t.Fatal(err)
	}
	copied, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(copied), text) || !strings.Contains(string(copied), "name: r1") {
		t.Errorf("the copy is %s, %v", copied, err)
	}
	if own, _ := os.ReadFile(filepath.Join(s.Root, "Pulumi.prod.yaml")); string(own) != text {
		t.Errorf("the stack file changed: %s", own)
	}
	done()
	if _, err := os.Stat(file); err == nil {
		t.Error("the copy is still there")
	}
}
