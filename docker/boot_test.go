package docker_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// appTree is a folder to build from, whose application is the skeleton with the files of testdata/apps/NAME over it.
func appTree(t *testing.T, name string) string {
	t.Helper()
	dir := tree(t, "docker/testdata/skeleton", "app")
	source := os.DirFS(filepath.Join("testdata", "apps", name))
	for _, remove := range []bool{true, false} {
		err := fs.WalkDir(source, ".", func(path string, d fs.DirEntry, err error) error {
			target := filepath.Join(dir, "app", path)
			switch {
			case err != nil || d.IsDir():
				return err
			case remove:
				return errors.Join(os.MkdirAll(filepath.Dir(target), 0o755), os.RemoveAll(target))
			}
			content, err := fs.ReadFile(source, path)
			return errors.Join(err, os.WriteFile(target, content, 0o644))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ownTo makes an application another one in each run. The builder repeats no message of a step that it has in its cache.
func ownTo(t *testing.T, dir string) {
	t.Helper()
	write(t, filepath.Join(dir, "app/resources/run.txt"), fmt.Sprint(time.Now().UnixNano()))
}

// saysAtStart tells whether the builder said that caches are made at the start, and the reason right after it.
func saysAtStart(progress, reason string) bool {
	said := regexp.MustCompile(`(?m)^(#\d+ )\S+ not made in the build, but when a container starts: the caches of .*\n`).FindStringSubmatchIndex(progress)
	if said == nil {
		return false
	}
	// The builder may show other steps in between. A line that a step prints begins with its number and the seconds.
	next := regexp.MustCompile(`(?m)^` + progress[said[2]:said[3]] + `\d.*$`).FindString(progress[said[1]:])
	return strings.Contains(next, reason)
}

// TestSaysAtStart has the progress of a builder that goes from one step to another.
func TestSaysAtStart(t *testing.T) {
	t.Parallel()
	const first = "#64 1.053 not made in the build, but when a container starts: the caches of event view, because\n"
	for progress, want := range map[string]bool{
		first + "#64 1.055 the reason\n": true,
		first + "#64 ...\n\n#53 [runtime 3/6] COPY\n#53 0.2 another\n\n#64 [app 7/7] RUN\n#64 sha256:94c7\n#64 1.055 the reason\n": true,
		first + "#64 1.055 something else\n#64 1.056 the reason\n":                                                                 false,
		first + "#53 0.2 the reason\n": false,
		"#64 1.055 the reason\n":       false,
	} {
		if saysAtStart(progress, "the reason") != want {
			t.Errorf("not %v:\n%s", want, progress)
		}
	}
}

// TestApplicationThatNeedsItsDatabaseToBoot: it is built, its first migration runs, its caches are made at the start, and both the build
// and the migration name the provider.
func TestApplicationThatNeedsItsDatabaseToBoot(t *testing.T) {
	t.Parallel()
	dir, own := appTree(t, "boot-database"), image+"-boot-database"
	ownTo(t, dir)
	progress := buildTree(t, dir, own, "--build-arg", "APP=app")
	if want := "the application does not start: config/payments.php, line 3: PAYMENT_KEY is not set"; !saysAtStart(progress, want) {
		t.Errorf("the build does not say %q:\n%s", want, progress)
	}

	env := append(database(t), "PAYMENT_KEY=k1", "HEALTH_PATH=/health")
	log, status := runOnce(t, options{image: own, env: env, args: []string{"migrate"}})
	if want := `asks for what the migrations make, so it is not started before them: App\Providers\SettingsServiceProvider (app/Providers/SettingsServiceProvider.php, line 12): `; status != 0 || !strings.Contains(log, want) {
		t.Errorf("the first migration exits %d without %q:\n%s", status, want, log)
	}
	if log, status = runOnce(t, options{image: own, env: env, args: []string{"migrate"}}); status != 0 || strings.Contains(log, "SettingsServiceProvider") {
		t.Errorf("the second migration exits %d:\n%s", status, log)
	}
	c := startWeb(t, options{image: own, env: env})
	if status, body, _ := c.get("/title"); status != 200 || body != "A title from the database, k1" {
		t.Errorf("/title is %d %q", status, body)
	}
	if found := c.exec("ls /run/app/events.php; ls /run/app/storage/framework/views/*.php | wc -l"); !strings.HasPrefix(found, "/run/app/events.php\n") || strings.HasSuffix(found, "\n0") {
		t.Errorf("caches made at the start: %s", found)
	}

	t.Run("in register", func(t *testing.T) {
		provider := filepath.Join(t.TempDir(), "Provider.php")
		content, err := os.ReadFile(filepath.Join(dir, "app/app/Providers/SettingsServiceProvider.php"))
		if err != nil {
			t.Fatal(err)
		}
		write(t, provider, strings.Replace(string(content), "function boot()", "function register()", 1))
		env := append(database(t), "PAYMENT_KEY=k1")
		flags := []string{"--volume", provider + ":/var/www/app/Providers/SettingsServiceProvider.php:ro"}
		log, status := runOnce(t, options{image: own, env: env, flags: flags, args: []string{"migrate"}})
		want := "in register(), before anything can be migrated: move it to boot(), or check Schema::hasTable first"
		if status != 1 || !strings.Contains(log, `SettingsServiceProvider (app/Providers/SettingsServiceProvider.php, line 12): `) || !strings.Contains(log, want) {
			t.Errorf("exits %d without %q:\n%s", status, want, log)
		}
	})

	t.Run("a provider alone", func(t *testing.T) {
		write(t, filepath.Join(dir, "app/config/payments.php"), "<?php return ['key' => env('PAYMENT_KEY')];")
		progress := buildTree(t, dir, own+"-provider", "--build-arg", "APP=app")
		want := `the application does not start: App\Providers\SettingsServiceProvider (app/Providers/SettingsServiceProvider.php, line 12): `
		if !saysAtStart(progress, want) {
			t.Errorf("the build does not say %q:\n%s", want, progress)
		}
		// Without its database it cannot start, and says so with the same name.
		log, status := runOnce(t, options{image: own + "-provider", env: []string{"DB_CONNECTION=sqlite", "DB_DATABASE=/nowhere"}})
		if want := `SettingsServiceProvider (app/Providers/SettingsServiceProvider.php, line 12)`; status != 78 || !strings.Contains(log, want) {
			t.Errorf("exits %d without %q:\n%s", status, want, log)
		}
	})
}

// TestCacheThatCannotBeMade: the build goes on without it and names the cause last.
func TestCacheThatCannotBeMade(t *testing.T) {
	t.Parallel()
	dir, own := tree(t, "docker/testdata/skeleton", "app"), image+"-view"
	ownTo(t, dir)
	write(t, filepath.Join(dir, "app/resources/views/broken.blade.php"), "<x-nowhere />\n")
	progress := buildTree(t, dir, own, "--build-arg", "APP=app")
	if want := "php artisan view:cache: resources/views/broken.blade.php: Unable to locate a class or view for component [nowhere]."; !saysAtStart(progress, want) {
		t.Errorf("the build does not say %q:\n%s", want, progress)
	}
	c := startWeb(t, options{image: own, env: []string{"HEALTH_PATH=/health"}})
	if log := c.log(); !strings.Contains(log, "view:cache") || !strings.Contains(log, "component [nowhere]") {
		t.Errorf("the start does not name the view:\n%s", log)
	}
	if status, body, _ := c.get("/"); status != 200 {
		t.Errorf("/ is %d: %s", status, body)
	}
}
