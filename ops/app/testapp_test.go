package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestNoTests: an application without tests is said to be one. Nothing is built for that, and Docker is not needed.
func TestNoTests(t *testing.T) {
	t.Setenv("DOCKER", filepath.Join(t.TempDir(), "missing"))
	var out strings.Builder
	root := project(t, "config:\n  laravel-ecs:image: {test: none}\n")
	if err := Test(t.Context(), root, "staging", false, &out); err != nil || out.String() != "Pulumi.staging.yaml: image.test is none, so no test of examples/laravel is run\n" {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// TestTest: what is built and run, and how a failure ends. The image itself is tested in docker/testrun_test.go.
func TestTest(t *testing.T) {
	root := project(t, "config:\n  laravel-ecs:image: {test: composer test, extensions: gd}\n")
	client, log := filepath.Join(t.TempDir(), "docker"), filepath.Join(t.TempDir(), "log")
	t.Setenv("DOCKER", client)
	writeFile(t, filepath.Join(root, "docker", "base.sh"), "echo the base image is made\n")
	for name, test := range map[string]struct {
		local   bool
		run     string // what the tests do
		says    string
		refused string
	}{
		"pass":         {false, "echo 5 passed", "5 passed\nthe tests of examples/laravel pass\n", ""},
		"fail":         {false, "exit 7", "", "the tests of examples/laravel failed (exit code 7)"},
		"here, passes": {true, "true", "the base image is made\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_ = os.Remove(log)
			writeFile(t, client, "#!/bin/sh\necho \"$@\" >> "+log+"\ncase $1 in run) "+test.run+";; esac\n")
			var out strings.Builder
			err := Test(t.Context(), root, "staging", test.local, &out)
			if test.refused == "" && err != nil || test.refused != "" && (err == nil || !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("the error is %v", err)
			}
			if !strings.Contains(out.String(), test.says) {
				t.Errorf("printed is\n%s", out.String())
			}
			calls, _ := os.ReadFile(log)
			base := map[bool]string{false: config.DefaultBaseImage, true: "laravel-ecs/base:trixie"}[test.local]
			for _, want := range []string{"--target test", "--build-arg PHP_EXTENSIONS=gd", "BASE_IMAGE=" + base, "run --rm --env TEST_COMMAND=composer test laravel-ecs/test-staging:", "rmi laravel-ecs/test-staging:"} {
				if !strings.Contains(string(calls), want) {
					t.Errorf("%q is not in what docker is called with:\n%s", want, calls)
				}
			}
		})
	}
}
