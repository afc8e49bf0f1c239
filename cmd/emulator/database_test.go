package main_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/rds"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/infra/pipeline"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// databases are the account's instances by identifier without its random part, as "version, parameter group's family".
func (l *life) databases() map[string]string {
	l.t.Helper()
	found := map[string]string{}
	for _, db := range l.Account().List(account.DatabaseToken) {
		group, ok := l.Account().Read(account.DatabaseParameterGroupToken, db.Outputs.Text("parameterGroupName"))
		if !ok {
			l.t.Fatalf("the parameter group of %s is gone", db.ID)
		}
		parts := strings.Split(db.Outputs.Text("identifier"), "-")
		name := strings.Join(append(parts[:3:3], parts[4:]...), "-") // laravel-staging-db-SUFFIX[-2]
		found[name] = db.Outputs.Text("engineVersionActual") + ", " + group.Outputs.Text("family")
	}
	return found
}

// databaseHost is DB_HOST of the newest web tasks.
func (l *life) databaseHost() string {
	l.t.Helper()
	host := ""
	for _, task := range l.Account().List(account.TaskToken) {
		if _, after, found := strings.Cut(task.Outputs.Text("containerDefinitions"), `"DB_HOST","value":"`); found && strings.Contains(task.Name, "web") {
			host, _, _ = strings.Cut(after, `"`)
		}
	}
	return host
}

// order is where a change stands among those of a run; -1 where it does not.
func order(changes []string, change string) int { return slices.Index(changes, change) }

// upgradeStacks are those that TestDatabaseUpgrade takes: without upgradeFrom, prod waits for the maintenance window.
var upgradeStacks = []string{"staging", "prod"}

// TestDatabaseUpgrade takes a database from MySQL 8.0 to 8.4: refused as long as nobody says it, then at once and in the order that
// keeps the old parameter group until it is free.
func TestDatabaseUpgrade(t *testing.T) {
	t.Parallel()
	for _, stack := range upgradeStacks {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, stack, nil, func(f *config.File) error {
				return setAll(f, map[string]any{"database.version": "8.0", "database.extendedSupport": true, "release.name": "r1"})
			})
			l.zone("example.com")
			l.deploy("8.0")
			l.set(map[string]any{"database.version": "8.4", "database.extendedSupport": nil})
			if _, err := l.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "AllowMajorVersionUpgrade flag must be present") {
				t.Fatalf("an upgrade that nobody asked for: %v", err)
			}
			name := "laravel-" + stack + "-db"
			if got := l.databases()[name]; got != "8.0.43, mysql8.0" {
				t.Errorf("after the refusal: %s", got)
			}
			l.set(map[string]any{"database.upgradeFrom": "8.0"})
			report := l.deploy("8.4")
			if got := l.databases()[name]; got != "8.4.6, mysql8.4" {
				t.Errorf("after the upgrade: %s", got)
			}
			var changes []string
			for _, change := range report.Changes {
				changes = append(changes, change.Op+" "+change.Name)
			}
			upgraded, freed := order(changes, "update "+name+"-instance"), order(changes, "delete "+name+"-mysql8-0")
			if upgraded < 0 || freed < upgraded || slices.ContainsFunc(report.Changes, func(c engine.Change) bool { return c.Op == "replace" }) {
				t.Errorf("the order of the changes: %v", changes)
			}
			l.set(map[string]any{"database.upgradeFrom": nil})
			l.deploy("without the key")
		})
	}
}

// TestDatabaseUpgradeInACopy: with blueGreenUpdate the upgrade is one deployment, which deploy roles may make; the next one has nothing to do.
func TestDatabaseUpgradeInACopy(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, map[string]any{"database.version": "8.0", "database.extendedSupport": true, "release.name": "r1"})
	})
	l.deploy("8.0")
	before := l.Account().List(account.DatabaseToken)[0]
	l.set(map[string]any{"database.version": "8.4", "database.extendedSupport": nil, "database.upgradeFrom": "8.0", "database.blueGreenUpdate": true})
	report := l.deploy("8.4 in a copy")
	if got := l.databases()["laravel-staging-db"]; got != "8.4.6, mysql8.4" || slices.ContainsFunc(report.Changes, func(c engine.Change) bool { return c.Op == "replace" }) {
		t.Errorf("after the upgrade: %s, %v", got, report.Changes)
	}
	after := l.Account().List(account.DatabaseToken)[0]
	if after.Outputs["resourceId"] == before.Outputs["resourceId"] || after.Outputs["endpoint"] != before.Outputs["endpoint"] {
		t.Errorf("the copy is %v at %v", after.Outputs["resourceId"], after.Outputs["endpoint"])
	}
	allowed, _ := pipeline.PermittedActions("aws:rds/instance:Instance")
	updates := l.Account().List(rds.BlueGreenToken)
	if len(updates) != 1 || len(updates[0].Outputs.Strings("calls")) < 10 {
		t.Fatalf("the updates are %v", updates)
	}
	for _, call := range updates[0].Outputs.Strings("calls") {
		if action, _, _ := strings.Cut(call, " "); !slices.Contains(allowed, action) {
			t.Errorf("deploy roles may not call %s", call)
		}
	}
	if report, err := l.Refresh(t.Context()); err != nil {
		t.Errorf("refresh: %v, %v", report.Changes, err)
	}
	if report, err := l.Preview(t.Context()); err != nil || len(report.Changes) > 0 {
		t.Errorf("the preview after it: %v, %v", report.Changes, err)
	}
	l.set(map[string]any{"database.upgradeFrom": nil, "database.blueGreenUpdate": nil})
	l.deploy("without the keys")
}

// TestDatabaseChangeWaits: without applyNow a change waits for the maintenance window.
func TestDatabaseChangeWaits(t *testing.T) {
	t.Parallel()
	l := newLife(t, "prod", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
	l.zone("example.com")
	l.deploy("first")
	class := func() string { return l.Account().List(account.DatabaseToken)[0].Outputs.Text("instanceClass") }
	before := class()
	l.set(map[string]any{"database.instanceClass": "db.m5.xlarge"})
	if _, err := l.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if class() != before {
		t.Errorf("the class changed before the window: %s", class())
	}
	if err := rds.Maintain(t.Context(), l.Account()); err != nil || class() != "db.m5.xlarge" {
		t.Errorf("after the window: %s, %v", class(), err)
	}
}

// TestDatabaseRestore restores a snapshot beside a live database, moves the services, and deletes the old instance in its own steps.
func TestDatabaseRestore(t *testing.T) {
	t.Parallel()
	l := newLife(t, "prod", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
	l.zone("example.com")
	l.deploy("first")
	old := l.Account().List(account.DatabaseToken)[0]
	if err := l.Account().Seed(account.DatabaseSnapshotToken, "yesterday", account.Values{
		"engine": "mysql", "engineVersion": "8.4.6", "username": "laravel", "dbName": "laravel", "allocatedStorage": 100.0, "storageEncrypted": true,
	}); err != nil {
		t.Fatal(err)
	}
	l.set(map[string]any{"database.restore": map[string]any{"snapshot": "yesterday", "generation": 2, "keepOldUntil": "2020-01-01"}})
	report := l.deploy("restored")
	for _, change := range report.Changes {
		events := change.Type == account.DatabaseEventsToken && change.Op == "update" // of the instance that serves
		if strings.HasPrefix(change.Type, "aws:rds/") && change.Op != "create" && !events || change.Op == "delete" {
			t.Errorf("unexpected: %v", change)
		}
	}
	if kept, ok := l.Account().Read(account.DatabaseToken, old.ID); !ok || fmt.Sprint(kept.Outputs) != fmt.Sprint(old.Outputs) {
		t.Errorf("the old instance is not as it was: %v", kept.Outputs)
	}
	if host := l.databaseHost(); !strings.Contains(host, "-2.") {
		t.Errorf("the tasks use %s", host)
	}

	l.set(map[string]any{"database.restore.old": "none"})
	if _, err := l.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "protected") {
		t.Errorf("a protected instance is deleted: %v", err)
	}
	l.set(map[string]any{"database.restore.old": "release"})
	l.deploy("released")
	l.set(map[string]any{"database.restore.old": "none"})
	l.deploy("without the old one")
	if left := l.databases(); len(left) != 1 || left["laravel-prod-db-2"] == "" {
		t.Errorf("the databases are %v", left)
	}
	if _, ok := l.Account().Read(account.DatabaseSnapshotToken, old.Outputs.Text("finalSnapshotIdentifier")); !ok {
		t.Error("the old instance went without a snapshot")
	}

	// The first restore was forgotten: going back would delete what serves, and is refused.
	l.set(map[string]any{"database.restore": nil})
	if _, err := l.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "protected") {
		t.Errorf("the restored instance is deleted: %v", err)
	}
}
