package data

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// EnsureCache runs the nodes of an ElastiCache cluster or replication group.
func (r *Servers) EnsureCache(ctx context.Context, res account.Resource) error {
	parts, err := r.cacheParts(res)
	if err != nil {
		return fmt.Errorf("starting cache %s: %w", res.ID, err)
	}
	kept := map[string]bool{}
	for _, p := range parts {
		kept[r.Name+"-"+p.Name] = true
		id, made, err := r.EnsurePart(ctx, p)
		if err != nil {
			return fmt.Errorf("starting cache %s: %w", res.ID, err)
		}
		if !made || p.Image != "valkey" {
			continue // memcached listens as soon as it runs
		}
		err = r.WaitFor(ctx, "cache "+res.ID, id, time.Minute, func(ctx context.Context) error {
			out, err := r.Docker.Run(ctx, "exec", id, "valkey-cli", "ping")
			if err == nil && out != "PONG" && !strings.HasPrefix(out, "NOAUTH") {
				err = errors.New(out)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	found, err := r.Docker.Containers(ctx, r.StateLabel(), machine.LabelOwner+"="+machine.OwnerOf(res))
	if err != nil {
		return err
	}
	for _, c := range found {
		if !kept[c.ShortName()] {
			if err := r.Docker.Remove(ctx, c.ID); err != nil { // a node fewer than before
				return err
			}
		}
	}
	return nil
}

// cacheParts says which containers stand for a cluster or group, or what of it cannot be had here.
func (r *Servers) cacheParts(res account.Resource) ([]machine.Part, error) {
	v := res.Outputs
	if v.True("transitEncryptionEnabled") {
		return nil, errors.New("transitEncryptionEnabled: the emulator has no certificate that the application's image trusts; " +
			"set cache encryption off in this stack, or try it with `make rehearse`")
	}
	engine := v.Text("engine")
	if engine == "memcached" {
		return memcachedParts(res), nil
	}
	if engine != "valkey" && engine != "redis" && (engine != "" || res.Type != account.CacheReplicationToken) {
		return nil, fmt.Errorf("engine %q: the emulator runs memcached, valkey and redis (the latter two by Valkey)", engine)
	}
	if machine.Number(v, "numNodeGroups", 1) > 1 || machine.Number(v, "replicasPerNodeGroup", 0) > 0 && v.True("clusterEnabled") {
		return nil, errors.New("cluster mode (numNodeGroups over 1) is not emulated")
	}
	// One server answers for the primary and for its replicas: failover cannot be tried here.
	aliases := hosts(v.Text("primaryEndpointAddress"), v.Text("readerEndpointAddress"))
	for _, node := range v.Blocks("cacheNodes") {
		aliases = append(aliases, hosts(node.Text("address"))...)
	}
	return []machine.Part{{
		Role: "cache", Owner: machine.OwnerOf(res), Name: state.PlainName("cache-" + res.ID), Image: "valkey", Aliases: aliases,
		Folders: map[string][]machine.File{"/etc/valkey/node": {{Name: "valkey.conf", Data: []byte(valkeyConfig(v))}}},
	}}, nil
}

func memcachedParts(res account.Resource) []machine.Part {
	var parts []machine.Part
	nodes := res.Outputs.Blocks("cacheNodes")
	for i := range max(1, machine.Number(res.Outputs, "numCacheNodes", len(nodes))) {
		// The configuration endpoint resolves to every node, as AWS's does.
		aliases := hosts(res.Outputs.Text("configurationEndpoint"), res.Outputs.Text("clusterAddress"))
		if i < len(nodes) {
			aliases = append(aliases, hosts(nodes[i].Text("address"))...)
		}
		parts = append(parts, machine.Part{
			Role: "cache", Owner: machine.OwnerOf(res), Name: state.PlainName(fmt.Sprintf("cache-%s-%d", res.ID, i+1)), Image: "memcached", Aliases: aliases,
			Command: []string{"memcached", "--port", fmt.Sprint(machine.Number(res.Outputs, "port", 11211)), "--memory-limit", "256"},
		})
	}
	return parts
}

// valkeyConfig is a node's configuration. The cache is not kept on disk, like a node without snapshots. Engine and version are no part of
// it: ElastiCache upgrades a node with its data. There is no password, which needs TLS.
func valkeyConfig(v account.Values) string {
	return fmt.Sprintf("bind 0.0.0.0\nprotected-mode no\nport %d\nsave \"\"\nappendonly no\nmaxmemory 256mb\n", machine.Number(v, "port", 6379))
}

// hosts returns the host names of endpoints, with or without a port, without repeats or empty ones.
func hosts(endpoints ...string) []string {
	var found []string
	seen := map[string]bool{"": true}
	for _, endpoint := range endpoints {
		if host, _, err := net.SplitHostPort(endpoint); err == nil {
			endpoint = host
		}
		if !seen[endpoint] {
			seen[endpoint] = true
			found = append(found, endpoint)
		}
	}
	return found
}
