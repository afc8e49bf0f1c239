package main_test

import (
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// TestZoneEvent: zones that are not available for a while, down to one or none, change nothing of what exists.
func TestZoneEvent(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, nil)
	l.deploy("staging")
	for _, lost := range [][]string{{"eu-west-1a"}, {"eu-west-1a", "eu-west-1b", "eu-west-1c"}} {
		l.Account().SetFaults(account.Faults{Unavailable: lost})
		if planned, err := l.Preview(t.Context()); err != nil || len(planned.Changes) > 0 {
			t.Errorf("without %v: %v, %v", lost, planned.Changes, err)
		}
	}
	l.set(map[string]any{"network.zoneNames": []string{"eu-west-1a", "eu-west-1b"}})
	if planned, err := l.Preview(t.Context()); err != nil || len(planned.Changes) > 0 {
		t.Errorf("the zones are named as they are: %v, %v", planned.Changes, err)
	}
}
