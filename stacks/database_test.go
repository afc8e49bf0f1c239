package stacks_test

import (
	"slices"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

const (
	instanceToken   = "aws:rds/instance:Instance"
	parametersToken = "aws:rds/parameterGroup:ParameterGroup"
)

// secureTransport is what the parameter group says about require_secure_transport; empty where it says nothing.
func secureTransport(t *testing.T, r *infratest.Recorder) string {
	t.Helper()
	value := ""
	for _, parameter := range one(t, r, parametersToken).Inputs["parameters"].ArrayValue() {
		if p := parameter.ObjectValue(); p["name"].StringValue() == "require_secure_transport" {
			if value != "" {
				t.Error("require_secure_transport is there twice")
			}
			value = p["value"].StringValue()
		}
	}
	return value
}

// TestSecureTransportIsAlwaysSet: the default of RDS depends on engine and version.
func TestSecureTransportIsAlwaysSet(t *testing.T) {
	for _, engine := range []struct {
		name     string
		versions []string
	}{{"mysql", []string{"8.0", "8.4"}}, {"mariadb", []string{"10.6", "10.11", "11.4", "11.8"}}} {
		for _, version := range engine.versions {
			for tls, want := range map[bool]string{true: "1", false: "0"} {
				c := with(with(with(stackConfig(t, "staging"), "database", "engine", engine.name), "database", "version", version), "database", "requireTls", tls)
				if got := secureTransport(t, deploy(t, "staging", with(c, "database", "extendedSupport", true))); got != want {
					t.Errorf("%s %s with requireTls %v: require_secure_transport is %q, want %s", engine.name, version, tls, got, want)
				}
			}
		}
	}
}

// TestExtendedSupportIsOff: it is for MySQL only, and an existing instance cannot change it.
func TestExtendedSupportIsOff(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		db := one(t, r, instanceToken)
		want := map[string]string{"mysql": "open-source-rds-extended-support-disabled"}[text(db, "engine")]
		if got := text(db, "engineLifecycleSupport"); got != want {
			t.Errorf("the life cycle is %q, want %q", got, want)
		}
		if !slices.Contains(db.IgnoreChanges, "engineLifecycleSupport") {
			t.Error("a change of the life cycle would be planned again and again")
		}
	})
	on := one(t, deploy(t, "staging", with(stackConfig(t, "staging"), "database", "extendedSupport", true)), instanceToken)
	if text(on, "engineLifecycleSupport") != "" {
		t.Error("extendedSupport does nothing")
	}
}

// TestUpgradeIsSaid: the flags of a major upgrade are set for that change only.
func TestUpgradeIsSaid(t *testing.T) {
	plain := one(t, deploy(t, "prod", stackConfig(t, "prod")), instanceToken)
	if isTrue(plain, "allowMajorVersionUpgrade") || isTrue(plain, "applyImmediately") || plain.Inputs.HasValue("blueGreenUpdate") {
		t.Error("a major upgrade is allowed at any time")
	}
	c := with(with(stackConfig(t, "prod"), "database", "upgradeFrom", "8.0"), "database", "blueGreenUpdate", true)
	upgrade := one(t, deploy(t, "prod", c), instanceToken)
	if !isTrue(upgrade, "allowMajorVersionUpgrade") || !isTrue(upgrade, "applyImmediately") || !isTrue(upgrade, "blueGreenUpdate.enabled") {
		t.Errorf("the upgrade is not allowed: %v", upgrade.Inputs.Mappable())
	}
	if upgrade.Name != plain.Name || text(upgrade, "identifier") != text(plain, "identifier") {
		t.Errorf("%s is another instance than %s", upgrade.Name, plain.Name)
	}
}

// TestRestoreStandsBeside: a restore makes another instance, and changes nothing of the one before.
func TestRestoreStandsBeside(t *testing.T) {
	before := one(t, deploy(t, "prod", stackConfig(t, "prod")), instanceToken)
	restored := func(restore map[string]any) map[string]infratest.Resource {
		found := map[string]infratest.Resource{}
		for _, db := range deploy(t, "prod", with(stackConfig(t, "prod"), "database", "restore", restore)).OfType(instanceToken) {
			found[db.Name] = db
		}
		return found
	}
	const name = "laravel-prod-db-instance"
	kept := restored(map[string]any{"snapshot": "final", "generation": 2, "keepOldUntil": "2999-01-01"})
	if old := kept[name]; len(kept) != 2 || !old.Protect || !isTrue(old, "deletionProtection") || !old.Inputs.DeepEquals(before.Inputs) {
		t.Errorf("the old instance is another one: %v, it was %v", kept[name].Inputs.Mappable(), before.Inputs.Mappable())
	}
	if db := kept[name+"-2"]; text(db, "snapshotIdentifier") != "final" || !db.Protect || text(db, "username") != "" || text(db, "dbName") != "" ||
		text(db, "identifier") != text(before, "identifier")+"-2" || !slices.Contains(db.IgnoreChanges, "snapshotIdentifier") {
		t.Errorf("the restored instance: %v", db)
	}
	released := restored(map[string]any{"pointInTime": "2026-11-26T10:00:00Z", "generation": 2, "old": "release", "keepOldUntil": "2999-01-01"})
	if old := released[name]; len(released) != 2 || old.Protect || isTrue(old, "deletionProtection") || isTrue(old, "skipFinalSnapshot") {
		t.Errorf("the released instance: %v", released[name])
	}
	if db := released[name+"-2"]; text(db, "restoreToPointInTime.restoreTime") != "2026-11-26T10:00:00Z" ||
		text(db, "restoreToPointInTime.sourceDbInstanceIdentifier") != text(before, "identifier") || !slices.Contains(db.IgnoreChanges, "restoreToPointInTime") {
		t.Errorf("the instance of a time: %v", db)
	}
	alone := restored(map[string]any{"pointInTime": "latest", "generation": 3, "old": "none"})
	if db := alone[name+"-3"]; len(alone) != 1 || !isTrue(db, "restoreToPointInTime.useLatestRestorableTime") ||
		text(db, "restoreToPointInTime.sourceDbInstanceIdentifier") != text(before, "identifier")+"-2" {
		t.Errorf("the third instance: %v", alone)
	}
}

// TestDatabaseIsWatched: production has RDS's enhanced monitoring, with its role, and the events of instance and parameter group.
func TestDatabaseIsWatched(t *testing.T) {
	r := deploy(t, "prod", stackConfig(t, "prod"))
	db := one(t, r, instanceToken)
	if db.Inputs["monitoringInterval"].NumberValue() != 60 || text(db, "monitoringRoleArn") == "" {
		t.Errorf("enhanced monitoring: %v", db.Inputs["monitoringInterval"])
	}
	if !slices.Contains(db.DependsOn, "laravel-prod-db-monitoring-policy") { // RDS tries the role when it gets it
		t.Errorf("the instance does not wait for the permissions of its monitoring role: %v", db.DependsOn)
	}
	subscribed := map[string]string{}
	for _, events := range each(t, r, "aws:rds/eventSubscription:EventSubscription") {
		subscribed[text(events, "sourceType")] = text(events, "sourceIds[0]")
	}
	if subscribed["db-instance"] != text(db, "identifier") || subscribed["db-parameter-group"] != text(db, "parameterGroupName") {
		t.Errorf("the events are of %v", subscribed)
	}
}
