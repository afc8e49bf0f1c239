package main_test

import (
	"maps"
	"regexp"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestDriversMove takes sessions and cached values from the cache to the database and back. The web service is updated, and nothing but the
// cache and what belongs to it is made or deleted.
func TestDriversMove(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
	l.deploy("with a cache")
	before := l.services()
	// own are changes of the cache, of its password and of the queue.
	own := regexp.MustCompile(`cache|queue|REDIS_PASSWORD|(?i:redis-password)$`)
	for _, step := range []struct {
		name           string
		set            map[string]any
		caches, queues int
	}{
		{"no cache", map[string]any{"cache.engine": "none"}, 0, 0},
		{"a cache again, and jobs in SQS", map[string]any{"cache.engine": "valkey", "worker.queue": "sqs"}, 1, 2},
		{"jobs in the database again", map[string]any{"worker.queue": "database"}, 1, 0},
	} {
		l.set(step.set)
		report := l.deploy(step.name)
		for _, change := range report.Changes {
			replaced := change.Type == account.TaskToken || change.Type == account.RolePolicyToken
			if change.Op != "update" && !replaced && !own.MatchString(change.String()) {
				t.Errorf("%s: %v", step.name, change)
			}
		}
		for token, want := range map[string]int{
			account.CacheReplicationToken: step.caches, account.CacheSubnetGroupToken: step.caches, account.QueueToken: step.queues,
		} {
			if there := len(l.Account().List(token)); there != want {
				t.Errorf("%s: %d of %s", step.name, there, token)
			}
		}
		if now := l.services(); !maps.Equal(now, before) {
			t.Errorf("%s: the services were %v and are %v", step.name, before, now)
		}
	}
}
