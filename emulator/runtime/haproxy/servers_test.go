package haproxy

import "testing"

func TestWell(t *testing.T) {
	for _, c := range []struct {
		name  string
		state targetState
		well  bool
	}{
		{"not checked yet", targetState{status: "MAINT", check: "INI"}, false},
		{"new, failing", targetState{status: "DRAIN", check: "L7STS"}, false},
		{"new, passing", targetState{status: "DRAIN", check: "L7OK"}, true},
		{"serving", targetState{status: "UP", check: "L7OK", admitted: true}, true},
		{"serving, one check failed", targetState{status: "UP 2/3", check: "L7TOUT", admitted: true}, true},
		{"serving no more", targetState{status: "DOWN", check: "L7TOUT", admitted: true}, false},
		{"coming back", targetState{status: "DOWN 1/2", check: "L7OK", admitted: true}, false},
	} {
		if got := c.state.Healthy(); got != c.well {
			t.Errorf("%s: %v, want %v", c.name, got, c.well)
		}
	}
}
