package aws

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var (
	goodMemcached = account.Values{
		"clusterId": "sessions", "engine": "memcached", "engineVersion": "1.6.22", "nodeType": "cache.t4g.micro", "numCacheNodes": 2,
		"subnetGroupName": "{cache}", "securityGroupIds": []any{"{web}"},
	}
	goodValkey = account.Values{
		"replicationGroupId": "sessions", "description": "Sessions and cache", "engine": "valkey", "engineVersion": "8.0", "nodeType": "cache.t4g.small",
		"numCacheClusters": 2, "automaticFailoverEnabled": true, "multiAzEnabled": true, "transitEncryptionEnabled": true, "atRestEncryptionEnabled": true,
		"subnetGroupName": "{cache}", "securityGroupIds": []any{"{web}"},
	}
)

func TestCacheRefusals(t *testing.T) {
	cluster, group := account.CacheClusterToken, account.CacheReplicationToken
	single := with(goodMemcached, account.Values{"numCacheNodes": 1})
	testRefusals(t, stored, []refusal{
		{"subnet group with a dot", account.CacheSubnetGroupToken, account.Values{"subnetIds": []any{"{a}"}}, account.Values{"name": "my.cache"}, "name", ""},
		{"subnet group in two VPCs", account.CacheSubnetGroupToken, account.Values{"subnetIds": []any{"{a}"}}, account.Values{"subnetIds": []any{"{a}", "{other}"}}, "", "InvalidSubnet"},
		{"subnet group twice", account.CacheSubnetGroupToken, account.Values{"subnetIds": []any{"{a}"}}, account.Values{"name": "{cache}"}, "", "CacheSubnetGroupAlreadyExists"},

		{"cluster id of 51 characters", cluster, with(single, account.Values{"clusterId": strings.Repeat("a", 50)}), account.Values{"clusterId": strings.Repeat("a", 51)}, "clusterId", ""},
		{"cluster id in capitals", cluster, single, account.Values{"clusterId": "Sessions"}, "clusterId", ""},
		{"cluster id with two hyphens", cluster, single, account.Values{"clusterId": "my--sessions"}, "clusterId", ""},
		{"engine", cluster, single, account.Values{"engine": "memcache"}, "engine", ""},
		{"version", cluster, single, account.Values{"engineVersion": "1.6"}, "engineVersion", ""},
		{"node type", cluster, single, account.Values{"nodeType": "t4g.micro"}, "nodeType", ""},
		{"node type of no family", cluster, single, account.Values{"nodeType": "cache.x.y"}, "nodeType", ""},
		{"nodes not counted", cluster, single, account.Values{"numCacheNodes": nil}, "numCacheNodes", ""},
		{"too many nodes", cluster, with(single, account.Values{"numCacheNodes": 60}), account.Values{"numCacheNodes": 61}, "numCacheNodes", ""},
		{"short maintenance", cluster, with(single, account.Values{"maintenanceWindow": "sun:05:00-sun:06:00"}), account.Values{"maintenanceWindow": "sun:05:00-sun:05:30"}, "maintenanceWindow", ""},
		{"cluster in no subnet group", cluster, goodMemcached, account.Values{"subnetGroupName": "nowhere"}, "", "CacheSubnetGroupNotFoundFault"},
		{"cluster without a subnet group", cluster, goodMemcached, account.Values{"subnetGroupName": nil}, "", "CacheSubnetGroupNotFoundFault"},
		{"cluster with a group of another VPC", cluster, goodMemcached, account.Values{"securityGroupIds": []any{"{othersg}"}}, "", "InvalidParameterValue"},

		{"group id of 41 characters", group, with(goodValkey, account.Values{"replicationGroupId": strings.Repeat("a", 40)}), account.Values{"replicationGroupId": strings.Repeat("a", 41)}, "replicationGroupId", ""},
		{"group without a description", group, goodValkey, account.Values{"description": ""}, "description", ""},
		{"group of memcached", group, goodValkey, account.Values{"engine": "memcached", "engineVersion": "1.6.22"}, "engine", ""},
		{"group version", group, goodValkey, account.Values{"engineVersion": "7.1"}, "engineVersion", ""},
		{"failover of one node", group, goodValkey, account.Values{"numCacheClusters": 1}, "numCacheClusters", ""},
		{"zones without failover", group, goodValkey, account.Values{"automaticFailoverEnabled": false}, "automaticFailoverEnabled", ""},
		{"seven nodes", group, with(goodValkey, account.Values{"numCacheClusters": 6}), account.Values{"numCacheClusters": 7}, "numCacheClusters", ""},
		{"backups in maintenance", group, with(goodValkey, account.Values{"snapshotWindow": "02:00-03:00", "maintenanceWindow": "sun:03:00-sun:04:00"}), account.Values{"snapshotWindow": "02:30-03:30"}, "snapshotWindow", ""},
		{"backups for too long", group, with(goodValkey, account.Values{"snapshotRetentionLimit": 35}), account.Values{"snapshotRetentionLimit": 36}, "snapshotRetentionLimit", ""},
		{"short AUTH token", group, with(goodValkey, account.Values{"authToken": strings.Repeat("a", 16)}), account.Values{"authToken": strings.Repeat("a", 15)}, "authToken", ""},
		{"AUTH token with a slash", group, with(goodValkey, account.Values{"authToken": strings.Repeat("a", 128)}), account.Values{"authToken": strings.Repeat("a", 127) + "/"}, "authToken", ""},
		{"AUTH without TLS", group, with(goodValkey, account.Values{"authToken": strings.Repeat("a", 16)}), account.Values{"transitEncryptionEnabled": false}, "authToken", ""},
		{"AUTH strategy", group, goodValkey, account.Values{"authTokenUpdateStrategy": "REPLACE"}, "authTokenUpdateStrategy", ""},
		{"parameter group of another version", group, with(goodValkey, account.Values{"parameterGroupName": "default.valkey8"}), account.Values{"parameterGroupName": "default.valkey7"}, "parameterGroupName", ""},
		{"group in one zone", group, goodValkey, account.Values{"subnetGroupName": "{onezone}"}, "", "InvalidParameterCombination"},
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
		{cluster, "cacheNodes[1].availabilityZone", `^eu-central-1a$`},
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
	r := w.make(account.CacheReplicationToken, "valkey", goodValkey)
	wantCode(t, w.Delete(ctx, account.CacheSubnetGroupToken, w.ids["cache"]), "CacheSubnetGroupInUse")
	wantCode(t, w.Delete(ctx, account.SecurityGroupToken, w.ids["web"]), "DependencyViolation")
	if err := w.Delete(ctx, account.CacheReplicationToken, r.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(ctx, account.CacheSubnetGroupToken, w.ids["cache"]); err != nil {
		t.Error(err)
	}
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

// TestCacheUpgrade: redis becomes valkey in place, with a parameter group of the new version, in the maintenance window or at once.
func TestCacheUpgrade(t *testing.T) {
	old := with(goodValkey, account.Values{"engine": "redis", "engineVersion": "7.1"})
	upgraded := with(goodValkey, account.Values{"parameterGroupName": "default.valkey8", "applyImmediately": true})
	w := stored(t)
	r := w.make(account.CacheReplicationToken, "valkey", old)
	update := func(inputs account.Values) (account.Resource, error) {
		return w.Update(t.Context(), r.Type, r.ID, w.fill(inputs))
	}
	_, err := update(with(upgraded, account.Values{"parameterGroupName": nil}))
	wantCode(t, err, "InvalidParameterCombination")
	_, err = update(with(upgraded, account.Values{"engineVersion": "7.1"}))
	wantCode(t, err, "InvalidParameter")
	waiting, err := update(with(upgraded, account.Values{"applyImmediately": false}))
	if err != nil || waiting.Outputs.Text("engine") != "redis" || waiting.Outputs.Text("engineVersionActual") != "7.1.0" {
		t.Errorf("before the maintenance window: %v, %v", waiting.Outputs, err)
	}
	if changed, replace := w.Diff(r.Type, r.ID, waiting.Inputs, waiting.Outputs, waiting.Inputs); len(changed) != 3 || len(replace) > 0 {
		t.Errorf("what waits is a difference: %v, %v", changed, replace)
	}
	now, err := update(upgraded)
	if err != nil || now.ID != r.ID || now.Outputs.Text("engineVersionActual") != "8.0.1" || now.Outputs.Text("parameterGroupName") != "default.valkey8" ||
		now.Outputs.Text("primaryEndpointAddress") != r.Outputs.Text("primaryEndpointAddress") {
		t.Errorf("at once: %v, %v", now.Outputs, err)
	}
}

// TestCacheTokens follows the tokens that a group accepts.
func TestCacheTokens(t *testing.T) {
	w := stored(t)
	r := w.make(account.CacheReplicationToken, "valkey", goodValkey)
	first, second := strings.Repeat("a", 16), strings.Repeat("b", 16)
	for _, step := range []struct {
		token, strategy string
		refused         string
		accepted        []any
	}{
		{"", "ROTATE", "", []any{""}},
		{first, "SET", "InvalidParameterCombination", []any{""}},
		{first, "ROTATE", "", []any{"", first}},
		{second, "SET", "InvalidParameterCombination", []any{"", first}},
		{first, "SET", "", []any{first}},
		{second, "ROTATE", "", []any{first, second}},
		{first, "ROTATE", "", []any{second, first}},
		{"", "ROTATE", "InvalidParameterValue", []any{second, first}},
		{"", "DELETE", "", []any{second, first}},
	} {
		next := with(goodValkey, account.Values{"authTokenUpdateStrategy": step.strategy})
		if step.token != "" {
			next["authToken"] = step.token
		}
		if _, err := w.Update(t.Context(), r.Type, r.ID, w.fill(next)); step.refused != "" {
			wantCode(t, err, step.refused)
		} else if err != nil {
			t.Error(err)
		}
		records := w.List("aws:elasticache/authTokens:AuthTokens")
		if len(records) != 1 || !slices.Equal(records[0].Outputs["tokens"].([]any), step.accepted) {
			t.Errorf("after %v: %v", step, records)
		}
	}
}

func TestCacheFinalSnapshot(t *testing.T) {
	w := stored(t)
	for _, code := range []string{"", "SnapshotAlreadyExistsFault"} {
		r := w.make(account.CacheReplicationToken, "valkey", with(goodValkey, account.Values{"finalSnapshotIdentifier": "Last"}))
		if err := w.Delete(t.Context(), r.Type, r.ID); code != "" {
			wantCode(t, err, code)
		} else if err != nil {
			t.Fatal(err)
		}
		if got := w.List("aws:elasticache/snapshot:Snapshot"); len(got) != 1 || got[0].ID != "last" {
			t.Errorf("snapshots: %v", got)
		}
	}
}
