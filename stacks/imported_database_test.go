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
	config = with(config, "environment", "protect", true)
	return with(config, "secrets", "DB_MASTER_PASSWORD", "a-password-of-theirs")
}

// TestImportedDatabase: the instance is imported, nothing is declared of it that AWS refuses or that replaces or interrupts it, and it outlives
// the stack with what it uses. Its endpoint is its own, the user of the application is that of an existing server.
func TestImportedDatabase(t *testing.T) {
	r := deploy(t, "staging", importedDatabase(t, "staging"))
	instance := one(t, r, "aws:rds/instance:Instance")
	// With the identifier in its name, another import is another resource, and this one a delete, which its protection refuses.
	if !strings.HasSuffix(instance.Name, "-imported-shop-db") || !instance.Protect {
		t.Errorf("it is %s, protected %v", instance.Name, instance.Protect)
	}
	if instance.Import != "shop-db" || !instance.RetainOnDelete || text(instance, "identifier") != "shop-db" || text(instance, "password") != "a-password-of-theirs" {
		t.Errorf("the instance is %+v", instance)
	}
	for _, key := range []string{"dbSubnetGroupName", "vpcSecurityGroupIds", "port", "storageType", "engineVersion", "dbName", "username", "kmsKeyId", "parameterGroupName"} {
		if got, declared := at(instance, key); declared {
			t.Errorf("it declares %s: %v", key, got)
		}
	}
	for _, key := range []string{"iamDatabaseAuthenticationEnabled", "dedicatedLogVolume", "performanceInsightsEnabled"} {
		if !slices.Contains(instance.IgnoreChanges, key) {
			t.Errorf("%s is not ignored", key)
		}
	}
	logs := map[string]string{}
	for _, group := range each(t, r, "aws:cloudwatch/logGroup:LogGroup") {
		if name := text(group, "name"); strings.HasPrefix(name, "/aws/rds/") {
			logs[name] = group.Import
			if slices.Contains(group.IgnoreChanges, "kmsKeyId") != (group.Import != "") {
				t.Errorf("%s: ignored are %v", name, group.IgnoreChanges)
			}
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

// TestImportedDatabaseOptions: it has the program's parameter group once it was given that one, or with another version; a teardown forgets it, and
// leaves its deletion protection.
func TestImportedDatabaseOptions(t *testing.T) {
	ours := map[string]any{"dbParameterGroups": []any{"laravel-staging-db-mysql8-4-1a2b3c4"}}
	upgrade := with(importedDatabase(t, "staging"), "database", "upgradeFrom", "8.0")
	old := map[string]any{"engineVersion": "8.0.40", "tags": map[string]any{"Application": "laravel", "Environment": "staging"}}
	insights := with(with(importedDatabase(t, "staging"), "database", "instanceClass", "db.t4g.medium"), "database", "performanceInsights", true)
	for what, test := range map[string]struct {
		config   map[string]string
		instance map[string]any
		declares bool
	}{
		"ours":                 {importedDatabase(t, "staging"), ours, true},
		"theirs":               {importedDatabase(t, "staging"), map[string]any{"dbParameterGroups": []any{"shop"}, "autoMinorVersionUpgrade": true}, false},
		"the usual one":        {importedDatabase(t, "staging"), map[string]any{"dbParameterGroups": []any{"default.mysql8.4"}}, false},
		"an upgrade":           {upgrade, old, true},
		"teardown":             {with(importedDatabase(t, "staging"), "environment", "teardown", true), nil, false},
		"Performance Insights": {insights, nil, false},
	} {
		r := &infratest.Recorder{Lookups: map[string]map[string]any{"shop-db": test.instance}}
		if err := r.Run(stacks.Deploy, "laravel-ecs", "staging", test.config); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		instance := one(t, r, "aws:rds/instance:Instance")
		if group, declared := at(instance, "parameterGroupName"); declared != test.declares {
			t.Errorf("%s: the parameter group is %v", what, group)
		}
		if upgrades, _ := at(instance, "autoMinorVersionUpgrade"); !upgrades.IsBool() || upgrades.BoolValue() != (what == "theirs") {
			t.Errorf("%s: minor upgrades %v", what, upgrades)
		}
		if protection, _ := at(instance, "deletionProtection"); !protection.IsBool() || !protection.BoolValue() || instance.Protect == (what == "teardown") {
			t.Errorf("%s: deletion protection %v, protected %v", what, protection, instance.Protect)
		}
		if slices.Contains(instance.IgnoreChanges, "performanceInsightsEnabled") == (what == "Performance Insights") {
			t.Errorf("%s: ignored are %v", what, instance.IgnoreChanges)
		}
	}
	for want, test := range map[string]struct {
		config   map[string]string
		instance map[string]any
	}{
		"database.upgradeFrom: 8.0, but the environment does not have the instance yet":            {upgrade, map[string]any{"engineVersion": "8.0.40"}},
		"database.performanceInsights: true keeps data for 7 days, and the advanced mode of Datab": {insights, map[string]any{"databaseInsightsMode": "advanced"}},
		// The instance is looked at for as long as it is declared: a first deployment with a restore imports it, too.
		"database.version: 8.4, but the instance has 8.0.40": {with(importedDatabase(t, "staging"), "database", "restore", map[string]any{"pointInTime": "latest", "generation": 2, "keepOldUntil": "2099-01-01"}), old},
	} {
		r := &infratest.Recorder{Lookups: map[string]map[string]any{"shop-db": test.instance}}
		if err := r.Run(stacks.Deploy, "laravel-ecs", "staging", test.config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
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
		{"environment", "protect", false, "environment.protect: false, and with database.import nothing would refuse to forget shop-db"},
		{"database", "engine", "postgres", "database.engine: postgres, and database.import takes over"},
		{"database", "blueGreenUpdate", true, "database.blueGreenUpdate: not with database.import: it replaces shop-db by a copy, and deletes it"},
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
		"database.import: it belongs to the cluster main":                          {"shop-db": {"dbClusterIdentifier": "main"}},
		"looking up the RDS instance shop-db in eu-west-1 (aws rds describe-db-i":  {"shop-db": {"error": "DBInstanceNotFound"}},
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
