package docker_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestStageOfTests: the stage "test" runs the example's tests, or the command it is given, as the user that serves; without a test
// runner it fails. What failing tests do is seen in emulator/system.
func TestStageOfTests(t *testing.T) {
	t.Parallel()
	if os.Getenv("IMAGE") != "" {
		t.Skip("the sources of IMAGE are not known here")
	}
	tag := fmt.Sprintf("laravel-ecs/image-test-stage:%d", os.Getpid())
	buildTree(t, root, tag, "--target", "test")
	for name, test := range map[string]struct {
		flags  []string
		args   []string
		status int
		says   string
	}{
		"the example's":  {nil, nil, 0, "OK ("},
		"a command":      {[]string{"--env", "TEST_COMMAND=echo as $(id -u) in $APP_ENV; exit 3"}, nil, 3, "as 33 in testing"},
		"no test runner": {[]string{"--entrypoint", "bash"}, []string{"-c", "rm -r vendor/bin && run-tests"}, 1, "no test runner: phpunit/phpunit or pestphp/pest belongs into require-dev"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"run", "--rm", "--label", label}, test.flags...)
			out, err := docker(append(append(args, tag), test.args...)...)
			if failed := err != nil; failed != (test.status != 0) {
				t.Fatalf("%v\n%s", err, out)
			}
			if err != nil {
				out = err.Error()
			}
			if !strings.Contains(out, test.says) || test.status != 0 && !strings.Contains(out, fmt.Sprintf("exit status %d", test.status)) {
				t.Errorf("it does not say %q and end with %d:\n%s", test.says, test.status, out)
			}
		})
	}
}
