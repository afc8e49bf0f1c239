// Package elasticache holds caches and their subnet groups.
package elasticache

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/elasticache"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

var (
	groupName  = regexp.MustCompile(`^[0-9A-Za-z-]+$`)
	identifier = regexp.MustCompile(`^[a-z][0-9a-z-]*$`)
	refs       = []account.Ref{
		{Path: "subnetGroupName", Type: account.CacheSubnetGroupToken, By: "id", Missing: "CacheSubnetGroupNotFoundFault", InUse: "CacheSubnetGroupInUse"},
		{Path: "securityGroupIds[*]", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidParameterValue", InUse: "DependencyViolation"},
	}
)

// rules are what clusters and replication groups have in common; id is the input that names them.
func rules(id string, longest int, more ...account.Rule) []account.Rule {
	return append(more,
		account.Length(id, 1, longest),
		account.Matches(id, identifier, "it starts with a letter and has only lower case letters, digits and hyphens"),
		account.Hyphens(id),
		account.Known("nodeType", known.Cache.Check),
		account.Between("port", 1, 65535),
		account.WeeklyWindow("maintenanceWindow", 60),
	)
}

// engineName accepts capital letters, as the provider does, "while the absence of a diff suppression function" makes them a difference at
// every deployment (internal/service/elasticache/replication_group.go): ElastiCache returns small ones.
var engineName = account.Text("engine", func(text string) string {
	if engine := strings.ToLower(text); engine != "redis" && engine != "valkey" {
		return fmt.Sprintf("%q is not one of redis, valkey", text)
	}
	return ""
})

// normal is the form of windows that ElastiCache returns, and the provider compares (the StateFunc of maintenance_window).
func normal(v account.Values) {
	if window, known := v.String("maintenanceWindow"); known {
		v["maintenanceWindow"] = strings.ToLower(window)
	}
}

// Service is ElastiCache.
var Service = account.Service{Types: []account.Type{
	{
		Token: account.CacheSubnetGroupToken, Args: elasticache.SubnetGroupArgs{}, State: elasticache.SubnetGroup{},
		Required: []string{"subnetIds"},
		Name:     account.Name{Property: "name", Max: 255, Lower: true}, // ElastiCache turns it into lower case
		ForceNew: []string{"name"},
		Defaults: account.Values{"description": "Managed by Pulumi"},
		Refs:     []account.Ref{{Path: "subnetIds[*]", Type: account.SubnetToken, By: "id", Missing: "InvalidSubnet"}},
		Rules:    []account.Rule{account.Length("name", 1, 255), account.Matches("name", groupName, "only letters, digits and hyphens are allowed")},
		Identity: account.Identity{
			ID: "{name}", ARN: "elasticache:subnetgroup:{name}", Taken: "CacheSubnetGroupAlreadyExists: Cache subnet group {name} already exists",
		},
		Complete: func(tx *account.Tx, r *account.Resource) error {
			_, vpc, mixed := tx.ZonesOf(r.Outputs.Strings("subnetIds"))
			if mixed {
				return tx.Refuse("InvalidSubnet", "The subnets of cache subnet group %s are not all in the same VPC", r.ID)
			}
			r.Outputs["vpcId"] = vpc
			return nil
		},
	},
	{
		Token: account.CacheClusterToken, Args: elasticache.ClusterArgs{}, State: elasticache.Cluster{},
		Name: account.Name{Property: "clusterId", Max: 50, Lower: true},
		ForceNew: []string{
			"clusterId", "availabilityZone", "engine", "networkType", "outpostMode", "port", "preferredOutpostArn", "replicationGroupId",
			"snapshotArns", "snapshotName", "subnetGroupName", "transitEncryptionEnabled",
		},
		Replaces: func(old, next account.Values) []string {
			return append(downgrade(old, next), "nodeType") // memcached cannot change it
		},
		Defaults: account.Values{"autoMinorVersionUpgrade": "true"},
		Normal:   normal,
		Refs:     refs,
		Rules:    rules("clusterId", 50, account.OneOf("engine", "memcached"), account.Between("numCacheNodes", 1, 60)),
		Check:    func(r *account.Rules) { check(r, "memcached", "engine", "nodeType", "numCacheNodes") },
		Identity: account.Identity{
			ID: "{clusterId}", ARN: "elasticache:cluster:{id}", Taken: "CacheClusterAlreadyExists: Cache cluster {id} already exists",
			Outputs: account.Values{"port": 11211.0, "azMode": "single-az"},
		},
		Complete: completeCluster,
	},
	{
		Token: account.CacheReplicationToken, Args: elasticache.ReplicationGroupArgs{}, State: elasticache.ReplicationGroup{},
		Name: account.Name{Property: "replicationGroupId", Max: 40, Lower: true},
		ForceNew: []string{
			"replicationGroupId", "atRestEncryptionEnabled", "dataTieringEnabled", "globalReplicationGroupId", "kmsKeyId", "networkType",
			"port", "securityGroupNames", "snapshotArns", "snapshotName", "subnetGroupName",
		},
		Replaces: downgrade,
		Along:    map[string][]string{"numCacheClusters": {"memberClusters"}}, // ComputedIf in internal/service/elasticache/replication_group.go
		Defaults: account.Values{
			"automaticFailoverEnabled": false, "multiAzEnabled": false, "autoMinorVersionUpgrade": true, "applyImmediately": false, "authTokenUpdateStrategy": "ROTATE",
			"port": 6379.0, // "Suppress default Redis ports when not defined" (internal/service/elasticache/replication_group.go)
		},
		Normal: normal,
		Refs:   refs,
		Rules: rules("replicationGroupId", 40, engineName, account.Length("description", 1, 255),
			account.Between("numCacheClusters", 1, 6), account.Between("snapshotRetentionLimit", 0, 35),
			account.DailyWindow("snapshotWindow", 60), account.Apart("snapshotWindow", "maintenanceWindow"),
			account.Matches("authToken", authToken, "a token has 16 to 128 letters, digits and !&#$^<>-"), account.OneOf("authTokenUpdateStrategy", "SET", "ROTATE", "DELETE")),
		Check: checkReplicationGroup,
		Identity: account.Identity{
			ID: "{replicationGroupId}", ARN: "elasticache:replicationgroup:{id}", Taken: "ReplicationGroupAlreadyExists: Replication group {id} already exists",
			Outputs: account.Values{"engine": "redis", "nodeType": "cache.t4g.small", "numCacheClusters": 1.0, "snapshotWindow": "03:00-04:00"},
		},
		Create: func(tx *account.Tx, r *account.Resource) error {
			accept(tx, r.ID, []string{r.Outputs.Text("authToken")})
			// Valkey encrypts at rest by default, Redis does not.
			if !r.Outputs.Has("atRestEncryptionEnabled") {
				r.Outputs["atRestEncryptionEnabled"] = r.Outputs.Text("engine") == "valkey"
			}
			if r.Outputs.True("transitEncryptionEnabled") {
				account.SetDefault(r.Outputs, "transitEncryptionMode", "required")
			}
			return nil
		},
		Update: modify, Complete: completeReplicationGroup, Delete: remove,
	},
}}

// check wants inputs, and a version that ElastiCache has of the engine.
func check(r *account.Rules, engine string, required ...string) {
	for _, name := range required {
		if !r.In.Has(name) {
			r.Refuse(name, "is required")
		}
	}
	if offered := versions[engine]; offered != nil {
		r.Apply(account.Text("engineVersion", func(text string) string {
			if offered[text] == "" {
				return "cannot find version " + text + " for " + engine + "; it comes in " + strings.Join(account.SortedKeys(offered), ", ")
			}
			return ""
		}))
	}
}

func checkReplicationGroup(r *account.Rules) {
	engine := strings.ToLower(r.In.Text("engine"))
	if !r.In.Has("engine") {
		engine = "redis"
	}
	check(r, engine)
	checkAuth(r)
	nodes, counted := r.In.Int("numCacheClusters")
	if !r.In.Has("numCacheClusters") {
		nodes, counted = 1, true
	}
	if r.In.True("automaticFailoverEnabled") && counted && nodes < 2 {
		r.Refuse("numCacheClusters", "must be at least 2 if automaticFailoverEnabled is true")
	}
	if failover, known := r.In.Bool("automaticFailoverEnabled"); r.In.True("multiAzEnabled") && (!r.In.Has("automaticFailoverEnabled") || known && !failover) {
		r.Refuse("automaticFailoverEnabled", "must be true if multiAzEnabled is true")
	}
}
