package runtime

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// TestPostgres takes an instance of PostgreSQL through creation, TLS, a new password, its final snapshot and a restore.
func TestPostgres(t *testing.T) {
	f, r, must := newServers(t)
	outputs := account.Values{
		"identifier": "app-pg", "engine": "postgres", "engineVersionActual": "17.7", "address": "app-pg.c0123456789.eu-central-1.rds.amazonaws.com", "port": 5432,
		"dbName": "app", "username": "boss", "password": "first'one", "parameterGroupName": "p", "finalSnapshotIdentifier": "app-pg-final",
	}
	f.Put(account.DatabaseParameterGroupToken, "p", account.Values{"name": "p", "parameters": []any{map[string]any{"name": "log_min_duration_statement", "value": "1000"}}})
	must(r.Ensure(t.Context(), f.Put(account.DatabaseToken, "db-1", outputs)))
	image, err := r.ServiceImage(t.Context(), "postgres")
	must(err)
	query := func(user, password, mode, sql string) (string, error) {
		return r.Docker.With("PGPASSWORD="+password, "PGSSLMODE="+mode).Run(t.Context(), "run", "--rm", "--network", r.Name, "--label", r.StateLabel(), "--env", "PGPASSWORD", "--env", "PGSSLMODE", image,
			"psql", "--host="+outputs.Text("address"), "--username="+user, "--dbname=app", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--command="+sql)
	}
	out, err := query("boss", "first'one", "require", "CREATE ROLE app LOGIN PASSWORD 'apps'; CREATE TABLE t (x int); INSERT INTO t VALUES (42); GRANT SELECT ON t TO app; SELECT current_setting('log_min_duration_statement') || ' ' || x FROM t")
	if err != nil || out != "1s 42" {
		t.Fatalf("got %q, %v", out, err)
	}
	if _, err := query("boss", "first'one", "disable", "SELECT 1"); err == nil || !strings.Contains(err.Error(), "no encryption") {
		t.Errorf("without TLS: %v", err)
	}
	outputs["password"] = "second"
	res := f.Put(account.DatabaseToken, "db-1", outputs)
	must(r.Ensure(t.Context(), res))
	if _, err := query("boss", "first'one", "require", "SELECT 1"); err == nil {
		t.Error("the old password still works")
	}
	must(r.Remove(t.Context(), res))
	outputs["snapshotIdentifier"], outputs["skipFinalSnapshot"] = "app-pg-final", true
	res = f.Put(account.DatabaseToken, "db-1", outputs)
	must(r.Ensure(t.Context(), res))
	if out, err := query("app", "apps", "require", "SELECT x FROM t"); err != nil || out != "42" {
		t.Errorf("restored, as a user of the snapshot: %q, %v", out, err)
	}
	if out, err := query("boss", "second", "require", "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'app'"); err != nil || out != "boss" {
		t.Errorf("the owner is %q, %v", out, err)
	}
	must(r.Remove(t.Context(), res))
}
