package stacks_test

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// TestReceiversOfProduction: with a domain that is not an example, the alarms have a receiver that is not one either. The shipped file, whose
// domain AWS refuses, can be rehearsed.
func TestReceiversOfProduction(t *testing.T) {
	for _, test := range []struct {
		domain, zone string
		emails       []string
		accepted     bool
	}{
		{"app.example.com", "example.com", []string{"ops@example.com"}, true},
		{"app.example.com", "", []string{"ops@example.com"}, false}, // with a certificate, which somebody has made
		{"app.laravel.dev", "laravel.dev", []string{"ops@example.com"}, false},
		{"app.laravel.dev", "laravel.dev", []string{"ops@mail.example.org", "ops@shop.invalid", "ops@shop.test"}, false},
		{"app.laravel.dev", "laravel.dev", []string{"ops@example.com", "ops@laravel.dev"}, true},
		{"app.laravel.dev", "laravel.dev", []string{"ops@notexample.com"}, true},
		{"app.laravel.dev", "laravel.dev", []string{"ops@latest"}, false}, // no domain at all, which another rule refuses
	} {
		changed := with(with(with(stackConfig(t, "prod"), "domain", "name", test.domain), "domain", "zone", test.zone), "observability", "emails", test.emails)
		if test.zone == "" {
			changed = with(changed, "domain", "certificateArn", "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012")
		}
		recorder, err := infratest.Run(stacks.Deploy, "laravel-ecs", "prod", changed)
		if (err == nil) != test.accepted {
			t.Errorf("%s with %q: %v", test.domain, test.emails, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "observability.emails: ") || len(recorder.All()) > 0) {
			t.Errorf("%s with %q: %v, after %d resources", test.domain, test.emails, err, len(recorder.All()))
		}
	}
}
