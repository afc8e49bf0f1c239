package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWritePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	check := func(want string) {
		t.Helper()
		text, err := os.ReadFile(path)
		if err != nil || string(text) != want {
			t.Errorf("the file is %q, %v", text, err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("the mode is %v, %v", info.Mode(), err)
		}
		if others, _ := filepath.Glob(path + "?*"); len(others) > 0 {
			t.Errorf("left behind: %q", others)
		}
	}
	if err := writePrivate(path, "A=1\n", false); err != nil {
		t.Fatal(err)
	}
	check("A=1\n")
	if err := writePrivate(path, "A=2\n", false); err == nil {
		t.Error("a file was overwritten")
	}
	check("A=1\n")
	if err := os.Chmod(path, 0o644); err != nil { // as an editor left it
		t.Fatal(err)
	}
	if err := writePrivate(path, "A=3\n", true); err != nil {
		t.Fatal(err)
	}
	check("A=3\n")

	// A link is replaced, not followed: what it leads to may be public.
	public := filepath.Join(t.TempDir(), "public")
	writeFile(t, public, "mine")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(public, path); err != nil {
		t.Fatal(err)
	}
	if err := writePrivate(path, "A=4\n", false); err == nil {
		t.Error("a link was followed")
	}
	if err := writePrivate(path, "A=5\n", true); err != nil {
		t.Fatal(err)
	}
	check("A=5\n")
	if text, _ := os.ReadFile(public); string(text) != "mine" {
		t.Errorf("behind the link is %q", text)
	}
}

// TestDotenvRefuses: without a deployment there is nothing to write, and an existing file is looked at first.
func TestDotenvRefuses(t *testing.T) {
	atRoot(t)
	folder := t.TempDir()
	path, state := filepath.Join(folder, ".env"), filepath.Join(folder, "state")
	err := run(t.Context(), []string{"dotenv", "--state", state, "--file", path}, testLog{t})
	if err == nil || !strings.Contains(err.Error(), "nothing is deployed") {
		t.Errorf("without a deployment: %v", err)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("a file was made: %v", err)
	}
	writeFile(t, path, "MINE=1\n")
	err = run(t.Context(), []string{"dotenv", "--state", state, "--file", path}, testLog{t})
	if err == nil || !strings.Contains(err.Error(), "FORCE=1") {
		t.Errorf("with a file: %v", err)
	}
	if _, err := dotenvOf(map[string]any{"dotenv": ""}); err == nil || !strings.Contains(err.Error(), "deploy it first") {
		t.Errorf("a stack without the output: %v", err)
	}
}

// TestDotenvOfADeployment deploys to an account in memory and reads the output as make dotenv does.
func TestDotenvOfADeployment(t *testing.T) {
	e := opened(t, "prod")
	if _, err := e.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	values, err := e.Outputs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := dotenvOf(values)
	if err != nil || !strings.Contains(text, "APP_URL=https://app.example.com\n") || !strings.Contains(text, "\nDB_PASSWORD=") || strings.Contains(text, "[secret]") {
		t.Errorf("%v:\n%s", err, text)
	}
}
