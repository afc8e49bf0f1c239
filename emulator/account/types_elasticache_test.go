package account

import (
	"context"
	"regexp"
	"strings"
	"testing"
)

var (
	goodMemcached = Values{
		"clusterId": "sessions", "engine": "memcached", "engineVersion": "1.6.22", "nodeType": "cache.t4g.micro", "numCacheNodes": 2,
		"azMode": "cross-az", "subnetGroupName": "{cache}", "securityGroupIds": []any{"{web}"},
	}
	goodValkey = Values{
		"replicationGroupId": "sessions", "description": "Sessions and cache", "engine": "valkey", "engineVersion": "8.0", "nodeType": "cache.t4g.small",
		"numCacheClusters": 2, "automaticFailoverEnabled": true, "multiAzEnabled": true, "transitEncryptionEnabled": true, "atRestEncryptionEnabled": true,
		"subnetGroupName": "{cache}", "securityGroupIds": []any{"{web}"}, "authToken": "a-token-of-16-chars",
	}
)

func TestCacheRefusals(t *testing.T) {
	cluster, group := cacheClusterToken, cacheReplicationToken
	single := goodMemcached.with(Values{"numCacheNodes": 1, "azMode": "single-az"})
	testRefusals(t, stored, []refusal{
		{"subnet group with a dot", cacheSubnetGroupToken, Values{"subnetIds": []any{"{a}"}}, Values{"name": "my.cache"}, "name", ""},
		{"subnet group in two VPCs", cacheSubnetGroupToken, Values{"subnetIds": []any{"{a}"}}, Values{"subnetIds": []any{"{a}", "{other}"}}, "", "InvalidSubnet"},
		{"subnet group twice", cacheSubnetGroupToken, Values{"subnetIds": []any{"{a}"}}, Values{"name": "{cache}"}, "", "CacheSubnetGroupAlreadyExists"},
		{"parameter group family", cacheParameterGroupToken, Values{"family": "valkey8"}, Values{"family": "valkey80"}, "family", ""},
		{"parameter of nothing", cacheParameterGroupToken, Values{"family": "valkey8", "parameters": []any{map[string]any{"name": "maxmemory-policy", "value": "allkeys-lru"}}},
			Values{"parameters": []any{map[string]any{"name": "maxmemory_policy", "value": "allkeys-lru"}}}, "parameters[0].name", ""},

		{"cluster id of 51 characters", cluster, single.with(Values{"clusterId": strings.Repeat("a", 50)}), Values{"clusterId": strings.Repeat("a", 51)}, "clusterId", ""},
		{"cluster id in capitals", cluster, single, Values{"clusterId": "Sessions"}, "clusterId", ""},
		{"cluster id with two hyphens", cluster, single, Values{"clusterId": "my--sessions"}, "clusterId", ""},
		{"engine", cluster, single, Values{"engine": "memcache"}, "engine", ""},
		{"version", cluster, single, Values{"engineVersion": "1.6"}, "engineVersion", ""},
		{"node type", cluster, single, Values{"nodeType": "t4g.micro"}, "nodeType", ""},
		{"nodes not counted", cluster, single, Values{"numCacheNodes": nil}, "numCacheNodes", ""},
		{"too many nodes", cluster, single.with(Values{"numCacheNodes": 60}), Values{"numCacheNodes": 61}, "numCacheNodes", ""},
		{"one node across zones", cluster, goodMemcached, Values{"numCacheNodes": 1}, "azMode", ""},
		{"snapshots of memcached", cluster, single, Values{"snapshotRetentionLimit": 1}, "snapshotRetentionLimit", ""},
		{"TLS of an old memcached", cluster, single.with(Values{"transitEncryptionEnabled": true}), Values{"engineVersion": "1.6.6"}, "transitEncryptionEnabled", ""},
		{"two nodes of redis", cluster, Values{"engine": "redis", "nodeType": "cache.t4g.micro", "subnetGroupName": "{cache}"}, Values{"numCacheNodes": 2}, "numCacheNodes", ""},
		{"short maintenance", cluster, single.with(Values{"maintenanceWindow": "sun:05:00-sun:06:00"}), Values{"maintenanceWindow": "sun:05:00-sun:05:30"}, "maintenanceWindow", ""},
		{"zones for other nodes", cluster, goodMemcached.with(Values{"preferredAvailabilityZones": []any{"eu-central-1a", "eu-central-1b"}}), Values{"preferredAvailabilityZones": []any{"eu-central-1a"}}, "preferredAvailabilityZones", ""},
		{"cluster in no subnet group", cluster, goodMemcached, Values{"subnetGroupName": "nowhere"}, "", "CacheSubnetGroupNotFoundFault"},
		{"cluster without a subnet group", cluster, goodMemcached, Values{"subnetGroupName": nil}, "", "CacheSubnetGroupNotFoundFault"},
		{"cluster across one zone", cluster, goodMemcached, Values{"subnetGroupName": "{onezone}"}, "", "InvalidParameterCombination"},
		{"cluster with a group of another VPC", cluster, goodMemcached, Values{"securityGroupIds": []any{"{othersg}"}}, "", "InvalidParameterValue"},
		{"cluster with parameters of another engine", cluster, goodMemcached.with(Values{"parameterGroupName": "default.memcached1.6"}), Values{"parameterGroupName": "default.redis7"}, "", "CacheParameterGroupNotFound"},

		{"group id of 41 characters", group, goodValkey.with(Values{"replicationGroupId": strings.Repeat("a", 40)}), Values{"replicationGroupId": strings.Repeat("a", 41)}, "replicationGroupId", ""},
		{"group without a description", group, goodValkey, Values{"description": ""}, "description", ""},
		{"group of memcached", group, goodValkey, Values{"engine": "memcached", "engineVersion": "1.6.22"}, "engine", ""},
		{"group version", group, goodValkey, Values{"engineVersion": "7.1"}, "engineVersion", ""},
		{"failover of one node", group, goodValkey, Values{"numCacheClusters": 1}, "numCacheClusters", ""},
		{"zones without failover", group, goodValkey, Values{"automaticFailoverEnabled": false}, "automaticFailoverEnabled", ""},
		{"seven nodes", group, goodValkey.with(Values{"numCacheClusters": 6}), Values{"numCacheClusters": 7}, "numCacheClusters", ""},
		{"nodes counted twice", group, goodValkey, Values{"numNodeGroups": 2}, "numCacheClusters", ""},
		{"short token", group, goodValkey, Values{"authToken": "fifteen-letters"}, "authToken", ""},
		{"token with a slash", group, goodValkey, Values{"authToken": "a/token/of/16/chars"}, "authToken", ""},
		{"token without TLS", group, goodValkey, Values{"transitEncryptionEnabled": false}, "transitEncryptionEnabled", ""},
		{"token and users", group, goodValkey, Values{"userGroupIds": []any{"app"}}, "authToken", ""},
		{"TLS mode", group, goodValkey.with(Values{"transitEncryptionMode": "required"}), Values{"transitEncryptionMode": "optional"}, "transitEncryptionMode", ""},
		{"backups in maintenance", group, goodValkey.with(Values{"snapshotWindow": "02:00-03:00", "maintenanceWindow": "sun:03:00-sun:04:00"}), Values{"snapshotWindow": "02:30-03:30"}, "snapshotWindow", ""},
		{"backups for too long", group, goodValkey.with(Values{"snapshotRetentionLimit": 35}), Values{"snapshotRetentionLimit": 36}, "snapshotRetentionLimit", ""},
		{"group in one zone", group, goodValkey, Values{"subnetGroupName": "{onezone}"}, "", "InvalidParameterCombination"},
		{"shards without cluster mode", group, goodValkey.with(Values{"numCacheClusters": nil, "numNodeGroups": 2, "replicasPerNodeGroup": 1, "clusterMode": "enabled"}), Values{"clusterMode": nil}, "", "InvalidParameterCombination"},
		{"group that notifies nobody", group, goodValkey, Values{"notificationTopicArn": "arn:aws:sns:eu-central-1:123456789012:nobody"}, "", "InvalidParameterValue"},
	})
}

func TestCacheOutputs(t *testing.T) {
	w := stored(t)
	cluster := w.make(cacheClusterToken, "memcached", goodMemcached)
	secured := w.make(cacheReplicationToken, "valkey", goodValkey)
	open := w.make(cacheReplicationToken, "redis", goodValkey.with(Values{"replicationGroupId": "open", "engine": "redis", "engineVersion": "7.1",
		"transitEncryptionEnabled": false, "authToken": nil}))
	for _, want := range []struct {
		r          Resource
		name, form string
	}{
		{cluster, "clusterAddress", `^sessions\.[0-9a-z]{6}\.cfg\.euc1\.cache\.amazonaws\.com$`},
		{cluster, "configurationEndpoint", `^sessions\.[0-9a-z]{6}\.cfg\.euc1\.cache\.amazonaws\.com:11211$`},
		{cluster, "cacheNodes[1].address", `^sessions\.[0-9a-z]{6}\.0002\.euc1\.cache\.amazonaws\.com$`},
		{cluster, "cacheNodes[1].availabilityZone", `^eu-central-1b$`},
		{cluster, "arn", `^arn:aws:elasticache:eu-central-1:123456789012:cluster:sessions$`},
		{cluster, "parameterGroupName", `^default\.memcached1\.6$`},
		{secured, "primaryEndpointAddress", `^master\.sessions\.[0-9a-z]{6}\.euc1\.cache\.amazonaws\.com$`},
		{secured, "readerEndpointAddress", `^replica\.sessions\.[0-9a-z]{6}\.euc1\.cache\.amazonaws\.com$`},
		{secured, "arn", `^arn:aws:elasticache:eu-central-1:123456789012:replicationgroup:sessions$`},
		{secured, "memberClusters[1]", `^sessions-002$`},
		{secured, "engineVersionActual", `^8\.0\.[0-9]+$`},
		{secured, "parameterGroupName", `^default\.valkey8$`},
		{open, "primaryEndpointAddress", `^open\.[0-9a-z]{6}\.ng\.0001\.euc1\.cache\.amazonaws\.com$`},
		{open, "readerEndpointAddress", `^open-ro\.[0-9a-z]{6}\.ng\.0001\.euc1\.cache\.amazonaws\.com$`},
		{open, "parameterGroupName", `^default\.redis7$`},
	} {
		if text := want.r.Outputs.Text(want.name); !regexp.MustCompile(want.form).MatchString(text) {
			t.Errorf("%s of %s is %q, want %s", want.name, want.r.ID, text, want.form)
		}
	}
	if port, _ := secured.Outputs.Int("port"); port != 6379 {
		t.Errorf("port of valkey is %d", port)
	}
}

func TestCacheDeletesAndReplacements(t *testing.T) {
	ctx := context.Background()
	w := stored(t)
	r := w.make(cacheReplicationToken, "valkey", goodValkey.with(Values{"finalSnapshotIdentifier": "last"}))
	wantCode(t, w.Delete(ctx, cacheSubnetGroupToken, w.ids["cache"]), "CacheSubnetGroupInUse")
	wantCode(t, w.Delete(ctx, securityGroupToken, w.ids["web"]), "DependencyViolation")
	if err := w.Delete(ctx, cacheReplicationToken, r.ID); err != nil {
		t.Fatal(err)
	}
	again := w.make(cacheReplicationToken, "valkey", goodValkey.with(Values{"finalSnapshotIdentifier": "last"}))
	wantCode(t, w.Delete(ctx, cacheReplicationToken, again.ID), "SnapshotAlreadyExistsFault")

	for _, want := range []struct {
		token     string
		old, next Values
		replaces  bool
	}{
		{cacheClusterToken, goodMemcached, Values{"nodeType": "cache.t4g.small"}, true},
		{cacheClusterToken, goodMemcached, Values{"numCacheNodes": 3}, false},
		{cacheClusterToken, goodMemcached, Values{"engineVersion": "1.6.17"}, true},
		{cacheClusterToken, goodMemcached.with(Values{"engineVersion": "1.6.6"}), Values{"engineVersion": "1.6.22"}, false},
		{cacheReplicationToken, goodValkey, Values{"nodeType": "cache.t4g.medium"}, false},
		{cacheReplicationToken, goodValkey, Values{"engineVersion": "7.2"}, true},
		{cacheReplicationToken, goodValkey, Values{"atRestEncryptionEnabled": false}, true},
		{cacheReplicationToken, goodValkey.with(Values{"engine": "redis", "engineVersion": "7.1"}), Values{"engine": "valkey", "engineVersion": "8.0"}, false},
	} {
		_, replace := w.Diff(want.token, "", want.old, nil, want.old.with(want.next))
		if got := len(replace) > 0; got != want.replaces {
			t.Errorf("%s with %v: replaces %v, want %v", want.token, want.next, got, want.replaces)
		}
	}
}
