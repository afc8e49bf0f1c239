package account

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/elasticache"
)

const (
	cacheClusterToken        = "aws:elasticache/cluster:Cluster"
	cacheReplicationToken    = "aws:elasticache/replicationGroup:ReplicationGroup"
	cacheSubnetGroupToken    = "aws:elasticache/subnetGroup:SubnetGroup"
	cacheParameterGroupToken = "aws:elasticache/parameterGroup:ParameterGroup"
	cacheSnapshotToken       = "aws:elasticache/snapshot:Snapshot"
)

var cacheRefs = []Ref{
	{Path: "subnetGroupName", Type: cacheSubnetGroupToken, By: "id", Missing: "CacheSubnetGroupNotFoundFault", InUse: "CacheSubnetGroupInUse"},
	{Path: "parameterGroupName", Type: cacheParameterGroupToken, By: "id", InUse: "InvalidCacheParameterGroupState", Optional: true},
	{Path: "securityGroupIds[*]", Type: securityGroupToken, By: "id", Missing: "InvalidParameterValue", InUse: "DependencyViolation"},
	{Path: "notificationTopicArn", Type: topicToken, By: "arn", Missing: "InvalidParameterValue"},
}

var elasticacheTypes = []Type{
	{
		Token: cacheSubnetGroupToken, Args: elasticache.SubnetGroupArgs{}, State: elasticache.SubnetGroup{},
		Required: []string{"subnetIds"},
		Name:     Name{Property: "name", Max: 255},
		ForceNew: []string{"name"},
		Defaults: Values{"description": "Managed by Pulumi"},
		Refs:     []Ref{{Path: "subnetIds[*]", Type: subnetToken, By: "id", Missing: "InvalidSubnet"}},
		Check: func(in Values) []Problem {
			r := rules{in: in}
			r.length("name", 1, 255)
			r.matches("name", cacheGroupName, "only letters, digits and hyphens are allowed")
			return r.problems
		},
		Create: func(tx *Tx, r *Resource) error {
			name := strings.ToLower(r.Outputs.Text("name"))
			if _, taken := tx.Get(cacheSubnetGroupToken, name); taken {
				return tx.Refuse("CacheSubnetGroupAlreadyExists", "Cache subnet group %s already exists; choose another name", name)
			}
			r.ID = name
			r.Outputs["name"] = name
			r.Outputs["arn"] = tx.ARN("elasticache", "subnetgroup:"+name)
			return tx.cacheSubnets(r)
		},
		Update: func(tx *Tx, _, next *Resource) error { return tx.cacheSubnets(next) },
	},
	{
		Token: cacheParameterGroupToken, Args: elasticache.ParameterGroupArgs{}, State: elasticache.ParameterGroup{},
		Name:     Name{Property: "name", Max: 255},
		ForceNew: []string{"name", "family", "description"},
		Defaults: Values{"description": "Managed by Pulumi"},
		Check:    checkCacheParameterGroup,
		Create: func(tx *Tx, r *Resource) error {
			name := strings.ToLower(r.Outputs.Text("name"))
			if _, taken := tx.Get(cacheParameterGroupToken, name); taken {
				return tx.Refuse("CacheParameterGroupAlreadyExists", "Cache parameter group %s already exists; choose another name", name)
			}
			r.ID = name
			r.Outputs["name"] = name
			r.Outputs["arn"] = tx.ARN("elasticache", "parametergroup:"+name)
			return nil
		},
	},
	{
		Token: cacheClusterToken, Args: elasticache.ClusterArgs{}, State: elasticache.Cluster{},
		Name: Name{Property: "clusterId", Max: 50, Lower: true},
		ForceNew: []string{
			"clusterId", "availabilityZone", "engine", "networkType", "outpostMode", "port", "preferredOutpostArn", "replicationGroupId",
			"snapshotArns", "snapshotName", "subnetGroupName", "transitEncryptionEnabled",
		},
		Replaces: func(old, next Values) []string {
			if old.Text("engine") == "memcached" && next.Text("engine") == "memcached" {
				return append(cacheDowngrade(old, next), "nodeType")
			}
			return cacheDowngrade(old, next)
		},
		Defaults: Values{"autoMinorVersionUpgrade": "true"},
		Refs:     cacheRefs,
		Check:    checkCacheCluster,
		Create:   createCacheCluster,
		Update:   func(tx *Tx, _, next *Resource) error { return tx.completeCacheCluster(next) },
		Delete:   deleteCache,
	},
	{
		Token: cacheReplicationToken, Args: elasticache.ReplicationGroupArgs{}, State: elasticache.ReplicationGroup{},
		Name: Name{Property: "replicationGroupId", Max: 40, Lower: true},
		ForceNew: []string{
			"replicationGroupId", "atRestEncryptionEnabled", "dataTieringEnabled", "globalReplicationGroupId", "kmsKeyId", "networkType",
			"port", "securityGroupNames", "snapshotArns", "snapshotName", "subnetGroupName",
		},
		Replaces: cacheDowngrade,
		Defaults: Values{"automaticFailoverEnabled": false, "multiAzEnabled": false, "autoMinorVersionUpgrade": true, "applyImmediately": false},
		Refs:     cacheRefs,
		Check:    checkReplicationGroup,
		Create:   createReplicationGroup,
		Update:   func(tx *Tx, _, next *Resource) error { return tx.completeReplicationGroup(next) },
		Delete:   deleteCache,
	},
}
