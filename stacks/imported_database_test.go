package stacks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// importedDatabase is a stack that takes over an instance of RDS, in a network that exists.
func importedDatabase(t testing.TB, name string) map[string]string {
	t.Helper()
	config := existingNetwork(stackConfig(t, name))
	for key, value := range map[string]any{"import": "shop-db", "securityGroupId": existingGroup, "username": "admin", "name": "shop", "logExports": []string{"error", "slowquery"}} {
		config = with(config, "database", key, value)
	}
	return with(config, "secrets", "DB_MASTER_PASSWORD", "a-password-of-theirs")
}

// TestImportedDatabase: the instance is imported, nothing is declared of it that AWS refuses or that replaces or interrupts it, and it outlives
// the stack with what it uses. Its endpoint is its own, the user of the application is that of an existing server.
func TestImportedDatabase(t *testing.T) {
	r := deploy(t, "staging", importedDatabase(t, "staging"))
	instance := one(t, r, "aws:rds/instance:Instance")
	if instance.Import != "shop-db" || !instance.RetainOnDelete || text(instance, "identifier") != "shop-db" || text(instance, "password") != "a-password-of-theirs" {
		t.Errorf("the instance is %+v", instance)
	}
	for _, key := range []string{"dbSubnetGroupName", "vpcSecurityGroupIds", "port", "storageType", "engineVersion", "dbName", "username", "kmsKeyId"} {
		if got, declared := at(instance, key); declared {
			t.Errorf("it declares %s: %v", key, got)
		}
	}
	if !slices.Contains(instance.IgnoreChanges, "iamDatabaseAuthenticationEnabled") {
		t.Errorf("ignored are %v", instance.IgnoreChanges)
	}
	logs := map[string]string{}
	for _, group := range each(t, r, "aws:cloudwatch/logGroup:LogGroup") {
		if name := text(group, "name"); strings.HasPrefix(name, "/aws/rds/") {
			logs[name] = group.Import
			if !group.RetainOnDelete {
				t.Errorf("%s goes with the stack", name)
			}
		}
	}
	const prefix = "/aws/rds/instance/shop-db/"
	if len(logs) != 2 || logs[prefix+"error"] != prefix+"error" || logs[prefix+"slowquery"] != "" {
		t.Errorf("log groups %v", logs)
	}
	if !one(t, r, "aws:rds/parameterGroup:ParameterGroup").RetainOnDelete || len(r.OfType("aws:rds/subnetGroup:SubnetGroup")) > 0 {
		t.Error("the parameter group goes with the stack, or there is a subnet group")
	}
	tasks := each(t, r, "aws:ecs/taskDefinition:TaskDefinition")
	if definition := text(tasks[0], "containerDefinitions"); !strings.Contains(definition, `"DB_USERNAME","value":"laravel_staging_a"`) || !strings.Contains(definition, `"DB_DATABASE","value":"shop"`) {
		t.Errorf("the tasks have %s", definition)
	}
}

// TestImportedDatabaseRestored: the restored instance is one of the program, from the backups of the imported one, which stays beside it.
func TestImportedDatabaseRestored(t *testing.T) {
	config := with(importedDatabase(t, "staging"), "database", "restore", map[string]any{"pointInTime": "latest", "generation": 2, "keepOldUntil": "2099-01-01"})
	instances := map[string]infratest.Resource{}
	for _, instance := range each(t, deploy(t, "staging", config), "aws:rds/instance:Instance") {
		instances[instance.Import] = instance
	}
	restored := instances[""]
	if len(instances) != 2 || text(restored, "restoreToPointInTime.sourceDbInstanceIdentifier") != "shop-db" || text(restored, "dbSubnetGroupName") == "" || text(restored, "vpcSecurityGroupIds[0]") != existingGroup {
		t.Errorf("the restored instance is %+v", restored)
	}
	if old := instances["shop-db"]; text(old, "dbSubnetGroupName") != "" || !old.RetainOnDelete {
		t.Errorf("the old instance is %+v", old)
	}
}

// TestImportedDatabaseProblems: what would replace the instance, or AWS would refuse, is an error before anything is registered.
func TestImportedDatabaseProblems(t *testing.T) {
	wrongKeys(t, importedDatabase(t, "staging"), []wrongKey{
		{"database", "import", "Shop_DB", `database.import: "Shop_DB" is not the identifier`},
		{"database", "securityGroupId", "", `database.securityGroupId: "" is not the id of a security group`},
		{"database", "endpoint", "mysql.shop.internal", "database.import: the program does not change the server of database.endpoint"},
		{"database", "passwordSecretArn", masterSecret, "database.passwordSecretArn: only with database.endpoint"},
		{"network", "vpcId", "", "database.import: shop-db stays in its VPC"},
		{"environment", "class", "review", "database.import: not for environment.class review"},
		{"database", "username", "root", "database.username: root, but the master user of the instance is admin"},
		{"database", "kmsKeyId", "arn:aws:kms:eu-west-1:123456789012:key/a", "database.kmsKeyId: arn:aws:kms:eu-west-1:123456789012:key/a, but the instance has"},
	})
	without := importedDatabase(t, "staging")
	delete(without, "laravel-ecs:secrets")
	if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", without); err == nil || !strings.Contains(err.Error(), "secrets.DB_MASTER_PASSWORD is missing") {
		t.Errorf("without the password: %v", err)
	}
	deploy(t, "staging", with(without, "rotation", "DB_MASTER_PASSWORD", 1))
	bounded := with(importedDatabase(t, "staging"), "environment", "permissionsBoundary", "arn:aws:iam::123456789012:policy/b")
	deploy(t, "staging", bounded)
	if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", with(bounded, "database", "copies", map[string]any{"region": "eu-central-1"})); err == nil || !strings.Contains(err.Error(), "does not begin with laravel-staging-") {
		t.Errorf("copies of another name: %v", err)
	}
	for want, lookups := range map[string]map[string]map[string]any{
		"database.import: its storage is not encrypted":                            {"shop-db": {"storageEncrypted": false}},
		"database.import: RDS manages the password of its master user":             {"shop-db": {"masterUserSecrets": []any{map[string]any{"secretArn": masterSecret}}}},
		"database.import: it is a replica of main":                                 {"shop-db": {"replicateSourceDb": "main"}},
		"database.version: 8.4, but the instance has 8.0.40":                       {"shop-db": {"engineVersion": "8.0.40"}},
		"database.storageGb: 20, but the instance has 100":                         {"shop-db": {"allocatedStorage": 100}},
		"network.vpcId: " + infratest.VPC + ", but shop-db is in vpc-9":            {"theirs": {"vpcId": "vpc-9"}},
		"database.securityGroupId: " + existingGroup + ", but the instance has sg": {"shop-db": {"vpcSecurityGroups": []any{"sg-1"}}},
	} {
		r := &infratest.Recorder{Lookups: lookups}
		if err := r.Run(stacks.Deploy, "laravel-ecs", "staging", importedDatabase(t, "staging")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if len(r.OfType("laravel:infra:Network")) > 0 {
			t.Errorf("%s: the network is registered", want)
		}
	}
}
