package runtime

import "testing"

// newTest makes a runtime on a throw-away state folder, whose progress goes to the test's log.
func newTest(t *testing.T, f *fakeAccount) *Runtime {
	t.Helper()
	r, err := New(Config{StateDir: t.TempDir(), Root: "../..", HTTPPort: freePort(t), HTTPSPort: freePort(t), Account: f, Log: &testLog{t: t}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
