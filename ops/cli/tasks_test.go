package cli

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// parsed reads a command line and runs nothing.
func parsed(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{}
	parser, err := newParser(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return p
}

func TestTaskFlags(t *testing.T) {
	t.Setenv("GREP", "two words")
	t.Setenv("CMD", "php artisan about")
	if c := parsed(t, "shell").Shell; c.Cmd != "php artisan about" {
		t.Errorf("shell: %+v", c)
	}
	if l := parsed(t, "logs", "--process", "web", "--since", "90s", "--follow").Logs; l.Process != "web" || l.Since != 90*time.Second || !l.Follow || l.Grep != "two words" {
		t.Errorf("logs: %+v", l)
	}
	if r := parsed(t, "run", "--process", "worker", "--", "php", "artisan", "about", "--json").Run; r.Process != "worker" || !slices.Equal(words(t, &r), []string{"php", "artisan", "about", "--json"}) {
		t.Errorf("run: %+v", r)
	}
	p := parsed(t, "run", "--stack", "prod", "php", "artisan", "migrate:status", "--pending")
	if p.Stack != "prod" || !slices.Equal(p.Run.Command, []string{"php", "artisan", "migrate:status", "--pending"}) {
		t.Errorf("run: %s, %+v", p.Stack, p.Run)
	}
	if c := parsed(t, "tunnel", "--to", "cache", "--port", "7000").Tunnel; c.To != "cache" || c.Port != 7000 {
		t.Errorf("tunnel: %+v", c)
	}
	if m := parsed(t, "maintenance", "on", "--allow", "10.0.0.1,10.0.1.0/24", "--file", "/page.html").Maintenance; m.Do != "on" || len(m.networks()) != 2 || m.File != "/page.html" {
		t.Errorf("maintenance: %+v", m)
	}
	if m := parsed(t, "maintenance").Maintenance; m.Do != "status" {
		t.Errorf("maintenance: %+v", m)
	}
}

func TestTaskMistakes(t *testing.T) {
	for args, says := range map[string]string{
		"tunnel --to queue":                                `must be one of "database","cache"`,
		"tunnel":                                           "--to database or --to cache is missing (TO=)",
		"maintenance on --allow= --stack none":             "there is no Pulumi.none.yaml",
		"maintenance on --allow= --stack staging":          "--allow (ALLOW=): an address or a network is missing",
		"maintenance on --allow=10.0.0.1, --stack staging": "--allow (ALLOW=): an address or a network is missing",
		"maintenance perhaps":                              `must be one of "on","off","status"`,
		"maintenance off --allow 10.0.0.1":                 "--allow and --file belong to maintenance on",
		"run":                                              "there is no command",
		"run --unknown --stack none php":                   "unknown flag --unknown",
		"run -x php artisan about":                         "unknown flag -x",
		"run --stack none php --unknown":                   "there is no Pulumi.none.yaml",
		"shell --stack none":                               "there is no Pulumi.none.yaml",
		"logs --since yesterday":                           "since",
		"status --stack none":                              "there is no Pulumi.none.yaml",
	} {
		code, _, complaint := call(t, strings.Fields(args)...)
		if code != 1 || !strings.Contains(complaint, says) {
			t.Errorf("%s: %d, %s", args, code, complaint)
		}
	}
}

func words(t *testing.T, c *runCommand) []string {
	t.Helper()
	list, err := c.command()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestRunReadsCMD: make passes the command in the environment, where no shell reads it.
func TestRunReadsCMD(t *testing.T) {
	for text, want := range map[string][]string{
		"php artisan about":               {"php", "artisan", "about"},
		`php artisan app:say "two words"`: {"php", "artisan", "app:say", "two words"},
		"about; touch y $(touch y)":       {"about;", "touch", "y", "$(touch", "y)"},
		"about -- --help":                 {"about", "--", "--help"},
	} {
		t.Setenv("CMD", text)
		if r := parsed(t, "run").Run; !slices.Equal(words(t, &r), want) {
			t.Errorf("%s is %q", text, words(t, &r))
		}
	}
	if r := parsed(t, "run", "--", "artisan", "about").Run; !slices.Equal(words(t, &r), []string{"artisan", "about"}) {
		t.Errorf("arguments with CMD set are %q", words(t, &r))
	}
	t.Setenv("CMD", `about "half`)
	r := parsed(t, "run").Run
	if _, err := r.command(); err == nil || !strings.Contains(err.Error(), "--cmd (CMD=)") {
		t.Errorf("half a quote: %v", err)
	}
}
