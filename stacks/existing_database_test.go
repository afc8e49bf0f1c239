package stacks_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

const masterSecret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/mysql-AbCdEf"

// existingDatabase is a stack with a database server that the program does not make.
func existingDatabase(t *testing.T, name, secret string) map[string]string {
	t.Helper()
	config := stackConfig(t, name)
	delete(config, "laravel-ecs:database")
	for key, value := range map[string]any{"endpoint": "mysql.shop.internal", "port": 3307, "securityGroupId": existingGroup, "passwordSecretArn": secret, "username": "admin", "name": "shop"} {
		config = with(config, "database", key, value)
	}
	return config
}

// TestExistingDatabase: the program makes the application's users on it with the secret, which no other container has, and makes, watches
// and stops no instance.
func TestExistingDatabase(t *testing.T) {
	r := deploy(t, "staging", with(existingDatabase(t, "staging", masterSecret), "observability", "dashboard", true))
	got := containerVariables(t, r, "DB_HOST", "DB_PORT", "DB_DATABASE", "DB_USERNAME", "MYSQL_ATTR_SSL_CA")
	if got["DB_HOST"] != "mysql.shop.internal" || got["DB_PORT"] != "3307" || got["DB_DATABASE"] != "shop" || got["DB_USERNAME"] != "laravel_staging_a" || got["MYSQL_ATTR_SSL_CA"] == "" {
		t.Errorf("the containers have %v", got)
	}
	for _, one := range r.All() {
		if strings.HasPrefix(one.Type, "aws:rds") || strings.Contains(one.Name, "watch-db") || one.Name == "laravel-staging-firewall-database" || strings.HasSuffix(one.Name, "DB_MASTER_PASSWORD") {
			t.Errorf("%s %s is registered", one.Type, one.Name)
		}
	}
	if want, got := []string{"laravel-staging-firewall-in-app-database-3307", "laravel-staging-firewall-out-app-database-3307"}, rulesOf(t, r, existingGroup); !slices.Equal(got, want) {
		t.Errorf("rules with the existing group: %v, want %v", got, want)
	}
	preparing := 0
	for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
		for _, container := range secretsOf(t, definition) {
			masters := slices.ContainsFunc(container.Secrets, func(s containerSecret) bool { return s.Name == "DB_MASTER_PASSWORD" && s.ValueFrom == masterSecret })
			if prepares := container.Name == "migrate" || container.Name == "users"; masters != prepares {
				t.Errorf("%s: %s has the password of the master user: %v", definition.Name, container.Name, masters)
			} else if prepares {
				preparing++
			}
			if !slices.ContainsFunc(container.Secrets, func(s containerSecret) bool { return s.Name == "DB_PASSWORD" }) {
				t.Errorf("%s: %s has no DB_PASSWORD", definition.Name, container.Name)
			}
		}
	}
	if preparing == 0 {
		t.Error("no container prepares the database")
	}
	if !slices.ContainsFunc(each(t, r, "aws:iam/rolePolicy:RolePolicy"), func(p infratest.Resource) bool { return strings.Contains(text(p, "policy"), masterSecret) }) {
		t.Error("no role may read the password")
	}
}

// TestReviewsOnAnExistingDatabase: reviews that share the environment make their users with the same secret.
func TestReviewsOnAnExistingDatabase(t *testing.T) {
	shared := make(chan string, 1)
	if _, err := infratest.Run(func(ctx *pulumi.Context) error {
		err := stacks.Deploy(ctx)
		pulumi.ToOutput(ctx.GetCurrentExportMap()["sharedWithReviews"]).ApplyT(func(values any) string { shared <- fmt.Sprint(values); return "" })
		return err
	}, "laravel-ecs", "staging", existingDatabase(t, "staging", masterSecret)); err != nil {
		t.Fatal(err)
	}
	if values := <-shared; !strings.Contains(values, "passwordArn:"+masterSecret) || !strings.Contains(values, "host:mysql.shop.internal") {
		t.Errorf("reviews get %s", values)
	}
}

// TestExistingDatabaseInProduction: zones and backups are somebody else's decision, TLS is not.
func TestExistingDatabaseInProduction(t *testing.T) {
	prod := existingDatabase(t, "prod", strings.Replace(masterSecret, "shop/mysql", "laravel-prod-mysql", 1))
	deploy(t, "prod", prod)
	_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "prod", with(prod, "database", "requireTls", false))
	if err == nil || !strings.Contains(err.Error(), "database.requireTls: environment.class production requires true") || !strings.Contains(err.Error(), "has 1 problem(s)") {
		t.Errorf("without TLS: %v", err)
	}
}

// TestExistingDatabaseProblems: the errors name the key and the fix.
func TestExistingDatabaseProblems(t *testing.T) {
	wrongKeys(t, existingDatabase(t, "staging", masterSecret), []wrongKey{
		{"database", "endpoint", "mysql://mysql.shop.internal:3306", `database.endpoint: "mysql://mysql.shop.internal:3306" is not a host name`},
		{"database", "endpoint", "", "database.securityGroupId: only for a database that exists: set database.endpoint"},
		{"database", "securityGroupId", "", `database.securityGroupId: "" is not the id of the security group`},
		{"database", "port", 70000, "database.port: 70000 is outside 0-65535"},
		{"database", "username", "9 lives", `database.username: "9 lives" is not the user of database.endpoint`},
		{"database", "passwordSecretArn", "", "database.passwordSecretArn: missing"},
		{"database", "passwordSecretArn", "shop/mysql", `database.passwordSecretArn: "shop/mysql" is not the whole ARN`},
		{"database", "passwordSecretArn", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:laravel-staging-secrets-DB_MASTER_PASSWORD-AbCdEf", "is of the environment itself"},
		{"database", "name", "mysql", `database.name: "mysql" is a reserved word`},
		{"database", "multiAz", true, "database.multiAz: the program does not change the server of database.endpoint"},
		{"database", "logExports", []string{"error"}, "database.logExports: the program does not change the server"},
		{"database", "restore", map[string]any{"snapshot": "s", "generation": 2}, "database.restore: the program does not change the server"},
		{"database", "copies", map[string]any{"region": "eu-central-1"}, "database.copies: the program does not change the server"},
		{"secrets", "DB_MASTER_PASSWORD", "a-password-of-theirs", "secrets.DB_MASTER_PASSWORD: with database.endpoint"},
		{"rotation", "DB_MASTER_PASSWORD", 1, "secrets.DB_MASTER_PASSWORD: with database.endpoint"},
		{"environment", "class", "review", "database.endpoint: environment.class review has a server of its own"},
		{"environment", "permissionsBoundary", "arn:aws:iam::123456789012:policy/b", "database.passwordSecretArn: \"" + masterSecret + "\" is not readable"},
	})
}
