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
