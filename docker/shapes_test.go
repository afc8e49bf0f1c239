package docker_test

import (
	"strings"
	"testing"
)

// The shapes that applications have had: the example is one of Laravel 13. Without Packagist, Composer takes the Laravel of Debian that
// composer.json allows.

// TestShapeOf13: the example is what it says, and the health page is Laravel's own.
func TestShapeOf13(t *testing.T) {
	t.Parallel()
	c := startWeb(t, options{})
	if status, body, _ := c.get("/up"); status != 200 || !strings.Contains(body, "Application up") {
		t.Errorf("/up is %d: %.300s", status, body)
	}
	if got := c.exec("php artisan --version"); !strings.HasPrefix(got, "Laravel Framework 13.") {
		t.Errorf("it is %s", got)
	}
}

// TestShapeOf12: an application without kernels, whose configuration is complete, and which keeps everything in the database.
func TestShapeOf12(t *testing.T) {
	t.Parallel()
	own := imageTag("laravel-12")
	buildTree(t, tree(t, "docker/testdata/apps/laravel-12", "app"), own, "--build-arg", "APP=app")
	env := append(database(t), "SESSION_DRIVER=database", "CACHE_STORE=database", "QUEUE_CONNECTION=database", "STAMP_TEXT=of today")
	if log, status := runOnce(t, options{image: own, env: env, args: []string{"migrate"}}); status != 0 {
		t.Fatalf("migrate exits %d:\n%s", status, log)
	}
	client := browser(t)
	for _, visit := range []string{"1", "2"} { // in another container, too
		c := startWeb(t, options{image: own, env: env})
		status, body, header := c.fetch(client, "/")
		if status != 200 || fact(body, "session") != visit || header.Get("X-Stamp") != "of today" {
			t.Errorf("/ is %d, visit %q, want %s, stamp %q", status, fact(body, "session"), visit, header.Get("X-Stamp"))
		}
		if visit == "2" {
			break
		}
		if status, body, _ := c.get("/up"); status != 200 || !strings.Contains(body, "Application up") {
			t.Errorf("/up is %d: %.300s", status, body)
		}
		for path, want := range map[string]string{"/api/users": `{"users":0}`, "/api/nothing": `"message":`} {
			if _, body, header := c.get(path); !strings.Contains(body, want) || header.Get("Content-Type") != "application/json" {
				t.Errorf("%s is %s: %.300s", path, header.Get("Content-Type"), body)
			}
		}
		if got := c.exec("php artisan schedule:list; php artisan inspire; ls bootstrap/cache"); !strings.Contains(got, "0 * * * *") ||
			!strings.Contains(got, "sophistication") || !strings.Contains(got, "events.php") {
			t.Errorf("schedule, command and caches: %s", got)
		}
	}
}

// TestShapeOf10: an application with kernels and with its providers in config/app.php, which does itself what Laravel 11 brought: previous
// keys, and maintenance by the cache with a health page that goes on.
func TestShapeOf10(t *testing.T) {
	t.Parallel()
	own := imageTag("laravel-10")
	buildTree(t, appTree(t, "laravel-10"), own, "--build-arg", "APP=app")
	client := browser(t)
	with := func(env ...string) *container {
		db := append([]string{"APP_MAINTENANCE_DRIVER=cache", "APP_MAINTENANCE_STORE=file", "SESSION_DRIVER=cookie"}, env...)
		return startWeb(t, options{image: own, env: db})
	}
	before := with()
	after := with("APP_KEY="+newKey, "APP_PREVIOUS_KEYS="+strings.TrimPrefix(key, "APP_KEY="))
	for i, task := range []*container{before, before, after} {
		status, body, _ := task.fetch(client, "/")
		if status != 200 || fact(body, "session") != string(rune('1'+i)) || !strings.HasPrefix(fact(body, "version"), "10.") {
			t.Fatalf("request %d is %d, the session counts %q, Laravel is %q", i+1, status, fact(body, "session"), fact(body, "version"))
		}
	}
	for _, step := range []struct {
		command string
		want    int
	}{{"php artisan down", 503}, {"php artisan up", 200}} {
		after.exec(step.command)
		page, _, _ := after.get("/")
		health, _, _ := after.get("/up")
		if page != step.want || health != 200 {
			t.Errorf("%s: / is %d, want %d; /up is %d", step.command, page, step.want, health)
		}
	}
}
