package runtime

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// TestDatabase takes an instance through creation, a new password, a parameter, its final snapshot and a restore.
func TestDatabase(t *testing.T) {
	f, r, must := newServers(t)
	outputs := account.Values{
		"identifier": "app-db", "engine": "mysql", "engineVersion": "8.4", "address": "app-db.c0123456789.eu-central-1.rds.amazonaws.com", "port": 3306,
		"dbName": "app", "username": "admin", "password": "first'one", "parameterGroupName": "p", "finalSnapshotIdentifier": "app-db-final",
	}
	f.Put(account.DatabaseParameterGroupToken, "p", account.Values{"name": "p", "parameters": []any{
		map[string]any{"name": "max_connections", "value": "77"}, map[string]any{"name": "innodb_dedicated_server", "value": "1"}}})
	must(r.Ensure(t.Context(), f.Put(account.DatabaseToken, "db-1", outputs)))
	image, err := r.ServiceImage(t.Context(), "mariadb")
	must(err)
	query := func(password, sql string) (string, error) {
		return r.Docker.With("MYSQL_PWD="+password).Run(t.Context(), "run", "--rm", "--network", r.Name, "--label", r.StateLabel(), "--env", "MYSQL_PWD", image,
			"mariadb", "--skip-ssl", "--host", outputs.Text("address"), "--user", "admin", "--skip-column-names", "--execute", sql, "app")
	}
	out, err := query("first'one", "CREATE TABLE t (x INT); INSERT INTO t VALUES (42); SELECT @@max_connections, COUNT(*) FROM t")
	if err != nil || out != "77\t1" {
		t.Fatalf("got %q, %v", out, err)
	}
	outputs["password"] = "second"
	res := f.Put(account.DatabaseToken, "db-1", outputs)
	must(r.Ensure(t.Context(), res))
	if out, err := query("second", "SELECT x FROM t"); err != nil || out != "42" {
		t.Errorf("with the new password: %q, %v", out, err)
	}
	if _, err := query("first'one", "SELECT 1"); err == nil {
		t.Error("the old password still works")
	}
	if out, err := query("second", "CREATE USER 'app'@'%' IDENTIFIED BY 'apps'; GRANT SELECT ON app.* TO 'app'@'%'; SELECT 1"); err != nil {
		t.Fatalf("a user of the application: %q, %v", out, err)
	}
	must(r.Remove(t.Context(), res))
	snapshot := filepath.Join(r.StateDir, "snapshots", "app-db-final.sql")
	info, err := os.Stat(snapshot)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the final snapshot: %v, %v", info, err)
	}
	outputs["snapshotIdentifier"] = "app-db-final"
	res = f.Put(account.DatabaseToken, "db-1", outputs)
	must(r.Ensure(t.Context(), res))
	if out, err := query("second", "SELECT x FROM t"); err != nil || out != "42" {
		t.Errorf("restored: %q, %v", out, err)
	}
	if out, err := query("second", "SHOW GRANTS FOR 'app'@'%'"); err != nil || !strings.Contains(out, "GRANT SELECT ON `app`") {
		t.Errorf("the users of the snapshot: %q, %v", out, err)
	}
	if err := r.Remove(t.Context(), res); err == nil || !strings.Contains(err.Error(), "DBSnapshotAlreadyExists") {
		t.Errorf("a second final snapshot of the same name: %v", err)
	}
	outputs["skipFinalSnapshot"] = true
	must(r.Remove(t.Context(), f.Put(account.DatabaseToken, "db-1", outputs)))
	if volumes, err := r.Docker.Run(t.Context(), "volume", "ls", "--quiet", "--filter", "label="+r.StateLabel()); err != nil || volumes != "" {
		t.Errorf("volumes that are left: %q, %v", volumes, err)
	}
}

// TestCaches speaks to a memcached node and to a Valkey primary by the names that AWS gives them.
func TestCaches(t *testing.T) {
	f, r, must := newServers(t)
	memcached := f.Put(account.CacheClusterToken, "sessions", account.Values{"engine": "memcached", "numCacheNodes": 1, "port": 11211,
		"configurationEndpoint": "sessions.abc.cfg.euc1.cache.amazonaws.com:11211", "cacheNodes": []any{map[string]any{"address": "sessions.abc.0001.euc1.cache.amazonaws.com"}}})
	group := account.Values{"engine": "redis", "engineVersion": "7.1", "port": 6379, "primaryEndpointAddress": "master.queue.abc.euc1.cache.amazonaws.com"}
	redis := f.Put(account.CacheReplicationToken, "queue", group)
	for _, res := range []account.Resource{memcached, redis, memcached, redis} { // twice: the second time nothing is to do
		must(r.Ensure(t.Context(), res))
	}
	tool, err := r.ServiceImage(t.Context(), "haproxy")
	must(err)
	answers := func(address, request, want string) {
		t.Helper()
		out, err := r.Docker.Feed(t.Context(), strings.NewReader(request), "run", "--rm", "--interactive", "--network", r.Name, "--label", r.StateLabel(), tool,
			"socat", "-t2", "-", "TCP:"+address)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%s answers %q, %v", address, out, err)
		}
	}
	answers("sessions.abc.cfg.euc1.cache.amazonaws.com:11211", "version\r\n", "VERSION 1.")
	answers("sessions.abc.0001.euc1.cache.amazonaws.com:11211", "version\r\n", "VERSION 1.")
	answers("master.queue.abc.euc1.cache.amazonaws.com:6379", "SET session kept\r\n", "+OK")
	group["engine"], group["engineVersion"] = "valkey", "8.0" // ElastiCache upgrades in place
	must(r.Ensure(t.Context(), f.Put(account.CacheReplicationToken, "queue", group)))
	answers("master.queue.abc.euc1.cache.amazonaws.com:6379", "GET session\r\n", "kept")
	must(r.Remove(t.Context(), memcached))
	if found, err := r.Docker.Containers(t.Context(), r.StateLabel()); err != nil || len(found) != 1 {
		t.Errorf("%d containers are left, want the Valkey one (%v)", len(found), err)
	}
}
