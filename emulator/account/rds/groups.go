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

// Service is RDS with MySQL, MariaDB and PostgreSQL.
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
	cluster,
	clusterInstance,
	clusterParameters,
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

// mysqlParameters are the parameters of MySQL and MariaDB that the program may set, with the values that RDS accepts; nil
// where any text is one.
var mysqlParameters = map[string][]string{
	"character_set_server": nil, "collation_server": nil, "log_output": {"FILE", "TABLE", "NONE"}, "long_query_time": nil,
	"slow_query_log": {"0", "1"}, "general_log": {"0", "1"}, "require_secure_transport": {"0", "1", "ON", "OFF"}, "max_connections": nil,
}

// postgresParameters are those of PostgreSQL (PostgreSQL.Concepts.General.SSL.html, blue-green-deployments-creating.html;
// https://docs.aws.amazon.com/prescriptive-guidance/latest/tuning-postgresql-parameters/max-connections.html, which says that it is static). That
// rds.force_ssl was refused as static is in ministryofjustice/cloud-platform#1197.
var (
	postgresParameters = map[string][]string{
		"log_min_duration_statement": nil, "max_connections": nil, "rds.force_ssl": {"0", "1"}, "rds.logical_replication": {"0", "1"},
	}
	postgresStatic = []string{"max_connections", "rds.force_ssl", "rds.logical_replication"}
)

// numbers are the bounds of parameters that are numbers (https://www.postgresql.org/docs/17/runtime-config-logging.html: -1 turns it off).
var numbers = map[string][2]float64{"long_query_time": {0, 31536000}, "log_min_duration_statement": {-1, 2147483647}}

func checkParameters(r *account.Rules) {
	family, known := r.In.String("family")
	engine, ok := ofFamily(family)
	if known && !ok {
		r.Refuse("family", "ParameterGroupFamily %s is not a valid parameter group family, such as mysql8.4, mariadb11.4 or postgres17", family)
	}
	if !ok {
		return
	}
	seen := map[string]bool{}
	for i, parameter := range r.In.Blocks("parameters[*]") {
		place := fmt.Sprintf("parameters[%d].", i)
		name, value := parameter.Text("name"), parameter.Text("value")
		allowed, known := engine.parameters[name]
		switch {
		case name == "":
			continue
		case seen[name]:
			r.Refuse(place+"name", "%q is there twice", name)
		case !known:
			r.Refuse(place+"name", "could not find parameter with name: %s", name)
		case slices.Contains(engine.static, name) && parameter.Text("applyMethod") != "pending-reboot":
			r.Refuse(place+"applyMethod", "cannot use immediate apply method for static parameter")
		case allowed != nil && value != "" && !slices.Contains(allowed, value):
			r.Refuse(place+"value", "invalid parameter value: %s for: %s allowed values are: %s", value, name, strings.Join(allowed, ","))
		}
		number, err := strconv.ParseFloat(value, 64)
		if bounds, is := numbers[name]; is && value != "" && (err != nil || number < bounds[0] || number > bounds[1]) {
			r.Refuse(place+"value", "invalid parameter value: %s for: %s allowed values are: %.0f-%.0f", value, name, bounds[0], bounds[1])
		}
		seen[name] = true
	}
}
