package main_test

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestPostgres takes an environment with PostgreSQL through an upgrade to another major version, a change and a restore.
func TestPostgres(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, map[string]any{"release.name": "r1", "database": map[string]any{"engine": "postgres", "version": "16"}})
	})
	l.deploy("16")
	const name = "laravel-staging-db"
	if got := l.databases()[name]; got != "16.11, postgres16" {
		t.Errorf("the database is %s", got)
	}
	if host := l.databaseHost(); !strings.HasSuffix(host, ".rds.amazonaws.com") {
		t.Errorf("the tasks have DB_HOST %q", host)
	}
	l.set(map[string]any{"database.version": "17"})
	if _, err := l.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "AllowMajorVersionUpgrade flag must be present") {
		t.Fatalf("an upgrade that nobody asked for: %v", err)
	}
	l.set(map[string]any{"database.upgradeFrom": "16"})
	l.deploy("17")
	if got := l.databases()[name]; got != "17.7, postgres17" {
		t.Errorf("after the upgrade: %s", got)
	}
	l.set(map[string]any{"database.upgradeFrom": nil, "database.logExports": []string{"postgresql"},
		"database.restore": map[string]any{"pointInTime": "latest", "generation": 2, "keepOldUntil": "2027-12-10"}})
	l.deploy("restored")
	if got := l.databases()[name+"-2"]; got != "17.7, postgres17" {
		t.Errorf("restored: %s", got)
	}
}

// TestEngineChangeIsRefused: the provider would replace the instance by an empty one. The preview refuses, and so does a deployment without one.
func TestEngineChangeIsRefused(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, map[string]any{"release.name": "r1", "environment.protect": false, "database": map[string]any{"finalSnapshot": false}})
	})
	l.deploy("mysql")
	before := l.Account().List(account.DatabaseToken)[0]
	l.set(map[string]any{"database": map[string]any{"engine": "postgres", "finalSnapshot": false}})
	const want = "database.engine: the database is mysql, and AWS never makes an instance postgres"
	if _, err := l.Preview(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the preview: %v", err)
	}
	if _, err := l.Up(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the deployment: %v", err)
	}
	if after := l.Account().List(account.DatabaseToken); len(after) != 1 || after[0].ID != before.ID || after[0].Outputs.Text("engine") != "mysql" {
		t.Fatalf("the instances are %v", after)
	}
	l.set(map[string]any{"database": map[string]any{"finalSnapshot": false}})
	if report, err := l.Up(t.Context()); err != nil || len(report.Changes) > 0 {
		t.Errorf("with the engine that it has: %v, %v", report.Changes, err)
	}
}
