package config

import (
	"errors"
	"strings"
	"testing"
)

// TestBuildEnv: public keys pass by their names, and a secret does not by its value.
func TestBuildEnv(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"VITE_APP_NAME", "Shop", ""},
		{"VITE_PUSHER_APP_KEY", "0123456789abcdef", ""},
		{"VITE_MAPBOX_TOKEN", "pk.abc", ""},
		{"MIX_SENTRY_DSN", "https://key@sentry.example.com/1", ""},
		{"NODE_OPTIONS", "--max-old-space-size=4096", ""},
		{"VITE_EMPTY", "", ""},
		{"VITE_URL", "https://x?password=correct-horse", "image.buildEnv.VITE_URL: the value is that of secrets.MAIL_PASSWORD"},
		{"VITE_AUTH_HEADER", "x", "image.buildEnv.VITE_AUTH_HEADER: the name is that of a secret"},
		{"NPM_TOKEN", "x", "image.buildEnv.NPM_TOKEN: the name is that of a secret"},
	} {
		c := defaults()
		c.Secrets = map[string]string{"MAIL_PASSWORD": "correct-horse", "SHORT": "Shop"}
		c.Image.BuildEnv = map[string]string{test.name: test.value}
		var p problems
		c.validateBuildEnv(&p)
		err := errors.Join(p...)
		if (err == nil) != (test.want == "") || err != nil && (!strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "correct-horse")) {
			t.Errorf("%s=%s: %v", test.name, test.value, err)
		}
	}
}
