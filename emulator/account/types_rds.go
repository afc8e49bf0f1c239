package account

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
)

const (
	databaseToken               = "aws:rds/instance:Instance"
	databaseSubnetGroupToken    = "aws:rds/subnetGroup:SubnetGroup"
	databaseParameterGroupToken = "aws:rds/parameterGroup:ParameterGroup"
	databaseSnapshotToken       = "aws:rds/snapshot:Snapshot"
)

var rdsTypes = []Type{
	{
		Token: databaseSubnetGroupToken, Args: rds.SubnetGroupArgs{}, State: rds.SubnetGroup{},
		Required: []string{"subnetIds"},
		Name:     Name{Property: "name", Max: 255, Lower: true},
		ForceNew: []string{"name", "namePrefix"},
		Defaults: Values{"description": "Managed by Pulumi"},
		Refs:     []Ref{{Path: "subnetIds[*]", Type: subnetToken, By: "id", Missing: "InvalidSubnet"}},
		Check:    checkDatabaseSubnetGroup,
		Create:   createDatabaseSubnetGroup,
		Update: func(tx *Tx, _, next *Resource) error {
			return tx.coverZones(next)
		},
	},
	{
		Token: databaseParameterGroupToken, Args: rds.ParameterGroupArgs{}, State: rds.ParameterGroup{},
		Name:     Name{Property: "name", Max: 255, Lower: true},
		ForceNew: []string{"name", "namePrefix", "family", "description"},
		Defaults: Values{"description": "Managed by Pulumi", "skipDestroy": false},
		Check:    checkDatabaseParameterGroup,
		Create: func(tx *Tx, r *Resource) error {
			name := r.Outputs.Text("name")
			if _, taken := tx.Get(databaseParameterGroupToken, name); taken {
				return tx.Refuse("DBParameterGroupAlreadyExists", "Parameter group %s already exists; choose another name", name)
			}
			r.ID = name
			r.Outputs["arn"] = tx.ARN("rds", "pg:"+name)
			completeParameters(r)
			return nil
		},
		Update: func(_ *Tx, _, next *Resource) error {
			completeParameters(next)
			return nil
		},
	},
	{
		Token: databaseToken, Args: rds.InstanceArgs{}, State: rds.Instance{},
		Name: Name{Property: "identifier", Max: 63, Lower: true},
		ForceNew: []string{
			"availabilityZone", "backupTarget", "characterSetName", "customIamInstanceProfile", "dbName", "engine", "kmsKeyId",
			"ncharCharacterSetName", "restoreToPointInTime", "s3Import", "snapshotIdentifier", "storageEncrypted", "timezone", "username",
		},
		Defaults: Values{
			"applyImmediately": false, "autoMinorVersionUpgrade": true, "backupRetentionPeriod": 0.0, "backupTarget": "region",
			"copyTagsToSnapshot": false, "deleteAutomatedBackups": true, "deletionProtection": false,
			"iamDatabaseAuthenticationEnabled": false, "monitoringInterval": 0.0, "multiAz": false, "networkType": "IPV4",
			"performanceInsightsEnabled": false, "publiclyAccessible": false, "skipFinalSnapshot": false, "storageEncrypted": false,
		},
		Refs: []Ref{
			{Path: "dbSubnetGroupName", Type: databaseSubnetGroupToken, By: "id", Missing: "DBSubnetGroupNotFoundFault", InUse: "InvalidDBSubnetGroupStateFault"},
			{Path: "parameterGroupName", Type: databaseParameterGroupToken, By: "id", InUse: "InvalidDBParameterGroupState", Optional: true},
			{Path: "vpcSecurityGroupIds[*]", Type: securityGroupToken, By: "id", Missing: "InvalidParameterValue", InUse: "DependencyViolation"},
			{Path: "monitoringRoleArn", Type: roleToken, By: "arn", Missing: "InvalidParameterValue"},
		},
		Recomputed: []string{"endpoint", "engineVersionActual"},
		Check:      checkDatabase,
		Create:     createDatabase,
		Update:     updateDatabase,
		Delete:     deleteDatabase,
	},
}

var databaseSubnetGroupName = regexp.MustCompile(`^[0-9a-z_ .-]+$`)

func checkDatabaseSubnetGroup(in Values) []Problem {
	r := rules{in: in}
	r.length("name", 1, 255)
	r.matches("name", databaseSubnetGroupName, "only lower case letters, digits, hyphens, underscores, periods and spaces are allowed")
	r.each("name", func(place, text string) {
		if text == "default" {
			r.refuse(place, "%q is reserved", text)
		}
	})
	if !in.IsUnknown("subnetIds") && len(in.List("subnetIds")) == 0 {
		r.refuse("subnetIds", "at least one subnet is required")
	}
	return r.problems
}

func createDatabaseSubnetGroup(tx *Tx, r *Resource) error {
	name := r.Outputs.Text("name")
	if _, taken := tx.Get(databaseSubnetGroupToken, name); taken {
		return tx.Refuse("DBSubnetGroupAlreadyExists", "The DB subnet group '%s' already exists; choose another name", name)
	}
	r.ID = name
	r.Outputs["arn"] = tx.ARN("rds", "subgrp:"+name)
	r.Outputs["supportedNetworkTypes"] = list("IPV4")
	return tx.coverZones(r)
}

// coverZones refuses a DB subnet group in fewer than two availability zones, or in several VPCs.
func (tx *Tx) coverZones(r *Resource) error {
	zones, vpc, mixed := tx.zones(r.Outputs.Strings("subnetIds"))
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
