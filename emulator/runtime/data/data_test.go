package data

import (
	"fmt"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/runtimetest"
)

func TestCacheParts(t *testing.T) {
	r := New(&machine.Machine{Account: runtimetest.New()})
	parts, err := r.cacheParts(account.Resource{Type: account.CacheClusterToken, ID: "c", Outputs: runtimetest.Plain(account.Values{
		"engine": "memcached", "numCacheNodes": 2, "port": 11211, "configurationEndpoint": "c.x.cfg.euc1.cache.amazonaws.com:11211",
		"clusterAddress": "c.x.cfg.euc1.cache.amazonaws.com",
		"cacheNodes":     []any{map[string]any{"address": "c.x.0001.euc1.cache.amazonaws.com"}, map[string]any{"address": "c.x.0002.euc1.cache.amazonaws.com"}},
	})})
	if err != nil || len(parts) != 2 {
		t.Fatalf("%v, %v", parts, err)
	}
	if got := fmt.Sprint(parts[1].Name, parts[1].Aliases); got != "cache-c-2[c.x.cfg.euc1.cache.amazonaws.com c.x.0002.euc1.cache.amazonaws.com]" {
		t.Errorf("second node: %s", got)
	}
	for want, outputs := range map[string]account.Values{
		"transitEncryptionEnabled": {"engine": "valkey", "transitEncryptionEnabled": true},
		"cluster mode":             {"engine": "redis", "numNodeGroups": 2},
		`engine "dragonfly"`:       {"engine": "dragonfly"},
	} {
		if _, err := r.cacheParts(account.Resource{Type: account.CacheReplicationToken, Outputs: runtimetest.Plain(outputs)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

func TestMasterSQL(t *testing.T) {
	got := masterSQL(account.Values{"dbName": "app`x", "username": "o'neil", "password": `p\'w`})
	want := "CREATE DATABASE IF NOT EXISTS `app``x`;\nCREATE USER IF NOT EXISTS 'o''neil'@'%';\nALTER USER 'o''neil'@'%' IDENTIFIED BY 'p\\\\''w';\n" +
		"GRANT " + masterPrivileges + " ON *.* TO 'o''neil'@'%' WITH GRANT OPTION;\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPostgresMaster(t *testing.T) {
	got := postgresMaster(account.Values{"dbName": "shop", "username": `o"neil`, "password": `p'w`})
	for _, want := range []string{
		`SELECT 'CREATE ROLE "o""neil"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'o"neil') \gexec`, `ALTER ROLE "o""neil" LOGIN NOSUPERUSER INHERIT CREATEDB CREATEROLE NOREPLICATION PASSWORD 'p''w';`,
		`SELECT 'CREATE DATABASE "shop" OWNER "o""neil"' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'shop') \gexec`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("got\n%s\nwithout %s", got, want)
		}
	}
}

// TestForcedTLS: who may connect, by the parameter group or RDS's default, and the parameters that PostgreSQL knows.
func TestForcedTLS(t *testing.T) {
	f := runtimetest.New()
	f.Put(account.DatabaseParameterGroupToken, "p", account.Values{"name": "p", "parameters": []any{
		map[string]any{"name": "rds.force_ssl", "value": "0"}, map[string]any{"name": "log_min_duration_statement", "value": "1000"}, map[string]any{"name": "max_connections", "value": "{DBInstanceClassMemory/9531392}"}}})
	r := New(&machine.Machine{Account: f})
	for _, test := range []struct{ version, group, want string }{{"17.7", "default.postgres17", "hostssl"}, {"14.20", "default.postgres14", "host"}, {"17.7", "p", "host"}} {
		files := postgresFiles(r, account.Resource{Outputs: account.Values{"engine": "postgres", "engineVersionActual": test.version, "parameterGroupName": test.group}})
		if hba := string(files[1].Data); !strings.HasSuffix(hba, "\n"+test.want+" all all all scram-sha-256\n") {
			t.Errorf("%s with %s: %s", test.version, test.group, hba)
		}
		if config := string(files[0].Data); strings.Contains(config, "rds.") || strings.Contains(config, "{") || strings.Contains(config, "log_min_duration_statement = '1000'") != (test.group == "p") {
			t.Errorf("%s with %s: %s", test.version, test.group, config)
		}
	}
}

// TestSecureTransportByDefault: a server without the parameter has RDS's default, and the parameter group's value counts where it has one.
func TestSecureTransportByDefault(t *testing.T) {
	f := runtimetest.New()
	f.Put(account.DatabaseParameterGroupToken, "p", account.Values{"name": "p", "parameters": []any{map[string]any{"name": "require_secure_transport", "value": "0"}}})
	r := New(&machine.Machine{Account: f})
	for _, test := range []struct{ engine, version, group, want string }{
		{"mariadb", "11.8.3", "default.mariadb11.8", "true"}, {"mariadb", "11.4.7", "default.mariadb11.4", "false"},
		{"mysql", "8.4.6", "default.mysql8.4", "false"}, {"mariadb", "11.8.3", "p", "0"},
	} {
		config := r.databaseConfig(account.Resource{Outputs: account.Values{"engine": test.engine, "engineVersionActual": test.version, "parameterGroupName": test.group}})
		got := ""
		for _, line := range strings.Split(config, "\n") {
			if value, found := strings.CutPrefix(line, "loose_require_secure_transport="); found {
				got = value // the last one counts
			}
		}
		if got != test.want {
			t.Errorf("%s %s with %s: %q, want %s", test.engine, test.version, test.group, got, test.want)
		}
	}
}
