package stacks_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

const (
	vaultToken = "aws:backup/vault:Vault"
	planToken  = "aws:backup/plan:Plan"
	otherVault = "arn:aws:backup:eu-west-1:210987654321:backup-vault:central"
	ownKey     = "arn:aws:kms:eu-west-1:123456789012:key/0c6f1e2d-1111-2222-3333-444455556666"
)

// copying is production with copies in another region and in another account.
func copying(t testing.TB) map[string]string {
	return with(with(stackConfig(t, "prod"), "database", "copies", map[string]any{"region": "eu-central-1", "vaultArn": otherVault}), "database", "kmsKeyId", ownKey)
}

// TestInventoryOfCopies: no shipped stack file has copies, because data may not leave its region without a decision.
func TestInventoryOfCopies(t *testing.T) {
	r := deploy(t, "prod", copying(t))
	checkInventory(t, "prod-copies", r)
	for _, stack := range environments {
		if found := deploy(t, stack, stackConfig(t, stack)).OfType(planToken); len(found) > 0 {
			t.Errorf("%s has copies", stack)
		}
	}
}

// TestCopiesOutliveTheStack: a destroy keeps the vaults, and the key without which no copy can be read. Key and vault are in the region
// of the copies.
func TestCopiesOutliveTheStack(t *testing.T) {
	r := deploy(t, "prod", copying(t))
	vaults := each(t, r, vaultToken)
	if len(vaults) != 2 {
		t.Fatalf("%d vaults", len(vaults))
	}
	for _, one := range append(vaults, each(t, r, "aws:kms/key:Key")...) {
		elsewhere := strings.Contains(one.Name, "eu-central-1")
		if !one.RetainOnDelete || strings.Contains(one.Provider, "aws-eu-central-1") != elsewhere {
			t.Errorf("%s is retained: %v, by the provider %s", one.Name, one.RetainOnDelete, one.Provider)
		}
		if elsewhere && one.Type == vaultToken && text(one, "kmsKeyArn") == "" {
			t.Errorf("%s has no key of its own", one.Name)
		}
	}
}

// TestCopiesAreWatched: a job that fails is reported, and a day without a copy, or without RDS's own backup, is an alarm.
func TestCopiesAreWatched(t *testing.T) {
	r := deploy(t, "prod", copying(t))
	got := alarms(t, r)
	for name, metric := range map[string]string{"db-backup": "TriggeredRules", "db-copy": "NumberOfCopyJobsCompleted", "db-copy-2": "NumberOfCopyJobsCompleted"} {
		a, there := got[name]
		if !there {
			t.Errorf("there is no alarm %s; there are %q", name, slices.Sorted(maps.Keys(got)))
			continue
		}
		hours := a.Inputs["period"].NumberValue() * a.Inputs["evaluationPeriods"].NumberValue() / 3600
		if text(a, "metricName") != metric || text(a, "treatMissingData") != "breaching" || hours <= 24 || hours > 48 {
			t.Errorf("%s is on %s, no data is %s, after %v hours", name, text(a, "metricName"), text(a, "treatMissingData"), hours)
		}
	}
	if vault := got["db-copy-2"].Inputs["dimensions"].ObjectValue()["BackupVaultName"].StringValue(); vault != "central" {
		t.Errorf("the vault of the other account is %q", vault)
	}
	targets := map[string]bool{}
	for _, target := range r.OfType("aws:cloudwatch/eventTarget:EventTarget") {
		targets[target.Name] = true
	}
	for suffix, want := range map[string]struct {
		parts  []string
		target bool
	}{
		"-copies":  {[]string{`"FAILED"`, `"EXPIRED"`, `"ABORTED"`, `"Copy Job State Change"`, `Role/laravel-prod-copies-role"]`}, true},
		"-backups": {[]string{`"RDS-EVENT-0002"`, `"SourceIdentifier":["laravel-prod-db-`}, false}, // nobody wants a mail of every backup
	} {
		rules := slices.DeleteFunc(r.OfType("aws:cloudwatch/eventRule:EventRule"), func(one infratest.Resource) bool { return !strings.HasSuffix(one.Name, suffix) })
		if len(rules) != 1 || targets[rules[0].Name] != want.target {
			t.Errorf("rules %s are %v, of the targets %v", suffix, rules, targets)
			continue
		}
		for _, part := range want.parts {
			if !strings.Contains(text(rules[0], "eventPattern"), part) {
				t.Errorf("%s is not in %s", part, text(rules[0], "eventPattern"))
			}
		}
	}
	if policy := text(each(t, r, "aws:sns/topicPolicy:TopicPolicy")[0], "policy"); strings.Count(policy, "eventRule:EventRule/") != 2 {
		t.Errorf("the topic lets in other rules than those of deployments and copies: %s", policy)
	}
	if _, there := alarms(t, deploy(t, "review", with(stackConfig(t, "review"), "database", "backupDays", 0)))["db-backup"]; there {
		t.Error("a database without backups has an alarm of them")
	}
}

// TestKeyOfCopiesToAnotherAccount: the key that AWS manages cannot be shared, and a database that is there already keeps its key.
func TestKeyOfCopiesToAnotherAccount(t *testing.T) {
	const other = "arn:aws:kms:eu-west-1:123456789012:key/ffffffff-1111-2222-3333-444455556666"
	r := deploy(t, "prod", copying(t))
	db := each(t, r, "aws:rds/instance:Instance")[0]
	if text(db, "kmsKeyId") != ownKey || !slices.Contains(db.IgnoreChanges, "kmsKeyId") {
		t.Errorf("the database has the key %q, and a change is ignored: %v", text(db, "kmsKeyId"), db.IgnoreChanges)
	}
	restored := with(copying(t), "database", "restore", map[string]any{"snapshot": "s", "generation": 2, "old": "none"})
	for says, config := range map[string]map[string]string{
		"the key of an instance never changes": with(restored, "database", "kmsKeyId", other),
		"is a vault of this account":           with(copying(t), "database", "copies.vaultArn", strings.Replace(otherVault, "210987654321", "123456789012", 1)),
	} {
		if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", "prod", config); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}
