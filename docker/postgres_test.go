package docker_test

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// postgres starts a server of the test's own that takes nobody without TLS, with a certificate for the host pg-tls and a master user as RDS makes
// one: no superuser. It returns a function that asks the server as its superuser, and the folder with ca.pem.
func postgres(t *testing.T) (onServer func(sql string) string, id, tls string) {
	t.Helper()
	tls = authority(t, "pg-tls")
	services.Lock()
	id = startService(t, "postgres", "pg-tls", "sh", "-ec", `data=/var/lib/postgresql/data
		initdb --pgdata=$data --username=rdsadmin --auth=trust --encoding=UTF8 --locale=C.UTF-8 >/dev/null
		printf 'local all all trust\nhostssl all all all scram-sha-256\n' >$data/pg_hba.conf
		until [ -s /tmp/key.pem ]; do sleep 0.1; done
		install -m 0600 /tmp/key.pem /tmp/cert.pem $data
		exec postgres -D $data -c listen_addresses=* -c unix_socket_directories=/run/postgresql -c fsync=off -c log_statement=all \
			-c ssl=on -c ssl_cert_file=cert.pem -c ssl_key_file=key.pem`)
	services.Unlock()
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := docker("logs", "--tail", "60", id)
			t.Logf("log of PostgreSQL:\n%s", log)
		}
		if _, err := docker("rm", "--force", "--volumes", id); err != nil {
			t.Error(err)
		}
	})
	for _, file := range []string{"cert.pem", "key.pem"} {
		if _, err := docker("cp", tls+"/"+file, id+":/tmp/"+file); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(sql string) (string, error) {
		return docker("exec", id, "psql", "--username=rdsadmin", "--dbname=postgres", "--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--set=ON_ERROR_STOP=1", "--command="+sql)
	}
	waitFor(t, time.Minute, "PostgreSQL to start", func() bool {
		_, err := ask("SELECT 1")
		return err == nil
	})
	onServer = func(sql string) string {
		t.Helper()
		out, err := ask(sql)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	onServer("CREATE ROLE boss LOGIN CREATEDB CREATEROLE PASSWORD 'boss-word'")
	onServer("CREATE DATABASE shop OWNER boss")
	return onServer, id, tls
}

// TestPostgres: an application with PostgreSQL, and a dump of its tables. Two users alternate, and each may change what the other made. PHP and psql
// verify the server's certificate.
func TestPostgres(t *testing.T) {
	t.Parallel()
	dir, own := appTree(t, "squashed"), image+"-pgsql"
	buildTree(t, dir, own, "--build-arg", "APP=app", "--build-arg", "PHP_EXTENSIONS=bcmath intl mbstring opcache pgsql xml zip")
	if found := in(t, own, "for p in psql pg_restore mysql; do command -v $p; done; true"); found != "/usr/bin/psql\n/usr/bin/pg_restore" {
		t.Errorf("the clients are %q", found)
	}
	onServer, id, tls := postgres(t)
	volume := []string{"--volume", tls + ":/tls:ro"}
	run := func(env []string, args ...string) (log string, status int) {
		t.Helper()
		return runOnce(t, options{image: own, env: env, flags: volume, args: args})
	}
	must := func(want string, env []string, args ...string) {
		t.Helper()
		if log, status := run(env, args...); status != 0 || !strings.Contains(log, want) || strings.Contains(log, "secret") {
			t.Fatalf("%v exits %d, want %s:\n%s", args, status, want, log)
		}
	}
	refused := func(want string, env []string, args ...string) {
		t.Helper()
		if log, status := run(env, args...); status == 0 || !strings.Contains(log, want) || strings.Contains(log, "secret") {
			t.Errorf("%v exits %d, want %s:\n%s", args, status, want, log)
		}
	}
	first := []string{"DB_CONNECTION=pgsql", "DB_HOST=pg-tls", "DB_DATABASE=shop", "DB_USERNAME=shop_a", "DB_PASSWORD=first-secret", "DB_SSLMODE=verify-full", "PGSSLMODE=verify-full",
		"PGSSLROOTCERT=/tls/ca.pem", "DB_MASTER_USERNAME=boss", "DB_MASTER_PASSWORD=boss-word"}
	const noMaster = 8

	refused("certificate verify failed", replaced(first, "PGSSLROOTCERT=/etc/ssl/certs/ca-certificates.crt"), "users")
	refused("is not in the image", replaced(first, "PGSSLROOTCERT=/tls/nothing.pem"), "migrate")
	refused("no encryption", replaced(first, "PGSSLMODE=disable"), "users")
	refused("the database refuses the master user boss", replaced(first, "DB_MASTER_PASSWORD=wrong-secret"), "users")
	var group sync.WaitGroup
	for range 3 { // tasks start at the same time
		group.Go(func() {
			if log, status := run(first, "migrate"); status != 0 {
				t.Errorf("migrate exits %d:\n%s", status, log)
			}
		})
	}
	group.Wait()
	refused("certificate verify failed", replaced(first, "PGSSLROOTCERT=/etc/ssl/certs/ca-certificates.crt")[:noMaster], "artisan", "migrate:status")
	refused("write 'sslmode' => env('DB_SSLMODE', 'prefer') in config/database.php", replaced(first, "DB_SSLMODE=prefer"), "migrate") // as a stock config/database.php
	second := replaced(first, "DB_USERNAME=shop_b", "DB_PASSWORD=second-secret")
	must("made shop_b, which may use the database shop and no other", second, "migrate")
	must("database/schema/pgsql-schema.sql", second[:noMaster], "artisan", "migrate:fresh", "--force") // drops and makes the tables of shop_a
	must("create_users_table", first[:noMaster], "artisan", "migrate:status")
	if owners := onServer("SELECT string_agg(DISTINCT rolname, ' ') FROM pg_roles JOIN pg_database ON datdba = pg_roles.oid WHERE datname = 'shop'"); owners != "shop_owner" {
		t.Errorf("the database is of %s", owners)
	}
	third := replaced(first, "DB_PASSWORD=third-secret")
	must("made shop_a", third, "migrate")
	refused("password authentication failed", first[:noMaster], "artisan", "migrate:status")
	must("create_users_table", second[:noMaster], "artisan", "migrate:status")
	must("create_users_table", third[:noMaster], "artisan", "migrate:status")
	must("going on", replaced(second, "DB_MASTER_PASSWORD=an-old-one"), "users") // ECS starts old tasks again after a rotation of the master password

	// Another container migrates: its lock is that of migrate.php.
	group.Go(func() {
		_, _ = docker("exec", id, "psql", "--username=rdsadmin", "--dbname=shop", "--command=SELECT pg_advisory_lock(hashtext('migrate:' || md5('shop'))), pg_sleep(600)")
	})
	waitFor(t, time.Minute, "the lock", func() bool { return onServer("SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory'") == "1" })
	refused("another container has been migrating for 1 s", append(third, "MIGRATE_WAIT_SECONDS=1"), "migrate")
	onServer("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
	group.Wait()

	// The database was there, and others may use it. With DB_OWN_SERVER nobody else does.
	const everybody = "SELECT has_database_privilege('public', 'shop', 'CONNECT')"
	if onServer(everybody) != "t" {
		t.Error("users of others may no longer connect to a database that was there")
	}
	must("", append(replaced(third), "DB_OWN_SERVER=1"), "users")
	if onServer(everybody) != "f" {
		t.Error("each user of the server may connect")
	}
	// What an upgrade from 15 leaves: roles that boss is a member of, or may change, by no ADMIN. Nothing is to be done for a user who can log in.
	onServer("REVOKE shop_owner FROM shop_a, shop_b, boss GRANTED BY boss")
	onServer("REVOKE shop_owner, shop_a, shop_b FROM boss")
	onServer("GRANT shop_owner TO boss, shop_a, shop_b")
	must("", third, "users")
	fourth := replaced(first, "DB_USERNAME=shop_b", "DB_PASSWORD=fourth-secret")
	refused(`setting the password of shop_b: error 42501 of the server. boss (database.username) needs CREATEDB and CREATEROLE`, fourth, "users")
	onServer("GRANT shop_owner, shop_a, shop_b TO boss WITH ADMIN OPTION") // as this container does before 16
	must("made shop_b", fourth, "users")

	review := replaced(first, "DB_DATABASE=review_end", "DB_USERNAME=review_end_a")
	must("made review_end_a", review, "users")
	must("made review_end_b", replaced(review, "DB_USERNAME=review_end_b"), "users")
	refused("permission denied for database", replaced(third, "DB_DATABASE=review_end")[:noMaster], "artisan", "migrate:status")
	for user, word := range map[string]string{"review_end_b": "first-secret", "boss": "boss-word"} { // the other user of the rotation, and the master
		group.Go(func() {
			_, _ = docker("exec", "--env", "PGPASSWORD="+word, id, "psql", "--host=pg-tls", "--username="+user, "--dbname=review_end", "--command=SELECT pg_sleep(600)")
		})
	}
	waitFor(t, time.Minute, "two sessions", func() bool {
		return onServer("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = 'review_end' AND state = 'active'") == "2"
	})
	onServer("REVOKE CONNECT ON DATABASE postgres FROM public")
	onServer("GRANT CONNECT ON DATABASE postgres TO boss")
	for range 2 {
		must("dropped the database review_end and its users", review, "drop", "review_end")
	}
	group.Wait()
	left := onServer("SELECT string_agg(name, ' ' ORDER BY name) FROM (SELECT datname AS name FROM pg_database UNION SELECT rolname FROM pg_roles WHERE rolname NOT LIKE 'pg_%') AS all_names")
	if left != "boss postgres rdsadmin shop shop_a shop_b shop_owner template0 template1" {
		t.Errorf("left on the server: %s", left)
	}
	if log, err := docker("logs", id); err != nil || !strings.Contains(log, "SCRAM-SHA-256$4096:") || strings.Contains(log, "secret") {
		t.Errorf("the server's log has a password, or no statement: %v", err)
	}
}
