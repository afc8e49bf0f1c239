package elasticache

import (
	"regexp"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var (
	cacheGroupName     = regexp.MustCompile(`^[0-9A-Za-z-]+$`)
	cacheIdentifier    = regexp.MustCompile(`^[a-z][0-9a-z-]*$`)
	replicationGroupID = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z-]*$`)
	cacheNodeType      = regexp.MustCompile(`^cache\.[a-z][a-z0-9-]*\.[a-z0-9]+$`)
	cacheToken         = regexp.MustCompile(`^[^@"/]*$`)
)

// cacheCommon are the rules that clusters and replication groups share.
func checkCommon(r *account.Rules, engine string) {
	if versions, known := cacheVersions[engine]; known {
		r.Each("engineVersion", func(place, text string) {
			if _, ok := versions[text]; !ok {
				r.Refuse(place, "cannot find version %s for %s; it comes in %s", text, engine, strings.Join(account.SortedKeys(versions), ", "))
			}
		})
	}
	r.Matches("nodeType", cacheNodeType, "a node type looks like cache.t4g.micro")
	r.Between("port", 1, 65535)
	r.WeeklyWindow("maintenanceWindow", 60)
	r.DailyWindow("snapshotWindow", 60)
	r.Apart("snapshotWindow", "maintenanceWindow")
	r.Between("snapshotRetentionLimit", 0, 35)
	r.OneOf("networkType", "ipv4", "ipv6", "dual_stack")
	r.OneOf("ipDiscovery", "ipv4", "ipv6")
	r.ARN("notificationTopicArn")
}

func checkCacheCluster(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Length("clusterId", 1, 50)
	r.Matches("clusterId", cacheIdentifier, "it starts with a letter and has only lower case letters, digits and hyphens")
	r.Hyphens("clusterId")
	r.OneOf("engine", "memcached", "redis", "valkey")
	engine := in.Text("engine")
	checkCommon(&r, engine)
	if in.Has("replicationGroupId") {
		r.Conflict("replicationGroupId", "engine", "nodeType", "numCacheNodes", "port", "securityGroupIds", "subnetGroupName")
		return r.Problems
	}
	for _, name := range []string{"engine", "nodeType"} {
		if !in.Has(name) {
			r.Refuse(name, "is required without replicationGroupId")
		}
	}
	nodes, counted := in.Int("numCacheNodes")
	r.OneOf("azMode", "single-az", "cross-az")
	switch engine {
	case "memcached":
		if !in.Has("numCacheNodes") {
			r.Refuse("numCacheNodes", "is required for memcached")
		}
		r.Between("numCacheNodes", 1, 60)
		for _, name := range []string{"snapshotRetentionLimit", "snapshotWindow", "snapshotName", "snapshotArns", "finalSnapshotIdentifier", "logDeliveryConfigurations"} {
			if in.Has(name) {
				r.Refuse(name, "engine memcached does not support it")
			}
		}
		if in.True("transitEncryptionEnabled") && in.Has("engineVersion") && !in.IsUnknown("engineVersion") && olderVersion(in.Text("engineVersion"), "1.6.12") {
			r.Refuse("transitEncryptionEnabled", "transit encryption is not supported for memcached %s; 1.6.12 is the first version that has it", in.Text("engineVersion"))
		}
	case "redis", "valkey":
		if counted && nodes > 1 {
			r.Refuse("numCacheNodes", "engine %q does not support more than one node; use a replication group", engine)
		}
		if in.Text("azMode") == "cross-az" {
			r.Refuse("azMode", "cross-az is for memcached; use a replication group")
		}
	}
	if in.Text("azMode") == "cross-az" && counted && nodes < 2 {
		r.Refuse("azMode", `"cross-az" is not supported with numCacheNodes = 1`)
	}
	if zones := in.List("preferredAvailabilityZones"); counted && len(zones) > 0 && len(zones) != nodes {
		r.Refuse("preferredAvailabilityZones", "has %d zones for %d nodes; name one for each", len(zones), nodes)
	}
	return r.Problems
}

func checkReplicationGroup(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Length("replicationGroupId", 1, 40)
	r.Matches("replicationGroupId", replicationGroupID, "it starts with a letter and has only letters, digits and hyphens")
	r.Hyphens("replicationGroupId")
	r.Length("description", 1, 255)
	r.OneOf("engine", "redis", "valkey")
	engine := in.Text("engine")
	if !in.Has("engine") {
		engine = "redis"
	}
	checkCommon(&r, engine)
	r.Conflict("numCacheClusters", "numNodeGroups", "replicasPerNodeGroup")
	r.Conflict("authToken", "userGroupIds")
	r.Between("numCacheClusters", 1, 6)
	r.Between("replicasPerNodeGroup", 0, 5)
	r.Between("numNodeGroups", 1, 500)
	nodes, counted := in.Int("numCacheClusters")
	if !in.Has("numCacheClusters") && !in.Has("numNodeGroups") && !in.Has("replicasPerNodeGroup") {
		nodes, counted = 1, true
	}
	if in.True("automaticFailoverEnabled") && counted && nodes < 2 {
		r.Refuse("numCacheClusters", "must be at least 2 if automaticFailoverEnabled is true")
	}
	if failover, known := in.Bool("automaticFailoverEnabled"); in.True("multiAzEnabled") && (!in.Has("automaticFailoverEnabled") || known && !failover) {
		r.Refuse("automaticFailoverEnabled", "must be true if multiAzEnabled is true")
	}
	// The token itself is never part of the text: it is a secret.
	if secret, known := in.String("authToken"); known {
		if len(secret) < 16 || len(secret) > 128 {
			r.Refuse("authToken", "has %d characters; AWS allows 16 to 128", len(secret))
		}
		if !cacheToken.MatchString(secret) {
			r.Refuse("authToken", `cannot contain '@', '"' or '/'`)
		}
	}
	if in.Has("authToken") && !in.IsUnknown("transitEncryptionEnabled") && !in.True("transitEncryptionEnabled") {
		r.Refuse("transitEncryptionEnabled", "must be true with authToken: AUTH needs encryption in transit")
	}
	r.OneOf("transitEncryptionMode", "preferred", "required")
	r.OneOf("clusterMode", "enabled", "disabled", "compatible")
	if in.Has("transitEncryptionMode") && !in.IsUnknown("transitEncryptionEnabled") && !in.True("transitEncryptionEnabled") {
		r.Refuse("transitEncryptionMode", "needs transitEncryptionEnabled")
	}
	if zones := in.List("preferredCacheClusterAzs"); counted && len(zones) > 0 && len(zones) != nodes {
		r.Refuse("preferredCacheClusterAzs", "has %d zones for %d nodes; name one for each", len(zones), nodes)
	}
	if in.True("dataTieringEnabled") && !strings.HasPrefix(in.Text("nodeType"), "cache.r6gd.") && !in.IsUnknown("nodeType") {
		r.Refuse("dataTieringEnabled", "needs a node type of the r6gd family")
	}
	return r.Problems
}
