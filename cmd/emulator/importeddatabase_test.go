package main_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestImportedDatabase takes over an instance that a team made by hand in its own network, with a parameter group, a security group and an
// exported log of its own, as docs/operations.md says ("A database that the environment takes over"): no replacement, the same instance, and
// what lets others in stays. Then the way back.
func TestImportedDatabase(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error { return setAll(f, map[string]any{"release.name": "r1"}) })
	n, keys := network(l)
	group := n.make(account.SecurityGroupToken, "db", account.Values{"vpcId": n.owned["vpc"].ID, "name": "db", "description": "Database of the team"})
	subnets := n.make(account.DatabaseSubnetGroupToken, "subnets", account.Values{"name": "shop", "subnetIds": account.Texts(n.owned["dataSubnets0"].ID, n.owned["dataSubnets1"].ID)})
	const log = "/aws/rds/instance/shop-db/error"
	n.make(account.LogGroupToken, "log", account.Values{"name": log})
	parameters := n.make(account.DatabaseParameterGroupToken, "parameters", account.Values{"name": "shop", "family": "mysql8.4"})
	n.made = slices.DeleteFunc(n.made, func(r account.Resource) bool { return r.Type == account.LogGroupToken }) // the environment sets its retention
	theirs := account.Values{
		"identifier": "shop-db", "engine": "mysql", "engineVersion": "8.4.5", "instanceClass": "db.t4g.small", "username": "admin", "password": "known-to-all-of-them",
		"allocatedStorage": 50.0, "storageType": "gp2", "storageEncrypted": true, "dbName": "first", "dbSubnetGroupName": subnets, "parameterGroupName": parameters,
		"vpcSecurityGroupIds": account.Texts(group), "backupRetentionPeriod": 3.0, "enabledCloudwatchLogsExports": account.Texts("error"),
		"iamDatabaseAuthenticationEnabled": true, "autoMinorVersionUpgrade": false, "skipFinalSnapshot": true, "tags": map[string]any{"team": "shop"},
	}
	made, err := l.Account().Create(t.Context(), account.DatabaseToken, "theirs", theirs)
	if err != nil {
		t.Fatal(err)
	}
	mine := map[string]any{
		"import": "shop-db", "securityGroupId": group, "username": "admin", "name": "shop", "instanceClass": "db.t4g.small", "storageGb": 50, "backupDays": 3,
		"logExports": []any{"error", "slowquery"}, "requireTls": false,
	}
	l.set(map[string]any{"network": keys, "environment.protect": true, "secrets.DB_MASTER_PASSWORD": "known-to-all-of-them", "database": map[string]any{
		"import": "shop-db", "securityGroupId": "sg-0123456789abcdef0", "engine": "mariadb", "version": "11.4", "port": 3307,
	}})
	_, err = l.Preview(t.Context())
	for _, problem := range []string{
		"database.engine: mariadb, but the instance has mysql", "database.version: 11.4, but the instance has 8.4.", "database.username: laravel, but the master user of the instance is admin",
		"database.port: 3307, but the instance has 3306", "database.securityGroupId: sg-0123456789abcdef0, but the instance has " + group, "database.storageGb: 20, but the instance has 50",
	} {
		if err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("want %q, got %v", problem, err)
		}
	}

	l.set(map[string]any{"database": mine})
	checkNote(t, l, noteCase{contains: []string{"| import | aws:cloudwatch:LogGroup; aws:rds:Instance |", "`password` (secret)", "Database db          31.90 "}})
	var changes []string
	for _, change := range l.deploy("with the instance of the team").Changes {
		if change.Type == account.DatabaseToken {
			changes = append(changes, change.String())
		}
	}
	t.Log(changes)
	stays := func(when string) {
		t.Helper()
		now, there := l.Account().Read(made.Type, made.ID)
		if all := l.Account().List(account.DatabaseToken); !there || len(all) != 1 {
			t.Fatalf("%s: the instance is there: %v, of %v", when, there, all)
		}
		for key, is := range map[string]any{
			"engineVersion": now.Outputs["engineVersion"], "password": "known-to-all-of-them",
		} {
			made.Outputs[key] = is
		}
		for _, key := range []string{
			"arn", "resourceId", "identifier", "address", "port", "engineVersionActual", "storageType", "dbName", "username", "password", "dbSubnetGroupName",
			"vpcSecurityGroupIds", "iamDatabaseAuthenticationEnabled", "kmsKeyId", "availabilityZone", "parameterGroupName", "autoMinorVersionUpgrade",
		} {
			if was, is := made.Outputs[key], now.Outputs[key]; !reflect.DeepEqual(was, is) {
				t.Errorf("%s: %s is %v, and was %v", when, key, is, was)
			}
		}
		if !now.Outputs.True("deletionProtection") {
			t.Errorf("%s: AWS would delete it", when)
		}
		n.unchanged(when)
	}
	stays("imported")
	if host := l.databaseHost(); host != made.Outputs.Text("address") {
		t.Errorf("the tasks have DB_HOST %q", host)
	}
	for _, name := range []string{log, "/aws/rds/instance/shop-db/slowquery"} {
		if group, there := l.Account().Read(account.LogGroupToken, name); !there || group.Outputs["retentionInDays"] == 0.0 {
			t.Errorf("%s is there: %v, with %v", name, there, group.Outputs)
		}
	}

	// Another instance in its place: the application would have that one's data.
	other := maps.Clone(theirs)
	other["identifier"] = "other-db"
	second, err := l.Account().Create(t.Context(), account.DatabaseToken, "other", other)
	if err != nil {
		t.Fatal(err)
	}
	l.set(map[string]any{"database.import": "other-db"})
	if _, err := l.Preview(t.Context()); err == nil || !strings.Contains(err.Error(), "laravel-staging-db-instance-imported-shop-db") || !strings.Contains(err.Error(), "protect") {
		t.Errorf("another instance gives: %v", err)
	}
	if err := l.Account().Delete(t.Context(), account.DatabaseToken, second.ID); err != nil {
		t.Fatal(err)
	}

	own := account.Values{"name": "shop/mysql", "recoveryWindowInDays": 0}
	secret := n.make(account.SecretToken, "secret", own)
	n.make(account.SecretVersionToken, "password", account.Values{"secretId": secret, "secretString": "known-to-all-of-them"})
	existing := map[string]any{"endpoint": made.Outputs.Text("address"), "securityGroupId": group, "passwordSecretArn": secret, "username": "admin", "name": "shop", "requireTls": false}
	server := map[string]any{"database": existing, "secrets.DB_MASTER_PASSWORD": nil}
	l.set(server)
	if _, err := l.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "protect") {
		t.Errorf("the instance is protected, and the way back gives: %v", err)
	}
	stays("a way back that was refused")
	l.set(map[string]any{"database": mine, "secrets.DB_MASTER_PASSWORD": "known-to-all-of-them", "environment.teardown": true})
	if _, err := l.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.set(server)
	if _, err := l.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	stays("released")
	if _, err := l.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	stays("after the destroy")
}
