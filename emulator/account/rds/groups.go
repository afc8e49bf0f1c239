// Package rds holds databases, their subnet groups and parameter groups.
package rds

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is RDS with MySQL and MariaDB.
var Service = account.Service{Types: []account.Type{
	{
		Token: account.DatabaseSubnetGroupToken, Args: rds.SubnetGroupArgs{}, State: rds.SubnetGroup{},
		Required: []string{"subnetIds"},
		Name:     account.Name{Property: "name", Max: 255, Lower: true},
		ForceNew: []string{"name", "namePrefix"},
		Defaults: account.Values{"description": "Managed by Pulumi"},
		Refs:     []account.Ref{{Path: "subnetIds[*]", Type: account.SubnetToken, By: "id", Missing: "InvalidSubnet"}},
		Rules: []account.Rule{
			account.Length("name", 1, 255),
			account.Matches("name", subnetGroupName, "only lower case letters, digits, hyphens, underscores, periods and spaces are allowed"),
			account.NotEmpty("subnetIds"),
		},
		Identity: account.Identity{
			ID: "{name}", ARN: "rds:subgrp:{name}", Taken: "DBSubnetGroupAlreadyExists: The DB subnet group '{name}' already exists",
			Outputs: account.Values{"supportedNetworkTypes": []any{"IPV4"}},
		},
		Complete: completeSubnetGroup,
	},
	{
		Token: account.DatabaseParameterGroupToken, Args: rds.ParameterGroupArgs{}, State: rds.ParameterGroup{},
		Name:     account.Name{Property: "name", Max: 255, Lower: true},
		ForceNew: []string{"name", "namePrefix", "family", "description"},
		Defaults: account.Values{"description": "Managed by Pulumi", "skipDestroy": false},
		Rules: []account.Rule{
			account.Length("name", 1, 255),
			account.Matches("name", parameterGroupName, "it starts with a letter and has only lower case letters, digits, periods and hyphens"),
			account.Hyphens("name"),
		},
		Check:    checkParameters,
		Identity: account.Identity{ID: "{name}", ARN: "rds:pg:{name}", Taken: "DBParameterGroupAlreadyExists: Parameter group {name} already exists"},
		Complete: func(_ *account.Tx, r *account.Resource) error {
			for _, parameter := range r.Outputs.Blocks("parameters[*]") {
				account.SetDefault(parameter, "applyMethod", "immediate")
			}
			return nil
		},
	},
	database,
	events,
}, Functions: lookups}

var (
	subnetGroupName    = regexp.MustCompile(`^[0-9a-z_ .-]+$`)
	parameterGroupName = regexp.MustCompile(`^[a-z][0-9a-z.-]*$`)
)

// completeSubnetGroup refuses a DB subnet group in fewer than two availability zones, in several VPCs, or in another one than before
// (https://github.com/hashicorp/terraform-provider-aws/issues/27459).
func completeSubnetGroup(tx *account.Tx, r *account.Resource) error {
	zones, vpc, mixed := tx.ZonesOf(r.Outputs.Strings("subnetIds"))
	if mixed {
		return tx.Refuse("InvalidSubnet", "The subnets of DB subnet group %s are not all in the same VPC", r.ID)
	}
	if len(zones) < 2 {
		return tx.Refuse("DBSubnetGroupDoesNotCoverEnoughAZs",
			"The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: %s. Add subnets to cover at least 2 AZs.",
			strings.Join(zones, ", "))
	}
	if before, there := tx.Get(account.DatabaseSubnetGroupToken, r.ID); there && before.Outputs.Text("vpcId") != vpc {
		return tx.Refuse("InvalidParameterValue", "The new Subnets are not in the same Vpc as the existing subnet group: %s is in %s", r.ID, before.Outputs.Text("vpcId"))
	}
	r.Outputs["vpcId"] = vpc
	return nil
}

// parameters are the parameters of MySQL and MariaDB that the program may set, with the values that RDS accepts; nil
// where any text is one.
var parameters = map[string][]string{
	"character_set_server": nil, "collation_server": nil, "log_output": {"FILE", "TABLE", "NONE"}, "long_query_time": nil,
	"slow_query_log": {"0", "1"}, "general_log": {"0", "1"}, "require_secure_transport": {"0", "1", "ON", "OFF"}, "max_connections": nil,
}

func checkParameters(r *account.Rules) {
	if family, known := r.In.String("family"); known && !isFamily(family) {
		r.Refuse("family", "ParameterGroupFamily %s is not a valid parameter group family, such as mysql8.4 or mariadb11.4", family)
	}
	seen := map[string]bool{}
	for i, parameter := range r.In.Blocks("parameters[*]") {
		place := fmt.Sprintf("parameters[%d].", i)
		name, value := parameter.Text("name"), parameter.Text("value")
		allowed, known := parameters[name]
		switch {
		case name == "":
			continue
		case seen[name]:
			r.Refuse(place+"name", "%q is there twice", name)
		case !known:
			r.Refuse(place+"name", "could not find parameter with name: %s", name)
		case allowed != nil && value != "" && !slices.Contains(allowed, value):
			r.Refuse(place+"value", "invalid parameter value: %s for: %s allowed values are: %s", value, name, strings.Join(allowed, ","))
		}
		if seconds, err := strconv.ParseFloat(value, 64); name == "long_query_time" && value != "" && (err != nil || seconds < 0 || seconds > 31536000) {
			r.Refuse(place+"value", "invalid parameter value: %s for: %s allowed values are: 0-31536000", value, name)
		}
		seen[name] = true
	}
}
