package docker_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// How the build treats changed sources. These tests build copies of this tree.

// tree makes a folder to build from: docker/ and an application.
func tree(t *testing.T, from, app string) string {
	t.Helper()
	dir := t.TempDir()
	for source, target := range map[string]string{"docker": "docker", from: app} {
		if err := os.CopyFS(filepath.Join(dir, target), os.DirFS(filepath.Join(root, source))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// buildTree builds a tree under a tag, and removes the tag after the test.
func buildTree(t *testing.T, dir, tag string, more ...string) (progress string) {
	t.Helper()
	progress, err := build(dir, tag, more...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := docker("rmi", "--no-prune", tag); err != nil {
			t.Error(err)
		}
	})
	return progress
}

// layers are the digests of an image's layers, base first.
func layers(t *testing.T, tag string) (digests []string) {
	t.Helper()
	out, err := docker("image", "inspect", "--format", "{{json .RootFS.Layers}}", tag)
	if err == nil {
		err = json.Unmarshal([]byte(out), &digests)
	}
	if err != nil {
		t.Fatal(err)
	}
	return digests
}

func write(t *testing.T, file, content string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if err == nil {
		err = os.WriteFile(file, []byte(content), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestSameSourcesGiveTheSameLayers(t *testing.T) {
	t.Parallel()
	if os.Getenv("IMAGE") != "" {
		t.Skip("the sources of IMAGE are not known here")
	}
	// A copy has other times. package.json is left out of the image, so a line in it changes nothing there, but makes the
	// builder install, bundle, map and cache everything again.
	dir := tree(t, "examples/laravel", "examples/laravel")
	manifest := filepath.Join(dir, "examples/laravel/package.json")
	content, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	write(t, manifest, strings.Replace(string(content), "{", fmt.Sprintf(`{"description": "%d",`, time.Now().UnixNano()), 1))
	again := image + "-again"
	progress := buildTree(t, dir, again)
	for _, step := range []string{"install.mjs", "bundle.mjs", "composer dump-autoload", "build/app.sh"} {
		if cached(progress, step) {
			t.Errorf("%q came from the cache: nothing was compared", step)
		}
	}
	if first, second := layers(t, image), layers(t, again); !slices.Equal(first, second) {
		t.Errorf("layers differ:\n%q\n%q", first, second)
	}
}

// cached returns whether the builder took a step from its cache. The step is found by a part of its command.
func cached(progress, command string) bool {
	step := regexp.MustCompile(`(?m)^(#\d+) \[.*` + regexp.QuoteMeta(command)).FindStringSubmatch(progress)
	return step != nil && regexp.MustCompile(`(?m)^`+step[1]+` CACHED`).MatchString(progress)
}

// An application without any change for this repository: no Vite, no Redis, no queue, no /up. It is in app/, as the documentation
// says, in the state of a developer's checkout.
func TestOwnApplication(t *testing.T) {
	t.Parallel()
	const mark = "this belongs to the developer alone"
	dir := tree(t, "docker/testdata/skeleton", "app")
	for _, file := range []string{".env", ".env.production", "auth.json", "bootstrap/cache/config.php", "node_modules/pack/index.js",
		"public/hot", "storage/logs/laravel.log", "storage/oauth-private.key", "tests/UserTest.php", "vendor/composer/installed.php"} {
		write(t, filepath.Join(dir, "app", file), "<?php // "+mark)
	}
	own := image + "-own"
	buildTree(t, dir, own, "--build-arg", "APP=app")

	found, err := docker("run", "--rm", "--label", label, "--network", "none", "--user", "0", "--entrypoint", "sh", own, "-c",
		"grep -rlF '"+mark+"' /var/www /etc /usr/local /usr/share; [ $? = 1 ]")
	if err != nil {
		t.Errorf("in the image, too: %s: %v", found, err)
	}

	c := startWeb(t, options{image: own, env: []string{"HEALTH_PATH=/health"}})
	client := browser(t)
	for _, visit := range []string{"1", "2"} {
		status, body, _ := c.fetch(client, "/", "X-Forwarded-Proto", "https", "X-Forwarded-Port", "443")
		if status != 200 || fact(body, "session") != visit {
			t.Errorf("/ is %d, visit %q, want %s: %.300s", status, fact(body, "session"), visit, body)
		}
		for _, want := range []string{`href="https://127.0.0.1"`, "A published view", "A view about tests"} {
			if !strings.Contains(body, want) {
				t.Errorf("/ lacks %q: %s", want, body)
			}
		}
	}
	if status, body, _ := c.get("/vendor/pack/pack.txt"); status != 200 || body != "a published asset\n" {
		t.Errorf("/vendor/pack/pack.txt is %d %q", status, body)
	}
	if log, status := runOnce(t, options{image: own, args: []string{"artisan", "inspire"}}); status != 0 || !strings.Contains(log, "sophistication") {
		t.Errorf("artisan inspire exits %d:\n%s", status, log)
	}
	env := database(t)
	if log, status := runOnce(t, options{image: own, env: env, args: []string{"migrate"}}); status != 0 {
		t.Errorf("migrate exits %d:\n%s", status, log)
	}
	if got := query(t, env, "SELECT COUNT(*) FROM users"); got != "0" {
		t.Errorf("users after the migration: %q", got)
	}

	t.Run("a changed line installs nothing", func(t *testing.T) {
		routes := filepath.Join(dir, "app/routes/web.php")
		content, err := os.ReadFile(routes)
		if err != nil {
			t.Fatal(err)
		}
		write(t, routes, strings.Replace(string(content), "'ok'", "'changed'", 1))
		changed := own + "-changed"
		progress := buildTree(t, dir, changed, "--build-arg", "APP=app")
		for _, step := range []string{"packages.sh install", "install.mjs", "bundle.mjs", "bash /php.sh"} {
			if !cached(progress, step) {
				t.Errorf("%q was done again:\n%s", step, progress)
			}
		}
		before, after := layers(t, own), layers(t, changed)
		after = slices.DeleteFunc(after, func(layer string) bool { return slices.Contains(before, layer) })
		if len(after) != 1 {
			t.Errorf("%d layers changed, want only the application's: %q", len(after), after)
		}
	})
}
