package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCompareConfig(t *testing.T) {
	plain, secrets := []string{"APP_URL", "DB_HOST", "LOG_LEVEL"}, []string{"APP_KEY"}
	for name, test := range map[string]struct {
		asked, optional, missing, unused []string
	}{
		"all there":            {[]string{"APP_KEY", "APP_URL", "DB_HOST", "LOG_LEVEL"}, nil, nil, nil},
		"two missing":          {[]string{"MAIL_HOST", "APP_KEY", "APP_URL", "AWS_BUCKET", "MAIL_HOST"}, []string{"DB_HOST", "LOG_LEVEL"}, []string{"AWS_BUCKET", "MAIL_HOST"}, nil},
		"optional ones":        {[]string{"APP_KEY", "APP_URL", "DB_HOST"}, []string{"MAIL_HOST", "LOG_LEVEL"}, nil, nil},
		"one unused":           {[]string{"APP_KEY", "APP_URL", "DB_HOST"}, nil, nil, []string{"LOG_LEVEL"}},
		"an unused secret":     {[]string{"APP_URL", "DB_HOST", "LOG_LEVEL"}, nil, nil, []string{"APP_KEY"}},
		"nothing is asked for": {nil, nil, nil, []string{"APP_KEY", "APP_URL", "DB_HOST", "LOG_LEVEL"}},
	} {
		if c := compareConfig(test.asked, test.optional, plain, secrets); !slices.Equal(c.missing, test.missing) || !slices.Equal(c.unused, test.unused) {
			t.Errorf("%s: missing %q, unused %q", name, c.missing, c.unused)
		}
	}
}

// TestConfigCheck runs the real program: the example application gets what it asks for, and one that asks for more is told.
func TestConfigCheck(t *testing.T) {
	root := atRoot(t)
	var out strings.Builder
	if err := run(t.Context(), []string{"config-check", "--stack", "prod"}, &out); err != nil || !strings.Contains(out.String(), "everything that examples/laravel/.env.example asks for is there") {
		t.Errorf("%v:\n%s", err, out.String())
	}
	if strings.Contains(out.String(), "not in") {
		t.Errorf("the example does not know everything that it gets:\n%s", out.String())
	}

	// A repository whose application asks for what no stack provides. Everything else is this one's.
	elsewhere := t.TempDir()
	for _, name := range []string{"Pulumi.yaml", "docker", "bin", ".git"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(elsewhere, name)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "Pulumi.staging.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(elsewhere, "Pulumi.staging.yaml"), string(text)+"  laravel-ecs:image: {app: app}\n  laravel-ecs:release: {name: some}\n")
	if err := os.Mkdir(filepath.Join(elsewhere, "app"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"artisan", "composer.json"} {
		writeFile(t, filepath.Join(elsewhere, "app", name), "{}")
	}
	check := func() (string, error) {
		var out strings.Builder
		err := run(t.Context(), []string{"config-check", "--stack", "staging", "--root", elsewhere}, &out)
		return out.String(), err
	}
	if _, err := check(); err == nil || !strings.Contains(err.Error(), ".env.example") {
		t.Errorf("without a .env.example: %v", err)
	}
	writeFile(t, filepath.Join(elsewhere, "app", ".env.example"), "APP_KEY=\nPAYMENT_KEY=\n")
	said, err := check()
	if exitCode(err) != 1 || !strings.Contains(said, "missing, though app/.env.example asks for it: PAYMENT_KEY\n") || !strings.Contains(said, "not in app/.env.example: APP_DEBUG, ") {
		t.Errorf("%v:\n%s", err, said)
	}
}
