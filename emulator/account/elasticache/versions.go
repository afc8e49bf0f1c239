package elasticache

import (
	"fmt"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
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
func cacheDowngrade(old, next account.Values) []string {
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

func checkCacheParameterGroup(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Length("name", 1, 255)
	r.Matches("name", replicationGroupID, "it starts with a letter and has only letters, digits and hyphens")
	r.Hyphens("name")
	r.OneOf("family", "memcached1.4", "memcached1.5", "memcached1.6", "redis4.0", "redis5.0", "redis6.x", "redis7", "valkey7", "valkey8")
	seen := map[string]bool{}
	for i, parameter := range in.Blocks("parameters[*]") {
		name := parameter.Text("name")
		place := fmt.Sprintf("parameters[%d].name", i)
		if seen[name] {
			r.Refuse(place, "%q is there twice", name)
		}
		seen[name] = name != ""
		known := cacheParameters
		if strings.HasPrefix(in.Text("family"), "memcached") {
			known = memcachedParameters
		}
		if name != "" && in.Text("family") != "" && !known[name] {
			r.Refuse(place, "invalid parameter %q for family %s", name, in.Text("family"))
		}
	}
	return r.Problems
}

var memcachedParameters = account.Words(`
	backlog_queue_limit binding_protocol cas_disabled chunk_size chunk_size_growth_factor config_max disable_flush_all
	error_on_memory_exhausted expirezero_does_not_evict hash_algorithm large_memory_pages lock_down_paged_memory
	lru_crawler lru_maintainer maxconns_fast max_item_size max_simultaneous_connections memcached_connections_overhead
	modern no_inline_ascii_resp requests_per_event resp_obj_mem_limit slab_automove slab_automove_freeratio
	slab_automove_ratio slab_automove_window slab_chunk_max slab_reassign tail_repair_time temporary_ttl track_sizes
	watcher_logbuf_size worker_logbuf_size idle_timeout maxitemsize lru_segmented hot_lru_pct warm_lru_pct
	hot_max_factor warm_max_factor`)

var cacheParameters = account.Words(`
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
