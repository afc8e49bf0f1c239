package aws

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var goodDatabase = account.Values{
	"identifier": "shop", "engine": "mysql", "engineVersion": "8.4", "instanceClass": "db.t4g.medium", "allocatedStorage": 20, "storageType": "gp3",
	"username": "app", "password": "correct-horse-battery", "dbName": "shop", "dbSubnetGroupName": "{data}", "vpcSecurityGroupIds": []any{"{web}"},
	"backupWindow": "03:00-04:00", "maintenanceWindow": "sun:05:00-sun:06:00", "skipFinalSnapshot": true,
}

var goodDatabaseParameters = account.Values{"family": "mysql8.4", "parameters": []any{
	map[string]any{"name": "require_secure_transport", "value": "1"},
	map[string]any{"name": "character_set_server", "value": "utf8mb4"},
	map[string]any{"name": "slow_query_log", "value": "1"},
	map[string]any{"name": "long_query_time", "value": "0.5"},
}}

// stored is the furnished account with a place for databases and caches.
func stored(t *testing.T) *world {
	t.Helper()
	w := furnished(t)
	w.make(account.DatabaseSubnetGroupToken, "data", account.Values{"subnetIds": []any{"{a}", "{b}"}})
	w.make(account.DatabaseParameterGroupToken, "params84", goodDatabaseParameters)
	w.make(account.DatabaseParameterGroupToken, "params80", account.Values{"family": "mysql8.0"})
	w.make(account.TopicToken, "topic", account.Values{})
	w.make(account.CacheSubnetGroupToken, "cache", account.Values{"subnetIds": []any{"{a}", "{b}"}})
	w.make(account.CacheSubnetGroupToken, "onezone", account.Values{"subnetIds": []any{"{a}", "{a2}"}})
	return w
}

func TestDatabaseRefusals(t *testing.T) {
	db, group, params := account.DatabaseToken, account.DatabaseSubnetGroupToken, account.DatabaseParameterGroupToken
	events, goodEvents := account.DatabaseEventsToken, account.Values{
		"snsTopic": "{topic}", "sourceType": "db-parameter-group", "sourceIds": []any{"{params84}"}, "eventCategories": []any{"configuration change"},
	}
	subnets := account.Values{"subnetIds": []any{"{a}", "{b}"}}
	parameter := func(name, value, method string) account.Values {
		return account.Values{"parameters": []any{map[string]any{"name": name, "value": value, "applyMethod": method}}}
	}
	testRefusals(t, stored, []refusal{
		{"subnet group in capitals", group, subnets, account.Values{"name": "Data"}, "name", ""},
		{"subnet group of nothing", group, subnets, account.Values{"subnetIds": []any{}}, "subnetIds", ""},
		{"subnet group in one zone", group, subnets, account.Values{"subnetIds": []any{"{a}", "{a2}"}}, "", "DBSubnetGroupDoesNotCoverEnoughAZs"},
		{"subnet group in two VPCs", group, subnets, account.Values{"subnetIds": []any{"{b}", "{other}"}}, "", "InvalidSubnet"},
		{"subnet group of a lost subnet", group, subnets, account.Values{"subnetIds": []any{"{a}", "subnet-0123456789abcdef0"}}, "", "InvalidSubnet"},
		{"subnet group twice", group, subnets, account.Values{"name": "{data}"}, "", "DBSubnetGroupAlreadyExists"},

		{"parameter group in capitals", params, goodDatabaseParameters, account.Values{"name": "Params"}, "name", ""},
		{"parameter group with two hyphens", params, goodDatabaseParameters, account.Values{"name": "my--params"}, "name", ""},
		{"parameter group of no family", params, goodDatabaseParameters, account.Values{"family": "mysql9.9"}, "family", ""},
		{"unknown parameter", params, goodDatabaseParameters, parameter("require_tls", "1", "immediate"), "parameters[0].name", ""},
		{"switch that is on", params, goodDatabaseParameters, parameter("slow_query_log", "ON", "immediate"), "parameters[0].value", ""},
		{"slow query time that is no number", params, goodDatabaseParameters, parameter("long_query_time", "fast", "immediate"), "parameters[0].value", ""},
		{"parameter group twice", params, goodDatabaseParameters, account.Values{"name": "{params84}"}, "", "DBParameterGroupAlreadyExists"},

		{"identifier in capitals", db, goodDatabase, account.Values{"identifier": "Shop"}, "identifier", ""},
		{"identifier that begins with a digit", db, goodDatabase, account.Values{"identifier": "1shop"}, "identifier", ""},
		{"identifier with two hyphens", db, goodDatabase, account.Values{"identifier": "my--shop"}, "identifier", ""},
		{"identifier that ends with a hyphen", db, goodDatabase, account.Values{"identifier": "shop-"}, "identifier", ""},
		{"identifier of 64 characters", db, with(goodDatabase, account.Values{"identifier": strings.Repeat("a", 63)}), account.Values{"identifier": strings.Repeat("a", 64)}, "identifier", ""},
		{"engine", db, goodDatabase, account.Values{"engine": "mysqll"}, "engine", ""},
		{"version of another engine", db, goodDatabase, account.Values{"engineVersion": "11.4"}, "", "InvalidParameterCombination"},
		{"minor version that does not exist", db, with(goodDatabase, account.Values{"engineVersion": "8.4.4"}), account.Values{"engineVersion": "8.4.999"}, "engineVersion", ""},
		{"class", db, goodDatabase, account.Values{"instanceClass": "t4g.micro"}, "instanceClass", ""},
		{"class of no generation", db, goodDatabase, account.Values{"instanceClass": "db.m99.large"}, "instanceClass", ""},
		{"class that only EC2 has", db, goodDatabase, account.Values{"instanceClass": "db.t4g.nano"}, "instanceClass", ""},
		{"insights on a small class", db, with(goodDatabase, account.Values{"performanceInsightsEnabled": true}), account.Values{"instanceClass": "db.t4g.micro"}, "performanceInsightsEnabled", ""},
		{"no password", db, goodDatabase, account.Values{"password": nil}, "password", ""},
		{"short password", db, goodDatabase, account.Values{"password": "seven77"}, "password", ""},
		{"long password", db, with(goodDatabase, account.Values{"password": strings.Repeat("x", 41)}), account.Values{"password": strings.Repeat("x", 42)}, "password", ""},
		{"password with a slash", db, with(goodDatabase, account.Values{"password": "!#$%&*()-_=+[]{}<>:?"}), account.Values{"password": "pass/word"}, "password", ""},
		{"password with an at sign", db, goodDatabase, account.Values{"password": "pass@word"}, "password", ""},
		{"password with a space", db, goodDatabase, account.Values{"password": "pass word"}, "password", ""},
		{"password with an umlaut", db, goodDatabase, account.Values{"password": "passwörter"}, "password", ""},
		{"user name of 17 characters", db, with(goodDatabase, account.Values{"username": "abcdefghijklmnop"}), account.Values{"username": "abcdefghijklmnopq"}, "username", ""},
		{"user name of RDS", db, goodDatabase, account.Values{"username": "rdsadmin"}, "username", ""},
		{"user name with a hyphen", db, goodDatabase, account.Values{"username": "my-app"}, "username", ""},
		{"database named by a reserved word", db, goodDatabase, account.Values{"dbName": "Order"}, "dbName", ""},
		{"database name with a hyphen", db, with(goodDatabase, account.Values{"dbName": "my_shop"}), account.Values{"dbName": "my-shop"}, "dbName", ""},
		{"no storage", db, goodDatabase, account.Values{"allocatedStorage": nil}, "allocatedStorage", ""},
		{"too little storage", db, goodDatabase, account.Values{"allocatedStorage": 19}, "allocatedStorage", ""},
		{"storage type", db, goodDatabase, account.Values{"storageType": "gp4"}, "storageType", ""},
		{"most storage below storage", db, with(goodDatabase, account.Values{"maxAllocatedStorage": 100}), account.Values{"maxAllocatedStorage": 10}, "maxAllocatedStorage", ""},
		{"most storage just above storage", db, with(goodDatabase, account.Values{"maxAllocatedStorage": 22}), account.Values{"maxAllocatedStorage": 21}, "maxAllocatedStorage", ""},
		{"backups for too long", db, with(goodDatabase, account.Values{"backupRetentionPeriod": 35}), account.Values{"backupRetentionPeriod": 36}, "backupRetentionPeriod", ""},
		{"backup window", db, goodDatabase, account.Values{"backupWindow": "3:00-4:00"}, "backupWindow", ""},
		{"short backup window", db, with(goodDatabase, account.Values{"backupWindow": "23:45-00:15"}), account.Values{"backupWindow": "23:45-00:14"}, "backupWindow", ""},
		{"maintenance window", db, goodDatabase, account.Values{"maintenanceWindow": "sunday:05:00-sunday:06:00"}, "maintenanceWindow", ""},
		{"windows that meet", db, with(goodDatabase, account.Values{"maintenanceWindow": "sun:04:00-sun:05:00"}), account.Values{"maintenanceWindow": "sun:03:30-sun:04:30"}, "backupWindow", ""},
		{"windows that meet after Saturday", db, with(goodDatabase, account.Values{"backupWindow": "01:00-02:00", "maintenanceWindow": "sat:23:00-sun:01:00"}), account.Values{"maintenanceWindow": "sat:23:00-sun:01:30"}, "backupWindow", ""},
		{"logs", db, with(goodDatabase, account.Values{"enabledCloudwatchLogsExports": []any{"error"}}), account.Values{"enabledCloudwatchLogsExports": []any{"errors"}}, "enabledCloudwatchLogsExports[0]", ""},
		{"monitoring without a role", db, with(goodDatabase, account.Values{"monitoringInterval": 60, "monitoringRoleArn": "arn:aws:iam::123456789012:role/m"}), account.Values{"monitoringRoleArn": nil}, "monitoringRoleArn", ""},
		{"monitoring every 7 seconds", db, goodDatabase, account.Values{"monitoringInterval": 7, "monitoringRoleArn": "arn:aws:iam::123456789012:role/m"}, "monitoringInterval", ""},
		{"life cycle of MariaDB", db, with(goodDatabase, account.Values{"engine": "mariadb", "engineVersion": "11.8"}), account.Values{"engineLifecycleSupport": "open-source-rds-extended-support"}, "engineLifecycleSupport", ""},
		{"two sources", db, with(goodDatabase, account.Values{}), account.Values{"snapshotIdentifier": "s", "restoreToPointInTime": map[string]any{"useLatestRestorableTime": true, "sourceDbInstanceIdentifier": "x"}}, "restoreToPointInTime", ""},
		{"final snapshot", db, with(goodDatabase, account.Values{"finalSnapshotIdentifier": "shop-last"}), account.Values{"finalSnapshotIdentifier": "shop--last"}, "finalSnapshotIdentifier", ""},
		{"property of nothing", db, goodDatabase, account.Values{"passwordd": "x"}, "passwordd", ""},

		{"events of nothing", events, goodEvents, account.Values{"sourceType": "db-thing"}, "sourceType", ""},
		{"events without a type", events, goodEvents, account.Values{"sourceType": nil}, "sourceType", ""},
		{"category of an instance", events, goodEvents, account.Values{"eventCategories": []any{"failure"}}, "eventCategories[0]", ""},
		{"events to no topic", events, goodEvents, account.Values{"snsTopic": "arn:aws:sns:eu-central-1:123456789012:gone"}, "", "SNSTopicArnNotFound"},
		{"events of a lost group", events, goodEvents, account.Values{"sourceIds": []any{"gone"}}, "", "SourceNotFound"},

		{"no such subnet group", db, goodDatabase, account.Values{"dbSubnetGroupName": "nowhere"}, "", "DBSubnetGroupNotFoundFault"},
		{"no subnet group", db, goodDatabase, account.Values{"dbSubnetGroupName": nil}, "", "InvalidSubnet"},
		{"group of another VPC", db, goodDatabase, account.Values{"vpcSecurityGroupIds": []any{"{othersg}"}}, "", "InvalidParameterCombination"},
		{"parameters of another version", db, with(goodDatabase, account.Values{"parameterGroupName": "{params84}"}), account.Values{"parameterGroupName": "{params80}"}, "", "InvalidParameterCombination"},
		{"no such parameters", db, with(goodDatabase, account.Values{"parameterGroupName": "default.mysql8.4"}), account.Values{"parameterGroupName": "default.mysql8.0"}, "", "DBParameterGroupNotFound"},
	})
}

func TestDatabaseOutputs(t *testing.T) {
	w := stored(t)
	r := w.make(account.DatabaseToken, "db", with(goodDatabase, account.Values{"backupRetentionPeriod": 7, "storageEncrypted": true}))
	for name, form := range map[string]string{
		"arn":                  `^arn:aws:rds:eu-central-1:123456789012:db:shop$`,
		"address":              `^shop\.c[0-9a-z]{11}\.eu-central-1\.rds\.amazonaws\.com$`,
		"endpoint":             `^shop\.c[0-9a-z]{11}\.eu-central-1\.rds\.amazonaws\.com:3306$`,
		"resourceId":           `^db-[0-9A-Z]{26}$`,
		"engineVersion":        `^8\.4$`,
		"engineVersionActual":  `^8\.4\.[0-9]+$`,
		"parameterGroupName":   `^default\.mysql8\.4$`,
		"optionGroupName":      `^default:mysql-8-4$`,
		"kmsKeyId":             `^arn:aws:kms:eu-central-1:123456789012:key/[0-9a-f-]{36}$`,
		"availabilityZone":     `^eu-central-1a$`,
		"latestRestorableTime": `^[0-9]{4}-`,
		"status":               `^available$`,
	} {
		if text := r.Outputs.Text(name); !regexp.MustCompile(form).MatchString(text) {
			t.Errorf("%s is %q, want %s", name, text, form)
		}
	}
	if r.ID != r.Outputs.Text("resourceId") {
		t.Errorf("id is %q, want the resource id: the provider's ids of databases are those since version 5", r.ID)
	}
	if n, _ := r.Outputs.Int("storageThroughput"); n != 125 {
		t.Errorf("throughput of gp3 is %d, want 125", n)
	}
}

func TestDatabaseUpdates(t *testing.T) {
	w := stored(t)
	good := with(goodDatabase, account.Values{"engineVersion": "8.0", "parameterGroupName": "{params80}", "engineLifecycleSupport": nil, "applyImmediately": true})
	r := w.make(account.DatabaseToken, "db", good)
	update := w.updating(r, good)
	upgrade := account.Values{"engineVersion": "8.4", "parameterGroupName": "{params84}", "allowMajorVersionUpgrade": true}
	wantCode(t, update(with(upgrade, account.Values{"allowMajorVersionUpgrade": nil})), "InvalidParameterCombination")
	wantCode(t, update(with(upgrade, account.Values{"parameterGroupName": "{params80}"})), "InvalidParameterCombination")
	wantCode(t, update(account.Values{"engineVersion": "8.0.32"}), "InvalidParameterCombination")
	grown := account.Values{"allocatedStorage": 40}
	if err := update(grown); err != nil {
		t.Fatal(err)
	}
	wantCode(t, update(account.Values{"allocatedStorage": 30}), "InvalidParameterCombination")
	if err := update(with(upgrade, grown)); err != nil {
		t.Fatal(err)
	}
	if now, _ := w.Read(account.DatabaseToken, r.ID); !strings.HasPrefix(now.Outputs.Text("engineVersionActual"), "8.4.") {
		t.Errorf("version is %s after the upgrade", now.Outputs.Text("engineVersionActual"))
	}
	wantCode(t, update(account.Values{"allocatedStorage": 40, "allowMajorVersionUpgrade": true}), "InvalidParameterCombination") // back to 8.0

	old := with(goodDatabase, account.Values{"identifier": "old", "engineVersion": "5.7", "applyImmediately": true})
	wantCode(t, w.updating(w.make(account.DatabaseToken, "old", old), old)(upgrade), "InvalidParameterCombination") // over 8.0
}

// updating returns a function that updates a resource from inputs with a change.
func (w *world) updating(r account.Resource, good account.Values) func(account.Values) error {
	return func(change account.Values) error {
		_, err := w.Update(context.Background(), r.Type, r.ID, w.checked(r.Type, "db", with(good, change)))
		return err
	}
}

func TestDatabaseDeletes(t *testing.T) {
	ctx := context.Background()
	w := stored(t)
	make := func(change account.Values) account.Resource {
		return w.make(account.DatabaseToken, "db", with(goodDatabase, change))
	}
	protected := make(account.Values{"deletionProtection": true})
	wantCode(t, w.Delete(ctx, account.DatabaseToken, protected.ID), "InvalidParameterCombination")
	if _, err := w.Update(ctx, account.DatabaseToken, protected.ID, w.checked(account.DatabaseToken, "db", goodDatabase)); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.Delete(ctx, account.DatabaseSubnetGroupToken, w.ids["data"]), "InvalidDBSubnetGroupStateFault")
	wantCode(t, w.Delete(ctx, account.SecurityGroupToken, w.ids["web"]), "DependencyViolation")
	if err := w.Delete(ctx, account.DatabaseToken, protected.ID); err != nil {
		t.Fatal(err)
	}

	unnamed := make(account.Values{"skipFinalSnapshot": false})
	wantCode(t, w.Delete(ctx, account.DatabaseToken, unnamed.ID), "InvalidParameterCombination")
	final := with(goodDatabase, account.Values{"skipFinalSnapshot": false, "finalSnapshotIdentifier": "shop-final"})
	if _, err := w.Update(ctx, account.DatabaseToken, unnamed.ID, w.checked(account.DatabaseToken, "db", final)); err != nil {
		t.Fatal(err)
	}
	stopped, _ := w.Read(account.DatabaseToken, unnamed.ID)
	if err := w.Turn(ctx, stopped, "status", "stopped"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.Delete(ctx, account.DatabaseToken, unnamed.ID), "InvalidDBInstanceState")
	if err := w.Turn(ctx, stopped, "status", "available"); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(ctx, account.DatabaseToken, unnamed.ID); err != nil {
		t.Fatal(err)
	}
	again := w.make(account.DatabaseToken, "db", final)
	wantCode(t, w.Delete(ctx, account.DatabaseToken, again.ID), "DBSnapshotAlreadyExists")
}

func TestDatabaseReplacements(t *testing.T) {
	w := stored(t)
	for change, replaces := range map[string]bool{
		"engine": true, "username": true, "dbName": true, "storageEncrypted": true, "availabilityZone": true,
		"identifier": false, "instanceClass": false, "dbSubnetGroupName": false, "password": false, "engineVersion": false,
	} {
		_, replace := w.Diff(account.DatabaseToken, "", goodDatabase, nil, with(goodDatabase, account.Values{change: "changed"}))
		if got := len(replace) > 0; got != replaces {
			t.Errorf("a change of %s replaces the database: %v, want %v", change, got, replaces)
		}
	}
}
