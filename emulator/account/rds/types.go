package rds

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var rdsTypes = []account.Type{
	{
		Token: account.DatabaseSubnetGroupToken, Args: rds.SubnetGroupArgs{}, State: rds.SubnetGroup{},
		Required: []string{"subnetIds"},
		Name:     account.Name{Property: "name", Max: 255, Lower: true},
		ForceNew: []string{"name", "namePrefix"},
		Defaults: account.Values{"description": "Managed by Pulumi"},
		Refs:     []account.Ref{{Path: "subnetIds[*]", Type: account.SubnetToken, By: "id", Missing: "InvalidSubnet"}},
		Check:    checkDatabaseSubnetGroup,
		Create:   createDatabaseSubnetGroup,
		Update: func(tx *account.Tx, _, next *account.Resource) error {
			return coverZones(tx, next)
		},
	},
	{
		Token: account.DatabaseParameterGroupToken, Args: rds.ParameterGroupArgs{}, State: rds.ParameterGroup{},
		Name:     account.Name{Property: "name", Max: 255, Lower: true},
		ForceNew: []string{"name", "namePrefix", "family", "description"},
		Defaults: account.Values{"description": "Managed by Pulumi", "skipDestroy": false},
		Check:    checkDatabaseParameterGroup,
		Create: func(tx *account.Tx, r *account.Resource) error {
			name := r.Outputs.Text("name")
			if _, taken := tx.Get(account.DatabaseParameterGroupToken, name); taken {
				return tx.Refuse("DBParameterGroupAlreadyExists", "Parameter group %s already exists; choose another name", name)
			}
			r.ID = name
			r.Outputs["arn"] = tx.ARN("rds", "pg:"+name)
			completeParameters(r)
			return nil
		},
		Update: func(_ *account.Tx, _, next *account.Resource) error {
			completeParameters(next)
			return nil
		},
	},
	{
		Token: account.DatabaseToken, Args: rds.InstanceArgs{}, State: rds.Instance{},
		Name: account.Name{Property: "identifier", Max: 63, Lower: true},
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
			{Path: "monitoringRoleArn", Type: account.RoleToken, By: "arn", Missing: "InvalidParameterValue"},
		},
		Recomputed: []string{"endpoint", "engineVersionActual"},
		Check:      checkDatabase,
		Create:     createDatabase,
		Update:     updateDatabase,
		Delete:     deleteDatabase,
	},
}

var databaseSubnetGroupName = regexp.MustCompile(`^[0-9a-z_ .-]+$`)

func checkDatabaseSubnetGroup(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Length("name", 1, 255)
	r.Matches("name", databaseSubnetGroupName, "only lower case letters, digits, hyphens, underscores, periods and spaces are allowed")
	r.Each("name", func(place, text string) {
		if text == "default" {
			r.Refuse(place, "%q is reserved", text)
		}
	})
	if !in.IsUnknown("subnetIds") && len(in.List("subnetIds")) == 0 {
		r.Refuse("subnetIds", "at least one subnet is required")
	}
	return r.Problems
}

func createDatabaseSubnetGroup(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	if _, taken := tx.Get(account.DatabaseSubnetGroupToken, name); taken {
		return tx.Refuse("DBSubnetGroupAlreadyExists", "The DB subnet group '%s' already exists; choose another name", name)
	}
	r.ID = name
	r.Outputs["arn"] = tx.ARN("rds", "subgrp:"+name)
	r.Outputs["supportedNetworkTypes"] = account.Texts("IPV4")
	return coverZones(tx, r)
}

// coverZones refuses a DB subnet group in fewer than two availability zones, or in several VPCs.
func coverZones(tx *account.Tx, r *account.Resource) error {
	zones, vpc, mixed := tx.ZonesOf(r.Outputs.Strings("subnetIds"))
	if mixed {
		return tx.Refuse("InvalidSubnet", "The subnets of DB subnet group %s are not all in the same VPC", r.ID)
	}
	if len(zones) < 2 {
		return tx.Refuse("DBSubnetGroupDoesNotCoverEnoughAZs",
			"The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: %s. Add subnets to cover at least 2 AZs.",
			strings.Join(zones, ", "))
	}
	r.Outputs["vpcId"] = vpc
	return nil
}
