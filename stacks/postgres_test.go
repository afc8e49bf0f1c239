package stacks_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// postgres is a stack whose database is PostgreSQL, with other keys of the section.
func postgres(t *testing.T, stack string, keys map[string]any) map[string]string {
	t.Helper()
	config := with(stackConfig(t, stack), "database", "engine", "postgres")
	delete(config, "laravel-ecs:database")
	config = with(config, "database", "engine", "postgres")
	for key, value := range keys {
		config = with(config, "database", key, value)
	}
	return config
}

// TestPostgres: the instance, its parameters, who may reach it, and what the containers are told of it.
func TestPostgres(t *testing.T) {
	for name, tls := range map[string]bool{"with TLS": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			r := deploy(t, "staging", postgres(t, "staging", map[string]any{"requireTls": tls, "performanceInsights": true, "logExports": []string{"postgresql", "upgrade"}}))
			db, group := one(t, r, instanceToken), one(t, r, parametersToken)
			for path, want := range map[string]string{"engine": "postgres", "engineVersion": "17", "engineLifecycleSupport": "open-source-rds-extended-support-disabled"} {
				if got := text(db, path); got != want {
					t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
			if port := db.Inputs["port"].NumberValue(); port != 5432 {
				t.Errorf("the port is %v", port)
			}
			if text(group, "family") != "postgres17" || group.Name != "laravel-staging-db-postgres17" {
				t.Errorf("the parameter group %s is of %s", group.Name, text(group, "family"))
			}
			var parameters []string
			for _, parameter := range group.Inputs["parameters"].ArrayValue() {
				p := parameter.ObjectValue()
				method := ""
				if p["applyMethod"].IsString() {
					method = " " + p["applyMethod"].StringValue()
				}
				parameters = append(parameters, p["name"].StringValue()+"="+p["value"].StringValue()+method)
			}
			want, verified := "log_min_duration_statement=1000 rds.force_ssl=0 pending-reboot", map[string]string{}
			if tls {
				want = "log_min_duration_statement=1000 rds.force_ssl=1 pending-reboot"
				verified = map[string]string{"DB_SSLMODE": "verify-full", "PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/etc/ssl/certs/rds-ca.pem"}
			}
			if got := strings.Join(parameters, " "); got != want {
				t.Errorf("the parameters are %s, want %s", got, want)
			}
			got := containerVariables(t, r, "DB_CONNECTION", "DB_PORT", "DB_DATABASE", "DB_USERNAME", "DB_SSLMODE", "PGSSLMODE", "PGSSLROOTCERT", "MYSQL_ATTR_SSL_CA")
			verified["DB_CONNECTION"], verified["DB_PORT"], verified["DB_DATABASE"], verified["DB_USERNAME"] = "pgsql", "5432", "laravel", "laravel_a"
			if !maps.Equal(got, verified) {
				t.Errorf("the containers have %v, want %v", got, verified)
			}
			for container, variables := range variablesOf(t, r) {
				if own := variables["DB_OWN_SERVER"] == "1"; own != strings.HasSuffix(container, "/migrate") {
					t.Errorf("%s closes the database: %v", container, own)
				}
			}
			rules := 0
			for _, one := range r.All() {
				if strings.HasPrefix(one.Name, "laravel-staging-firewall-") && strings.HasSuffix(one.Name, "-app-database-5432") {
					rules++
				}
				if strings.Contains(one.Name, "3306") {
					t.Errorf("%s is registered", one.Name)
				}
			}
			if rules != 2 {
				t.Errorf("%d rules let the application in", rules)
			}
			if built := text(one(t, r, "docker:index/image:Image"), "build.args.PHP_EXTENSIONS"); built != "bcmath gd intl mbstring memcached opcache pgsql redis xml zip" {
				t.Errorf("the image has %s", built)
			}
		})
	}
}

// TestUsualVersion: each engine has a version without the key.
func TestUsualVersion(t *testing.T) {
	for engine, want := range map[string]string{"mysql": "8.4", "mariadb": "11.8", "postgres": "17"} {
		c := stackConfig(t, "staging")
		delete(c, "laravel-ecs:database")
		if got := text(one(t, deploy(t, "staging", with(c, "database", "engine", engine)), instanceToken), "engineVersion"); got != want {
			t.Errorf("%s is %s, want %s", engine, got, want)
		}
	}
}

func TestPostgresIsRefused(t *testing.T) {
	for want, keys := range map[string]map[string]any{
		`database.version: "8.4" is none of 13, 14, 15, 16, 17`:                                                        {"version": "8.4"},
		`database.version: "13" is past the end of its standard support, 2026-02-28: its Extended Support costs extra`: {"version": "13"},
		`database.upgradeFrom: "17": RDS upgrades postgres to 17 from 13, 14, 15, 16`:                                  {"upgradeFrom": "17"},
		`database.blueGreenUpdate: not with postgres`:                                                                  {"upgradeFrom": "16", "blueGreenUpdate": true},
		`database.logExports: "slowquery" is none of postgresql, upgrade`:                                              {"logExports": []string{"slowquery"}},
		`database.name: "User" is a reserved word of PostgreSQL`:                                                       {"name": "User"},
		`database.name: "postgres" is a reserved word of PostgreSQL, or belongs to the server`:                         {"name": "postgres"},
		`database.name: "Shop" has capitals`:                                                                           {"name": "Shop"},
		`is not a letter and up to 56 letters`:                                                                         {"name": "a" + strings.Repeat("b", 57)},
		`database.name: "pg_shop": PostgreSQL refuses roles whose names begin with pg_`:                                {"name": "pg_shop"},
		`database.name: "pg": PostgreSQL refuses roles`:                                                                {"name": "pg"},
		`database.username: "pg": PostgreSQL refuses roles`:                                                            {"username": "pg"},
		`database.username: "rds_iam" is a reserved word of PostgreSQL`:                                                {"username": "rds_iam"},
	} {
		_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", postgres(t, "staging", keys))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v gives %v, want %s", keys, err, want)
		}
	}
	for want, section := range map[string]map[string]any{
		"image.extensions: pgsql is missing, PHP's driver for database.engine postgres": {"image": map[string]any{"extensions": "bcmath intl mysql"}},
		"env.PGSSLMODE: the program sets this variable":                                 {"env": map[string]any{"PGSSLMODE": "disable"}},
	} {
		c := postgres(t, "staging", nil)
		for name, keys := range section {
			for key, value := range keys.(map[string]any) {
				c = with(c, name, key, value)
			}
		}
		if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v gives %v, want %s", section, err, want)
		}
	}
	if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", with(with(stackConfig(t, "staging"), "env", "PGSSLMODE", "disable"), "image", "extensions", "pdo_mysql")); err != nil {
		t.Errorf("a second connection of an application with MySQL: %v", err)
	}
}

// TestExistingPostgres: the port is the engine's, and the users are made there.
func TestExistingPostgres(t *testing.T) {
	c := existingDatabase(t, "staging", masterSecret)
	delete(c, "laravel-ecs:database")
	for key, value := range map[string]any{"engine": "postgres", "endpoint": "pg.shop.internal", "securityGroupId": existingGroup, "passwordSecretArn": masterSecret, "username": "postgres", "name": "shop"} {
		c = with(c, "database", key, value)
	}
	r := deploy(t, "staging", c)
	for container, variables := range variablesOf(t, r) {
		if _, own := variables["DB_OWN_SERVER"]; own {
			t.Errorf("%s closes a database that others may use", container)
		}
	}
	if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", with(c, "app", "name", "pg-shop")); err == nil || !strings.Contains(err.Error(), `app.name: "pg-shop": PostgreSQL refuses roles`) {
		t.Errorf("an application whose users would be pg_shop_staging_a and _b: %v", err)
	}
	got := containerVariables(t, r, "DB_CONNECTION", "DB_PORT", "DB_USERNAME", "PGSSLROOTCERT")
	if got["DB_CONNECTION"] != "pgsql" || got["DB_PORT"] != "5432" || got["DB_USERNAME"] != "laravel_staging_a" || got["PGSSLROOTCERT"] == "" {
		t.Errorf("the containers have %v", got)
	}
}

// TestReviewOnSharedPostgres: the image of a review environment has the driver of the server that it shares, so its stack file names the engine.
func TestReviewOnSharedPostgres(t *testing.T) {
	shared := stagingShares()
	database := shared["database"].(map[string]any)
	database["engine"], database["port"] = "postgres", 5432
	if _, err := share(shared, sharing(t)); err == nil || !strings.Contains(err.Error(), "environment.shares: the database is that of staging: database.engine: mysql, and the server is PostgreSQL: set database.engine: postgres in Pulumi.review.yaml") {
		t.Errorf("with another engine: %v", err)
	}
	config := sharing(t)
	delete(config, "laravel-ecs:database")
	r, err := share(shared, with(with(with(config, "database", "engine", "postgres"), "database", "finalSnapshot", false), "database", "backupDays", 0))
	if err != nil {
		t.Fatal(err)
	}
	got := containerVariables(t, r, "DB_CONNECTION", "DB_PORT", "DB_DATABASE", "PGSSLMODE", "MYSQL_ATTR_SSL_CA")
	if got["DB_CONNECTION"] != "pgsql" || got["DB_PORT"] != "5432" || got["DB_DATABASE"] != "review_login" || got["PGSSLMODE"] != "verify-full" || got["MYSQL_ATTR_SSL_CA"] != "" {
		t.Errorf("the containers have %v", got)
	}
}
