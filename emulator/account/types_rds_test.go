package account

import (
	"context"
	"regexp"
	"strings"
	"testing"
)

var goodDatabase = Values{
	"identifier": "shop", "engine": "mysql", "engineVersion": "8.4", "instanceClass": "db.t4g.medium", "allocatedStorage": 20, "storageType": "gp3",
	"username": "app", "password": "correct-horse-battery", "dbName": "shop", "dbSubnetGroupName": "{data}", "vpcSecurityGroupIds": []any{"{web}"},
	"backupWindow": "03:00-04:00", "maintenanceWindow": "sun:05:00-sun:06:00", "skipFinalSnapshot": true,
}

var goodDatabaseParameters = Values{"family": "mysql8.4", "parameters": []any{
	map[string]any{"name": "require_secure_transport", "value": "1"},
	map[string]any{"name": "character_set_server", "value": "utf8mb4"},
	map[string]any{"name": "slow_query_log", "value": "1"},
	map[string]any{"name": "long_query_time", "value": "0.5"},
	map[string]any{"name": "performance_schema", "value": "1", "applyMethod": "pending-reboot"},
}}

// stored is the furnished account with a place for databases and caches.
func stored(t *testing.T) *world {
	t.Helper()
	w := furnished(t)
	w.make(databaseSubnetGroupToken, "data", Values{"subnetIds": []any{"{a}", "{b}"}})
	w.make(databaseParameterGroupToken, "params84", goodDatabaseParameters)
	w.make(databaseParameterGroupToken, "params80", Values{"family": "mysql8.0"})
	w.make(cacheSubnetGroupToken, "cache", Values{"subnetIds": []any{"{a}", "{b}"}})
	w.make(cacheSubnetGroupToken, "onezone", Values{"subnetIds": []any{"{a}", "{a2}"}})
	return w
}

func TestDatabaseRefusals(t *testing.T) {
	db, group, params := databaseToken, databaseSubnetGroupToken, databaseParameterGroupToken
	subnets := Values{"subnetIds": []any{"{a}", "{b}"}}
	parameter := func(name, value, method string) Values {
		return Values{"parameters": []any{map[string]any{"name": name, "value": value, "applyMethod": method}}}
	}
	testRefusals(t, stored, []refusal{
		{"subnet group called default", group, subnets, Values{"name": "default"}, "name", ""},
		{"subnet group in capitals", group, subnets, Values{"name": "Data"}, "name", ""},
		{"subnet group of nothing", group, subnets, Values{"subnetIds": []any{}}, "subnetIds", ""},
		{"subnet group in one zone", group, subnets, Values{"subnetIds": []any{"{a}", "{a2}"}}, "", "DBSubnetGroupDoesNotCoverEnoughAZs"},
		{"subnet group in two VPCs", group, subnets, Values{"subnetIds": []any{"{b}", "{other}"}}, "", "InvalidSubnet"},
		{"subnet group of a lost subnet", group, subnets, Values{"subnetIds": []any{"{a}", "subnet-0123456789abcdef0"}}, "", "InvalidSubnet"},
		{"subnet group twice", group, subnets, Values{"name": "{data}"}, "", "DBSubnetGroupAlreadyExists"},

		{"parameter group in capitals", params, goodDatabaseParameters, Values{"name": "Params"}, "name", ""},
		{"parameter group with two hyphens", params, goodDatabaseParameters, Values{"name": "my--params"}, "name", ""},
		{"parameter group of no family", params, goodDatabaseParameters, Values{"family": "mysql9.9"}, "family", ""},
		{"unknown parameter", params, goodDatabaseParameters, parameter("require_tls", "1", "immediate"), "parameters[0].name", ""},
		{"static parameter at once", params, goodDatabaseParameters, parameter("performance_schema", "1", "immediate"), "parameters[0].applyMethod", ""},
		{"switch that is on", params, goodDatabaseParameters, parameter("slow_query_log", "ON", "immediate"), "parameters[0].value", ""},
		{"slow query time that is no number", params, goodDatabaseParameters, parameter("long_query_time", "fast", "immediate"), "parameters[0].value", ""},
		{"apply method", params, goodDatabaseParameters, parameter("slow_query_log", "1", "now"), "parameters[0].applyMethod", ""},
		{"parameter group twice", params, goodDatabaseParameters, Values{"name": "{params84}"}, "", "DBParameterGroupAlreadyExists"},

		{"identifier in capitals", db, goodDatabase, Values{"identifier": "Shop"}, "identifier", ""},
		{"identifier that begins with a digit", db, goodDatabase, Values{"identifier": "1shop"}, "identifier", ""},
		{"identifier with two hyphens", db, goodDatabase, Values{"identifier": "my--shop"}, "identifier", ""},
		{"identifier that ends with a hyphen", db, goodDatabase, Values{"identifier": "shop-"}, "identifier", ""},
		{"identifier of 64 characters", db, goodDatabase.with(Values{"identifier": strings.Repeat("a", 63)}), Values{"identifier": strings.Repeat("a", 64)}, "identifier", ""},
		{"engine", db, goodDatabase, Values{"engine": "mysqll"}, "engine", ""},
		{"version of another engine", db, goodDatabase, Values{"engineVersion": "11.4"}, "engineVersion", ""},
		{"minor version that does not exist", db, goodDatabase.with(Values{"engineVersion": "8.4.4"}), Values{"engineVersion": "8.4.999"}, "engineVersion", ""},
		{"class", db, goodDatabase, Values{"instanceClass": "t4g.micro"}, "instanceClass", ""},
		{"insights on a small class", db, goodDatabase.with(Values{"performanceInsightsEnabled": true}), Values{"instanceClass": "db.t4g.micro"}, "performanceInsightsEnabled", ""},
		{"no password", db, goodDatabase, Values{"password": nil}, "password", ""},
		{"two passwords", db, goodDatabase, Values{"manageMasterUserPassword": true}, "password", ""},
		{"short password", db, goodDatabase, Values{"password": "seven77"}, "password", ""},
		{"long password", db, goodDatabase.with(Values{"password": strings.Repeat("x", 41)}), Values{"password": strings.Repeat("x", 42)}, "password", ""},
		{"password with a slash", db, goodDatabase.with(Values{"password": "!#$%&*()-_=+[]{}<>:?"}), Values{"password": "pass/word"}, "password", ""},
		{"password with an at sign", db, goodDatabase, Values{"password": "pass@word"}, "password", ""},
		{"password with a space", db, goodDatabase, Values{"password": "pass word"}, "password", ""},
		{"password with an umlaut", db, goodDatabase, Values{"password": "passwörter"}, "password", ""},
		{"user name of 17 characters", db, goodDatabase.with(Values{"username": "abcdefghijklmnop"}), Values{"username": "abcdefghijklmnopq"}, "username", ""},
		{"user name of RDS", db, goodDatabase, Values{"username": "rdsadmin"}, "username", ""},
		{"user name with a hyphen", db, goodDatabase, Values{"username": "my-app"}, "username", ""},
		{"database named by a reserved word", db, goodDatabase, Values{"dbName": "Order"}, "dbName", ""},
		{"database name with a hyphen", db, goodDatabase.with(Values{"dbName": "my_shop"}), Values{"dbName": "my-shop"}, "dbName", ""},
		{"no storage", db, goodDatabase, Values{"allocatedStorage": nil}, "allocatedStorage", ""},
		{"too little storage", db, goodDatabase, Values{"allocatedStorage": 19}, "allocatedStorage", ""},
		{"too little storage for io2", db, goodDatabase.with(Values{"storageType": "io2", "iops": 1000, "allocatedStorage": 100}), Values{"allocatedStorage": 99}, "allocatedStorage", ""},
		{"storage type", db, goodDatabase, Values{"storageType": "gp4"}, "storageType", ""},
		{"tuned small storage", db, goodDatabase.with(Values{"allocatedStorage": 400, "iops": 12000}), Values{"allocatedStorage": 399}, "iops", ""},
		{"io1 without IOPS", db, goodDatabase.with(Values{"storageType": "io1", "iops": 1000, "allocatedStorage": 100}), Values{"iops": nil}, "iops", ""},
		{"most storage below storage", db, goodDatabase.with(Values{"maxAllocatedStorage": 100}), Values{"maxAllocatedStorage": 10}, "maxAllocatedStorage", ""},
		{"most storage just above storage", db, goodDatabase.with(Values{"maxAllocatedStorage": 22}), Values{"maxAllocatedStorage": 21}, "maxAllocatedStorage", ""},
		{"backups for too long", db, goodDatabase.with(Values{"backupRetentionPeriod": 35}), Values{"backupRetentionPeriod": 36}, "backupRetentionPeriod", ""},
		{"backup window", db, goodDatabase, Values{"backupWindow": "3:00-4:00"}, "backupWindow", ""},
		{"short backup window", db, goodDatabase.with(Values{"backupWindow": "23:45-00:15"}), Values{"backupWindow": "23:45-00:14"}, "backupWindow", ""},
		{"maintenance window", db, goodDatabase, Values{"maintenanceWindow": "sunday:05:00-sunday:06:00"}, "maintenanceWindow", ""},
		{"windows that meet", db, goodDatabase.with(Values{"maintenanceWindow": "sun:04:00-sun:05:00"}), Values{"maintenanceWindow": "sun:03:30-sun:04:30"}, "backupWindow", ""},
		{"windows that meet after Saturday", db, goodDatabase.with(Values{"backupWindow": "01:00-02:00", "maintenanceWindow": "sat:23:00-sun:01:00"}), Values{"maintenanceWindow": "sat:23:00-sun:01:30"}, "backupWindow", ""},
		{"monitoring interval", db, goodDatabase, Values{"monitoringInterval": 20}, "monitoringInterval", ""},
		{"monitoring without a role", db, goodDatabase, Values{"monitoringInterval": 60}, "monitoringRoleArn", ""},
		{"logs", db, goodDatabase.with(Values{"enabledCloudwatchLogsExports": []any{"error"}}), Values{"enabledCloudwatchLogsExports": []any{"errors"}}, "enabledCloudwatchLogsExports[0]", ""},
		{"certificate authority", db, goodDatabase.with(Values{"caCertIdentifier": "rds-ca-rsa2048-g1"}), Values{"caCertIdentifier": "rds-ca-2019"}, "caCertIdentifier", ""},
		{"final snapshot", db, goodDatabase.with(Values{"finalSnapshotIdentifier": "shop-last"}), Values{"finalSnapshotIdentifier": "shop--last"}, "finalSnapshotIdentifier", ""},
		{"zone of a Multi-AZ database", db, goodDatabase.with(Values{"availabilityZone": "eu-central-1a"}), Values{"multiAz": true}, "availabilityZone", ""},
		{"key of an open database", db, goodDatabase.with(Values{"storageEncrypted": true, "kmsKeyId": "arn:aws:kms:eu-central-1:123456789012:key/1"}), Values{"storageEncrypted": false}, "storageEncrypted", ""},
		{"property of nothing", db, goodDatabase, Values{"passwordd": "x"}, "passwordd", ""},

		{"no such subnet group", db, goodDatabase, Values{"dbSubnetGroupName": "nowhere"}, "", "DBSubnetGroupNotFoundFault"},
		{"no subnet group", db, goodDatabase, Values{"dbSubnetGroupName": nil}, "", "InvalidSubnet"},
		{"zone without a subnet", db, goodDatabase.with(Values{"availabilityZone": "eu-central-1b"}), Values{"availabilityZone": "eu-central-1c"}, "", "InvalidVPCNetworkStateFault"},
		{"group of another VPC", db, goodDatabase, Values{"vpcSecurityGroupIds": []any{"{othersg}"}}, "", "InvalidParameterCombination"},
		{"parameters of another version", db, goodDatabase.with(Values{"parameterGroupName": "{params84}"}), Values{"parameterGroupName": "{params80}"}, "", "InvalidParameterCombination"},
		{"no such parameters", db, goodDatabase.with(Values{"parameterGroupName": "default.mysql8.4"}), Values{"parameterGroupName": "default.mysql8.0"}, "", "DBParameterGroupNotFound"},
		{"no such monitoring role", db, goodDatabase.with(Values{"monitoringInterval": 60, "monitoringRoleArn": "arn:aws:iam::123456789012:role/app"}), Values{"monitoringRoleArn": "arn:aws:iam::123456789012:role/nobody"}, "", "InvalidParameterValue"},
		{"no such snapshot", db, goodDatabase, Values{"snapshotIdentifier": "gone"}, "", "DBSnapshotNotFound"},
	})
}

func TestPublicDatabaseNeedsAnOpenVPC(t *testing.T) {
	w := stored(t)
	w.make(databaseToken, "open", goodDatabase.with(Values{"publiclyAccessible": true}))
	w.make(subnetToken, "other2", Values{"vpcId": "{vpc2}", "cidrBlock": "10.1.1.0/24", "availabilityZone": "eu-central-1b"})
	w.make(databaseSubnetGroupToken, "closed", Values{"subnetIds": []any{"{other}", "{other2}"}})
	in := w.checked(databaseToken, "bad", goodDatabase.with(Values{"identifier": "b", "publiclyAccessible": true, "dbSubnetGroupName": "{closed}", "vpcSecurityGroupIds": nil}))
	_, err := w.Create(context.Background(), databaseToken, "bad", in)
	wantCode(t, err, "InvalidVPCNetworkStateFault")
}

func TestDatabaseOutputs(t *testing.T) {
	w := stored(t)
	r := w.make(databaseToken, "db", goodDatabase.with(Values{"backupRetentionPeriod": 7, "storageEncrypted": true, "password": nil, "manageMasterUserPassword": true}))
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
	if secret := r.Outputs.Text("masterUserSecrets[0].secretArn"); !strings.HasPrefix(secret, "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-") {
		t.Errorf("secret of the administrator is %q", secret)
	}
	if n, _ := r.Outputs.Int("storageThroughput"); n != 125 {
		t.Errorf("throughput of gp3 is %d, want 125", n)
	}
}

func TestDatabaseUpdates(t *testing.T) {
	w := stored(t)
	good := goodDatabase.with(Values{"engineVersion": "8.0", "parameterGroupName": "{params80}"})
	r := w.make(databaseToken, "db", good)
	update := func(change Values) error {
		_, err := w.Update(context.Background(), databaseToken, r.ID, w.checked(databaseToken, "db", good.with(change)))
		return err
	}
	wantCode(t, update(Values{"engineVersion": "8.4", "parameterGroupName": "{params84}"}), "InvalidParameterCombination")
	wantCode(t, update(Values{"engineVersion": "8.0.32"}), "InvalidParameterCombination")
	grown := Values{"allocatedStorage": 40}
	if err := update(grown); err != nil {
		t.Fatal(err)
	}
	wantCode(t, update(Values{"allocatedStorage": 30}), "InvalidParameterCombination")
	if err := update(Values{"allocatedStorage": 40, "engineVersion": "8.4", "parameterGroupName": "{params84}", "allowMajorVersionUpgrade": true}); err != nil {
		t.Fatal(err)
	}
	if now, _ := w.Read(databaseToken, r.ID); !strings.HasPrefix(now.Outputs.Text("engineVersionActual"), "8.4.") {
		t.Errorf("version is %s after the upgrade", now.Outputs.Text("engineVersionActual"))
	}
}

func TestDatabaseDeletes(t *testing.T) {
	ctx := context.Background()
	w := stored(t)
	make := func(change Values) Resource {
		return w.make(databaseToken, "db", goodDatabase.with(change))
	}
	protected := make(Values{"deletionProtection": true})
	wantCode(t, w.Delete(ctx, databaseToken, protected.ID), "InvalidParameterCombination")
	if _, err := w.Update(ctx, databaseToken, protected.ID, w.checked(databaseToken, "db", goodDatabase)); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.Delete(ctx, databaseSubnetGroupToken, w.ids["data"]), "InvalidDBSubnetGroupStateFault")
	wantCode(t, w.Delete(ctx, securityGroupToken, w.ids["web"]), "DependencyViolation")
	if err := w.Delete(ctx, databaseToken, protected.ID); err != nil {
		t.Fatal(err)
	}

	unnamed := make(Values{"skipFinalSnapshot": false})
	wantCode(t, w.Delete(ctx, databaseToken, unnamed.ID), "InvalidParameterCombination")
	final := goodDatabase.with(Values{"skipFinalSnapshot": false, "finalSnapshotIdentifier": "shop-final"})
	if _, err := w.Update(ctx, databaseToken, unnamed.ID, w.checked(databaseToken, "db", final)); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(ctx, databaseToken, unnamed.ID); err != nil {
		t.Fatal(err)
	}
	again := w.make(databaseToken, "db", final)
	wantCode(t, w.Delete(ctx, databaseToken, again.ID), "DBSnapshotAlreadyExists")

	restored := w.make(databaseToken, "copy", Values{"identifier": "copy", "instanceClass": "db.t4g.medium", "snapshotIdentifier": "shop-final",
		"dbSubnetGroupName": "{data}", "skipFinalSnapshot": true})
	if user := restored.Outputs.Text("username"); user != "app" {
		t.Errorf("the restored database has the user %q", user)
	}
}

func TestDatabaseReplacements(t *testing.T) {
	w := stored(t)
	for change, replaces := range map[string]bool{
		"engine": true, "username": true, "dbName": true, "storageEncrypted": true, "availabilityZone": true,
		"identifier": false, "instanceClass": false, "dbSubnetGroupName": false, "password": false, "engineVersion": false,
	} {
		_, replace := w.Diff(databaseToken, "", goodDatabase, nil, goodDatabase.with(Values{change: "changed"}))
		if got := len(replace) > 0; got != replaces {
			t.Errorf("a change of %s replaces the database: %v, want %v", change, got, replaces)
		}
	}
}
