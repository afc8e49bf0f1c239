package config

import (
	"slices"
	"testing"
)

// TestWorkerKeepsItsTimeout: no command of a stack file loses --timeout, without which a job of 61 s is ended by Laravel's default.
func TestWorkerKeepsItsTimeout(t *testing.T) {
	for _, test := range []struct{ command, want []string }{
		{nil, []string{"worker", "--timeout=300"}},
		{[]string{"worker"}, []string{"worker", "--timeout=300"}},
		{[]string{"worker", "--queue", "mail,default"}, []string{"worker", "--queue", "mail,default", "--timeout=300"}},
		{[]string{"worker", "redis", "--tries=3"}, []string{"worker", "redis", "--tries=3", "--timeout=300"}},
		{[]string{"worker", "--timeout=200"}, []string{"worker", "--timeout=200"}},
		{[]string{"worker", "--timeout", "200"}, []string{"worker", "--timeout", "200"}},
		{[]string{"artisan", "queue:work"}, []string{"artisan", "queue:work", "--timeout=300"}},
		{[]string{"artisan", "horizon"}, []string{"artisan", "horizon"}},
	} {
		worker := Worker{Process: Process{Command: test.command}, JobSeconds: 300}
		if got := worker.TimedCommand(); !slices.Equal(got, test.want) {
			t.Errorf("%q runs as %q, not %q", test.command, got, test.want)
		}
	}
}

// TestMigrationKnowsTheWorker: it refuses what the worker would refuse.
func TestMigrationKnowsTheWorker(t *testing.T) {
	for _, test := range []struct {
		count   int
		command []string
		want    string
	}{
		{1, nil, `["--timeout=300"]`},
		{2, []string{"worker", "redis", "--queue", "a b"}, `["redis","--queue","a b","--timeout=300"]`},
		{0, nil, ""},
		{1, []string{"artisan", "horizon"}, ""},
	} {
		c := Config{Worker: Worker{Process: Process{Count: test.count, Command: test.command}, JobSeconds: 300}}
		if got := c.WorkerArguments()["WORKER_ARGUMENTS"]; got != test.want {
			t.Errorf("%d of %q: %s, want %s", test.count, test.command, got, test.want)
		}
	}
}
