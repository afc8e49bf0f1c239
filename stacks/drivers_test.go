package stacks_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// containerVariables are the plain variables of every container; those of all must agree on the names that are asked for.
func containerVariables(t *testing.T, r *infratest.Recorder, names ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for i, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
		var containers []struct {
			Environment []struct{ Name, Value string }
		}
		if err := json.Unmarshal([]byte(text(definition, "containerDefinitions")), &containers); err != nil {
			t.Fatal(err)
		}
		for j, container := range containers {
			here := map[string]string{}
			for _, variable := range container.Environment {
				if slices.Contains(names, variable.Name) {
					here[variable.Name] = variable.Value
				}
			}
			if i+j > 0 && fmt.Sprint(here) != fmt.Sprint(found) {
				t.Errorf("%s: %v, and others have %v", definition.Name, here, found)
			}
			found = here
		}
	}
	return found
}

// TestDrivers: sessions, cached values and jobs are where the stack file says, and a cache that nothing uses is not made.
func TestDrivers(t *testing.T) {
	names := []string{"SESSION_DRIVER", "CACHE_STORE", "CACHE_DRIVER", "APP_MAINTENANCE_STORE", "QUEUE_CONNECTION", "REDIS_HOST", "MEMCACHED_HOST"}
	staging := stackConfig(t, "staging")
	for name, test := range map[string]struct {
		config map[string]string
		want   string // session, store, queue
		host   string
	}{
		"as today":       {staging, "redis redis database", "REDIS_HOST"},
		"memcached":      {with(with(staging, "cache", "engine", "memcached"), "cache", "version", "1.6.22"), "memcached memcached database", "MEMCACHED_HOST"},
		"none":           {with(staging, "cache", "engine", "none"), "database database database", ""},
		"cookie":         {with(with(staging, "cache", "engine", "none"), "session", "driver", "cookie"), "cookie database database", ""},
		"each elsewhere": {with(with(with(staging, "session", "driver", "database"), "cache", "store", "database"), "worker", "queue", "redis"), "database database redis", "REDIS_HOST"},
	} {
		r := deploy(t, "staging", test.config)
		got := containerVariables(t, r, names...)
		if drivers := got["SESSION_DRIVER"] + " " + got["CACHE_STORE"] + " " + got["QUEUE_CONNECTION"]; drivers != test.want {
			t.Errorf("%s: %s, %s expected", name, drivers, test.want)
		}
		if got["CACHE_DRIVER"] != got["CACHE_STORE"] || got["APP_MAINTENANCE_STORE"] != got["CACHE_STORE"] {
			t.Errorf("%s: %v", name, got)
		}
		for _, host := range []string{"REDIS_HOST", "MEMCACHED_HOST"} {
			if _, there := got[host]; there != (host == test.host) {
				t.Errorf("%s: %s is there: %v", name, host, there)
			}
		}
		made := 0
		for _, one := range r.All() {
			if strings.Contains(one.Type, "elasticache") || strings.HasPrefix(one.Name, "laravel-staging-watch-cache-") || one.Name == "laravel-staging-firewall-cache" {
				made++
			}
		}
		if (made > 0) != (test.host != "") {
			t.Errorf("%s: %d resources of a cache", name, made)
		}
	}
	checkInventory(t, "staging-nocache", deploy(t, "staging", with(staging, "cache", "engine", "none")))
}

// TestProductionWithoutACache: its sessions are in the database, which has a standby.
func TestProductionWithoutACache(t *testing.T) {
	prod := stackConfig(t, "prod")
	delete(prod, "laravel-ecs:cache")
	deploy(t, "prod", with(prod, "cache", "engine", "none"))
}
