package main_test

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestFailover takes production to another region, as docs/restore.md says: its region is gone, but the hosted zone, which is of no region,
// still has its records. The environment in the other region is made of a copied snapshot, and first has a name of its own.
func TestFailover(t *testing.T) {
	t.Parallel()
	prod := newLife(t, "prod", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
	prod.zone("example.com")
	prod.deploy("production")

	const snapshot = "awsbackup:copyjob-0c6f1e2d"
	dr := newLife(t, "prod", nil, func(f *config.File) error {
		return setAll(f, map[string]any{
			"aws:region": "eu-central-1", "release.name": "r1", "domain.name": "dr.example.com",
			"database.restore": map[string]any{"snapshot": snapshot, "generation": 2, "old": "none"},
		})
	})
	dr.zone("example.com")
	for _, record := range prod.Account().List(account.RecordToken) {
		if err := dr.Account().Seed(account.RecordToken, record.ID, record.Outputs); err != nil {
			t.Fatal(err)
		}
	}
	if err := dr.Account().Seed(account.DatabaseSnapshotToken, snapshot, account.Values{
		"engine": "mysql", "engineVersion": "8.4", "username": "laravel", "dbName": "laravel", "allocatedStorage": 20.0, "storageEncrypted": true,
	}); err != nil {
		t.Fatal(err)
	}
	dr.deploy("another region")
	if target := dr.target("app.example.com"); !strings.Contains(target, "eu-west-1") {
		t.Errorf("before the failover the visitors are sent to %s", target)
	}
	if got := dr.Account().List(account.DatabaseToken)[0].Outputs.Text("snapshotIdentifier"); got != snapshot {
		t.Errorf("the database is made of %q", got)
	}

	dr.set(map[string]any{"domain.name": "app.example.com"})
	if _, err := dr.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "it already exists") {
		t.Errorf("the name of another environment, without domain.takeOver: %v", err)
	}
	dr.set(map[string]any{"domain.takeOver": true})
	for _, change := range dr.deploy("failover").Changes {
		if change.Type == account.DatabaseToken || change.Type == account.CacheReplicationToken {
			t.Errorf("the failover has %v", change)
		}
	}
	if target := dr.target("app.example.com"); !strings.Contains(target, "eu-central-1") {
		t.Errorf("after the failover the visitors are sent to %s", target)
	}
	dr.proven("failover")
}

// target is the load balancer that the alias records of a host name point to.
func (l *life) target(host string) string {
	var targets []string
	for _, record := range l.Account().List(account.RecordToken) {
		if record.Outputs.Text("fqdn") == host && record.Outputs.Text("type") == "A" {
			targets = append(targets, record.Outputs.Blocks("aliases[*]")[0].Text("name"))
		}
	}
	return strings.Join(targets, ", ")
}
