package docker_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCachesKnowTheConfiguration: what a package makes from the configuration is made from that of the container. Cached in the build,
// with the key of the build, the route that the page names would not exist.
func TestCachesKnowTheConfiguration(t *testing.T) {
	t.Parallel()
	dir := appTree(t, "configured")
	atStart := imageTag("configured")
	buildTree(t, dir, atStart, "--build-arg", "APP=app")
	c := startWeb(t, options{image: atStart, env: []string{"HEALTH_PATH=/health"}})
	script := c.script()
	if status, body, _ := c.get(script); status != 200 || body != "/* of this key */" {
		t.Errorf("the page names %s, which is %d: %.100s", script, status, body)
	}
	if got := c.exec("stat -c %a /run/app/config.php /run/app/routes.php; ls bootstrap/cache"); got != "600\n600\nevents.php\npackages.php\npreload.list\nservices.php\nviews" {
		t.Errorf("caches: %q", got)
	}

	t.Run("in the build, and no cache", func(t *testing.T) {
		own := imageTag("configured-otherwise")
		buildTree(t, dir, own, "--build-arg", "APP=app", "--build-arg", "BUILD_CACHES=route", "--build-arg", "START_CACHES=config view")
		c := startWeb(t, options{image: own, env: []string{"HEALTH_PATH=/health", "APP_ENV=blue"}})
		if status, body, _ := c.get("/"); status != 200 || fact(body, "env") != "blue" {
			t.Errorf("/ is %d: %s", status, body)
		}
		if status, _, _ := c.get(c.script()); status != 404 {
			t.Errorf("the route of another key is %d: routes come from somewhere else than the build", status)
		}
		got := c.exec("cd bootstrap/cache; ls; ls /run/app/*.php; grep -c 'generated::0000000000000001' routes-v7.php")
		if !regexp.MustCompile(`^packages.php\npreload.list\nroutes-v7.php\nservices.php\nviews\n/run/app/config.php\n(/run/app/services.php\n)?[1-9]`).MatchString(got) {
			t.Errorf("caches: %q", got)
		}
	})
}

// TestNoCacheAtTheStart: an empty list is a list.
func TestNoCacheAtTheStart(t *testing.T) {
	t.Parallel()
	tag := imageTag("uncached")
	buildTree(t, appTree(t, "configured"), tag, "--build-arg", "APP=app", "--build-arg", "BUILD_CACHES=", "--build-arg", "START_CACHES=")
	c := startWeb(t, options{image: tag, env: []string{"HEALTH_PATH=/health"}})
	if got := c.exec("cd /run/app; ls | grep -E '^(config|routes|events).*php$' || echo none"); got != "none" {
		t.Errorf("caches of the start: %q", got)
	}
}

// script is the URL of the script in the page.
func (c *container) script() string {
	c.t.Helper()
	status, body, _ := c.get("/")
	found := regexp.MustCompile(`<script src="([^"]+)"`).FindStringSubmatch(body)
	if status != 200 || found == nil {
		c.t.Fatalf("/ is %d: %.300s", status, body)
	}
	return found[1]
}

// TestRoutesThatCannotBeCached: Laravel serves them without a cache, and so does the container. It says why.
func TestRoutesThatCannotBeCached(t *testing.T) {
	t.Parallel()
	routes := filepath.Join(t.TempDir(), "web.php")
	write(t, routes, `<?php Route::get("/once", fn () => "once")->name("twice"); Route::get("/twice", fn () => "twice")->name("twice");`)
	c := startWeb(t, options{flags: []string{"--volume", routes + ":/var/www/routes/web.php:ro"}})
	if status, body, _ := c.get("/twice"); status != 200 || body != "twice" {
		t.Errorf("/twice is %d %.100s", status, body)
	}
	if said := grep(c.log(), "artisan route:cache"); len(said) != 1 || !strings.Contains(said[0], "Another route has already been assigned name [twice]") {
		t.Errorf("the log says %q", said)
	}
}
