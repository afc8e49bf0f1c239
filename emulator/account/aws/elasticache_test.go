package aws

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var (
	goodMemcached = account.Values{
		"clusterId": "sessions", "engine": "memcached", "engineVersion": "1.6.22", "nodeType": "cache.t4g.micro", "numCacheNodes": 2,
		"azMode": "cross-az", "subnetGroupName": "{cache}", "securityGroupIds": []any{"{web}"},
	}
	goodValkey = account.Values{
		"replicationGroupId": "sessions", "description": "Sessions and cache", "engine": "valkey", "engineVersion": "8.0", "nodeType": "cache.t4g.small",
		"numCacheClusters": 2, "automaticFailoverEnabled": true, "multiAzEnabled": true, "transitEncryptionEnabled": true, "atRestEncryptionEnabled": true,
		"subnetGroupName": "{cache}", "securityGroupIds": []any{"{web}"}, "authToken": "a-token-of-16-chars",
	}
)

func TestCacheRefusals(t *testing.T) {
	cluster, group := account.CacheClusterToken, account.CacheReplicationToken
	single := with(goodMemcached, account.Values{"numCacheNodes": 1, "azMode": "single-az"})
	testRefusals(t, stored, []refusal{
		{"subnet group with a dot", account.CacheSubnetGroupToken, account.Values{"subnetIds": []any{"{a}"}}, account.Values{"name": "my.cache"}, "name", ""},
		{"subnet group in two VPCs", account.CacheSubnetGroupToken, account.Values{"subnetIds": []any{"{a}"}}, account.Values{"subnetIds": []any{"{a}", "{other}"}}, "", "InvalidSubnet"},
		{"subnet group twice", account.CacheSubnetGroupToken, account.Values{"subnetIds": []any{"{a}"}}, account.Values{"name": "{cache}"}, "", "CacheSubnetGroupAlreadyExists"},
		{"parameter group family", account.CacheParameterGroupToken, account.Values{"family": "valkey8"}, account.Values{"family": "valkey80"}, "family", ""},
		{"parameter of nothing", account.CacheParameterGroupToken, account.Values{"family": "valkey8", "parameters": []any{map[string]any{"name": "maxmemory-policy", "value": "allkeys-lru"}}},
			account.Values{"parameters": []any{map[string]any{"name": "maxmemory_policy", "value": "allkeys-lru"}}}, "parameters[0].name", ""},

		{"cluster id of 51 characters", cluster, with(single, account.Values{"clusterId": strings.Repeat("a", 50)}), account.Values{"clusterId": strings.Repeat("a", 51)}, "clusterId", ""},
		{"cluster id in capitals", cluster, single, account.Values{"clusterId": "Sessions"}, "clusterId", ""},
		{"cluster id with two hyphens", cluster, single, account.Values{"clusterId": "my--sessions"}, "clusterId", ""},
		{"engine", cluster, single, account.Values{"engine": "memcache"}, "engine", ""},
		{"version", cluster, single, account.Values{"engineVersion": "1.6"}, "engineVersion", ""},
		{"node type", cluster, single, account.Values{"nodeType": "t4g.micro"}, "nodeType", ""},
		{"nodes not counted", cluster, single, account.Values{"numCacheNodes": nil}, "numCacheNodes", ""},
		{"too many nodes", cluster, with(single, account.Values{"numCacheNodes": 60}), account.Values{"numCacheNodes": 61}, "numCacheNodes", ""},
		{"one node across zones", cluster, goodMemcached, account.Values{"numCacheNodes": 1}, "azMode", ""},
		{"snapshots of memcached", cluster, single, account.Values{"snapshotRetentionLimit": 1}, "snapshotRetentionLimit", ""},
		{"TLS of an old memcached", cluster, with(single, account.Values{"transitEncryptionEnabled": true}), account.Values{"engineVersion": "1.6.6"}, "transitEncryptionEnabled", ""},
		{"two nodes of redis", cluster, account.Values{"engine": "redis", "nodeType": "cache.t4g.micro", "subnetGroupName": "{cache}"}, account.Values{"numCacheNodes": 2}, "numCacheNodes", ""},
		{"short maintenance", cluster, with(single, account.Values{"maintenanceWindow": "sun:05:00-sun:06:00"}), account.Values{"maintenanceWindow": "sun:05:00-sun:05:30"}, "maintenanceWindow", ""},
		{"zones for other nodes", cluster, with(goodMemcached, account.Values{"preferredAvailabilityZones": []any{"eu-central-1a", "eu-central-1b"}}), account.Values{"preferredAvailabilityZones": []any{"eu-central-1a"}}, "preferredAvailabilityZones", ""},
		{"cluster in no subnet group", cluster, goodMemcached, account.Values{"subnetGroupName": "nowhere"}, "", "CacheSubnetGroupNotFoundFault"},
		{"cluster without a subnet group", cluster, goodMemcached, account.Values{"subnetGroupName": nil}, "", "CacheSubnetGroupNotFoundFault"},
		{"cluster across one zone", cluster, goodMemcached, account.Values{"subnetGroupName": "{onezone}"}, "", "InvalidParameterCombination"},
		{"cluster with a group of another VPC", cluster, goodMemcached, account.Values{"securityGroupIds": []any{"{othersg}"}}, "", "InvalidParameterValue"},
		{"cluster with parameters of another engine", cluster, with(goodMemcached, account.Values{"parameterGroupName": "default.memcached1.6"}), account.Values{"parameterGroupName": "default.redis7"}, "", "CacheParameterGroupNotFound"},

		{"group id of 41 characters", group, with(goodValkey, account.Values{"replicationGroupId": strings.Repeat("a", 40)}), account.Values{"replicationGroupId": strings.Repeat("a", 41)}, "replicationGroupId", ""},
		{"group without a description", group, goodValkey, account.Values{"description": ""}, "description", ""},
		{"group of memcached", group, goodValkey, account.Values{"engine": "memcached", "engineVersion": "1.6.22"}, "engine", ""},
		{"group version", group, goodValkey, account.Values{"engineVersion": "7.1"}, "engineVersion", ""},
		{"failover of one node", group, goodValkey, account.Values{"numCacheClusters": 1}, "numCacheClusters", ""},
		{"zones without failover", group, goodValkey, account.Values{"automaticFailoverEnabled": false}, "automaticFailoverEnabled", ""},
		{"seven nodes", group, with(goodValkey, account.Values{"numCacheClusters": 6}), account.Values{"numCacheClusters": 7}, "numCacheClusters", ""},
		{"nodes counted twice", group, goodValkey, account.Values{"numNodeGroups": 2}, "numCacheClusters", ""},
		{"short token", group, goodValkey, account.Values{"authToken": "fifteen-letters"}, "authToken", ""},
		{"token with a slash", group, goodValkey, account.Values{"authToken": "a/token/of/16/chars"}, "authToken", ""},
		{"token without TLS", group, goodValkey, account.Values{"transitEncryptionEnabled": false}, "transitEncryptionEnabled", ""},
		{"token and users", group, goodValkey, account.Values{"userGroupIds": []any{"app"}}, "authToken", ""},
		{"TLS mode", group, with(goodValkey, account.Values{"transitEncryptionMode": "required"}), account.Values{"transitEncryptionMode": "optional"}, "transitEncryptionMode", ""},
		{"backups in maintenance", group, with(goodValkey, account.Values{"snapshotWindow": "02:00-03:00", "maintenanceWindow": "sun:03:00-sun:04:00"}), account.Values{"snapshotWindow": "02:30-03:30"}, "snapshotWindow", ""},
		{"backups for too long", group, with(goodValkey, account.Values{"snapshotRetentionLimit": 35}), account.Values{"snapshotRetentionLimit": 36}, "snapshotRetentionLimit", ""},
		{"group in one zone", group, goodValkey, account.Values{"subnetGroupName": "{onezone}"}, "", "InvalidParameterCombination"},
		{"shards without cluster mode", group, with(goodValkey, account.Values{"numCacheClusters": nil, "numNodeGroups": 2, "replicasPerNodeGroup": 1, "clusterMode": "enabled"}), account.Values{"clusterMode": nil}, "", "InvalidParameterCombination"},
		{"group that notifies nobody", group, goodValkey, account.Values{"notificationTopicArn": "arn:aws:sns:eu-central-1:123456789012:nobody"}, "", "InvalidParameterValue"},
	})
}

func TestCacheOutputs(t *testing.T) {
	w := stored(t)
	cluster := w.make(account.CacheClusterToken, "memcached", goodMemcached)
	secured := w.make(account.CacheReplicationToken, "valkey", goodValkey)
	open := w.make(account.CacheReplicationToken, "redis", with(goodValkey, account.Values{"replicationGroupId": "open", "engine": "redis", "engineVersion": "7.1",
		"transitEncryptionEnabled": false, "authToken": nil}))
	for _, want := range []struct {
		r          account.Resource
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
	r := w.make(account.CacheReplicationToken, "valkey", with(goodValkey, account.Values{"finalSnapshotIdentifier": "last"}))
	wantCode(t, w.Delete(ctx, account.CacheSubnetGroupToken, w.ids["cache"]), "CacheSubnetGroupInUse")
	wantCode(t, w.Delete(ctx, account.SecurityGroupToken, w.ids["web"]), "DependencyViolation")
	if err := w.Delete(ctx, account.CacheReplicationToken, r.ID); err != nil {
		t.Fatal(err)
	}
	again := w.make(account.CacheReplicationToken, "valkey", with(goodValkey, account.Values{"finalSnapshotIdentifier": "last"}))
	wantCode(t, w.Delete(ctx, account.CacheReplicationToken, again.ID), "SnapshotAlreadyExistsFault")

	for _, want := range []struct {
		token     string
		old, next account.Values
		replaces  bool
	}{
		{account.CacheClusterToken, goodMemcached, account.Values{"nodeType": "cache.t4g.small"}, true},
		{account.CacheClusterToken, goodMemcached, account.Values{"numCacheNodes": 3}, false},
		{account.CacheClusterToken, goodMemcached, account.Values{"engineVersion": "1.6.17"}, true},
		{account.CacheClusterToken, with(goodMemcached, account.Values{"engineVersion": "1.6.6"}), account.Values{"engineVersion": "1.6.22"}, false},
		{account.CacheReplicationToken, goodValkey, account.Values{"nodeType": "cache.t4g.medium"}, false},
		{account.CacheReplicationToken, goodValkey, account.Values{"engineVersion": "7.2"}, true},
		{account.CacheReplicationToken, goodValkey, account.Values{"atRestEncryptionEnabled": false}, true},
		{account.CacheReplicationToken, with(goodValkey, account.Values{"engine": "redis", "engineVersion": "7.1"}), account.Values{"engine": "valkey", "engineVersion": "8.0"}, false},
	} {
		_, replace := w.Diff(want.token, "", want.old, nil, with(want.old, want.next))
		if got := len(replace) > 0; got != want.replaces {
			t.Errorf("%s with %v: replaces %v, want %v", want.token, want.next, got, want.replaces)
		}
	}
}
