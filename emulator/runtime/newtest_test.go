package runtime

import (
	"context"
	"os"
	"path/filepath"
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

// newServers is newTest for servers in containers, with a check of errors. Nothing is left of them when the test ends.
func newServers(t *testing.T) (*runtimetest.Account, *Runtime, func(error)) {
	t.Helper()
	needDocker(t)
	f := runtimetest.New()
	r := newTest(t, f)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		must(r.Down(context.Background()))
		if left, err := os.ReadDir(r.Path("")); err != nil || len(left) > 0 {
			t.Errorf("files are left: %v, %v", left, err)
		}
	})
	return f, r, must
}

// TestForget: whatever the runtime keeps in files goes with make down, whoever made it, but for certificates.
func TestForget(t *testing.T) {
	r := newTest(t, runtimetest.New())
	for _, name := range []string{"service-web.json", "database-app", "logs/app.log", "certificate-0a1b2c3d.pem", "new"} {
		if err := os.MkdirAll(filepath.Dir(r.Path(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.Path(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.forget(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(r.Path("")); err != nil || len(left) != 1 || left[0].Name() != "certificate-0a1b2c3d.pem" {
		t.Errorf("left: %v, %v", left, err)
	}
}
