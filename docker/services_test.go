package docker_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// services are the database and the cache that tests share; each is started by the first test that asks.
var services = struct {
	sync.Mutex
	ids map[string]string
}{ids: map[string]string{}}

func stopServices() {
	services.Lock()
	defer services.Unlock()
	for name, id := range services.ids {
		if _, err := docker("rm", "--force", "--volumes", id); err != nil {
			fmt.Printf("removing %s: %v\n", name, err)
		}
	}
}

// startService builds a service's image from the emulator's folder and runs it on the network under its name.
func startService(t *testing.T, image, name string, command ...string) string {
	t.Helper()
	tag := "laravel-ecs/test-" + image
	if out, err := docker("build", "--quiet", "--tag", tag, filepath.Join(root, "emulator", "runtime", "images", image)); err != nil {
		t.Fatalf("building %s: %v\n%s", image, err, out)
	}
	args := append([]string{"run", "--detach", "--label", label, "--network", network, "--network-alias", name, tag}, command...)
	id, err := docker(args...)
	if err != nil {
		t.Fatal(err)
	}
	return id[strings.LastIndexByte(id, '\n')+1:]
}

// database gives the test an empty database of its own and returns the environment that reaches it.
func database(t *testing.T) []string {
	t.Helper()
	services.Lock()
	defer services.Unlock()
	id, running := services.ids["mariadb"]
	if !running {
		id = startService(t, "mariadb", "db", "sh", "-ec", `mariadb-install-db --skip-test-db --auth-root-authentication-method=socket --auth-root-socket-user=mysql >/dev/null
			exec mariadbd --no-defaults --socket=/run/mysqld/mysqld.sock --pid-file=/run/mysqld/mysqld.pid --innodb-flush-log-at-trx-commit=0`)
		services.ids["mariadb"] = id
		waitFor(t, time.Minute, "MariaDB to start", func() bool {
			_, err := docker("exec", id, "mariadb-admin", "--socket=/run/mysqld/mysqld.sock", "ping")
			return err == nil
		})
	}
	name := strings.ToLower(strings.NewReplacer("/", "_", "-", "_").Replace(t.Name()))
	sql := fmt.Sprintf("CREATE DATABASE `%s`; GRANT ALL ON `%s`.* TO 'app'@'%%' IDENTIFIED BY 'secret'", name, name)
	if _, err := docker("exec", id, "mariadb", "--socket=/run/mysqld/mysqld.sock", "--execute", sql); err != nil {
		t.Fatal(err)
	}
	return []string{"DB_CONNECTION=mysql", "DB_HOST=db", "DB_DATABASE=" + name, "DB_USERNAME=app", "DB_PASSWORD=secret"}
}

// query asks MariaDB about a database made by database().
func query(t *testing.T, env []string, sql string) string {
	t.Helper()
	services.Lock()
	defer services.Unlock()
	out, err := docker("exec", services.ids["mariadb"], "mariadb", "--socket=/run/mysqld/mysqld.sock", "--skip-column-names",
		"--execute", sql, strings.TrimPrefix(env[2], "DB_DATABASE="))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// memcached starts a cache of the test's own, which the test may stop, and returns its environment.
func memcached(t *testing.T) (id string, env []string) {
	t.Helper()
	id, host := startCache(t, "memcached")
	return id, []string{"SESSION_DRIVER=memcached", "CACHE_DRIVER=memcached", "MEMCACHED_HOST=" + host}
}

// valkey starts a cache of the test's own and returns its environment.
func valkey(t *testing.T) []string {
	t.Helper()
	_, host := startCache(t, "valkey", "valkey-server", "--save", "", "--protected-mode", "no")
	return []string{"SESSION_DRIVER=redis", "CACHE_DRIVER=redis", "REDIS_HOST=" + host}
}

func startCache(t *testing.T, image string, command ...string) (id, host string) {
	t.Helper()
	host = fmt.Sprintf("cache-%d", time.Now().UnixNano())
	id = startService(t, image, host, command...)
	t.Cleanup(func() {
		if _, err := docker("rm", "--force", id); err != nil {
			t.Error(err)
		}
	})
	return id, host
}

// migrate brings a database up to date.
func migrate(t *testing.T, env []string) {
	t.Helper()
	if log, status := runOnce(t, options{env: env, args: []string{"migrate"}}); status != 0 {
		t.Fatalf("migrate exits %d:\n%s", status, log)
	}
}
