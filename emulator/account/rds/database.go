package rds

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var database = account.Type{
	Token: account.DatabaseToken, Args: rds.InstanceArgs{}, State: rds.Instance{},
	// pulumi-aws, provider/resources.go: `identifier` has a Default with From, and no AutoNamed.
	Name: account.Name{Property: "identifier", Max: 63, Lower: true, Default: true},
	ForceNew: []string{
		"availabilityZone", "backupTarget", "characterSetName", "customIamInstanceProfile", "dbName", "engine", "kmsKeyId",
		"ncharCharacterSetName", "restoreToPointInTime", "s3Import", "snapshotIdentifier", "storageEncrypted", "timezone", "username",
	},
	Defaults: account.Values{
		"applyImmediately": false, "autoMinorVersionUpgrade": true, "backupRetentionPeriod": 0.0, "backupTarget": "region",
		"copyTagsToSnapshot": false, "deleteAutomatedBackups": true, "deletionProtection": false,
		"iamDatabaseAuthenticationEnabled": false, "monitoringInterval": 0.0, "multiAz": false, "networkType": "IPV4",
		"performanceInsightsEnabled": false, "publiclyAccessible": false, "skipFinalSnapshot": false, "storageEncrypted": false,
	},
	Refs: []account.Ref{
		{Path: "dbSubnetGroupName", Type: account.DatabaseSubnetGroupToken, By: "id", Missing: "DBSubnetGroupNotFoundFault", InUse: "InvalidDBSubnetGroupStateFault"},
		{Path: "parameterGroupName", Type: account.DatabaseParameterGroupToken, By: "id", InUse: "InvalidDBParameterGroupState", Optional: true},
		{Path: "vpcSecurityGroupIds[*]", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidParameterValue", InUse: "DependencyViolation"},
	},
	Recomputed: []string{"endpoint", "engineVersionActual"},
	Normal: func(v account.Values) { // the StateFunc of maintenance_window in internal/service/rds/instance.go
		if window, known := v.String("maintenanceWindow"); known {
			v["maintenanceWindow"] = strings.ToLower(window)
		}
	},
	Ignores:  grown,
	Rules:    databaseRules,
	Check:    checkDatabase,
	ImportBy: "identifier", Imported: imported,
	Identity: account.Identity{
		ID: "db-{LETTERS:26}", ARN: "rds:db:{identifier}", Taken: "DBInstanceAlreadyExists: DB instance {identifier} already exists",
		Outputs: account.Values{
			"resourceId": "{id}", "status": "available", "engineLifecycleSupport": extendedSupport, "databaseInsightsMode": "standard",
			"storageType": "gp2", "caCertIdentifier": "rds-ca-rsa2048-g1",
			"backupWindow": "07:12-07:42", "maintenanceWindow": "sat:09:30-sat:10:00",
		},
	},
	Create: placeDatabase, Update: updateDatabase, Complete: completeDatabase, Delete: deleteDatabase,
}

// placeDatabase chooses the zone, the security group and the key of a new database, and restores it where it is to be restored.
func placeDatabase(tx *account.Tx, r *account.Resource) error {
	if err := restoreDatabase(tx, r); err != nil {
		return err
	}
	if err := checkVersion(tx, r); err != nil {
		return err
	}
	engine := r.Outputs.Text("engine")
	account.SetDefaults(r.Outputs, account.Values{"port": engines[engine].port, "licenseModel": engines[engine].license})
	if v, _ := version(engine, r.Outputs.Text("engineVersion")); !supported(engine, v.line, tx.Time()) && r.Outputs.Text("engineLifecycleSupport") != extendedSupport {
		return tx.Refuse("InvalidParameterCombination",
			"Cannot create %s %s: its standard support ended on %s, and Extended Support is disabled (engineLifecycleSupport); choose a newer version",
			engine, v.line, lines[engine][v.line].supported)
	}
	group, ok := tx.Get(account.DatabaseSubnetGroupToken, r.Outputs.Text("dbSubnetGroupName"))
	if !ok {
		return tx.Refuse("InvalidSubnet", "No default subnet detected in VPC: this account has no default VPC; set dbSubnetGroupName")
	}
	zones, vpc, _ := tx.ZonesOf(group.Outputs.Strings("subnetIds"))
	r.Outputs["availabilityZone"] = zones[0]
	tx.DefaultGroup(r, "vpcSecurityGroupIds", vpc)
	r.Outputs["hostedZoneId"] = "Z" + strings.ToUpper(account.StableLetters("rds zone "+tx.Region(), 13))
	if r.Outputs.True("storageEncrypted") {
		account.SetDefault(r.Outputs, "kmsKeyId", tx.DefaultKey("rds"))
	}
	return nil
}

// completeDatabase applies the rules that need the account and computes what follows from the inputs.
func completeDatabase(tx *account.Tx, r *account.Resource) error {
	out := r.Outputs
	engine := out.Text("engine")
	version := running(tx, *r)
	account.SetDefault(out, "engineVersion", version.full())
	out["engineVersionActual"] = version.full()
	family := engine + version.line
	account.SetDefault(out, "parameterGroupName", "default."+family)
	account.SetDefault(out, "optionGroupName", "default:"+engine+"-"+strings.ReplaceAll(version.line, ".", "-"))
	if err := checkFamily(tx, out.Text("parameterGroupName"), engine, version.line); err != nil {
		return err
	}
	subnets, _ := tx.Get(account.DatabaseSubnetGroupToken, out.Text("dbSubnetGroupName"))
	vpc := subnets.Outputs.Text("vpcId")
	if other, found := tx.GroupOutsideVPC(out.Strings("vpcSecurityGroupIds"), vpc); found {
		return tx.Refuse("InvalidParameterCombination",
			"The DB instance and EC2 security group are in different VPCs. The DB instance is in %s and the EC2 security group %s is in %s",
			vpc, other.ID, other.Outputs.Text("vpcId"))
	}
	if out.Text("storageType") == "gp3" {
		account.SetDefaults(out, account.Values{"iops": 3000.0, "storageThroughput": 125.0})
	}
	if out.True("performanceInsightsEnabled") {
		account.SetDefaults(out, account.Values{"performanceInsightsRetentionPeriod": 7.0, "performanceInsightsKmsKeyId": tx.DefaultKey("rds")})
	}
	if days, _ := out.Int("backupRetentionPeriod"); days > 0 {
		account.SetDefault(out, "latestRestorableTime", tx.Now())
	}
	out["maintenanceWindow"] = strings.ToLower(out.Text("maintenanceWindow"))
	address := fmt.Sprintf("%s.c%s.%s.rds.amazonaws.com", out.Text("identifier"), account.StableLetters("rds "+tx.Region(), 11), tx.Region())
	port, _ := out.Int("port")
	out["address"], out["endpoint"] = address, fmt.Sprintf("%s:%d", address, port)
	return nil
}

func deleteDatabase(tx *account.Tx, r *account.Resource) error {
	if r.Outputs.True("deletionProtection") {
		return tx.Refuse("InvalidParameterCombination",
			"Cannot delete protected DB Instance, please disable deletion protection and try again: deploy with deletionProtection false first")
	}
	if r.Outputs.True("skipFinalSnapshot") {
		return nil
	}
	if r.Outputs.Text("status") == "stopped" { // hashicorp/terraform-provider-aws#46687
		return tx.Refuse("InvalidDBInstanceState", "Cannot create a snapshot because the database instance %s is not currently in the available state.", r.Outputs.Text("identifier"))
	}
	snapshot := strings.ToLower(r.Outputs.Text("finalSnapshotIdentifier"))
	if snapshot == "" {
		return tx.Refuse("InvalidParameterCombination",
			"FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified: deploy with finalSnapshotIdentifier or skipFinalSnapshot first")
	}
	if _, taken := tx.Get(account.DatabaseSnapshotToken, snapshot); taken {
		return tx.Refuse("DBSnapshotAlreadyExists",
			"Cannot create the snapshot because a snapshot with the identifier %s already exists: deploy with another finalSnapshotIdentifier first", snapshot)
	}
	tx.Put("", account.Resource{Type: account.DatabaseSnapshotToken, ID: snapshot, Inputs: account.Values{}, Outputs: account.Values{
		"dbInstanceIdentifier": r.Outputs["identifier"], "snapshotCreateTime": tx.Now(), "dbSnapshotArn": tx.ARN("rds", "snapshot:"+snapshot),
		"engine": r.Outputs["engine"], "engineVersion": r.Outputs["engineVersionActual"], "username": r.Outputs["username"], "dbName": r.Outputs["dbName"],
		"allocatedStorage": r.Outputs["allocatedStorage"], "storageEncrypted": r.Outputs["storageEncrypted"], "kmsKeyId": r.Outputs["kmsKeyId"],
	}})
	return nil
}

// checkFamily refuses a parameter group of another version.
func checkFamily(tx *account.Tx, name, engine, line string) error {
	family := engine + line
	group, exists := tx.Get(account.DatabaseParameterGroupToken, name)
	switch {
	case exists && group.Outputs.Text("family") != family:
		return tx.Refuse("InvalidParameterCombination",
			"The parameter group %s with DBParameterGroupFamily %s can't be used for this instance. Please use a parameter group with DBParameterGroupFamily %s.",
			name, group.Outputs.Text("family"), family)
	case !exists && name != "default."+family:
		return tx.Refuse("DBParameterGroupNotFound", "DBParameterGroup not found: %s; for %s %s use default.%s or create one", name, engine, line, family)
	}
	return nil
}
