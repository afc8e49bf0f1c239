package main_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestDriversMove takes sessions and cached values from the cache to the database and back. The web service is updated, and nothing but the
// cache and what belongs to it is made or deleted.
func TestDriversMove(t *testing.T) {
	l := newLife(t, "staging", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
	l.deploy("with a cache")
	before := l.services()
	for _, step := range []struct {
		name string
		set  map[string]any
		gone []string // of the account
	}{
		{"no cache", map[string]any{"cache.engine": "none"}, []string{account.CacheReplicationToken, account.CacheSubnetGroupToken}},
		{"a cache again, and jobs in SQS", map[string]any{"cache.engine": "valkey", "worker.queue": "sqs"}, nil},
		{"jobs in the database again", map[string]any{"worker.queue": "database"}, nil},
	} {
		l.set(step.set)
		report := l.deploy(step.name)
		for _, change := range report.Changes {
			if own := strings.Contains(change.String(), "cache") || strings.Contains(change.String(), "queue") || change.Type == account.RolePolicyToken || strings.HasSuffix(strings.ToLower(change.String()), "redis-password") || strings.Contains(change.String(), "REDIS_PASSWORD"); !own && change.Op != "update" && change.Type != account.TaskToken {
				t.Errorf("%s: %v", step.name, change)
			}
		}
		for _, token := range []string{account.CacheReplicationToken, account.CacheSubnetGroupToken} {
			want := 1
			if len(step.gone) > 0 {
				want = 0
			}
			if there := len(l.Account().List(token)); there != want {
				t.Errorf("%s: %d of %s", step.name, there, token)
			}
		}
		if queues, want := len(l.Account().List(account.QueueToken)), map[bool]int{true: 2}[l.Settings().Text("worker.queue") == "sqs"]; queues != want {
			t.Errorf("%s: %d queues", step.name, queues)
		}
		if now := l.services(); !maps.Equal(now, before) {
			t.Errorf("%s: the services were %v and are %v", step.name, before, now)
		}
	}
}
