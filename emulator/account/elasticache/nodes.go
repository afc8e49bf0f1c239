package elasticache

import (
	"fmt"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// cacheSubnets computes the VPC of a cache subnet group.
func cacheSubnets(tx *account.Tx, r *account.Resource) error {
	_, vpc, mixed := tx.ZonesOf(r.Outputs.Strings("subnetIds"))
	if mixed {
		return tx.Refuse("InvalidSubnet", "The subnets of cache subnet group %s are not all in the same VPC", r.ID)
	}
	r.Outputs["vpcId"] = vpc
	return nil
}

// placeCache applies the rules about engine, groups and zones that clusters and replication groups share, and returns the
// zones the nodes can be in.
func placeCache(tx *account.Tx, r *account.Resource, nodes int, spread bool, preferred []string) ([]string, error) {
	out := r.Outputs
	engine := out.Text("engine")
	account.SetDefault(out, "engineVersion", newestCache[engine])
	actual := cacheVersions[engine][out.Text("engineVersion")]
	out["engineVersionActual"] = actual
	family := cacheFamily(engine, actual)
	standard := []string{"default." + family}
	if engine != "memcached" {
		standard = append(standard, standard[0]+".cluster.on")
	}
	account.SetDefault(out, "parameterGroupName", standard[0])
	name := out.Text("parameterGroupName")
	group, exists := tx.Get(account.CacheParameterGroupToken, name)
	switch {
	case exists && group.Outputs.Text("family") != family:
		return nil, tx.Refuse("InvalidParameterCombination", "Expected a parameter group of family %s but found one of family %s: %s", family, group.Outputs.Text("family"), name)
	case !exists && !slices.Contains(standard, name):
		return nil, tx.Refuse("CacheParameterGroupNotFound", "CacheParameterGroup not found: %s; for %s use %s or create one", name, engine, standard[0])
	}
	subnets, ok := tx.Get(account.CacheSubnetGroupToken, out.Text("subnetGroupName"))
	if !ok {
		return nil, tx.Refuse("CacheSubnetGroupNotFoundFault", "this account has no default VPC, so there is no default cache subnet group; set subnetGroupName")
	}
	vpc := subnets.Outputs.Text("vpcId")
	if other, found := tx.GroupOutsideVPC(out.Strings("securityGroupIds"), vpc); found {
		return nil, tx.Refuse("InvalidParameterValue", "Security group %s is in %s and the cache subnet group %s in %s; use one of the same VPC",
			other.ID, other.Outputs.Text("vpcId"), subnets.ID, vpc)
	}
	if network, ok := tx.Get(account.VPCToken, vpc); ok && len(out.Strings("securityGroupIds")) == 0 {
		out["securityGroupIds"] = account.Texts(network.Outputs.Text("defaultSecurityGroupId"))
	}
	zones, _, _ := tx.ZonesOf(subnets.Outputs.Strings("subnetIds"))
	for _, zone := range preferred {
		if !slices.Contains(zones, zone) {
			return nil, tx.Refuse("InvalidParameterValue", "Cache subnet group %s has no subnet in %s; its zones are %s", subnets.ID, zone, strings.Join(zones, ", "))
		}
	}
	if spread && nodes > 1 && len(zones) < 2 {
		return nil, tx.Refuse("InvalidParameterCombination", "Nodes in several zones need a cache subnet group with subnets in at least two; %s has only %s",
			subnets.ID, strings.Join(zones, ", "))
	}
	account.SetDefault(out, "maintenanceWindow", "sun:05:00-sun:06:00")
	out["maintenanceWindow"] = strings.ToLower(out.Text("maintenanceWindow"))
	account.SetDefault(out, "networkType", "ipv4")
	account.SetDefault(out, "ipDiscovery", "ipv4")
	if engine != "memcached" {
		account.SetDefault(out, "snapshotWindow", "03:00-04:00")
	}
	if len(preferred) > 0 {
		return preferred, nil
	}
	return zones, nil
}

// cacheSuffix is what all endpoints of the account's caches share.
func cacheSuffix(tx *account.Tx) string { return account.StableLetters("elasticache "+tx.Region(), 6) }

func createCacheCluster(tx *account.Tx, r *account.Resource) error {
	id := r.Outputs.Text("clusterId")
	if r.Inputs.Has("replicationGroupId") {
		return fmt.Errorf("creating cache cluster %s: the embedded cloud adds no single replicas; set numCacheClusters of the replication group", id)
	}
	if _, taken := tx.Get(account.CacheClusterToken, id); taken {
		return tx.Refuse("CacheClusterAlreadyExists", "Cache cluster %s already exists; choose another clusterId", id)
	}
	r.ID = id
	r.Outputs["arn"] = tx.ARN("elasticache", "cluster:"+id)
	port := 6379.0
	if r.Outputs.Text("engine") == "memcached" {
		port = 11211
	}
	account.SetDefault(r.Outputs, "port", port)
	account.SetDefault(r.Outputs, "numCacheNodes", 1.0)
	account.SetDefault(r.Outputs, "azMode", "single-az")
	return completeCacheCluster(tx, r)
}

func completeCacheCluster(tx *account.Tx, r *account.Resource) error {
	out := r.Outputs
	nodes, _ := out.Int("numCacheNodes")
	port, _ := out.Int("port")
	crossing := out.Text("azMode") == "cross-az"
	preferred := out.Strings("preferredAvailabilityZones")
	if zone := r.Inputs.Text("availabilityZone"); zone != "" && len(preferred) == 0 {
		preferred = []string{zone}
	}
	zones, err := placeCache(tx, r, nodes, crossing, preferred)
	if err != nil {
		return err
	}
	out["availabilityZone"] = zones[0]
	if crossing {
		out["availabilityZone"] = "Multiple"
	}
	// Nodes have their own addresses: NAME.xxxxxx.0001.use1.cache.amazonaws.com.
	suffix := cacheSuffix(tx)
	var members []any
	for i := range nodes {
		number := fmt.Sprintf("%04d", i+1)
		zone := zones[0]
		if crossing {
			zone = zones[i%len(zones)]
		}
		members = append(members, map[string]any{
			"id": number, "address": fmt.Sprintf("%s.%s.%s.%s.cache.amazonaws.com", r.ID, suffix, number, tx.RegionCode()),
			"port": float64(port), "availabilityZone": zone, "outpostArn": "",
		})
	}
	out["cacheNodes"] = members
	if out.Text("engine") == "memcached" {
		address := fmt.Sprintf("%s.%s.cfg.%s.cache.amazonaws.com", r.ID, suffix, tx.RegionCode())
		out["clusterAddress"] = address
		out["configurationEndpoint"] = fmt.Sprintf("%s:%d", address, port)
	}
	return nil
}

func createReplicationGroup(tx *account.Tx, r *account.Resource) error {
	id := strings.ToLower(r.Outputs.Text("replicationGroupId"))
	if _, taken := tx.Get(account.CacheReplicationToken, id); taken {
		return tx.Refuse("ReplicationGroupAlreadyExists", "Replication group %s already exists; choose another replicationGroupId", id)
	}
	out := r.Outputs
	if out.Has("globalReplicationGroupId") {
		return fmt.Errorf("creating replication group %s: the embedded cloud has no global replication groups", id)
	}
	r.ID = id
	out["replicationGroupId"] = id
	out["arn"] = tx.ARN("elasticache", "replicationgroup:"+id)
	account.SetDefault(out, "engine", "redis")
	account.SetDefault(out, "port", 6379.0)
	account.SetDefault(out, "nodeType", "cache.t4g.small")
	// Valkey encrypts at rest unless told otherwise, Redis does not.
	if !out.Has("atRestEncryptionEnabled") {
		out["atRestEncryptionEnabled"] = out.Text("engine") == "valkey"
	}
	if out.True("transitEncryptionEnabled") {
		account.SetDefault(out, "transitEncryptionMode", "required")
	}
	return completeReplicationGroup(tx, r)
}

func completeReplicationGroup(tx *account.Tx, r *account.Resource) error {
	out := r.Outputs
	shards, sharded := r.Inputs.Int("numNodeGroups")
	replicas, replicated := r.Inputs.Int("replicasPerNodeGroup")
	nodes, counted := r.Inputs.Int("numCacheClusters")
	switch {
	case sharded || replicated:
		shards = max(shards, 1)
		nodes = shards * (replicas + 1)
	case !counted:
		shards, nodes = 1, 1
	default:
		shards, replicas = 1, nodes-1
	}
	zones, err := placeCache(tx, r, nodes, out.True("multiAzEnabled"), out.Strings("preferredCacheClusterAzs"))
	if err != nil {
		return err
	}
	clustered := strings.HasSuffix(out.Text("parameterGroupName"), ".cluster.on") || out.Text("clusterMode") == "enabled"
	if shards > 1 && !clustered {
		return tx.Refuse("InvalidParameterCombination", "Several node groups need cluster mode: set clusterMode or a parameter group that ends with .cluster.on")
	}
	if clustered && !out.True("automaticFailoverEnabled") {
		return tx.Refuse("InvalidParameterValue", "Cluster mode enabled replication group must have automatic failover enabled: set automaticFailoverEnabled")
	}
	_ = zones
	var members []string
	for i := range nodes {
		name := fmt.Sprintf("%s-%03d", r.ID, i+1)
		if clustered {
			name = fmt.Sprintf("%s-%04d-%03d", r.ID, i/(replicas+1)+1, i%(replicas+1)+1)
		}
		members = append(members, name)
	}
	out["memberClusters"] = account.Texts(members...)
	out["numCacheClusters"] = float64(nodes)
	out["numNodeGroups"] = float64(shards)
	out["replicasPerNodeGroup"] = float64(replicas)
	out["clusterEnabled"] = clustered
	account.SetDefault(out, "clusterMode", map[bool]string{true: "enabled", false: "disabled"}[clustered])
	tail := fmt.Sprintf("%s.%s.cache.amazonaws.com", cacheSuffix(tx), tx.RegionCode())
	shard := fmt.Sprintf("%s.ng.0001.%s.cache.amazonaws.com", cacheSuffix(tx), tx.RegionCode())
	delete(out, "configurationEndpointAddress")
	delete(out, "primaryEndpointAddress")
	delete(out, "readerEndpointAddress")
	switch encrypted := out.True("transitEncryptionEnabled"); {
	case clustered && encrypted:
		out["configurationEndpointAddress"] = "clustercfg." + r.ID + "." + tail
	case clustered:
		out["configurationEndpointAddress"] = r.ID + "." + strings.Replace(tail, ".", ".clustercfg.", 1)
	case encrypted:
		out["primaryEndpointAddress"] = "master." + r.ID + "." + tail
		out["readerEndpointAddress"] = "replica." + r.ID + "." + tail
	default:
		out["primaryEndpointAddress"] = r.ID + "." + shard
		out["readerEndpointAddress"] = r.ID + "-ro." + shard
	}
	return nil
}

// deleteCache keeps the final snapshot that the cache was told to leave.
func deleteCache(tx *account.Tx, r *account.Resource) error {
	snapshot := strings.ToLower(r.Outputs.Text("finalSnapshotIdentifier"))
	if snapshot == "" {
		return nil
	}
	if _, taken := tx.Get(account.CacheSnapshotToken, snapshot); taken {
		return tx.Refuse("SnapshotAlreadyExistsFault", "Snapshot %s already exists: deploy with another finalSnapshotIdentifier first", snapshot)
	}
	tx.Put("", account.Resource{Type: account.CacheSnapshotToken, ID: snapshot, Inputs: account.Values{}, Outputs: account.Values{"source": r.ID, "engine": r.Outputs["engine"]}})
	return nil
}
