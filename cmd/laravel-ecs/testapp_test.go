package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoTests: an application without tests is said to be one, and nothing is built for that, nor is Docker asked.
func TestNoTests(t *testing.T) {
	root := atRoot(t)
	t.Setenv("CLOUD", "")
	t.Setenv("DOCKER", filepath.Join(t.TempDir(), "missing"))
	copied := t.TempDir()
	for _, file := range []string{"Pulumi.yaml", "Pulumi.staging.yaml"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(copied, file), string(text))
	}
	stack := filepath.Join(copied, "Pulumi.staging.yaml")
	text, err := os.ReadFile(stack)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, stack, string(text)+"  laravel-ecs:image: {test: none}\n")
	t.Chdir(copied)
	var out strings.Builder
	if err := run(t.Context(), []string{"test-app", "--stack", "staging"}, &out); err != nil || out.String() != "Pulumi.staging.yaml: image.test is none, so no test of examples/laravel is run\n" {
		t.Errorf("%v\n%s", err, out.String())
	}
}
