package main_test

import (
	"strings"
	"testing"
)

// TestNATInstanceIsRenewed: with the month's rebuild a new instance takes over the address and the routes, and the old one goes last.
func TestNATInstanceIsRenewed(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, nil)
	if _, err := l.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.set(map[string]any{"image.rebuild": "2026-12"})
	report, err := l.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, change := range report.Changes {
		if strings.HasPrefix(change.Name, "laravel-staging-network-") {
			order = append(order, change.Op+" "+strings.TrimPrefix(change.Name, "laravel-staging-network-"))
		}
	}
	all := strings.Join(order, ", ")
	for _, want := range []string{"update nat", "update private-1-internet", "update private-2-internet"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s", want)
		}
	}
	if len(order) != 5 || order[0] != "create nat-instance-2026-12" || order[4] != "delete nat-instance" {
		t.Errorf("the changes are %v", order)
	}
	if again, err := l.Preview(t.Context()); err != nil || len(again.Changes) > 0 {
		t.Errorf("a second preview: %v, %v", again.Changes, err)
	}
}
