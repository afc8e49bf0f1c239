package aws

import (
	"context"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

const (
	otherVault = "arn:aws:backup:eu-west-1:210987654321:backup-vault:central"
	backupRole = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"backup.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
)

// plan is a plan with one rule: a schedule, and where its copies go.
func plan(schedule, copies string) account.Values {
	return account.Values{"rules": []any{map[string]any{
		"ruleName": "daily", "targetVaultName": "{vault}", "schedule": schedule, "startWindow": 60, "lifecycle": map[string]any{"deleteAfter": 7},
		"copyActions": []any{map[string]any{"destinationVaultArn": copies, "lifecycle": map[string]any{"deleteAfter": 35}}},
	}}}
}

// copied is the furnished account with a database, its key, and a vault that it is copied to.
func copied(t *testing.T) *world {
	t.Helper()
	w := stored(t)
	elsewhere := account.InRegion(context.Background(), "eu-west-1")
	key, err := w.Create(elsewhere, account.KeyToken, "key", w.checked(account.KeyToken, "key", account.Values{}))
	if err != nil {
		t.Fatal(err)
	}
	w.ids["key"] = key.Outputs.Text("arn")
	there, err := w.Create(elsewhere, account.BackupVaultToken, "there", w.checked(account.BackupVaultToken, "there", account.Values{"kmsKeyArn": "{key}"}))
	if err != nil {
		t.Fatal(err)
	}
	w.ids["there"], w.ids["thereName"] = there.Outputs.Text("arn"), there.ID
	w.make(account.BackupVaultToken, "vault", account.Values{})
	w.ids["db"] = w.make(account.DatabaseToken, "shop", with(goodDatabase, account.Values{"storageEncrypted": true})).Outputs.Text("arn")
	w.ids["role"] = w.make(account.RoleToken, "role", account.Values{"assumeRolePolicy": backupRole}).Outputs.Text("arn")
	tasks := strings.ReplaceAll(backupRole, "backup.", "ecs-tasks.")
	w.ids["tasks"] = w.make(account.RoleToken, "tasks", account.Values{"assumeRolePolicy": tasks}).Outputs.Text("arn")
	w.make(account.BackupPlanToken, "plan", plan("cron(0 8 * * ? *)", "{there}"))
	w.make(account.BackupPlanToken, "early", plan("cron(15 2 * * ? *)", "{there}"))
	w.make(account.BackupPlanToken, "abroad", plan("cron(0 8 * * ? *)", otherVault))
	return w
}

func TestBackupRefusals(t *testing.T) {
	vault, plans, selection := account.BackupVaultToken, account.BackupPlanToken, account.BackupSelectionToken
	daily, good := plan("cron(0 8 * * ? *)", "{there}"), account.Values{"planId": "{plan}", "iamRoleArn": "{role}", "resources": []any{"{db}"}}
	testRefusals(t, copied, []refusal{
		{"vault of 51 characters", vault, account.Values{}, account.Values{"name": strings.Repeat("v", 51)}, "name", ""},
		{"vault with a dot", vault, account.Values{}, account.Values{"name": "my.vault"}, "name", ""},
		{"vault twice", vault, account.Values{}, account.Values{"name": "{vault}"}, "", "AlreadyExistsException"},
		{"vault with a key of another region", vault, account.Values{}, account.Values{"kmsKeyArn": "{key}"}, "", "InvalidParameterValueException"},

		{"plan without a rule", plans, daily, account.Values{"rules": nil}, "rules", ""},
		{"plan with a schedule that is none", plans, daily, plan("daily", "{there}"), "rules[0].schedule", ""},
		{"plan with copies to nowhere", plans, daily, plan("cron(0 8 * * ? *)", "elsewhere"), "rules[0].copyActions[0].destinationVaultArn", ""},
		{"plan with copies to a lost vault", plans, daily, plan("cron(0 8 * * ? *)", "arn:aws:backup:eu-west-1:123456789012:backup-vault:lost"), "", "ResourceNotFoundException"},

		{"selection of a role of another service", selection, good, account.Values{"iamRoleArn": "{tasks}"}, "", "InvalidParameterValueException"},
		{"selection of a lost database", selection, good, account.Values{"resources": []any{"arn:aws:rds:eu-central-1:123456789012:db:lost"}}, "", "InvalidParameterValueException"},
		{"selection by a lost plan", selection, good, account.Values{"planId": "00000000-0000-4000-8000-000000000000"}, "", "InvalidParameterValueException"},
		{"jobs in the hour before a window", selection, good, account.Values{"planId": "{early}"}, "", "InvalidRequestException"},
		{"copies to another account with the key of AWS", selection, good, account.Values{"planId": "{abroad}"}, "", "InvalidRequestException"},
	})
}

// TestBackups: a plan goes after its selection, and a vault with backups only with them. A snapshot keeps the key of its instance.
func TestBackups(t *testing.T) {
	w := copied(t)
	chosen := w.make(account.BackupSelectionToken, "chosen", account.Values{"planId": "{plan}", "iamRoleArn": "{role}", "resources": []any{"{db}"}})
	wantCode(t, w.Delete(t.Context(), account.BackupPlanToken, w.ids["plan"]), "InvalidRequestException")
	for _, one := range []string{chosen.Type + " " + chosen.ID, account.BackupPlanToken + " " + w.ids["plan"]} {
		token, id, _ := strings.Cut(one, " ")
		if err := w.Delete(t.Context(), token, id); err != nil {
			t.Error(err)
		}
	}
	for _, vault := range []string{"vault", "thereName"} {
		wantCode(t, w.Delete(t.Context(), account.BackupVaultToken, w.ids[vault]), "InvalidRequestException")
	}
	there := mustRead(w, account.BackupVaultToken, "thereName").Outputs
	if !strings.HasPrefix(there.Text("arn"), "arn:aws:backup:eu-west-1:") || there.Text("kmsKeyArn") != w.ids["key"] || !strings.HasPrefix(w.ids["key"], "arn:aws:kms:eu-west-1:") {
		t.Errorf("the other vault is %v", there)
	}

	mine := w.make(account.KeyToken, "mine", account.Values{}).Outputs.Text("arn")
	old := w.make(account.DatabaseToken, "old", with(goodDatabase, account.Values{
		"identifier": "old", "storageEncrypted": true, "kmsKeyId": mine, "skipFinalSnapshot": false, "finalSnapshotIdentifier": "old-final",
	}))
	w.ids["own"] = old.Outputs.Text("arn")
	w.make(account.BackupSelectionToken, "shared", account.Values{"planId": "{abroad}", "iamRoleArn": "{role}", "resources": []any{"{own}"}})
	if err := w.Delete(t.Context(), account.DatabaseToken, old.ID); err != nil {
		t.Fatal(err)
	}
	restored := with(goodDatabase, account.Values{"identifier": "restored", "storageEncrypted": true, "snapshotIdentifier": "old-final", "username": nil, "dbName": nil})
	if key := w.make(account.DatabaseToken, "restored", restored).Outputs.Text("kmsKeyId"); key != mine {
		t.Errorf("the restored database has the key %s", key)
	}
}

// TestOtherRegions: only what a stack may have in another region is made there.
func TestOtherRegions(t *testing.T) {
	w := newWorld(t)
	_, err := w.Create(account.InRegion(context.Background(), "eu-west-1"), account.EIPToken, "eip", w.checked(account.EIPToken, "eip", account.Values{"domain": "vpc"}))
	if err == nil || !strings.Contains(err.Error(), "in eu-central-1 only") {
		t.Errorf("an address in another region: %v", err)
	}
}
