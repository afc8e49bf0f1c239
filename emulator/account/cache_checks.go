package account

import (
	"regexp"
	"strings"
)

var (
	cacheGroupName     = regexp.MustCompile(`^[0-9A-Za-z-]+$`)
	cacheIdentifier    = regexp.MustCompile(`^[a-z][0-9a-z-]*$`)
	replicationGroupID = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z-]*$`)
	cacheNodeType      = regexp.MustCompile(`^cache\.[a-z][a-z0-9-]*\.[a-z0-9]+$`)
	cacheToken         = regexp.MustCompile(`^[^@"/]*$`)
)

// cacheCommon are the rules that clusters and replication groups share.
func (r *rules) cacheCommon(engine string) {
	if versions, known := cacheVersions[engine]; known {
		r.each("engineVersion", func(place, text string) {
			if _, ok := versions[text]; !ok {
				r.refuse(place, "cannot find version %s for %s; it comes in %s", text, engine, strings.Join(sortedKeys(versions), ", "))
			}
		})
	}
	r.matches("nodeType", cacheNodeType, "a node type looks like cache.t4g.micro")
	r.between("port", 1, 65535)
	r.weeklyWindow("maintenanceWindow", 60)
	r.dailyWindow("snapshotWindow", 60)
	r.apart("snapshotWindow", "maintenanceWindow")
	r.between("snapshotRetentionLimit", 0, 35)
	r.oneOf("networkType", "ipv4", "ipv6", "dual_stack")
	r.oneOf("ipDiscovery", "ipv4", "ipv6")
	r.arn("notificationTopicArn")
}

func checkCacheCluster(in Values) []Problem {
	r := rules{in: in}
	r.length("clusterId", 1, 50)
	r.matches("clusterId", cacheIdentifier, "it starts with a letter and has only lower case letters, digits and hyphens")
	r.hyphens("clusterId")
	r.oneOf("engine", "memcached", "redis", "valkey")
	engine := in.Text("engine")
	r.cacheCommon(engine)
	if in.Has("replicationGroupId") {
		r.conflict("replicationGroupId", "engine", "nodeType", "numCacheNodes", "port", "securityGroupIds", "subnetGroupName")
		return r.problems
	}
	for _, name := range []string{"engine", "nodeType"} {
		if !in.Has(name) {
			r.refuse(name, "is required without replicationGroupId")
		}
	}
	nodes, counted := in.Int("numCacheNodes")
	r.oneOf("azMode", "single-az", "cross-az")
	switch engine {
	case "memcached":
		if !in.Has("numCacheNodes") {
			r.refuse("numCacheNodes", "is required for memcached")
		}
		r.between("numCacheNodes", 1, 60)
		for _, name := range []string{"snapshotRetentionLimit", "snapshotWindow", "snapshotName", "snapshotArns", "finalSnapshotIdentifier", "logDeliveryConfigurations"} {
			if in.Has(name) {
				r.refuse(name, "engine memcached does not support it")
			}
		}
		if in.True("transitEncryptionEnabled") && in.Has("engineVersion") && !in.IsUnknown("engineVersion") && olderVersion(in.Text("engineVersion"), "1.6.12") {
			r.refuse("transitEncryptionEnabled", "transit encryption is not supported for memcached %s; 1.6.12 is the first version that has it", in.Text("engineVersion"))
		}
	case "redis", "valkey":
		if counted && nodes > 1 {
			r.refuse("numCacheNodes", "engine %q does not support more than one node; use a replication group", engine)
		}
		if in.Text("azMode") == "cross-az" {
			r.refuse("azMode", "cross-az is for memcached; use a replication group")
		}
	}
	if in.Text("azMode") == "cross-az" && counted && nodes < 2 {
		r.refuse("azMode", `"cross-az" is not supported with numCacheNodes = 1`)
	}
	if zones := in.List("preferredAvailabilityZones"); counted && len(zones) > 0 && len(zones) != nodes {
		r.refuse("preferredAvailabilityZones", "has %d zones for %d nodes; name one for each", len(zones), nodes)
	}
	return r.problems
}

func checkReplicationGroup(in Values) []Problem {
	r := rules{in: in}
	r.length("replicationGroupId", 1, 40)
	r.matches("replicationGroupId", replicationGroupID, "it starts with a letter and has only letters, digits and hyphens")
	r.hyphens("replicationGroupId")
	r.length("description", 1, 255)
	r.oneOf("engine", "redis", "valkey")
	engine := in.Text("engine")
	if !in.Has("engine") {
		engine = "redis"
	}
	r.cacheCommon(engine)
	r.conflict("numCacheClusters", "numNodeGroups", "replicasPerNodeGroup")
	r.conflict("authToken", "userGroupIds")
	r.between("numCacheClusters", 1, 6)
	r.between("replicasPerNodeGroup", 0, 5)
	r.between("numNodeGroups", 1, 500)
	nodes, counted := in.Int("numCacheClusters")
	if !in.Has("numCacheClusters") && !in.Has("numNodeGroups") && !in.Has("replicasPerNodeGroup") {
		nodes, counted = 1, true
	}
	if in.True("automaticFailoverEnabled") && counted && nodes < 2 {
		r.refuse("numCacheClusters", "must be at least 2 if automaticFailoverEnabled is true")
	}
	if failover, known := in.Bool("automaticFailoverEnabled"); in.True("multiAzEnabled") && (!in.Has("automaticFailoverEnabled") || known && !failover) {
		r.refuse("automaticFailoverEnabled", "must be true if multiAzEnabled is true")
	}
	// The token itself is never part of the text: it is a secret.
	if secret, known := in.String("authToken"); known {
		if len(secret) < 16 || len(secret) > 128 {
			r.refuse("authToken", "has %d characters; AWS allows 16 to 128", len(secret))
		}
		if !cacheToken.MatchString(secret) {
			r.refuse("authToken", `cannot contain '@', '"' or '/'`)
		}
	}
	if in.Has("authToken") && !in.IsUnknown("transitEncryptionEnabled") && !in.True("transitEncryptionEnabled") {
		r.refuse("transitEncryptionEnabled", "must be true with authToken: AUTH needs encryption in transit")
	}
	r.oneOf("transitEncryptionMode", "preferred", "required")
	r.oneOf("clusterMode", "enabled", "disabled", "compatible")
	if in.Has("transitEncryptionMode") && !in.IsUnknown("transitEncryptionEnabled") && !in.True("transitEncryptionEnabled") {
		r.refuse("transitEncryptionMode", "needs transitEncryptionEnabled")
	}
	if zones := in.List("preferredCacheClusterAzs"); counted && len(zones) > 0 && len(zones) != nodes {
		r.refuse("preferredCacheClusterAzs", "has %d zones for %d nodes; name one for each", len(zones), nodes)
	}
	if in.True("dataTieringEnabled") && !strings.HasPrefix(in.Text("nodeType"), "cache.r6gd.") && !in.IsUnknown("nodeType") {
		r.refuse("dataTieringEnabled", "needs a node type of the r6gd family")
	}
	return r.problems
}
