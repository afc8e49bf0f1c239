package app

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

func TestDotenv(t *testing.T) {
	s, out := opened(t, `{"dotenv": "A=1\nB=secret\n"}`)
	if err := Dotenv(t.Context(), s, ".env", false); err != nil || out.String() != ".env has 2 variables of staging, secrets among them: only you can read it\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	path := filepath.Join(s.Root, ".env")
	if text, err := os.ReadFile(path); err != nil || string(text) != "A=1\nB=secret\n" {
		t.Errorf("the file is %q, %v", text, err)
	}
	writeFile(t, path, "MINE=1\n")
	if err := Dotenv(t.Context(), s, ".env", false); err == nil || !strings.Contains(err.Error(), ".env exists already: FORCE=1") {
		t.Errorf("with a file: %v", err)
	}
	if err := Dotenv(t.Context(), s, path, true); err != nil {
		t.Error(err)
	}
	if text, _ := os.ReadFile(path); string(text) != "A=1\nB=secret\n" {
		t.Errorf("with force the file is %q", text)
	}
}

// TestDotenvOfNothing: a stack without the output leaves no file behind.
func TestDotenvOfNothing(t *testing.T) {
	for outputs, says := range map[string]string{
		"{}":               "nothing is deployed in the stack staging: make up STACK=staging",
		`{"release": "r"}`: "no output dotenv yet: deploy it first (make up STACK=staging)",
	} {
		s, _ := opened(t, outputs)
		if err := Dotenv(t.Context(), s, ".env", false); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("the outputs %s: %v", outputs, err)
		}
		if _, err := os.Lstat(filepath.Join(s.Root, ".env")); !os.IsNotExist(err) {
			t.Errorf("a file was made: %v", err)
		}
	}
}
