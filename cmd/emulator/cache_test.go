package main_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

func (l *life) cache() account.Resource {
	l.t.Helper()
	groups := l.Account().List(account.CacheReplicationToken)
	if len(groups) != 1 {
		l.t.Fatalf("%d caches", len(groups))
	}
	return groups[0]
}

// cacheChange is what a report says of the cache: update, replace, or nothing.
func cacheChange(report engine.Report) string {
	for _, change := range report.Changes {
		if change.Type == account.CacheReplicationToken {
			return change.Op
		}
	}
	return ""
}

// TestCacheEngineUpgrade: redis becomes valkey in place, when it is asked for, also where other changes wait for the maintenance window.
func TestCacheEngineUpgrade(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, map[string]any{"cache.engine": "redis", "cache.version": "7.1", "cache.applyNow": false, "release.name": "r1"})
	})
	l.deploy("redis")
	before := l.cache()
	l.set(map[string]any{"cache.engine": "valkey", "cache.version": "8.0"})
	if _, err := l.Preview(t.Context()); err == nil || !strings.Contains(err.Error(), "cache.version: valkey 8.0 is wanted, and redis 7.1.0 runs: set cache.upgrade to true") {
		t.Errorf("without cache.upgrade: %v", err)
	}
	l.set(map[string]any{"cache.upgrade": true})
	if report := l.deploy("the upgrade"); cacheChange(report) != "update" {
		t.Errorf("the upgrade: %v", report.Changes)
	}
	after := l.cache()
	if after.ID != before.ID || after.Outputs.Text("engine") != "valkey" || after.Outputs.Text("engineVersionActual") != "8.0.1" {
		t.Errorf("%s %v became %s %v", before.ID, before.Outputs, after.ID, after.Outputs)
	}
	l.set(map[string]any{"cache.upgrade": false})
	if report := l.deploy("without cache.upgrade again"); slices.Contains([]string{"replace", "create", "delete"}, cacheChange(report)) {
		t.Errorf("afterwards: %v", report.Changes)
	}
}

// TestCacheRaisedByAWS: AWS raises minor versions by itself, and nothing is planned for it.
func TestCacheRaisedByAWS(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
	l.deploy("staging")
	if err := l.Account().Tamper(account.CacheReplicationToken, l.cache().ID, "engineVersion", "8.1"); err != nil {
		t.Fatal(err)
	}
	if report, err := l.Refresh(t.Context()); err != nil || cacheChange(report) != "update" {
		t.Fatalf("the refresh: %v, %v", report.Changes, err)
	}
	if report, err := l.Preview(t.Context()); err != nil || len(report.Changes) > 0 {
		t.Errorf("the preview after it: %v, %v", report.Changes, err)
	}
}

// TestCacheKeepsItsData: a protected environment keeps its cache, and one with backups leaves a final snapshot.
func TestCacheKeepsItsData(t *testing.T) {
	t.Parallel()
	l := newLife(t, "prod", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
	l.zone("example.com")
	l.deploy("prod")
	if l.cache().Outputs.Text("finalSnapshotIdentifier") == "" {
		t.Error("no final snapshot")
	}
	l.set(map[string]any{"cache.engine": "redis", "cache.version": "7.1", "cache.upgrade": true}) // there is no way back from valkey
	if _, err := l.Preview(t.Context()); err == nil || !strings.Contains(err.Error(), "laravel-prod-cache-group") || !strings.Contains(err.Error(), "marked for protection") {
		t.Errorf("a replacement in a protected environment: %v", err)
	}
}

// TestCachePassword: a cache that had no password gets one without a moment in which the tasks that run are refused.
func TestCachePassword(t *testing.T) {
	t.Parallel()
	const tokens = "aws:elasticache/authTokens:AuthTokens"
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, map[string]any{"cache.auth": "none", "release.name": "r1"})
	})
	l.deploy("without a password")
	accepted := func() []string { return l.Account().List(tokens)[0].Outputs.Strings("tokens") }
	if got := accepted(); !slices.Equal(got, []string{""}) {
		t.Fatalf("accepted at first: %q", got)
	}
	l.set(map[string]any{"cache.auth": "rotate"})
	// Cut off before the first new task definition: the tasks have no password yet.
	l.cutOff(account.TaskToken)
	password := l.cache().Outputs.Text("authToken")
	if got := accepted(); len(password) != 40 || !slices.Equal(got, []string{"", password}) {
		t.Fatalf("accepted while old tasks run: %q", got)
	}
	l.deploy("with a password")
	for _, definition := range l.Account().List(account.TaskToken) {
		if !strings.Contains(definition.Outputs.Text("containerDefinitions"), `{"name":"REDIS_PASSWORD","valueFrom":"arn:aws:secretsmanager:`) {
			t.Errorf("%s has no password: %s", definition.ID, definition.Outputs.Text("containerDefinitions"))
		}
	}
	l.set(map[string]any{"cache.auth": "set"})
	l.deploy("only with the password")
	if got := accepted(); !slices.Equal(got, []string{password}) {
		t.Errorf("accepted in the end: %q", got)
	}
}

// passwords are what the tasks of the newest task definitions log in to the cache with, and what the cache accepts.
func (l *life) passwords() (used string, accepted []string) {
	l.t.Helper()
	for _, definition := range l.Account().List(account.TaskToken) {
		_, after, found := strings.Cut(definition.Outputs.Text("containerDefinitions"), `{"name":"REDIS_PASSWORD","valueFrom":"`)
		reference, _, _ := strings.Cut(after, `"`)
		if parts := strings.Split(reference, ":"); found {
			version := parts[len(parts)-1]
			for _, v := range l.Account().List(account.SecretVersionToken) {
				if v.Outputs.Text("versionId") == version {
					used = v.Outputs.Text("secretString")
				}
			}
		}
	}
	return used, l.Account().List("aws:elasticache/authTokens:AuthTokens")[0].Outputs.Strings("tokens")
}

// TestCachePasswordRotation: the tasks that run log in with a password that the cache accepts, through a rotation, one that is cut off,
// and the way back from it.
func TestCachePasswordRotation(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
	l.deploy("with a password")
	first, accepted := l.passwords()
	if len(first) != 40 || !slices.Equal(accepted, []string{first}) {
		t.Fatalf("%q is used, %q are accepted", first, accepted)
	}
	wants := func(what, used string, accept ...string) {
		t.Helper()
		if now, accepted := l.passwords(); now != used || !slices.Equal(accepted, accept) {
			t.Errorf("%s: %q is used, %q are accepted; wanted are %q, %q", what, now, accepted, used, accept)
		}
	}
	l.set(map[string]any{"rotation.REDIS_PASSWORD": 1})
	l.cutOff(account.TaskToken)
	second := l.cache().Outputs.Text("authToken")
	if second == first {
		t.Fatal("there is no new password")
	}
	if accepted := l.Account().List("aws:elasticache/authTokens:AuthTokens")[0].Outputs.Strings("tokens"); !slices.Equal(accepted, []string{first, second}) {
		t.Errorf("while old tasks run: %q are accepted", accepted)
	}
	l.set(map[string]any{"rotation.REDIS_PASSWORD": nil})
	if _, err := l.Up(t.Context()); err != nil { // what was cut off has changed no task
		t.Fatal(err)
	}
	wants("the way back", first, second, first)
	l.set(map[string]any{"rotation.REDIS_PASSWORD": 1})
	l.deploy("rotated")
	third := l.cache().Outputs.Text("authToken")
	wants("rotated", third, first, third)
	l.set(map[string]any{"cache.auth": "set"})
	if report, err := l.Up(t.Context()); err != nil || len(report.Changes) != 1 {
		t.Errorf("the old one ends: %v, %v", report.Changes, err)
	}
	wants("the end", third, third)

	for _, test := range []struct {
		change map[string]any // of what the one before left
		says   string
	}{
		{map[string]any{"rotation.REDIS_PASSWORD": 2}, "deploy it with cache.auth: rotate first"},
		{map[string]any{"cache.auth": "none", "rotation.REDIS_PASSWORD": nil}, "cannot take it away"},
		{map[string]any{"cache.encryptTransit": false, "cache.auth": "rotate", "rotation.REDIS_PASSWORD": nil}, "keep cache.auth and cache.encryptTransit"},
	} {
		l.set(test.change)
		if _, err := l.Preview(t.Context()); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v: %v", test.change, err)
		}
	}
}
