package docker_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRetryBelowTheJobStopsTheWorker: with the fixed retry_after of Laravel 10, a job that runs for longer would run twice.
func TestRetryBelowTheJobStopsTheWorker(t *testing.T) {
	t.Parallel()
	queue := filepath.Join(t.TempDir(), "queue.php")
	write(t, queue, `<?php return ['default' => env('QUEUE_CONNECTION'), 'failed' => ['driver' => 'null'], 'connections' => [
		'sync' => ['driver' => 'sync'],
		'database' => ['driver' => 'database', 'table' => 'jobs', 'queue' => 'default', 'retry_after' => 90],
		'redis' => ['driver' => 'redis', 'connection' => 'default', 'queue' => 'default'],
		'reports' => ['driver' => 'database', 'table' => 'jobs', 'queue' => 'reports', 'retry_after' => (int) env('REPORTS_RETRY', 4000)]]];`)
	for _, test := range []struct {
		name string
		args []string
		want []string // in the message; nothing: the worker begins
	}{
		{"too short", []string{"--timeout=120"}, []string{"queue.connections.database.retry_after is 90", "120 s", "env('DB_QUEUE_RETRY_AFTER', 90)", "worker.jobSeconds"}},
		{"as long", []string{"--timeout=90"}, []string{"database.retry_after is 90"}},
		{"for ever", []string{"--timeout", "0"}, []string{"database.retry_after is 90", "for ever"}},
		{"the connectors' default", []string{"redis", "--timeout=60"}, []string{"queue.connections.redis.retry_after is 60", "env('REDIS_QUEUE_RETRY_AFTER', 90)"}},
		{"long enough", []string{"--queue", "a,b", "reports", "--timeout=3600"}, nil},
		{"no such setting", []string{"sync", "--timeout=3600"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := options{env: []string{"QUEUE_CONNECTION=database"}, args: append([]string{"worker"}, test.args...),
				flags: []string{"--volume", queue + ":/var/www/config/queue.php:ro"}}
			if test.want == nil {
				c := start(t, o)
				waitFor(t, 30*time.Second, "the worker to begin", func() bool {
					_, err := docker("exec", c.id, "healthcheck")
					return err == nil
				})
				return
			}
			log, status := runOnce(t, o)
			if status != 78 {
				t.Errorf("exits %d, want 78", status)
			}
			for _, want := range test.want {
				if !strings.Contains(log, want) {
					t.Errorf("does not mention %q:\n%s", want, log)
				}
			}
		})
	}
}

// TestRetryBelowTheJobEndsTheRelease: the migration runs before the new web tasks serve, so no process of the release does then. It refuses
// before it asks for the database, of which there is none here.
func TestRetryBelowTheJobEndsTheRelease(t *testing.T) {
	t.Parallel()
	queue := filepath.Join(t.TempDir(), "queue.php")
	write(t, queue, `<?php return ['default' => 'database', 'failed' => ['driver' => 'null'], 'connections' => [
		'database' => ['driver' => 'database', 'table' => 'jobs', 'queue' => 'default', 'retry_after' => 90]]];`)
	run := func(arguments string) (string, int) {
		return runOnce(t, options{env: []string{"WORKER_ARGUMENTS=" + arguments, "DB_WAIT_SECONDS=1"}, args: []string{"migrate"},
			flags: []string{"--volume", queue + ":/var/www/config/queue.php:ro"}})
	}
	if log, status := run(`["--queue=a,b","--timeout=120"]`); status != 78 || !strings.Contains(log, "queue.connections.database.retry_after is 90") {
		t.Errorf("exits %d, want 78:\n%s", status, log)
	}
	if log, status := run(`["--timeout=60"]`); status == 78 || strings.Contains(log, "retry_after") {
		t.Errorf("a queue that waits long enough is refused, status %d:\n%s", status, log)
	}
}

// TestJobWithALongerTimeoutOfItsOwn: Laravel prefers a job's own timeout, which is known when the job runs.
func TestJobWithALongerTimeoutOfItsOwn(t *testing.T) {
	t.Parallel()
	job := filepath.Join(t.TempDir(), "LeaveNote.php")
	write(t, job, `<?php namespace App\Jobs; use Illuminate\Bus\Queueable; use Illuminate\Contracts\Queue\ShouldQueue; use Illuminate\Foundation\Bus\Dispatchable; use Illuminate\Queue\InteractsWithQueue;
		class LeaveNote implements ShouldQueue { use Dispatchable, InteractsWithQueue, Queueable; public $timeout = 600; public function __construct(...$any) {} public function handle(): void {} }`)
	env := append(database(t), "QUEUE_CONNECTION=database")
	migrate(t, env)
	flags := []string{"--volume", job + ":/var/www/app/Jobs/LeaveNote.php:ro"}
	web := startWeb(t, options{env: env, flags: flags})
	worker := start(t, options{env: env, flags: flags, args: []string{"worker"}})
	web.dispatch("0")
	web.dispatch("0")
	waitFor(t, time.Minute, "both jobs to run", func() bool { return query(t, env, "SELECT COUNT(*) FROM jobs") == "0" })
	if said := grep(worker.log(), `App\Jobs\LeaveNote has the timeout 600, but queue.connections.database.retry_after is 90`); len(said) != 1 {
		t.Errorf("it is said %d times:\n%s", len(said), worker.log())
	}
}
