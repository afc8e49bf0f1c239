package docker_test

import (
	"strings"
	"testing"
)

// TestShellOfECSExec enters a container as ECS Exec does: as root, with the capabilities of the task, which are none, and with
// no-new-privileges. The root file system is writable, because the agent of ECS Exec needs that.
func TestShellOfECSExec(t *testing.T) {
	t.Parallel()
	env := database(t)
	c := startWeb(t, options{env: env, flags: []string{"--read-only=false"}})
	session := func(command string) string {
		t.Helper()
		out, err := docker("exec", "--user", "0", c.id, "/bin/bash", "-c", command)
		if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		return out
	}
	if got := session("grep -E 'CapEff|NoNewPrivs' /proc/self/status | tr -s '[:space:]' ' '"); got != "CapEff: 0000000000000000 NoNewPrivs: 1" {
		t.Fatalf("the session has %q", got)
	}
	for _, try := range []struct{ command, want string }{
		{"entrypoint migrate", "DONE"},
		{"entrypoint artisan about --only=environment", "Laravel Version"},
		{"php artisan about --only=environment", "Laravel Version"},
		{"php artisan migrate:status", "Ran"},
		{"php artisan down && php artisan up", "now live"},
		{"php artisan view:clear", "cleared successfully"},
		{"echo line >>storage/logs/laravel.log && cat storage/logs/laravel.log", "line"},
		{"cat /run/app/role", "web"},
		// The log of a session is written with these (ECS developer guide, "Monitor Amazon ECS containers with ECS Exec").
		{"type -p script cat", "/usr/bin/script"},
	} {
		if got := session(try.command); !strings.Contains(got, try.want) {
			t.Errorf("%s prints %q, not %q", try.command, got, try.want)
		}
	}
	if got := query(t, env, "SELECT COUNT(*) > 0 FROM migrations"); got != "1" {
		t.Errorf("migrations: %q", got)
	}
	// The container goes on, and its secrets stay with the application's user.
	if status, _, _ := c.get("/up"); status != 200 {
		t.Errorf("/up is %d after the session", status)
	}
	if got := c.exec("stat -c %a /run/app/config.php; healthcheck && echo well; php artisan view:cache >/dev/null && echo cached"); got != "600\nwell\ncached" {
		t.Errorf("the container: %q", got)
	}
}

// TestSamePlacesToWriteTo: the application meets the same file system where access.exec makes the root writable, so what production refuses
// fails in staging too.
func TestSamePlacesToWriteTo(t *testing.T) {
	t.Parallel()
	places := func(flags ...string) string {
		t.Helper()
		const find = `find / \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /run \) -prune -o -writable -not -type l -print 2>/dev/null
			for folder in /tmp /run /var/tmp /dev/shm; do [ -w $folder ] && echo "$folder"; done`
		out, err := docker(append(append([]string{"run", "--rm", "--entrypoint", "sh"}, options{flags: flags}.runFlags()...), image, "-c", find)...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	const want = "/tmp\n/run\n/var/tmp\n/dev/shm"
	if got := places(); got != want {
		t.Errorf("with a read-only root: %q", got)
	}
	if got := places("--read-only=false"); got != want {
		t.Errorf("with access.exec: %q", got)
	}
}
