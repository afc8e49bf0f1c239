package elasticache

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/elasticache"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var cacheRefs = []account.Ref{
	{Path: "subnetGroupName", Type: account.CacheSubnetGroupToken, By: "id", Missing: "CacheSubnetGroupNotFoundFault", InUse: "CacheSubnetGroupInUse"},
	{Path: "parameterGroupName", Type: account.CacheParameterGroupToken, By: "id", InUse: "InvalidCacheParameterGroupState", Optional: true},
	{Path: "securityGroupIds[*]", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidParameterValue", InUse: "DependencyViolation"},
	{Path: "notificationTopicArn", Type: account.TopicToken, By: "arn", Missing: "InvalidParameterValue"},
}

var elasticacheTypes = []account.Type{
	{
		Token: account.CacheSubnetGroupToken, Args: elasticache.SubnetGroupArgs{}, State: elasticache.SubnetGroup{},
		Required: []string{"subnetIds"},
		Name:     account.Name{Property: "name", Max: 255},
		ForceNew: []string{"name"},
		Defaults: account.Values{"description": "Managed by Pulumi"},
		Refs:     []account.Ref{{Path: "subnetIds[*]", Type: account.SubnetToken, By: "id", Missing: "InvalidSubnet"}},
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			r.Length("name", 1, 255)
			r.Matches("name", cacheGroupName, "only letters, digits and hyphens are allowed")
			return r.Problems
		},
		Create: func(tx *account.Tx, r *account.Resource) error {
			name := strings.ToLower(r.Outputs.Text("name"))
			if _, taken := tx.Get(account.CacheSubnetGroupToken, name); taken {
				return tx.Refuse("CacheSubnetGroupAlreadyExists", "Cache subnet group %s already exists; choose another name", name)
			}
			r.ID = name
			r.Outputs["name"] = name
			r.Outputs["arn"] = tx.ARN("elasticache", "subnetgroup:"+name)
			return cacheSubnets(tx, r)
		},
		Update: func(tx *account.Tx, _, next *account.Resource) error { return cacheSubnets(tx, next) },
	},
	{
		Token: account.CacheParameterGroupToken, Args: elasticache.ParameterGroupArgs{}, State: elasticache.ParameterGroup{},
		Name:     account.Name{Property: "name", Max: 255},
		ForceNew: []string{"name", "family", "description"},
		Defaults: account.Values{"description": "Managed by Pulumi"},
		Check:    checkCacheParameterGroup,
		Create: func(tx *account.Tx, r *account.Resource) error {
			name := strings.ToLower(r.Outputs.Text("name"))
			if _, taken := tx.Get(account.CacheParameterGroupToken, name); taken {
				return tx.Refuse("CacheParameterGroupAlreadyExists", "Cache parameter group %s already exists; choose another name", name)
			}
			r.ID = name
			r.Outputs["name"] = name
			r.Outputs["arn"] = tx.ARN("elasticache", "parametergroup:"+name)
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
			if old.Text("engine") == "memcached" && next.Text("engine") == "memcached" {
				return append(cacheDowngrade(old, next), "nodeType")
			}
			return cacheDowngrade(old, next)
		},
		Defaults: account.Values{"autoMinorVersionUpgrade": "true"},
		Refs:     cacheRefs,
		Check:    checkCacheCluster,
		Create:   createCacheCluster,
		Update:   func(tx *account.Tx, _, next *account.Resource) error { return completeCacheCluster(tx, next) },
		Delete:   deleteCache,
	},
	{
		Token: account.CacheReplicationToken, Args: elasticache.ReplicationGroupArgs{}, State: elasticache.ReplicationGroup{},
		Name: account.Name{Property: "replicationGroupId", Max: 40, Lower: true},
		ForceNew: []string{
			"replicationGroupId", "atRestEncryptionEnabled", "dataTieringEnabled", "globalReplicationGroupId", "kmsKeyId", "networkType",
			"port", "securityGroupNames", "snapshotArns", "snapshotName", "subnetGroupName",
		},
		Replaces: cacheDowngrade,
		Defaults: account.Values{"automaticFailoverEnabled": false, "multiAzEnabled": false, "autoMinorVersionUpgrade": true, "applyImmediately": false},
		Refs:     cacheRefs,
		Check:    checkReplicationGroup,
		Create:   createReplicationGroup,
		Update:   func(tx *account.Tx, _, next *account.Resource) error { return completeReplicationGroup(tx, next) },
		Delete:   deleteCache,
	},
}
