package rds

import (
	"fmt"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func createDatabase(tx *account.Tx, r *account.Resource) error {
	identifier := r.Outputs.Text("identifier")
	if _, taken := tx.Find(account.DatabaseToken, "identifier", identifier); taken {
		return tx.Refuse("DBInstanceAlreadyExists", "DB instance %s already exists; choose another identifier", identifier)
	}
	if r.Inputs.Has("replicateSourceDb") || r.Inputs.Has("restoreToPointInTime") || r.Inputs.Has("s3Import") {
		return fmt.Errorf("creating DB instance %s: the embedded cloud has no replicas, restores to a point in time and imports from S3", identifier)
	}
	if snapshot := r.Inputs.Text("snapshotIdentifier"); snapshot != "" {
		source, ok := tx.Get(account.DatabaseSnapshotToken, snapshot)
		if !ok {
			return tx.Refuse("DBSnapshotNotFound", "DBSnapshot %s not found", snapshot)
		}
		for _, name := range []string{"engine", "username", "allocatedStorage", "engineVersion", "dbName"} {
			if !r.Outputs.Has(name) {
				r.Outputs[name] = source.Outputs[name]
			}
		}
	}
	r.ID = "db-" + strings.ToUpper(tx.Letters(26))
	r.Outputs["resourceId"] = r.ID
	r.Outputs["arn"] = tx.ARN("rds", "db:"+identifier)
	r.Outputs["hostedZoneId"] = "Z" + strings.ToUpper(account.StableLetters("rds zone "+tx.Region(), 13))
	r.Outputs["status"] = "available"
	r.Outputs["engineLifecycleSupport"] = "open-source-rds-extended-support"
	r.Outputs["databaseInsightsMode"] = "standard"
	r.Outputs["licenseModel"] = "general-public-license"
	account.SetDefault(r.Outputs, "storageType", defaultStorage(r.Inputs))
	account.SetDefault(r.Outputs, "caCertIdentifier", "rds-ca-rsa2048-g1")
	account.SetDefault(r.Outputs, "port", 3306.0)
	account.SetDefault(r.Outputs, "backupWindow", "07:12-07:42")
	account.SetDefault(r.Outputs, "maintenanceWindow", "sat:09:30-sat:10:00")
	if err := placeDatabase(tx, r); err != nil {
		return err
	}
	if r.Outputs.True("storageEncrypted") {
		account.SetDefault(r.Outputs, "kmsKeyId", tx.DefaultKey("rds"))
	}
	if r.Outputs.True("manageMasterUserPassword") {
		r.Outputs["masterUserSecrets"] = []any{map[string]any{
			"kmsKeyId":     tx.DefaultKey("secretsmanager"),
			"secretArn":    tx.ARN("secretsmanager", "secret:rds!"+strings.ToLower(r.ID)+"-"+tx.Letters(6)),
			"secretStatus": "active",
		}}
	}
	return completeDatabase(tx, r)
}

// placeDatabase finds the VPC and zone of a database.
func placeDatabase(tx *account.Tx, r *account.Resource) error {
	group, ok := tx.Get(account.DatabaseSubnetGroupToken, r.Outputs.Text("dbSubnetGroupName"))
	if !ok {
		return tx.Refuse("InvalidSubnet", "No default subnet detected in VPC: this account has no default VPC; set dbSubnetGroupName")
	}
	vpc := group.Outputs.Text("vpcId")
	zones, _, _ := tx.ZonesOf(group.Outputs.Strings("subnetIds"))
	if zone := r.Inputs.Text("availabilityZone"); zone != "" && !slices.Contains(zones, zone) {
		return tx.Refuse("InvalidVPCNetworkStateFault", "DB subnet group %s has no subnet in %s; its zones are %s", group.ID, zone, strings.Join(zones, ", "))
	}
	account.SetDefault(r.Outputs, "availabilityZone", zones[0])
	if len(r.Outputs.Strings("vpcSecurityGroupIds")) == 0 {
		if network, ok := tx.Get(account.VPCToken, vpc); ok {
			r.Outputs["vpcSecurityGroupIds"] = account.Texts(network.Outputs.Text("defaultSecurityGroupId"))
		}
	}
	return nil
}

// completeDatabase applies the rules that need the account and computes what follows from the inputs.
func completeDatabase(tx *account.Tx, r *account.Resource) error {
	out := r.Outputs
	engine := out.Text("engine")
	version, ok := databaseVersion(engine, out.Text("engineVersion"))
	if !ok {
		return tx.Refuse("InvalidParameterCombination", "Cannot find version %s for %s", out.Text("engineVersion"), engine)
	}
	account.SetDefault(out, "engineVersion", version.full())
	out["engineVersionActual"] = version.full()
	family := engine + version.line
	account.SetDefault(out, "parameterGroupName", "default."+family)
	account.SetDefault(out, "optionGroupName", "default:"+engine+"-"+strings.ReplaceAll(version.line, ".", "-"))
	name := out.Text("parameterGroupName")
	group, exists := tx.Get(account.DatabaseParameterGroupToken, name)
	switch {
	case exists && group.Outputs.Text("family") != family:
		return tx.Refuse("InvalidParameterCombination",
			"The parameter group %s with DBParameterGroupFamily %s can't be used for this instance. Please use a parameter group with DBParameterGroupFamily %s.",
			name, group.Outputs.Text("family"), family)
	case !exists && name != "default."+family:
		return tx.Refuse("DBParameterGroupNotFound", "DBParameterGroup not found: %s; for %s %s use default.%s or create one", name, engine, version.line, family)
	}
	subnets, _ := tx.Get(account.DatabaseSubnetGroupToken, out.Text("dbSubnetGroupName"))
	vpc := subnets.Outputs.Text("vpcId")
	if other, found := tx.GroupOutsideVPC(out.Strings("vpcSecurityGroupIds"), vpc); found {
		return tx.Refuse("InvalidParameterCombination",
			"The DB instance and EC2 security group are in different VPCs. The DB instance is in %s and the EC2 security group %s is in %s",
			vpc, other.ID, other.Outputs.Text("vpcId"))
	}
	if out.True("publiclyAccessible") {
		if err := reachable(tx, vpc); err != nil {
			return err
		}
	}
	if out.Text("storageType") == "gp3" {
		account.SetDefault(out, "iops", 3000.0)
		account.SetDefault(out, "storageThroughput", 125.0)
	}
	if out.True("performanceInsightsEnabled") {
		account.SetDefault(out, "performanceInsightsRetentionPeriod", 7.0)
		account.SetDefault(out, "performanceInsightsKmsKeyId", tx.DefaultKey("rds"))
	}
	if days, _ := out.Int("backupRetentionPeriod"); days > 0 {
		account.SetDefault(out, "latestRestorableTime", tx.Now())
	}
	out["maintenanceWindow"] = strings.ToLower(out.Text("maintenanceWindow"))
	address := fmt.Sprintf("%s.c%s.%s.rds.amazonaws.com", out.Text("identifier"), account.StableLetters("rds "+tx.Region(), 11), tx.Region())
	port, _ := out.Int("port")
	out["address"] = address
	out["endpoint"] = fmt.Sprintf("%s:%d", address, port)
	return nil
}

// reachable refuses a public database in a VPC that nobody outside can reach.
func reachable(tx *account.Tx, vpc string) error {
	network, _ := tx.Get(account.VPCToken, vpc)
	if !network.Outputs.True("enableDnsSupport") || !network.Outputs.True("enableDnsHostnames") {
		return tx.Refuse("InvalidVPCNetworkStateFault",
			"Cannot create a publicly accessible DBInstance. The specified VPC %s does not support DNS resolution, DNS hostnames, or both. Update the VPC and then try again", vpc)
	}
	if _, ok := tx.Find(account.InternetGatewayToken, "vpcId", vpc); !ok {
		return tx.Refuse("InvalidVPCNetworkStateFault",
			"Cannot create a publicly accessible DBInstance. The specified VPC %s has no internet gateway attached. Update the VPC and then try again", vpc)
	}
	return nil
}

func updateDatabase(tx *account.Tx, old, next *account.Resource) error {
	before, _ := old.Outputs.Int("allocatedStorage")
	after, _ := next.Outputs.Int("allocatedStorage")
	if after < before {
		return tx.Refuse("InvalidParameterCombination", "Requested size (%d) should be greater than current size (%d): storage cannot shrink", after, before)
	}
	if name := next.Outputs.Text("identifier"); name != old.Outputs.Text("identifier") {
		if _, taken := tx.Find(account.DatabaseToken, "identifier", name); taken {
			return tx.Refuse("DBInstanceAlreadyExists", "DB instance %s already exists; choose another identifier", name)
		}
		next.Outputs["arn"] = tx.ARN("rds", "db:"+name)
	}
	engine := next.Outputs.Text("engine")
	current, _ := databaseVersion(engine, old.Outputs.Text("engineVersionActual"))
	wanted, ok := databaseVersion(engine, next.Outputs.Text("engineVersion"))
	switch {
	case !ok:
		return tx.Refuse("InvalidParameterCombination", "Cannot find version %s for %s", next.Outputs.Text("engineVersion"), engine)
	case wanted.before(current):
		return tx.Refuse("InvalidParameterCombination", "Cannot upgrade %s from %s to %s: a database never goes back to an older version", engine, current.full(), wanted.full())
	case wanted.line != current.line && !next.Outputs.True("allowMajorVersionUpgrade"):
		return tx.Refuse("InvalidParameterCombination",
			"The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version (%s to %s): set allowMajorVersionUpgrade", current.full(), wanted.full())
	case wanted.line != current.line && !next.Inputs.Has("parameterGroupName"):
		delete(next.Outputs, "parameterGroupName")
		delete(next.Outputs, "optionGroupName")
	}
	return completeDatabase(tx, next)
}

func deleteDatabase(tx *account.Tx, r *account.Resource) error {
	if r.Outputs.True("deletionProtection") {
		return tx.Refuse("InvalidParameterCombination",
			"Cannot delete protected DB Instance, please disable deletion protection and try again: deploy with deletionProtection false first")
	}
	if r.Outputs.True("skipFinalSnapshot") {
		return nil
	}
	snapshot := r.Outputs.Text("finalSnapshotIdentifier")
	if snapshot == "" {
		return tx.Refuse("InvalidParameterCombination",
			"FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified: deploy with finalSnapshotIdentifier or skipFinalSnapshot first")
	}
	id := strings.ToLower(snapshot)
	if _, taken := tx.Get(account.DatabaseSnapshotToken, id); taken {
		return tx.Refuse("DBSnapshotAlreadyExists",
			"Cannot create the snapshot because a snapshot with the identifier %s already exists: deploy with another finalSnapshotIdentifier first", id)
	}
	kept := account.Values{"dbInstanceIdentifier": r.Outputs["identifier"], "snapshotCreateTime": tx.Now(), "dbSnapshotArn": tx.ARN("rds", "snapshot:"+id)}
	for _, name := range []string{"engine", "engineVersion", "username", "allocatedStorage", "dbName"} {
		kept[name] = r.Outputs[name]
	}
	tx.Put("", account.Resource{Type: account.DatabaseSnapshotToken, ID: id, Inputs: account.Values{}, Outputs: kept})
	return nil
}
