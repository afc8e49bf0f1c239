package rds

import (
	"reflect"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// BlueGreenToken is the type of what a blue/green update did: its calls, each with the name of the resource that it is about.
const BlueGreenToken = "aws:rds/blueGreenUpdate:BlueGreenUpdate"

// inPlace are the inputs whose change alone makes no blue/green deployment (resourceInstanceUpdate in terraform-provider-aws,
// internal/service/rds/instance.go).
var inPlace = []string{
	"allowMajorVersionUpgrade", "blueGreenUpdate", "deleteAutomatedBackups", "deletionProtection", "finalSnapshotIdentifier", "password",
	"replicateSourceDb", "skipFinalSnapshot", "tags", "tagsAll",
}

// replaced tells whether an update is made in a copy.
func replaced(old, next *account.Resource) bool {
	if !next.Inputs.True("blueGreenUpdate.enabled") {
		return false
	}
	for name := range account.FieldsOf(account.ArgsType(rds.InstanceArgs{})) {
		if !slices.Contains(inPlace, name) && !reflect.DeepEqual(old.Outputs[name], next.Outputs[name]) {
			return true
		}
	}
	return false
}

var deploymentName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*$`)

// blueGreen is what the provider does instead of ModifyDBInstance, in this order (instance.go and blue_green.go in the same folder):
// backups and protection of the source are changed first; the copy gets the other settings and always the protection of the program; the
// source loses its protection and is deleted without a final snapshot, and its automated backups go with it, which is what
// DeleteDBInstance does by default. The deployment object has no tags (hashicorp/terraform-provider-aws#35623). Describing it needs a
// permission that AWS's page about authorizing leaves out (mitodl/ol-infrastructure#5875). The copy has another resource ID, and the one
// in Pulumi's state stays: an update returns no ID (Update in pulumi-terraform-bridge, pkg/tfbridge/provider.go). The provider finds such
// an instance by its identifier (hashicorp/terraform-provider-aws#34728).
func blueGreen(tx *account.Tx, old, next *account.Resource) error {
	name := next.Outputs.Text("identifier")
	before, _ := old.Outputs.Int("backupRetentionPeriod")
	after, _ := next.Outputs.Int("backupRetentionPeriod")
	switch {
	case len(name) > 60 || !deploymentName.MatchString(name): // BlueGreenDeploymentName, CreateBlueGreenDeployment in the API reference
		return tx.Refuse("InvalidParameterValue", "The blue/green deployment name %s must have 1 to 60 letters, digits and hyphens: shorten the identifier", name)
	case next.Outputs.Text("engine") == "postgres":
		return tx.Refuse("InvalidParameterCombination", "A blue/green update of PostgreSQL is not emulated: change %s in place", name)
	case before == 0 && after == 0:
		return tx.Refuse("SourceDatabaseNotSupportedFault", "Automated backups of %s are not enabled: set backupRetentionPeriod first", name)
	}
	green, blue, deployment := name+"-green-"+tx.Hex(6), name+"-old1", "bgd-"+tx.Hex(16)
	var calls []string
	call := func(action, resource string) { calls = append(calls, "rds:"+action+" "+tx.ARN("rds", resource)) }
	if before == 0 || old.Outputs["deletionProtection"] != next.Outputs["deletionProtection"] {
		call("ModifyDBInstance", "db:"+name)
	}
	call("CreateBlueGreenDeployment", "deployment:"+deployment)
	for _, action := range []string{"CreateBlueGreenDeployment", "CreateDBInstanceReadReplica"} {
		call(action, "db:"+name)
	}
	// The copy's groups, too: all are required resources of the action
	// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html).
	for _, resource := range []string{"db:" + green, "og:default:" + next.Outputs.Text("engine"), "pg:" + next.Outputs.Text("parameterGroupName"), "subgrp:" + next.Outputs.Text("dbSubnetGroupName")} {
		call("CreateDBInstanceReadReplica", resource)
	}
	call("AddTagsToResource", "db:"+green)
	call("DescribeBlueGreenDeployments", "deployment:"+deployment)
	call("ModifyDBInstance", "db:"+green)
	call("SwitchoverBlueGreenDeployment", "deployment:"+deployment)
	call("PromoteReadReplica", "db:"+green)
	if next.Outputs.True("deletionProtection") {
		call("ModifyDBInstance", "db:"+blue)
	}
	call("DeleteDBInstance", "db:"+blue)
	call("DeleteBlueGreenDeployment", "deployment:"+deployment)
	tx.Put(old.ID, account.Resource{Type: BlueGreenToken, ID: deployment, Outputs: account.Values{"calls": account.Texts(calls...)}})
	next.Outputs["resourceId"] = "db-" + tx.Letters(26)
	delete(next.Outputs, "latestRestorableTime") // there are no backups of it yet
	return nil
}
