package rds

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// clusterInstance is an instance of an Aurora cluster (internal/service/rds/cluster_instance.go of hashicorp/terraform-provider-aws).
var clusterInstance = account.Type{
	Token: account.DatabaseClusterInstanceToken, Args: rds.ClusterInstanceArgs{}, State: rds.ClusterInstance{},
	Name:     account.Name{Property: "identifier", Max: 63, Lower: true},
	ForceNew: []string{"availabilityZone", "clusterIdentifier", "customIamInstanceProfile", "dbSubnetGroupName", "engine", "identifier", "identifierPrefix"},
	Defaults: account.Values{
		"applyImmediately": false, "autoMinorVersionUpgrade": true, "copyTagsToSnapshot": false, "forceDestroy": false, "monitoringInterval": 0.0, "promotionTier": 0.0,
		"performanceInsightsEnabled": false, "publiclyAccessible": false,
	},
	Refs: []account.Ref{
		// DeleteDBCluster of a cluster with instances: InvalidDBClusterStateFault, "Cluster cannot be deleted, it still contains DB instances in
		// non-deleting state." (USER_DeleteCluster.html in the Aurora user guide).
		{Path: "clusterIdentifier", Type: account.DatabaseClusterToken, By: "id", Missing: "DBClusterNotFoundFault", InUse: "InvalidDBClusterStateFault"},
		{Path: "dbSubnetGroupName", Type: account.DatabaseSubnetGroupToken, By: "id", Missing: "DBSubnetGroupNotFoundFault", InUse: "InvalidDBSubnetGroupStateFault"},
	},
	Recomputed: []string{"engineVersionActual"},
	Normal: func(v account.Values) { // the StateFunc of preferred_maintenance_window
		if window, known := v.String("preferredMaintenanceWindow"); known {
			v["preferredMaintenanceWindow"] = strings.ToLower(window)
		}
	},
	Rules: []account.Rule{
		account.Matches("identifier", identifier, "it starts with a letter and has only lower case letters, digits and hyphens"),
		account.Length("identifier", 1, 63), account.Hyphens("identifier"),
		account.OneOf("engine", "aurora-mysql"),
		account.OneOf("instanceClass", "db.serverless"), // that of Aurora Serverless v2; the emulator knows no other one
		account.Between("promotionTier", 0, 15),
		account.WeeklyWindow("preferredMaintenanceWindow", 30),
	},
	Identity: account.Identity{
		ID: "{identifier}", ARN: "rds:db:{identifier}", Taken: "DBInstanceAlreadyExists: DB instance {identifier} already exists",
		Outputs: account.Values{
			"dbiResourceId": "db-{LETTERS:26}", "caCertIdentifier": "rds-ca-rsa2048-g1", "networkType": "IPV4", "preferredMaintenanceWindow": "sat:09:30-sat:10:00",
			"dbParameterGroupName": "default.aurora-mysql8.0",
		},
	},
	Create: placeMember, Complete: completeMember,
	Delete: func(tx *account.Tx, r *account.Resource) error {
		member(tx, r.Outputs.Text("clusterIdentifier"), r.ID, false)
		return nil
	},
}

// placeMember makes the first instance of a cluster its writer.
func placeMember(tx *account.Tx, r *account.Resource) error {
	c, _ := tx.Get(account.DatabaseClusterToken, r.Outputs.Text("clusterIdentifier"))
	if c.Outputs.Map("serverlessv2ScalingConfiguration") == nil {
		return tx.Refuse("InvalidParameterCombination", "Set the Serverless v2 scaling configuration on the parent DB cluster %s before creating a Serverless v2 DB instance", c.ID)
	}
	if group := r.Outputs.Text("dbSubnetGroupName"); group != c.Outputs.Text("dbSubnetGroupName") {
		return tx.Refuse("InvalidParameterCombination", "The DB subnet group %s is not that of the DB cluster, %s", group, c.Outputs.Text("dbSubnetGroupName"))
	}
	zones := c.Outputs.Strings("availabilityZones")
	before := len(c.Outputs.Strings("clusterMembers"))
	r.Outputs["availabilityZone"], r.Outputs["writer"] = zones[before%len(zones)], before == 0
	for _, name := range []string{"kmsKeyId", "storageEncrypted", "preferredBackupWindow", "port"} {
		r.Outputs[name] = c.Outputs[name]
	}
	_, host, _ := strings.Cut(c.Outputs.Text("endpoint"), ".cluster-")
	r.Outputs["endpoint"] = r.ID + "." + host
	member(tx, c.ID, r.ID, true)
	return nil
}

func completeMember(tx *account.Tx, r *account.Resource) error {
	c, _ := tx.Get(account.DatabaseClusterToken, r.Outputs.Text("clusterIdentifier"))
	r.Outputs["engineVersion"], r.Outputs["engineVersionActual"] = c.Outputs["engineVersionActual"], c.Outputs["engineVersionActual"]
	r.Outputs["preferredMaintenanceWindow"] = strings.ToLower(r.Outputs.Text("preferredMaintenanceWindow"))
	if r.Outputs.True("performanceInsightsEnabled") {
		account.SetDefaults(r.Outputs, account.Values{"performanceInsightsRetentionPeriod": 7.0, "performanceInsightsKmsKeyId": tx.DefaultKey("rds")})
	}
	return nil
}

// clusterParameters is a group of parameters for clusters (internal/service/rds/cluster_parameter_group.go).
var clusterParameters = account.Type{
	Token: account.DatabaseClusterParametersToken, Args: rds.ClusterParameterGroupArgs{}, State: rds.ClusterParameterGroup{},
	Name:     account.Name{Property: "name", Max: 255, Lower: true},
	ForceNew: []string{"name", "namePrefix", "family", "description"},
	Defaults: account.Values{"description": "Managed by Pulumi"},
	Rules: []account.Rule{
		account.Length("name", 1, 255),
		account.Matches("name", parameterGroupName, "it starts with a letter and has only lower case letters, digits, periods and hyphens"),
		account.Hyphens("name"), account.OneOf("family", "aurora-mysql8.0"),
	},
	Check: func(r *account.Rules) {
		for i, parameter := range r.In.Blocks("parameters[*]") {
			place, name, value := fmt.Sprintf("parameters[%d].", i), parameter.Text("name"), parameter.Text("value")
			if allowed, known := auroraParameters[name]; name != "" && !known {
				r.Refuse(place+"name", "could not find parameter with name: %s", name)
			} else if allowed != nil && value != "" && !slices.Contains(allowed, value) {
				r.Refuse(place+"value", "invalid parameter value: %s for: %s allowed values are: %s", value, name, strings.Join(allowed, ","))
			}
		}
	},
	Identity: account.Identity{ID: "{name}", ARN: "rds:cluster-pg:{name}", Taken: "DBParameterGroupAlreadyExists: Parameter group {name} already exists"},
	Complete: func(_ *account.Tx, r *account.Resource) error {
		for _, parameter := range r.Outputs.Blocks("parameters[*]") {
			account.SetDefault(parameter, "applyMethod", "immediate")
		}
		return nil
	},
}

// auroraParameters are those that the program sets (AuroraMySQL.Reference.ParameterGroups.html, AuroraMySQL.Security.html and
// AuroraMySQL.Auditing.html in the Aurora user guide), with the values that RDS accepts; nil where any text is one.
var auroraParameters = map[string][]string{
	"character_set_server": nil, "collation_server": nil, "log_output": {"FILE", "TABLE", "NONE"}, "long_query_time": nil, "slow_query_log": {"0", "1"},
	"require_secure_transport": {"ON", "OFF"}, "server_audit_events": nil, "server_audit_logging": {"0", "1"},
}
