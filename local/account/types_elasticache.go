package account

import (
	"fmt"
	"regexp"
	"slices"
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

var (
	cacheGroupName     = regexp.MustCompile(`^[0-9A-Za-z-]+$`)
	cacheIdentifier    = regexp.MustCompile(`^[a-z][0-9a-z-]*$`)
	replicationGroupID = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z-]*$`)
	cacheNodeType      = regexp.MustCompile(`^cache\.[a-z][a-z0-9-]*\.[a-z0-9]+$`)
	cacheToken         = regexp.MustCompile(`^[^@"/]*$`)
)

// cacheVersions are the versions ElastiCache offers, and what runs when one is named.
var cacheVersions = map[string]map[string]string{
	"memcached": {
		"1.4.34": "1.4.34", "1.5.10": "1.5.10", "1.5.16": "1.5.16", "1.6.6": "1.6.6", "1.6.12": "1.6.12", "1.6.17": "1.6.17", "1.6.22": "1.6.22",
	},
	"redis": {
		"4.0.10": "4.0.10", "5.0.0": "5.0.0", "5.0.3": "5.0.3", "5.0.4": "5.0.4", "5.0.5": "5.0.5", "5.0.6": "5.0.6",
		"6.x": "6.2.6", "6.0": "6.0.5", "6.2": "6.2.6", "7.0": "7.0.7", "7.1": "7.1.0",
	},
	"valkey": {"7.2": "7.2.6", "8.0": "8.0.1", "8.1": "8.1.0"},
}

var newestCache = map[string]string{"memcached": "1.6.22", "redis": "7.1", "valkey": "8.0"}

// cacheFamily is the parameter group family of a version: memcached1.6, redis7, redis6.x, valkey8.
func cacheFamily(engine, actual string) string {
	parts := strings.Split(actual, ".")
	switch {
	case engine == "memcached" || engine == "redis" && parts[0] < "6":
		return engine + parts[0] + "." + parts[1]
	case engine == "redis" && parts[0] == "6":
		return "redis6.x"
	}
	return engine + parts[0]
}

// cacheDowngrade replaces a cache whose engine version goes back, or that leaves valkey for redis.
func cacheDowngrade(old, next Values) []string {
	engine := next.Text("engine")
	if old.Text("engine") == "valkey" && engine != "valkey" {
		return []string{"engine"}
	}
	before, after := old.Text("engineVersion"), next.Text("engineVersion")
	if old.Text("engine") == engine && before != "" && after != "" && olderVersion(after, before) {
		return []string{"engineVersion"}
	}
	return nil
}

// olderVersion compares versions number by number; x is newer than any number.
func olderVersion(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return len(as[i]) < len(bs[i]) || len(as[i]) == len(bs[i]) && as[i] < bs[i]
		}
	}
	return false
}

func checkCacheParameterGroup(in Values) []Problem {
	r := rules{in: in}
	r.length("name", 1, 255)
	r.matches("name", replicationGroupID, "it starts with a letter and has only letters, digits and hyphens")
	r.hyphens("name")
	r.oneOf("family", "memcached1.4", "memcached1.5", "memcached1.6", "redis4.0", "redis5.0", "redis6.x", "redis7", "valkey7", "valkey8")
	seen := map[string]bool{}
	for i, parameter := range in.Blocks("parameters[*]") {
		name := parameter.Text("name")
		place := fmt.Sprintf("parameters[%d].name", i)
		if seen[name] {
			r.refuse(place, "%q is there twice", name)
		}
		seen[name] = name != ""
		known := cacheParameters
		if strings.HasPrefix(in.Text("family"), "memcached") {
			known = memcachedParameters
		}
		if name != "" && in.Text("family") != "" && !known[name] {
			r.refuse(place, "invalid parameter %q for family %s", name, in.Text("family"))
		}
	}
	return r.problems
}

var memcachedParameters = words(`
	backlog_queue_limit binding_protocol cas_disabled chunk_size chunk_size_growth_factor config_max disable_flush_all
	error_on_memory_exhausted expirezero_does_not_evict hash_algorithm large_memory_pages lock_down_paged_memory
	lru_crawler lru_maintainer maxconns_fast max_item_size max_simultaneous_connections memcached_connections_overhead
	modern no_inline_ascii_resp requests_per_event resp_obj_mem_limit slab_automove slab_automove_freeratio
	slab_automove_ratio slab_automove_window slab_chunk_max slab_reassign tail_repair_time temporary_ttl track_sizes
	watcher_logbuf_size worker_logbuf_size idle_timeout maxitemsize lru_segmented hot_lru_pct warm_lru_pct
	hot_max_factor warm_max_factor`)

var cacheParameters = words(`
	acl-pubsub-default acllog-max-len active-defrag-cycle-max active-defrag-cycle-min active-defrag-ignore-bytes
	active-defrag-max-scan-fields active-defrag-threshold-lower active-defrag-threshold-upper active-expire-effort
	activedefrag activerehashing appendfsync appendonly client-output-buffer-limit-normal-hard-limit
	client-output-buffer-limit-normal-soft-limit client-output-buffer-limit-normal-soft-seconds
	client-output-buffer-limit-pubsub-hard-limit client-output-buffer-limit-pubsub-soft-limit
	client-output-buffer-limit-pubsub-soft-seconds client-output-buffer-limit-replica-soft-seconds
	client-query-buffer-limit close-on-replica-write close-on-slave-write cluster-allow-pubsubshard-when-down
	cluster-allow-reads-when-down cluster-enabled cluster-require-full-coverage commandlog-execution-slower-than
	databases extended-redis-compatibility hash-max-listpack-entries hash-max-listpack-value hash-max-ziplist-entries
	hash-max-ziplist-value hll-sparse-max-bytes lazyfree-lazy-eviction lazyfree-lazy-expire lazyfree-lazy-server-del
	lazyfree-lazy-user-del lfu-decay-time lfu-log-factor list-compress-depth list-max-listpack-size
	list-max-ziplist-size lua-replicate-commands maxclients maxmemory-clients maxmemory-policy maxmemory-samples
	min-replicas-max-lag min-replicas-to-write min-slaves-max-lag min-slaves-to-write notify-keyspace-events
	proto-max-bulk-len rename-commands repl-backlog-size repl-backlog-ttl replica-allow-chaining
	replica-ignore-maxmemory replica-lazy-flush reserved-memory reserved-memory-percent search-fanout-target-node
	set-max-intset-entries set-max-listpack-entries set-max-listpack-value slave-allow-chaining slowlog-log-slower-than
	slowlog-max-len stream-node-max-bytes stream-node-max-entries supervised tcp-keepalive timeout
	tracking-table-max-keys zset-max-listpack-entries zset-max-listpack-value zset-max-ziplist-entries
	zset-max-ziplist-value`)

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

// cacheSubnets computes the VPC of a cache subnet group.
func (tx *Tx) cacheSubnets(r *Resource) error {
	_, vpc, mixed := tx.zones(r.Outputs.Strings("subnetIds"))
	if mixed {
		return tx.Refuse("InvalidSubnet", "The subnets of cache subnet group %s are not all in the same VPC", r.ID)
	}
	r.Outputs["vpcId"] = vpc
	return nil
}

// placeCache applies the rules about engine, groups and zones that clusters and replication groups share, and returns the
// zones the nodes can be in.
func (tx *Tx) placeCache(r *Resource, nodes int, spread bool, preferred []string) ([]string, error) {
	out := r.Outputs
	engine := out.Text("engine")
	setDefault(out, "engineVersion", newestCache[engine])
	actual := cacheVersions[engine][out.Text("engineVersion")]
	out["engineVersionActual"] = actual
	family := cacheFamily(engine, actual)
	standard := []string{"default." + family}
	if engine != "memcached" {
		standard = append(standard, standard[0]+".cluster.on")
	}
	setDefault(out, "parameterGroupName", standard[0])
	name := out.Text("parameterGroupName")
	group, exists := tx.Get(cacheParameterGroupToken, name)
	switch {
	case exists && group.Outputs.Text("family") != family:
		return nil, tx.Refuse("InvalidParameterCombination", "Expected a parameter group of family %s but found one of family %s: %s", family, group.Outputs.Text("family"), name)
	case !exists && !slices.Contains(standard, name):
		return nil, tx.Refuse("CacheParameterGroupNotFound", "CacheParameterGroup not found: %s; for %s use %s or create one", name, engine, standard[0])
	}
	subnets, ok := tx.Get(cacheSubnetGroupToken, out.Text("subnetGroupName"))
	if !ok {
		return nil, tx.Refuse("CacheSubnetGroupNotFoundFault", "this account has no default VPC, so there is no default cache subnet group; set subnetGroupName")
	}
	vpc := subnets.Outputs.Text("vpcId")
	if other, found := tx.stranger(out.Strings("securityGroupIds"), vpc); found {
		return nil, tx.Refuse("InvalidParameterValue", "Security group %s is in %s and the cache subnet group %s in %s; use one of the same VPC",
			other.ID, other.Outputs.Text("vpcId"), subnets.ID, vpc)
	}
	if network, ok := tx.Get(vpcToken, vpc); ok && len(out.Strings("securityGroupIds")) == 0 {
		out["securityGroupIds"] = list(network.Outputs.Text("defaultSecurityGroupId"))
	}
	zones, _, _ := tx.zones(subnets.Outputs.Strings("subnetIds"))
	for _, zone := range preferred {
		if !slices.Contains(zones, zone) {
			return nil, tx.Refuse("InvalidParameterValue", "Cache subnet group %s has no subnet in %s; its zones are %s", subnets.ID, zone, strings.Join(zones, ", "))
		}
	}
	if spread && nodes > 1 && len(zones) < 2 {
		return nil, tx.Refuse("InvalidParameterCombination", "Nodes in several zones need a cache subnet group with subnets in at least two; %s has only %s",
			subnets.ID, strings.Join(zones, ", "))
	}
	setDefault(out, "maintenanceWindow", "sun:05:00-sun:06:00")
	out["maintenanceWindow"] = strings.ToLower(out.Text("maintenanceWindow"))
	setDefault(out, "networkType", "ipv4")
	setDefault(out, "ipDiscovery", "ipv4")
	if engine != "memcached" {
		setDefault(out, "snapshotWindow", "03:00-04:00")
	}
	if len(preferred) > 0 {
		return preferred, nil
	}
	return zones, nil
}

// cacheSuffix is what all endpoints of the account's caches share.
func (tx *Tx) cacheSuffix() string { return stableLetters("elasticache "+tx.Region(), 6) }

func createCacheCluster(tx *Tx, r *Resource) error {
	id := r.Outputs.Text("clusterId")
	if r.Inputs.Has("replicationGroupId") {
		return fmt.Errorf("creating cache cluster %s: the embedded cloud adds no single replicas; set numCacheClusters of the replication group", id)
	}
	if _, taken := tx.Get(cacheClusterToken, id); taken {
		return tx.Refuse("CacheClusterAlreadyExists", "Cache cluster %s already exists; choose another clusterId", id)
	}
	r.ID = id
	r.Outputs["arn"] = tx.ARN("elasticache", "cluster:"+id)
	port := 6379.0
	if r.Outputs.Text("engine") == "memcached" {
		port = 11211
	}
	setDefault(r.Outputs, "port", port)
	setDefault(r.Outputs, "numCacheNodes", 1.0)
	setDefault(r.Outputs, "azMode", "single-az")
	return tx.completeCacheCluster(r)
}

func (tx *Tx) completeCacheCluster(r *Resource) error {
	out := r.Outputs
	nodes, _ := out.Int("numCacheNodes")
	port, _ := out.Int("port")
	crossing := out.Text("azMode") == "cross-az"
	preferred := out.Strings("preferredAvailabilityZones")
	if zone := r.Inputs.Text("availabilityZone"); zone != "" && len(preferred) == 0 {
		preferred = []string{zone}
	}
	zones, err := tx.placeCache(r, nodes, crossing, preferred)
	if err != nil {
		return err
	}
	out["availabilityZone"] = zones[0]
	if crossing {
		out["availabilityZone"] = "Multiple"
	}
	// Nodes have their own addresses: NAME.xxxxxx.0001.use1.cache.amazonaws.com.
	suffix := tx.cacheSuffix()
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

func createReplicationGroup(tx *Tx, r *Resource) error {
	id := strings.ToLower(r.Outputs.Text("replicationGroupId"))
	if _, taken := tx.Get(cacheReplicationToken, id); taken {
		return tx.Refuse("ReplicationGroupAlreadyExists", "Replication group %s already exists; choose another replicationGroupId", id)
	}
	out := r.Outputs
	if out.Has("globalReplicationGroupId") {
		return fmt.Errorf("creating replication group %s: the embedded cloud has no global replication groups", id)
	}
	r.ID = id
	out["replicationGroupId"] = id
	out["arn"] = tx.ARN("elasticache", "replicationgroup:"+id)
	setDefault(out, "engine", "redis")
	setDefault(out, "port", 6379.0)
	setDefault(out, "nodeType", "cache.t4g.small")
	// Valkey encrypts at rest unless told otherwise, Redis does not.
	if !out.Has("atRestEncryptionEnabled") {
		out["atRestEncryptionEnabled"] = out.Text("engine") == "valkey"
	}
	if out.True("transitEncryptionEnabled") {
		setDefault(out, "transitEncryptionMode", "required")
	}
	return tx.completeReplicationGroup(r)
}

func (tx *Tx) completeReplicationGroup(r *Resource) error {
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
	zones, err := tx.placeCache(r, nodes, out.True("multiAzEnabled"), out.Strings("preferredCacheClusterAzs"))
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
	out["memberClusters"] = list(members...)
	out["numCacheClusters"] = float64(nodes)
	out["numNodeGroups"] = float64(shards)
	out["replicasPerNodeGroup"] = float64(replicas)
	out["clusterEnabled"] = clustered
	setDefault(out, "clusterMode", map[bool]string{true: "enabled", false: "disabled"}[clustered])
	tail := fmt.Sprintf("%s.%s.cache.amazonaws.com", tx.cacheSuffix(), tx.RegionCode())
	shard := fmt.Sprintf("%s.ng.0001.%s.cache.amazonaws.com", tx.cacheSuffix(), tx.RegionCode())
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
func deleteCache(tx *Tx, r *Resource) error {
	snapshot := strings.ToLower(r.Outputs.Text("finalSnapshotIdentifier"))
	if snapshot == "" {
		return nil
	}
	if _, taken := tx.Get(cacheSnapshotToken, snapshot); taken {
		return tx.Refuse("SnapshotAlreadyExistsFault", "Snapshot %s already exists: deploy with another finalSnapshotIdentifier first", snapshot)
	}
	tx.Put("", Resource{Type: cacheSnapshotToken, ID: snapshot, Inputs: Values{}, Outputs: Values{"source": r.ID, "engine": r.Outputs["engine"]}})
	return nil
}
