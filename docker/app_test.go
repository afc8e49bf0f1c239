package docker_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// fact reads one value of the example's page by the id of its element.
func fact(body, id string) string {
	found := regexp.MustCompile(`id="` + id + `">([^<]*)<`).FindStringSubmatch(body)
	if found == nil {
		return ""
	}
	return strings.TrimSpace(found[1])
}

func TestMigrateManyAtOnce(t *testing.T) {
	t.Parallel()
	env := database(t)
	var group sync.WaitGroup
	for range 8 {
		c := start(t, options{env: env, args: []string{"migrate"}})
		group.Add(1)
		go func() {
			defer group.Done()
			if log, status := c.wait(); status != 0 {
				t.Errorf("exits %d:\n%s", status, log)
			}
		}()
	}
	group.Wait()
	if got := query(t, env, "SELECT COUNT(*) FROM migrations; SELECT COUNT(*) FROM counters"); got != "2\n1" {
		t.Errorf("migrations and counters: %q", got)
	}
}

func TestMigrateFailsInPlainWords(t *testing.T) {
	t.Parallel()
	env := database(t)
	t.Run("refused login", func(t *testing.T) {
		log, status := runOnce(t, options{env: append(env[:4:4], "DB_PASSWORD=wrong"), args: []string{"migrate"}})
		if status != 1 || !strings.Contains(log, "no connection to the database") || !strings.Contains(log, "Access denied") {
			t.Errorf("exits %d:\n%s", status, log)
		}
	})
	t.Run("what a provider asks once all have started", func(t *testing.T) {
		provider := filepath.Join(t.TempDir(), "Provider.php")
		write(t, provider, `<?php
namespace App\Providers;

class AppServiceProvider extends \Illuminate\Support\ServiceProvider
{
    public function boot(): void
    {
        $this->app->booted(fn () => \Illuminate\Support\Facades\DB::table('nowhere')->count());
    }
}
`)
		log, status := runOnce(t, options{env: env, flags: []string{"--volume", provider + ":/var/www/app/Providers/AppServiceProvider.php:ro"}, args: []string{"migrate"}})
		if want := "it asks for what the migrations make, and the application does not start without it: check Schema::hasTable first"; status != 1 || !strings.Contains(log, want) {
			t.Errorf("exits %d without %q:\n%s", status, want, log)
		}
	})
	t.Run("failing migration", func(t *testing.T) {
		query(t, env, "CREATE TABLE notes (id INT)")
		log, status := runOnce(t, options{env: env, args: []string{"migrate"}})
		if status == 0 || !strings.Contains(log, "already exists") {
			t.Errorf("exits %d:\n%s", status, log)
		}
	})
}

func TestSessionOutlivesTheContainer(t *testing.T) {
	t.Parallel()
	db := database(t)
	migrate(t, db)
	cache, env := memcached(t)
	env = append(env, db...)
	client := browser(t)

	first := startWeb(t, options{env: env})
	_, before, _ := first.fetch(client, "/")
	second := startWeb(t, options{env: env})
	// A cookie jar ignores ports, so one browser can use both containers.
	status, after, _ := second.fetch(client, "/")
	if status != 200 || fact(before, "session") != "1" || fact(after, "session") != "2" || fact(after, "visits") != "2" {
		t.Errorf("%d, session %q then %q, visits %q", status, fact(before, "session"), fact(after, "session"), fact(after, "visits"))
	}
	if fact(after, "release") != "test" || fact(after, "store") != "memcached" || fact(after, "container") != second.id[:12] {
		t.Errorf("release %q, store %q, container %q", fact(after, "release"), fact(after, "store"), fact(after, "container"))
	}
	if status, body, _ := second.get("/ready"); status != 200 {
		t.Errorf("/ready is %d: %s", status, body)
	}

	if _, err := docker("stop", "--time", "1", cache); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if status, body, _ := second.fetch(client, "/"); status != 200 || !strings.Contains(body, "does not answer") {
			t.Errorf("without memcached / is %d", status)
		}
	}
	if status, _, _ := second.get("/ready"); status != 503 {
		t.Errorf("without memcached /ready is %d, want 503", status)
	}
	if n := len(grep(second.log(), "session store does not answer")); n != 1 {
		t.Errorf("logged %d times, want once", n)
	}
}

func TestSessionInValkey(t *testing.T) {
	t.Parallel()
	db := database(t)
	migrate(t, db)
	env := append(valkey(t), db...)
	client := browser(t)
	for visit, c := range []*container{startWeb(t, options{env: env}), startWeb(t, options{env: env})} {
		status, body, _ := c.fetch(client, "/")
		if want := strconv.Itoa(visit + 1); status != 200 || fact(body, "session") != want || fact(body, "store") != "redis" {
			t.Errorf("%d, session %q, want %s, in %q", status, fact(body, "session"), want, fact(body, "store"))
		}
	}
}

func TestWorkerFinishesItsJob(t *testing.T) {
	t.Parallel()
	env := append(database(t), "QUEUE_CONNECTION=database")
	migrate(t, env)
	web := startWeb(t, options{env: env})
	worker := start(t, options{env: env, args: []string{"worker"}})
	web.dispatch("4")
	waitFor(t, time.Minute, "the job to start", func() bool {
		return query(t, env, "SELECT COUNT(*) FROM jobs WHERE reserved_at IS NOT NULL") == "1"
	})
	if got := worker.exec("healthcheck && echo well"); got != "well" {
		t.Errorf("health check says %q", got)
	}
	worker.signal("QUIT")
	if log, status := worker.wait(); status != 0 {
		t.Errorf("exits %d:\n%s", status, log)
	}
	if got := query(t, env, "SELECT COUNT(*) FROM jobs; SELECT COUNT(*) FROM notes"); got != "0\n1" {
		t.Errorf("jobs left and notes made: %q, want 0 and 1", got)
	}
	if _, body, _ := web.get("/"); !strings.Contains(body, "by worker "+worker.id[:12]) {
		t.Error("the page does not show the note")
	}
}

// A worker that cannot work must never become healthy, or ECS would accept the release.
func TestWorkerThatCannotBeginIsNeverHealthy(t *testing.T) {
	t.Parallel()
	worker := start(t, options{env: []string{"QUEUE_CONNECTION=sync"}, args: []string{"worker", "--no-such-option"}})
	looked := 0
	waitFor(t, time.Minute, "the worker to give up", func() bool {
		if _, err := docker("exec", worker.id, "healthcheck"); err == nil {
			t.Error("it was healthy")
		}
		looked++
		state, _ := docker("inspect", "--format", "{{.State.Status}}", worker.id)
		return state == "exited"
	})
	if log, status := worker.wait(); status != 1 || !strings.Contains(log, "--no-such-option") || looked < 2 {
		t.Errorf("exits %d after %d looks at its health:\n%s", status, looked, log)
	}
}

func TestWorkerInMaintenanceIsHealthy(t *testing.T) {
	t.Parallel()
	env := append(database(t), "QUEUE_CONNECTION=database")
	migrate(t, env)
	worker := start(t, options{env: env, args: []string{"worker"}})
	healthy := func() bool {
		_, err := docker("exec", worker.id, "healthcheck")
		return err == nil
	}
	waitFor(t, time.Minute, "the worker to begin", healthy)
	worker.exec("php artisan down")
	// Wait until the worker has left the iteration in which maintenance began, then longer than a heartbeat may take.
	time.Sleep(4 * time.Second)
	worker.exec("touch -d '151 seconds ago' /run/app/heartbeat")
	waitFor(t, 20*time.Second, "a heartbeat during maintenance", healthy)
}

// dispatch submits the form of the page.
func (c *container) dispatch(seconds string) {
	c.t.Helper()
	client := browser(c.t)
	_, page, _ := c.fetch(client, "/")
	token := regexp.MustCompile(`name="_token" value="([^"]+)"`).FindStringSubmatch(page)
	if token == nil {
		c.t.Fatalf("no form on the page: %.300s", page)
	}
	resp, err := client.PostForm(c.url+"/jobs", url.Values{"_token": {token[1]}, "seconds": {seconds}})
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		c.t.Fatalf("POST /jobs ends in %d", resp.StatusCode)
	}
}

func TestScheduler(t *testing.T) {
	t.Parallel()
	env := database(t)
	migrate(t, env)
	c := start(t, options{env: env, args: []string{"scheduler"}})
	waitFor(t, 90*time.Second, "the first full minute", func() bool {
		return query(t, env, "SELECT COUNT(*) FROM heartbeats") != "0"
	})
	if got := c.exec("healthcheck && echo well"); got != "well" {
		t.Errorf("health check says %q", got)
	}
	c.signal("TERM")
	if log, status := c.wait(); status != 0 || strings.Contains(log, "_aws") {
		t.Errorf("exits %d, or prints metrics for nobody:\n%s", status, log)
	}
}

func TestStuckWorkerIsUnhealthy(t *testing.T) {
	t.Parallel()
	c := start(t, options{env: []string{"QUEUE_CONNECTION=sync", "HEARTBEAT_SECONDS=30"}, args: []string{"scheduler"}})
	waitFor(t, 30*time.Second, "the scheduler to start", func() bool {
		_, err := docker("exec", c.id, "healthcheck")
		return err == nil
	})
	c.exec("touch -d '31 seconds ago' /run/app/heartbeat")
	if out, err := docker("exec", c.id, "healthcheck"); err == nil || !strings.Contains(out, "last heartbeat") {
		t.Errorf("health check says %q, error %v", out, err)
	}
}

func TestArtisan(t *testing.T) {
	t.Parallel()
	log, status := runOnce(t, options{args: []string{"artisan", "about", "--only=environment"}})
	if status != 0 || !strings.Contains(log, "Laravel Version") {
		t.Errorf("exits %d:\n%s", status, log)
	}
	if _, status := runOnce(t, options{args: []string{"artisan", "no:such"}}); status == 0 {
		t.Error("an unknown command exits 0")
	}
}
