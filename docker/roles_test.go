package docker_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// TestRoles: Horizon, Reverb and a command that stays begin, are well and unwell, and stop with work in hand. The application is
// testdata/apps/services. Its packages laravel/horizon and laravel/reverb are made for this test after the sources on GitHub that they name, because
// packagist is not always there: this does not prove that releases of the two behave as these sources did. Horizon's redis records, balancing
// and dashboard, and Reverb's protocol, are not in them.
func TestRoles(t *testing.T) {
	t.Parallel()
	own := buildApp(t, "services")
	for name, test := range map[string]func(t *testing.T, own string){
		"a command": commandThatStays, "horizon": horizonWorks, "horizon with nothing to do": horizonRefuses, "reverb": reverbServes,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, own)
		})
	}
}

// health is what the health check says; "" if the container is well.
func (c *container) health() string {
	out, err := docker("exec", c.id, "healthcheck")
	if err != nil {
		return out
	}
	return ""
}

func (c *container) waitWell() {
	c.t.Helper()
	waitFor(c.t, time.Minute, "the container to be well", func() bool { return c.health() == "" })
}

func commandThatStays(t *testing.T, own string) {
	c := start(t, options{image: own, args: []string{"artisan", "bridge"}})
	c.waitLog("the bridge is open", time.Minute)
	c.waitWell()
	c.signal("QUIT")
	if log, status := c.wait(); status != 3 || !strings.Contains(log, "the bridge is closed") {
		t.Errorf("the command exits %d:\n%s", status, log)
	}

	broken := start(t, options{image: own, args: []string{"artisan", "bridge", "--broken"}})
	for running := true; running; {
		if out, err := docker("exec", broken.id, "healthcheck"); err == nil {
			t.Errorf("a command that ends at once was healthy: %s", out)
		}
		state, _ := docker("inspect", "--format", "{{.State.Running}}", broken.id)
		running = state == "true"
	}
	if _, status := broken.wait(); status != 3 {
		t.Errorf("the broken command exits %d, not with its own status 3", status)
	}
}

func horizonWorks(t *testing.T, own string) {
	for name, fast := range map[string]string{"waits for its workers": "", "fast termination": "1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, host := startCache(t, "valkey", "valkey-server", "--save", "", "--protected-mode", "no")
			state := func() string {
				out, _ := docker("exec", id, "valkey-cli", "get", "job")
				return out
			}
			env := []string{"REDIS_HOST=" + host, "REDIS_PREFIX=", "QUEUE_CONNECTION=redis", "FAST=" + fast}
			c := start(t, options{image: own, env: env, args: []string{"horizon"}})
			c.waitWell()

			// A pause goes on for longer than a heartbeat may take, and is no fault. The master is the first PHP process.
			c.exec("kill -USR2 $(grep -l horizon.php /proc/[0-9]*/cmdline | sort -V | head -n 1 | cut -d / -f 3)")
			time.Sleep(3 * time.Second)
			c.exec("touch -d '61 seconds ago' /run/app/heartbeat")
			c.waitWell()
			c.exec("kill -CONT $(grep -l horizon.php /proc/[0-9]*/cmdline | sort -V | head -n 1 | cut -d / -f 3)")

			c.exec("php artisan job 6")
			waitFor(t, time.Minute, "the job to begin", func() bool { return state() == "began" })
			// Somebody is in the container with ECS Exec: the stop waits for jobs, not for people.
			if _, err := docker("exec", "--detach", "--user", "0", c.id, "php", "-r", "sleep(600);"); err != nil {
				t.Fatal(err)
			}
			c.signal("QUIT")
			if log, status := c.wait(); status != 0 || !strings.Contains(log, "horizon: stopped") {
				t.Errorf("Horizon exits %d:\n%s", status, log)
			}
			if got := state(); got != "ended" {
				t.Errorf("the job in hand has %s", got)
			}
		})
	}
	t.Run("a supervisor that cannot begin", func(t *testing.T) {
		t.Parallel()
		_, host := startCache(t, "valkey", "valkey-server", "--save", "", "--protected-mode", "no")
		c := start(t, options{image: own, env: []string{"REDIS_HOST=" + host, "CONNECTION=redis --no-such-option"}, args: []string{"horizon"}})
		waitFor(t, time.Minute, "the master to begin", func() bool { return c.exec("grep -l horizon:supervisor /proc/[0-9]*/cmdline || true") != "" })
		for range 10 {
			if got := c.health(); got == "" {
				t.Error("it was healthy")
			}
			time.Sleep(time.Second)
		}
	})
}

// horizonRefuses: what would run no job, or some of them twice, does not begin, and ends the release at its migration.
func horizonRefuses(t *testing.T, own string) {
	for name, test := range map[string]struct {
		env, args []string
		image     string
		says      string
	}{
		"no supervisors":  {[]string{"APP_ENV=staging"}, []string{"horizon"}, own, "no supervisors for the environment staging, so no job would run. environments has production: add 'staging'"},
		"named elsewhere": {[]string{"APP_ENV=production"}, []string{"horizon", "--environment=canary"}, own, "for the environment canary"},
		"a long job": {[]string{"TIMEOUT=90"}, []string{"horizon"}, own,
			"queue.connections.redis.retry_after is 90 in the application's config/queue.php, but a job may run for 90 s (timeout of supervisor-1 in config/horizon.php)"},
		"in the migration":          {[]string{"TIMEOUT=0", "HORIZON_ARGUMENTS=[]", "DB_WAIT_SECONDS=1"}, []string{"migrate"}, own, "but a job may run for ever"},
		"neither for the migration": {[]string{"HORIZON_ARGUMENTS=[]"}, []string{"migrate"}, image, "composer require laravel/horizon"},
		"not installed":             {nil, []string{"horizon"}, image, "composer require laravel/horizon"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, status := runOnce(t, options{image: test.image, env: test.env, args: test.args})
			if status != 78 || !strings.Contains(log, test.says) {
				t.Errorf("it exits %d without %q:\n%s", status, test.says, log)
			}
		})
	}
}

func reverbServes(t *testing.T, own string) {
	connect := func(c *container, port, path string) net.Conn {
		t.Helper()
		address, err := docker("port", c.id, port+"/tcp")
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", strings.TrimSpace(address))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\n", path); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	c := start(t, options{image: own, env: []string{"DRAIN_SECONDS=8"}, args: []string{"reverb"}})
	c.waitWell()
	conn := connect(c, "8080", "/app/key")
	c.signal("QUIT")
	c.waitLog("disconnecting in 8 s", 10*time.Second)
	if got := c.health(); !strings.Contains(got, "not ready") {
		t.Errorf("while it stops, the health check says %q", got)
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); line != "closed\n" {
		t.Errorf("the connection ends with %q, %v", line, err)
	}
	if log, status := c.wait(); status != 0 || !strings.Contains(log, "reverb: stopped") {
		t.Errorf("Reverb exits %d:\n%s", status, log)
	}

	// On another port, below a path; a server that does not answer is not healthy, though its process lives.
	c = start(t, options{image: own, env: []string{"PORT=8090", "REVERB_SERVER_PATH=ws/"}, flags: []string{"--publish", "127.0.0.1::8090"}, args: []string{"reverb"}})
	c.waitWell()
	connect(c, "8090", "/stuck")
	waitFor(t, 20*time.Second, "the health check to see that it is stuck", func() bool {
		return strings.Contains(c.health(), "GET /ws/up on port 8090 answers nothing")
	})
}
