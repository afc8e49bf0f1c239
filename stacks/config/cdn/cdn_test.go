package cdn

import (
	"strings"
	"testing"
)

// TestSteps: a deployment takes one step, and a revert of more than one is refused with what comes next.
func TestSteps(t *testing.T) {
	next := map[string]string{}
	for _, from := range states {
		for _, to := range states {
			err := CDN{State: to}.FollowsState(from)
			if err == nil && to != from {
				next[from] += " " + to
			}
			if err != nil && (!strings.HasPrefix(err.Error(), "cdn.state: "+to+" is not a step from "+from+", which is deployed") || !strings.Contains(err.Error(), "; set "+strings.Join(steps[from], " or ")+", deploy")) {
				t.Error(err)
			}
		}
	}
	for from, want := range map[string]string{None: " standby live", Standby: " none live", Live: " standby exclusive", Exclusive: " live"} {
		if next[from] != want {
			t.Errorf("after %s come%s, not%s", from, next[from], want)
		}
	}
}

// TestGenerations: the load balancer knows this value and the one before, so neither a jump nor a revert may be.
func TestGenerations(t *testing.T) {
	for _, test := range []struct {
		state            string
		deployed, number int
		ok               bool
	}{
		{Exclusive, 2, 2, true}, {Exclusive, 2, 3, true}, {Exclusive, 2, 4, false}, {Exclusive, 2, 1, false}, {Standby, 0, 7, true}, {None, 2, 1, true},
	} {
		err := CDN{State: test.state, HeaderGeneration: test.number}.FollowsHeader(test.deployed)
		if (err == nil) != test.ok || err != nil && !strings.HasSuffix(err.Error(), "set 2 or 3") {
			t.Errorf("%+v: %v", test, err)
		}
	}
}
