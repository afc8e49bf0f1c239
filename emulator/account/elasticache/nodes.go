package elasticache

import (
	"fmt"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// versions are the versions ElastiCache offers, and what runs when one is named
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html).
var versions = map[string]map[string]string{
	"memcached": {
		"1.4.34": "1.4.34", "1.5.10": "1.5.10", "1.5.16": "1.5.16", "1.6.6": "1.6.6", "1.6.12": "1.6.12", "1.6.17": "1.6.17", "1.6.22": "1.6.22",
	},
	"redis": {
		"5.0.6": "5.0.6", "6.x": "6.2.6", "6.0": "6.0.5", "6.2": "6.2.6", "7.0": "7.0.7", "7.1": "7.1.0",
	},
	"valkey": {"7.2": "7.2.6", "8.0": "8.0.1", "8.1": "8.1.0"},
}

var newest = map[string]string{"memcached": "1.6.22", "redis": "7.1", "valkey": "8.0"}

// family is the parameter group family of a version: memcached1.6, redis7, redis6.x, valkey8.
func family(engine, actual string) string {
	parts := strings.Split(actual, ".")
	switch {
	case engine == "memcached" || engine == "redis" && parts[0] < "6":
		return engine + parts[0] + "." + parts[1]
	case engine == "redis" && parts[0] == "6":
		return "redis6.x"
	}
	return engine + parts[0]
}

// downgrade replaces a cache whose engine version goes back, or that leaves valkey for redis; from redis to valkey it is upgraded in
// place (terraform-provider-aws, internal/service/elasticache/engine_version.go: engineVersionForceNewOnDowngrade and
// customizeDiffEngineForceNewOnDowngrade). The provider compares with the version that it read, and AWS raises minor versions by itself
// where autoMinorVersionUpgrade is true.
func downgrade(old, next account.Values) []string {
	engine := next.Text("engine")
	if old.Text("engine") == "valkey" && engine != "valkey" {
		return []string{"engine"}
	}
	before, after := old.Text("engineVersion"), next.Text("engineVersion")
	if old.Text("engine") == engine && before != "" && after != "" && account.OlderVersion(after, before) {
		return []string{"engineVersion"}
	}
	return nil
}

// place applies the rules about version, groups and zones that clusters and replication groups share, and returns the
// zones the nodes can be in.
func place(tx *account.Tx, r *account.Resource) ([]string, error) {
	out := r.Outputs
	engine := strings.ToLower(out.Text("engine"))
	out["engine"] = engine
	account.SetDefault(out, "engineVersion", newest[engine])
	out["engineVersionActual"] = versions[engine][out.Text("engineVersion")]
	account.SetDefault(out, "parameterGroupName", "default."+family(engine, out.Text("engineVersionActual")))
	subnets, ok := tx.Get(account.CacheSubnetGroupToken, out.Text("subnetGroupName"))
	if !ok {
		return nil, tx.Refuse("CacheSubnetGroupNotFoundFault", "this account has no default VPC, so there is no default cache subnet group; set subnetGroupName")
	}
	vpc := subnets.Outputs.Text("vpcId")
	if other, found := tx.GroupOutsideVPC(out.Strings("securityGroupIds"), vpc); found {
		return nil, tx.Refuse("InvalidParameterValue", "Security group %s is in %s and the cache subnet group %s in %s; use one of the same VPC",
			other.ID, other.Outputs.Text("vpcId"), subnets.ID, vpc)
	}
	tx.DefaultGroup(r, "securityGroupIds", vpc)
	zones, _, _ := tx.ZonesOf(subnets.Outputs.Strings("subnetIds"))
	if out.True("multiAzEnabled") && len(zones) < 2 {
		return nil, tx.Refuse("InvalidParameterCombination", "Nodes in several zones need a cache subnet group with subnets in at least two; %s has only %s",
			subnets.ID, strings.Join(zones, ", "))
	}
	account.SetDefaults(out, account.Values{"maintenanceWindow": "sun:05:00-sun:06:00", "networkType": "ipv4", "ipDiscovery": "ipv4"})
	normal(out)
	return zones, nil
}

// tail is what the endpoints of the account's caches end with.
func tail(tx *account.Tx) string { return tx.RegionCode() + ".cache.amazonaws.com" }

// suffix is what they share before that.
func suffix(tx *account.Tx) string { return account.StableLetters("elasticache "+tx.Region(), 6) }

func completeCluster(tx *account.Tx, r *account.Resource) error {
	zones, err := place(tx, r)
	if err != nil {
		return err
	}
	out := r.Outputs
	out["availabilityZone"] = zones[0]
	nodes, _ := out.Int("numCacheNodes")
	port, _ := out.Int("port")
	var members []any
	for i := range nodes { // nodes have their own addresses: NAME.xxxxxx.0001.use1.cache.amazonaws.com
		number := fmt.Sprintf("%04d", i+1)
		members = append(members, map[string]any{
			"id": number, "address": fmt.Sprintf("%s.%s.%s.%s", r.ID, suffix(tx), number, tail(tx)),
			"port": float64(port), "availabilityZone": zones[0], "outpostArn": "",
		})
	}
	out["cacheNodes"] = members
	address := fmt.Sprintf("%s.%s.cfg.%s", r.ID, suffix(tx), tail(tx))
	out["clusterAddress"], out["configurationEndpoint"] = address, fmt.Sprintf("%s:%d", address, port)
	return nil
}

func completeReplicationGroup(tx *account.Tx, r *account.Resource) error {
	if _, err := place(tx, r); err != nil {
		return err
	}
	out := r.Outputs
	nodes, _ := out.Int("numCacheClusters")
	var members []string
	for i := range nodes {
		members = append(members, fmt.Sprintf("%s-%03d", r.ID, i+1))
	}
	out["memberClusters"] = account.Texts(members...)
	out["numNodeGroups"], out["replicasPerNodeGroup"] = 1.0, float64(nodes-1)
	out["clusterEnabled"], out["clusterMode"] = false, "disabled"
	if out.True("transitEncryptionEnabled") {
		out["primaryEndpointAddress"] = fmt.Sprintf("master.%s.%s.%s", r.ID, suffix(tx), tail(tx))
		out["readerEndpointAddress"] = fmt.Sprintf("replica.%s.%s.%s", r.ID, suffix(tx), tail(tx))
	} else {
		out["primaryEndpointAddress"] = fmt.Sprintf("%s.%s.ng.0001.%s", r.ID, suffix(tx), tail(tx))
		out["readerEndpointAddress"] = fmt.Sprintf("%s-ro.%s.ng.0001.%s", r.ID, suffix(tx), tail(tx))
	}
	return nil
}
