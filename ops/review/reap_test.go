package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// now is the reaper's clock.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(hours int) string { return now.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339) }

// memory are stacks that exist in this test only.
type memory struct {
	stacks     []Stack
	unreadable string
	stubborn   []string // their destroy fails
	renewed    string   // gets a new expiry while others are reaped
	left       []string
	leftFails  error

	destroyed []string
}

func (m *memory) Names(context.Context) ([]string, error) {
	var names []string
	for _, s := range m.stacks {
		names = append(names, s.Name)
	}
	return names, nil
}

func (m *memory) Read(_ context.Context, name string) (Stack, error) {
	if name == m.unreadable {
		return Stack{Name: name}, errors.New("AccessDenied")
	}
	s := m.stacks[slices.IndexFunc(m.stacks, func(s Stack) bool { return s.Name == name })]
	if name == m.renewed && len(m.destroyed) > 0 {
		s.ExpiresAt = at(72)
	}
	return s, nil
}

func (m *memory) Deploy(context.Context, *config.File, string, bool) error { return nil }

func (m *memory) Destroy(_ context.Context, s Stack) (string, error) {
	if slices.Contains(m.stubborn, s.Name) {
		return "", errors.New("the service is still draining")
	}
	m.destroyed = append(m.destroyed, s.Name)
	return "", nil
}

func (m *memory) Leftovers(_ context.Context, names []string) ([]string, error) {
	if len(names) != len(m.stacks) {
		return nil, fmt.Errorf("asked about %d stacks", len(names))
	}
	return m.left, m.leftFails
}

// twenty are stacks of all classes and ages.
func twenty() []Stack {
	return []Stack{
		{Name: "account", Resources: 50},
		{Name: "local", Class: "local", Resources: 100},
		{Name: "prod", Class: "production", Resources: 100},
		{Name: "prod-2", Class: "production", ExpiresAt: at(-1000), Resources: 100},
		{Name: "review-live-shop", Class: "production", ExpiresAt: at(-1000), Resources: 100}, // a name decides nothing
		{Name: "review-old-staging", Class: "staging", ExpiresAt: at(-5), Resources: 100},
		{Name: "review-here", Class: "local", ExpiresAt: at(-5), Resources: 100},
		{Name: "staging", Class: "staging", Resources: 100},
		{Name: "review-young", Class: "review", ExpiresAt: at(72), Resources: 100},
		{Name: "review-last-hour", Class: "review", ExpiresAt: at(1), Resources: 100},
		{Name: "review-last-second", Class: "review", ExpiresAt: now.Add(time.Second).Format(time.RFC3339), Resources: 100},
		{Name: "review-this-second", Class: "review", ExpiresAt: at(0), Resources: 100},
		{Name: "review-old", Class: "review", ExpiresAt: at(-1), Resources: 100},
		{Name: "review-older", Class: "review", ExpiresAt: at(-100), Resources: 100},
		{Name: "review-oldest", Class: "review", ExpiresAt: at(-10000), Resources: 0},
		{Name: "review-elsewhere", Class: "review", ExpiresAt: "2026-03-01T14:30:00+03:00", Resources: 100}, // 11:30 UTC
		{Name: "review-tomorrow", Class: "review", ExpiresAt: "2026-03-01T12:30:00-03:00", Resources: 100},  // 15:30 UTC
		{Name: "review-eternal", Class: "review", Resources: 100},
		{Name: "review-garbled", Class: "review", ExpiresAt: "soon", Resources: 100},
		{Name: "review-empty"},
	}
}

func reap(t *testing.T, m *memory, dryRun bool) (string, error) {
	t.Helper()
	var out strings.Builder
	r := reaper{stacks: m, now: func() time.Time { return now }, dryRun: dryRun, out: &out}
	err := r.run(t.Context())
	return out.String(), err
}

func TestOnlyExpiredReviewStacksGo(t *testing.T) {
	m := &memory{stacks: twenty()}
	if len(m.stacks) != 20 {
		t.Fatalf("%d stacks", len(m.stacks))
	}
	out, err := reap(t, m, false)
	if err != nil {
		t.Error(err)
	}
	want := []string{"review-elsewhere", "review-old", "review-older", "review-oldest", "review-this-second"}
	if !slices.Equal(m.destroyed, want) {
		t.Errorf("destroyed %v, want %v", m.destroyed, want)
	}
	for _, line := range []string{
		"review-old expired 1 h ago, 2026-03-01T11:00:00Z",
		"review-young expires in 3 d, 2026-03-04T12:00:00Z",
		"review-live-shop is of class production: left alone",
		"orphan: review-eternal has no expiry",
		`orphan: review-garbled expires at "soon"`,
		"orphan: review-empty is empty",
		"5 destroyed, 0 failed, 3 orphans",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("%q is not in:\n%s", line, out)
		}
	}
	for _, name := range []string{"account", "prod", "staging"} {
		if strings.Contains(out, name+" ") && !strings.Contains(out, "old-"+name) {
			t.Errorf("%s is no review environment:\n%s", name, out)
		}
	}
}

func TestAFailureStopsNoOther(t *testing.T) {
	m := &memory{stacks: twenty(), unreadable: "review-old", stubborn: []string{"review-elsewhere", "review-older"}}
	out, err := reap(t, m, false)
	if err == nil || err.Error() != "these review environments are still there: review-elsewhere, review-old, review-older" {
		t.Errorf("got %v", err)
	}
	if want := []string{"review-oldest", "review-this-second"}; !slices.Equal(m.destroyed, want) {
		t.Errorf("destroyed %v, want %v", m.destroyed, want)
	}
	if !strings.Contains(out, "review-older: not destroyed: the service is still draining") || !strings.Contains(out, "review-old: cannot be read: AccessDenied") {
		t.Errorf("it does not say why:\n%s", out)
	}
}

func TestADryRunDestroysNothing(t *testing.T) {
	m := &memory{stacks: twenty()}
	out, err := reap(t, m, true)
	if err != nil || len(m.destroyed) > 0 || !strings.Contains(out, "5 would be destroyed") {
		t.Errorf("destroyed %v, %v:\n%s", m.destroyed, err, out)
	}
}

// TestARenewedStackStays: review-up came while the reaper was busy with another one.
func TestARenewedStackStays(t *testing.T) {
	m := &memory{stacks: twenty(), renewed: "review-this-second"}
	if _, err := reap(t, m, false); err != nil || slices.Contains(m.destroyed, "review-this-second") {
		t.Errorf("destroyed %v, %v", m.destroyed, err)
	}
}

func TestLeftoversAreListed(t *testing.T) {
	m := &memory{left: []string{"Pulumi.review-x.yaml has no stack"}}
	if out, err := reap(t, m, false); err != nil || !strings.Contains(out, "orphan: Pulumi.review-x.yaml has no stack") {
		t.Errorf("%v:\n%s", err, out)
	}
	m = &memory{leftFails: errors.New("AccessDenied")}
	if out, err := reap(t, m, false); err != nil || !strings.Contains(out, "what is left without a stack cannot be listed: AccessDenied") {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestParseState(t *testing.T) {
	const provider = `{"type": "pulumi:providers:aws", "inputs": {"defaultTags": "{\"tags\":{\"Class\":\"review\",\"expires-at\":\"2026-03-02T12:00:00Z\"}}"}}`
	stack := func(outputs string) string { return `{"type": "pulumi:pulumi:Stack", "outputs": ` + outputs + `}` }
	whole := Stack{Name: "review-x", Class: "review", Branch: "x", URL: "http://x", ExpiresAt: "2026-03-02T12:00:00Z", Resources: 1}
	outputs := stack(`{"class": "review", "branch": "x", "url": "http://x", "expiresAt": "2026-03-01T12:00:00Z"}`)
	for name, test := range map[string]struct {
		text string
		want Stack
		err  string
	}{
		"exported":             {`{"deployment": {"resources": [` + outputs + `,` + provider + `]}}`, whole, ""},
		"failed before output": {`{"deployment": {"resources": [` + provider + `]}}`, Stack{Name: "review-x", Class: "review", ExpiresAt: "2026-03-02T12:00:00Z", Resources: 1}, ""},
		"empty":                {`{"deployment": {}}`, Stack{Name: "review-x"}, ""},
		"a secret output":      {`{"deployment": {"resources": [` + stack(`{"class": "review", "url": {"ciphertext": "x"}}`) + `]}}`, Stack{Name: "review-x", Class: "review"}, ""},
		"two classes":          {`{"deployment": {"resources": [` + stack(`{"class": "production"}`) + `,` + provider + `]}}`, Stack{}, "review-x has the class production, and its resources review"},
		"not a state":          {`<html>`, Stack{}, "reading the state of review-x"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseState("review-x", []byte(test.text))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}
