package docker_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestHelpersOfTheApplication: PHP ends at a function that is declared twice. An application with a helper of the same name as each function of
// the image's scripts starts in every role, and the scripts call their own.
func TestHelpersOfTheApplication(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("lib/*.php")
	if err != nil || len(scripts) == 0 {
		t.Fatal(scripts, err)
	}
	names := map[string]bool{}
	for _, script := range scripts {
		source, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^function (\w+)\(`).FindAllStringSubmatch(string(source), -1) {
			names[found[1]] = true
		}
	}
	if !names["works"] || !names["fail"] || !names["blame"] || !names["start_application"] {
		t.Fatalf("the functions of the scripts: %v", names)
	}
	var helpers strings.Builder
	helpers.WriteString("<?php\nnamespace App\\Providers {\nclass AppServiceProvider extends \\Illuminate\\Support\\ServiceProvider {}\n}\nnamespace {\n")
	for name := range names {
		helpers.WriteString("function " + name + "(...$any) { throw new Error('the helper of the application'); }\n")
	}
	helpers.WriteString("}\n")
	provider := filepath.Join(t.TempDir(), "Provider.php")
	write(t, provider, helpers.String())

	env := append(database(t), "QUEUE_CONNECTION=database", "METRICS_STACK=test")
	flags := []string{"--volume", provider + ":/var/www/app/Providers/AppServiceProvider.php:ro"}
	for _, run := range []struct {
		role, says string
		status     int
	}{
		{"migrate", "", 0},
		// The example has no Horizon. The script says so after it has started the application.
		{"horizon", "the application has no command horizon", 78},
	} {
		if log, status := runOnce(t, options{env: env, flags: flags, args: []string{run.role}}); status != run.status || !strings.Contains(log, run.says) {
			t.Errorf("%s exits %d, want %d:\n%s", run.role, status, run.status, log)
		}
	}
	for _, role := range []string{"worker", "scheduler"} {
		c := start(t, options{env: env, flags: flags, args: []string{role}})
		waitFor(t, time.Minute, role+" to be healthy", func() bool {
			_, err := docker("exec", c.id, "healthcheck")
			return err == nil
		})
		if role == "scheduler" {
			c.waitLog(`"OldestJobAge":0`, time.Minute)
		}
		if got := c.exec("php /usr/local/lib/laravel-ecs/caches.php event 2>&1"); strings.Contains(got, "redeclare") || strings.Contains(got, "helper of the application") {
			t.Errorf("caches in %s: %s", role, got)
		}
	}
}
