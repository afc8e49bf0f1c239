package rds

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

// auroraMySQL is a version of Aurora MySQL 3 (AuroraMySQL.Updates.Versions.html in the Aurora user guide).
var auroraMySQL = regexp.MustCompile(`^8\.0\.mysql_aurora\.3\.([0-9]{2})\.[0-9]+$`)

// auroraDefault is what "8.0" stands for: the default version of the day (CreateDBCluster, EngineVersion), here one of those in
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraMySQLReleaseNotes/AuroraMySQL.Updates.30Updates.html.
const auroraDefault = "8.0.mysql_aurora.3.10.1"

// cluster is a cluster of Aurora. Properties, defaults and replacements are those of internal/service/rds/cluster.go of
// hashicorp/terraform-provider-aws; limits are those of CreateDBCluster in the RDS API reference.
var cluster = account.Type{
	Token: account.DatabaseClusterToken, Args: rds.ClusterArgs{}, State: rds.Cluster{},
	Name: account.Name{Property: "clusterIdentifier", Max: 63, Lower: true},
	ForceNew: []string{
		"availabilityZones", "clusterIdentifier", "databaseName", "dbSubnetGroupName", "engine", "kmsKeyId", "masterUsername", "snapshotIdentifier", "storageEncrypted",
	},
	Defaults: account.Values{
		"applyImmediately": false, "backupRetentionPeriod": 1.0, "copyTagsToSnapshot": false, "deleteAutomatedBackups": true, "deletionProtection": false, "engineMode": "provisioned",
		"iamDatabaseAuthenticationEnabled": false, "monitoringInterval": 0.0, "networkType": "IPV4", "skipFinalSnapshot": false, "storageEncrypted": false,
	},
	Refs: []account.Ref{
		{Path: "dbSubnetGroupName", Type: account.DatabaseSubnetGroupToken, By: "id", Missing: "DBSubnetGroupNotFoundFault", InUse: "InvalidDBSubnetGroupStateFault"},
		{Path: "dbClusterParameterGroupName", Type: account.DatabaseClusterParametersToken, By: "id", InUse: "InvalidDBParameterGroupState", Optional: true},
		{Path: "vpcSecurityGroupIds[*]", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidParameterValue", InUse: "DependencyViolation"},
	},
	Recomputed: []string{"engineVersionActual"},
	Normal: func(v account.Values) { // the StateFunc of preferred_maintenance_window
		if window, known := v.String("preferredMaintenanceWindow"); known {
			v["preferredMaintenanceWindow"] = strings.ToLower(window)
		}
	},
	Rules: []account.Rule{
		account.Matches("clusterIdentifier", identifier, "it starts with a letter and has only lower case letters, digits and hyphens"),
		account.Length("clusterIdentifier", 1, 63), account.Hyphens("clusterIdentifier"),
		account.OneOf("engine", "aurora-mysql"),
		account.OneOf("engineLifecycleSupport", extendedSupport, noExtendedSupport),
		account.Length("masterUsername", 1, 16), account.Matches("masterUsername", simpleName, "it starts with a letter and has only letters, digits and underscores"), account.Text("masterUsername", reservedName),
		account.Length("databaseName", 1, 64), account.Matches("databaseName", simpleName, "it starts with a letter and has only letters, digits and underscores"), account.Text("databaseName", reservedName),
		account.Between("backupRetentionPeriod", 1, 35),
		account.Between("port", 1150, 65535),
		account.DailyWindow("preferredBackupWindow", 30), account.WeeklyWindow("preferredMaintenanceWindow", 30), account.Apart("preferredBackupWindow", "preferredMaintenanceWindow"),
		account.OneOf("enabledCloudwatchLogsExports[*]", "audit", "error", "general", "instance", "slowquery", "iam-db-auth-error"),
		account.Matches("finalSnapshotIdentifier", snapshotID, "it starts with a letter and has only letters, digits and hyphens"),
		account.Length("finalSnapshotIdentifier", 1, 255), account.Hyphens("finalSnapshotIdentifier"),
		account.Between("serverlessv2ScalingConfiguration.secondsUntilAutoPause", 300, 86400),
	},
	Check: checkCluster,
	Identity: account.Identity{
		ID: "{clusterIdentifier}", ARN: "rds:cluster:{clusterIdentifier}", Taken: "DBClusterAlreadyExistsFault: DB Cluster {clusterIdentifier} already exists",
		Outputs: account.Values{
			"clusterResourceId": "cluster-{LETTERS:26}", "engineLifecycleSupport": extendedSupport, "port": 3306.0, "allocatedStorage": 1.0, "databaseInsightsMode": "standard",
			"preferredBackupWindow": "07:12-07:42", "preferredMaintenanceWindow": "sat:09:30-sat:10:00", "clusterMembers": []any{},
		},
	},
	Create: placeCluster, Update: updateCluster, Complete: completeCluster, Delete: deleteCluster,
}

func reservedName(name string) string {
	if known.Reserved.Has(strings.ToLower(name)) {
		return name + " cannot be used as it is a reserved word used by the engine"
	}
	return ""
}

func checkCluster(r *account.Rules) {
	for _, name := range []string{"masterUsername", "masterPassword"} {
		if !r.In.Has(name) {
			r.Refuse(name, "is required for a new cluster")
		}
	}
	// The password itself is never part of the text: it is a secret.
	if text, known := r.In.String("masterPassword"); known && (len(text) < 8 || len(text) > 41 || !password.MatchString(text)) {
		r.Refuse("masterPassword", `has 8 to 41 printable ASCII characters besides '/', '@', '"', "'" and ' '`)
	}
	if version, known := r.In.String("engineVersion"); known && version != "8.0" && !auroraMySQL.MatchString(version) {
		r.Refuse("engineVersion", "Cannot find version %s for aurora-mysql; it comes as 8.0 or 8.0.mysql_aurora.3.MM.P", version)
	}
	const path = "serverlessv2ScalingConfiguration"
	scaling := r.In.Map(path)
	if scaling == nil {
		return
	}
	low, lowKnown := scaling["minCapacity"].(float64)
	high, highKnown := scaling["maxCapacity"].(float64)
	// 0 or 1 to 256 in steps of 0.5: ServerlessV2ScalingConfiguration in the API reference, and FloatBetween in the provider.
	for name, value := range map[string]float64{"minCapacity": low, "maxCapacity": high} {
		if value > 256 || value*2 != math.Trunc(value*2) || name == "minCapacity" && value < 0 || name == "maxCapacity" && highKnown && value < 1 {
			r.Refuse(path+"."+name, "%v is not a number of Aurora capacity units up to 256, in steps of 0.5", value)
		}
	}
	if lowKnown && highKnown && low > high {
		r.Refuse(path+".maxCapacity", "%v must not be below minCapacity %v", high, low)
	}
	// Aurora MySQL 3.08.0 is the first that pauses ("Aurora Serverless v2 capacity" in the Aurora user guide).
	if parts := auroraMySQL.FindStringSubmatch(r.In.Text("engineVersion")); lowKnown && low == 0 && parts != nil && parts[1] < "08" {
		r.Refuse(path+".minCapacity", "Serverless v2 minimum capacity 0 isn't supported for engine version %s: it needs 3.08.0 or later", r.In.Text("engineVersion"))
	}
}

func placeCluster(tx *account.Tx, r *account.Resource) error {
	group, ok := tx.Get(account.DatabaseSubnetGroupToken, r.Outputs.Text("dbSubnetGroupName"))
	if !ok {
		return tx.Refuse("InvalidSubnet", "No default subnet detected in VPC: this account has no default VPC; set dbSubnetGroupName")
	}
	zones, vpc, _ := tx.ZonesOf(group.Outputs.Strings("subnetIds"))
	r.Outputs["availabilityZones"] = account.Texts(zones...) // Aurora adds zones until there are three: its storage is in three
	tx.DefaultGroup(r, "vpcSecurityGroupIds", vpc)
	r.Outputs["hostedZoneId"] = "Z" + strings.ToUpper(account.StableLetters("rds zone "+tx.Region(), 13))
	if r.Outputs.True("storageEncrypted") {
		account.SetDefault(r.Outputs, "kmsKeyId", tx.DefaultKey("rds"))
	}
	version := r.Outputs.Text("engineVersion")
	if version == "" || version == "8.0" {
		version = auroraDefault
	}
	r.Outputs["engineVersionActual"] = version
	account.SetDefault(r.Outputs, "engineVersion", version)
	return nil
}

// updateCluster is ModifyDBCluster. Version 8.0 is the default version of the day there, too: AWS refuses it for a cluster that has a newer one
// (hashicorp/terraform-provider-aws#48936, #39579). Without a version the cluster keeps its own.
func updateCluster(tx *account.Tx, old, next *account.Resource) error {
	if clusterStatus(tx, old.ID) != "available" {
		return tx.Refuse("InvalidDBClusterStateFault", "DB cluster %s is not in available state: only one that runs is modified", old.ID)
	}
	next.Outputs["engineLifecycleSupport"], next.Outputs["clusterMembers"] = old.Outputs["engineLifecycleSupport"], old.Outputs["clusterMembers"]
	was, wants := old.Outputs.Text("engineVersionActual"), next.Outputs.Text("engineVersion")
	next.Outputs["engineVersionActual"] = was
	if wants == "8.0" {
		wants = auroraDefault
	}
	switch {
	case wants == "" || wants == was:
		account.SetDefault(next.Outputs, "engineVersion", was)
	case wants < was: // two digits of the minor version
		return tx.Refuse("InvalidParameterCombination", "Cannot upgrade aurora-mysql from %s to %s: a database never goes back to an older version", was, wants)
	default:
		next.Outputs["engineVersionActual"] = wants
	}
	return nil
}

func completeCluster(tx *account.Tx, r *account.Resource) error {
	out := r.Outputs
	account.SetDefault(out, "dbClusterParameterGroupName", "default.aurora-mysql8.0")
	name := out.Text("dbClusterParameterGroupName")
	group, exists := tx.Get(account.DatabaseClusterParametersToken, name)
	if !exists && name != "default.aurora-mysql8.0" {
		return tx.Refuse("DBClusterParameterGroupNotFound", "DBClusterParameterGroup not found: %s", name)
	}
	if family := group.Outputs.Text("family"); exists && family != "aurora-mysql8.0" {
		return tx.Refuse("InvalidParameterCombination", "The parameter group %s with DBParameterGroupFamily %s can't be used for this cluster. Please use a parameter group with DBParameterGroupFamily aurora-mysql8.0.", group.ID, family)
	}
	subnets, _ := tx.Get(account.DatabaseSubnetGroupToken, out.Text("dbSubnetGroupName"))
	if other, found := tx.GroupOutsideVPC(out.Strings("vpcSecurityGroupIds"), subnets.Outputs.Text("vpcId")); found {
		return tx.Refuse("InvalidParameterCombination", "The DB cluster and EC2 security group are in different VPCs. The DB cluster is in %s and the EC2 security group %s is in %s",
			subnets.Outputs.Text("vpcId"), other.ID, other.Outputs.Text("vpcId"))
	}
	// AWS returns the seconds of a cluster that pauses only (ServerlessV2ScalingConfigurationInfo).
	if scaling := out.Map("serverlessv2ScalingConfiguration"); scaling != nil && scaling["minCapacity"] == 0.0 {
		account.SetDefault(scaling, "secondsUntilAutoPause", 300.0)
	}
	out["preferredMaintenanceWindow"] = strings.ToLower(out.Text("preferredMaintenanceWindow"))
	host := fmt.Sprintf("c%s.%s.rds.amazonaws.com", account.StableLetters("rds "+tx.Region(), 11), tx.Region())
	out["endpoint"], out["readerEndpoint"] = r.ID+".cluster-"+host, r.ID+".cluster-ro-"+host
	return nil
}

// deleteCluster is DeleteDBCluster: of a cluster without instances.
func deleteCluster(tx *account.Tx, r *account.Resource) error {
	if r.Outputs.True("deletionProtection") {
		return tx.Refuse("InvalidParameterCombination", "Cannot delete protected Cluster, please disable deletion protection and try again: deploy with deletionProtection false first")
	}
	if r.Outputs.True("skipFinalSnapshot") {
		return nil
	}
	snapshot := strings.ToLower(r.Outputs.Text("finalSnapshotIdentifier"))
	switch _, taken := tx.Get(account.DatabaseClusterSnapshotToken, snapshot); {
	case snapshot == "": // the provider asks before AWS does
		return tx.Refuse("InvalidParameterCombination", "RDS Cluster final_snapshot_identifier is required when skip_final_snapshot is false")
	case taken:
		return tx.Refuse("DBClusterSnapshotAlreadyExistsFault", "Cannot create the cluster snapshot because one with the identifier %s already exists: deploy with another finalSnapshotIdentifier first", snapshot)
	}
	tx.Put("", account.Resource{Type: account.DatabaseClusterSnapshotToken, ID: snapshot, Inputs: account.Values{}, Outputs: account.Values{
		"dbClusterIdentifier": r.ID, "snapshotCreateTime": tx.Now(), "dbClusterSnapshotArn": tx.ARN("rds", "cluster-snapshot:"+snapshot), "engine": r.Outputs["engine"],
		"engineVersion": r.Outputs["engineVersionActual"], "masterUsername": r.Outputs["masterUsername"], "storageEncrypted": r.Outputs["storageEncrypted"], "kmsKeyId": r.Outputs["kmsKeyId"],
	}})
	return nil
}

// clusterStatus is that of a cluster. A resource of the provider has none, so it is kept beside it.
func clusterStatus(tx *account.Tx, id string) string {
	if _, stopped := tx.Get(account.DatabaseClusterStoppedToken, id); stopped {
		return "stopped"
	}
	return "available"
}

// member puts an instance into the list of its cluster's members, or takes it out.
func member(tx *account.Tx, clusterID, instance string, is bool) {
	c, ok := tx.Get(account.DatabaseClusterToken, clusterID)
	if !ok {
		return
	}
	members := slices.DeleteFunc(c.Outputs.Strings("clusterMembers"), func(one string) bool { return one == instance })
	if is {
		members = append(members, instance)
	}
	tx.Patch(c.Type, c.ID, account.Values{"clusterMembers": account.Texts(members...)})
}
