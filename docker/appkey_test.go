package docker_test

import (
	"strings"
	"testing"
)

// newKey takes the place of key.
const newKey = "base64:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="

// TestAppKeyIsRotated: sessions, cookies and encrypted columns outlive a new APP_KEY in both of its deployments, and in both directions
// while old and new tasks serve side by side.
func TestAppKeyIsRotated(t *testing.T) {
	t.Parallel()
	db := database(t)
	migrate(t, db)
	_, env := memcached(t)
	env = append(env, db...)
	oldKey := strings.TrimPrefix(key, "APP_KEY=")

	before := startWeb(t, options{env: env})
	knows := startWeb(t, options{env: append(env[:len(env):len(env)], "APP_PREVIOUS_KEYS="+newKey)})
	uses := startWeb(t, options{env: append(env[:len(env):len(env)], "APP_KEY="+newKey, "APP_PREVIOUS_KEYS="+oldKey)})
	client := browser(t)
	for i, task := range []*container{before, knows, before, knows, uses, knows, uses} { // those that serve at the same time
		if status, page, _ := task.fetch(client, "/"); status != 200 || fact(page, "session") != string(rune('1'+i)) {
			t.Fatalf("request %d: %d, the session counts %q", i+1, status, fact(page, "session"))
		}
	}
	column := encrypted(t, before, `encrypt("a column")`)
	for _, task := range []*container{knows, uses} {
		if got := encrypted(t, task, `decrypt("`+column+`")`); got != "a column" {
			t.Errorf("a column of the old key is %q", got)
		}
	}
	if got := encrypted(t, knows, `decrypt("`+encrypted(t, uses, `encrypt("new")`)+`")`); got != "new" {
		t.Errorf("a column of the new key is %q for a task that encrypts with the old one", got)
	}
	// Without the list, as with Laravel 10: what the command refuses to do.
	bare := startWeb(t, options{env: append(env[:len(env):len(env)], "APP_KEY="+newKey)})
	if got := encrypted(t, bare, `decrypt("`+column+`")`); !strings.Contains(got, "The MAC is invalid") {
		t.Errorf("without the previous key the column is %q", got)
	}
}

// encrypted evaluates an expression with the application's encrypter, in a container with its environment and configuration.
func encrypted(t *testing.T, c *container, expression string) string {
	t.Helper()
	out, _ := docker("exec", "--env", "APP_CONFIG_CACHE=/run/app/config.php", c.id, "php", "-r", `require "/var/www/vendor/autoload.php";
		$app = require "/var/www/bootstrap/app.php"; $app->make(Illuminate\Contracts\Console\Kernel::class)->bootstrap();
		try { echo `+expression+`; } catch (Throwable $e) { echo $e->getMessage(); }`)
	return out
}
