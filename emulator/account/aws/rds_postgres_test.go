package aws

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var goodPostgres = with(goodDatabase, account.Values{"engine": "postgres", "engineVersion": "17", "username": "postgres", "instanceClass": "db.t4g.micro", "performanceInsightsEnabled": true})

func TestPostgresRefusals(t *testing.T) {
	db, params := account.DatabaseToken, account.DatabaseParameterGroupToken
	parameter := func(name, value, method string) account.Values {
		one := map[string]any{"name": name, "value": value}
		if method != "" {
			one["applyMethod"] = method
		}
		return account.Values{"family": "postgres17", "parameters": []any{one}}
	}
	testRefusals(t, stored, []refusal{
		{"version of MySQL", db, goodPostgres, account.Values{"engineVersion": "8.4"}, "", "InvalidParameterCombination"},
		{"minor version that AWS took away", db, with(goodPostgres, account.Values{"engineVersion": "17.7"}), account.Values{"engineVersion": "17.4"}, "engineVersion", ""},
		{"reserved user", db, goodPostgres, account.Values{"username": "admin"}, "username", ""},
		{"user of RDS", db, goodPostgres, account.Values{"username": "rdsadmin"}, "username", ""},
		{"reserved database", db, goodPostgres, account.Values{"dbName": "user"}, "dbName", ""},
		{"long database", db, with(goodPostgres, account.Values{"dbName": strings.Repeat("a", 63)}), account.Values{"dbName": strings.Repeat("a", 64)}, "dbName", ""},
		{"long password", db, with(goodPostgres, account.Values{"password": strings.Repeat("x", 128)}), account.Values{"password": strings.Repeat("x", 129)}, "password", ""},
		{"logs of MySQL", db, with(goodPostgres, account.Values{"enabledCloudwatchLogsExports": []any{"postgresql", "upgrade"}}), account.Values{"enabledCloudwatchLogsExports": []any{"slowquery"}}, "enabledCloudwatchLogsExports[0]", ""},
		{"parameters of MySQL", params, parameter("log_min_duration_statement", "1000", ""), parameter("slow_query_log", "1", ""), "parameters[0].name", ""},
		{"a time that is none", params, parameter("log_min_duration_statement", "-1", ""), parameter("log_min_duration_statement", "1s", ""), "parameters[0].value", ""},
		{"a static parameter at once", params, parameter("rds.force_ssl", "1", "pending-reboot"), parameter("rds.force_ssl", "1", "immediate"), "parameters[0].applyMethod", ""},
		{"a switch", params, parameter("rds.force_ssl", "1", "pending-reboot"), parameter("rds.force_ssl", "on", "pending-reboot"), "parameters[0].value", ""},
		{"no family", params, parameter("rds.force_ssl", "1", "pending-reboot"), account.Values{"family": "postgres9"}, "family", ""},
		{"parameter group of MySQL", db, goodPostgres, account.Values{"parameterGroupName": "{params84}"}, "", "InvalidParameterCombination"},
	})
}

// TestPostgresUpgrades: PostgreSQL may skip a major version, and never goes back.
func TestPostgresUpgrades(t *testing.T) {
	w := stored(t)
	good := with(goodPostgres, account.Values{"engineVersion": "14", "applyImmediately": true})
	r := w.make(account.DatabaseToken, "db", good)
	for name, want := range map[string]string{"parameterGroupName": "default.postgres14", "optionGroupName": "default:postgres-14", "engineVersionActual": "14.20", "licenseModel": "postgresql-license"} {
		if got := r.Outputs.Text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.HasSuffix(r.Outputs.Text("endpoint"), ":5432") {
		t.Errorf("the endpoint is %s", r.Outputs.Text("endpoint"))
	}
	update := w.updating(r, good)
	upgrade := account.Values{"engineVersion": "17", "allowMajorVersionUpgrade": true}
	wantCode(t, update(with(upgrade, account.Values{"allowMajorVersionUpgrade": nil})), "InvalidParameterCombination")
	wantCode(t, update(with(upgrade, account.Values{"blueGreenUpdate": map[string]any{"enabled": true}, "backupRetentionPeriod": 1})), "InvalidParameterCombination")
	if err := update(upgrade); err != nil {
		t.Fatal(err)
	}
	if now, _ := w.Read(account.DatabaseToken, r.ID); now.Outputs.Text("engineVersionActual") != "17.7" {
		t.Errorf("version is %s after the upgrade", now.Outputs.Text("engineVersionActual"))
	}
	wantCode(t, update(account.Values{"engineVersion": "16", "allowMajorVersionUpgrade": true}), "InvalidParameterCombination")
}
