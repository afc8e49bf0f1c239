package runtime

import (
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/runtimetest"
)

// newTest makes a runtime on a throw-away state folder, whose progress goes to the test's log.
func newTest(t *testing.T, f *runtimetest.Account) *Runtime {
	t.Helper()
	r, err := New(Config{StateDir: t.TempDir(), Root: "../..", HTTPPort: freePort(t), HTTPSPort: freePort(t), Account: f, Log: &runtimetest.TestLog{T: t}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
