package rds

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// lookups are the questions about a database that exists (terraform-provider-aws, internal/service/rds/instance_data_source.go and
// subnet_group_data_source.go).
var lookups = []account.Function{
	{Token: "aws:rds/getInstance:getInstance", Args: rds.LookupInstanceArgs{}, Result: rds.LookupInstanceResult{}, Required: []string{"dbInstanceIdentifier"}, Run: getInstance},
	{Token: "aws:rds/getSubnetGroup:getSubnetGroup", Args: rds.LookupSubnetGroupArgs{}, Result: rds.LookupSubnetGroupResult{}, Required: []string{"name"}, Run: getSubnetGroup},
}

// renamed are the outputs that the data source calls otherwise than the resource.
var renamed = map[string]string{
	"dbInstanceIdentifier": "identifier", "dbInstanceArn": "arn", "dbInstanceClass": "instanceClass", "dbSubnetGroup": "dbSubnetGroupName",
	"masterUsername": "username", "vpcSecurityGroups": "vpcSecurityGroupIds", "preferredBackupWindow": "backupWindow",
	"preferredMaintenanceWindow": "maintenanceWindow", "engineVersion": "engineVersionActual", "tags": "tagsAll",
}

func getInstance(tx *account.Tx, args account.Values) (account.Values, error) {
	name := args.Text("dbInstanceIdentifier")
	found, ok := tx.Find(account.DatabaseToken, "identifier", name)
	if !ok {
		return nil, tx.Refuse("DBInstanceNotFound", "DBInstance %s not found.", name)
	}
	result := account.Values{"id": name, "dbParameterGroups": account.Texts(found.Outputs.Text("parameterGroupName"))}
	for _, key := range slices.Sorted(maps.Keys(account.FieldsOf(account.ArgsType(rds.LookupInstanceResult{})))) {
		from := key
		if other, is := renamed[key]; is {
			from = other
		}
		if found.Outputs.Has(from) {
			result[key] = found.Outputs[from]
		}
	}
	return result, nil
}

func getSubnetGroup(tx *account.Tx, args account.Values) (account.Values, error) {
	name := args.Text("name")
	found, ok := tx.Get(account.DatabaseSubnetGroupToken, name)
	if !ok {
		return nil, tx.Refuse("DBSubnetGroupNotFoundFault", "DB subnet group '%s' does not exist.", name)
	}
	return account.Values{
		"id": name, "name": name, "arn": found.Outputs["arn"], "description": found.Outputs["description"], "status": "Complete",
		"subnetIds": found.Outputs["subnetIds"], "vpcId": found.Outputs["vpcId"],
	}, nil
}

// notReturned are inputs that no call of RDS returns.
var notReturned = []string{"password", "applyImmediately", "allowMajorVersionUpgrade", "blueGreenUpdate", "finalSnapshotIdentifier", "snapshotIdentifier", "restoreToPointInTime", "s3Import"}

// imported is what the provider reads of an instance without a state: resourceInstanceImport, resourceInstanceRead and
// dbSetResourceDataEngineVersionFromInstance in internal/service/rds/instance.go of terraform-provider-aws.
func imported(v account.Values) {
	for _, name := range notReturned {
		delete(v, name)
	}
	v["skipFinalSnapshot"], v["deleteAutomatedBackups"] = true, true
	v["engineVersion"] = v["engineVersionActual"]
}

// checkPlace refuses another subnet group of the same VPC (https://github.com/hashicorp/terraform/issues/11715).
func checkPlace(tx *account.Tx, old, next *account.Resource) error {
	was, is := old.Outputs.Text("dbSubnetGroupName"), next.Outputs.Text("dbSubnetGroupName")
	before, there := tx.Get(account.DatabaseSubnetGroupToken, was)
	after, exists := tx.Get(account.DatabaseSubnetGroupToken, is)
	if was == is || !there || !exists || before.Outputs.Text("vpcId") != after.Outputs.Text("vpcId") {
		return nil
	}
	return tx.Refuse("InvalidVPCNetworkStateFault", "You cannot move DB instance %s to subnet group %s. The specified DB subnet group and DB instance are in the same VPC. "+
		"Choose a DB subnet group in different VPC than the specified DB instance and try again.", old.Outputs.Text("identifier"), is)
}
