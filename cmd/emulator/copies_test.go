package main_test

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestDatabaseCopies turns copies on for a database that is there, moves them to another region, and destroys the stack: the database
// stays as it is, and so do all vaults and keys of copies. Another account's vault wants a key that the database does not have.
func TestDatabaseCopies(t *testing.T) {
	t.Parallel()
	l := newLife(t, "prod", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
	l.zone("example.com")
	l.deploy("without copies")
	const vault = "arn:aws:backup:eu-west-1:210987654321:backup-vault:central"
	key := "arn:aws:kms:eu-west-1:123456789012:key/0c6f1e2d-1111-2222-3333-444455556666"
	l.set(map[string]any{"database.copies": map[string]any{"vaultArn": vault}, "database.kmsKeyId": key})
	if _, err := l.Preview(t.Context()); err == nil || !strings.Contains(err.Error(), "the key of an instance never changes") {
		t.Errorf("copies to another account with the key of AWS: %v", err)
	}
	l.set(map[string]any{"database.kmsKeyId": nil, "database.copies": map[string]any{"region": "eu-central-1"}})
	for _, region := range []string{"eu-central-1", "eu-north-1"} {
		l.set(map[string]any{"database.copies.region": region})
		for _, change := range l.deploy(region).Changes {
			if change.Type == account.DatabaseToken || change.Op == "replace" && !strings.HasPrefix(change.Type, "aws:ecs/") {
				t.Errorf("%s: %v", region, change)
			}
		}
	}
	l.set(map[string]any{"environment.teardown": true})
	if _, err := l.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := l.Left(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	kept := map[string]int{}
	for _, r := range append(l.Account().List(account.BackupVaultToken), l.Account().List(account.KeyToken)...) {
		kept[r.Type+" "+strings.Split(r.Outputs.Text("arn"), ":")[3]]++
	}
	for _, want := range []string{
		account.BackupVaultToken + " eu-west-1", account.BackupVaultToken + " eu-central-1", account.BackupVaultToken + " eu-north-1",
		account.KeyToken + " eu-central-1", account.KeyToken + " eu-north-1",
	} {
		if kept[want] != 1 {
			t.Errorf("%d of %s are kept: %v", kept[want], want, kept)
		}
	}
}

// TestKeyOfANewDatabase: the stack file's key is that of a database that is new, with copies to another account.
func TestKeyOfANewDatabase(t *testing.T) {
	t.Parallel()
	l := newLife(t, "prod", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
	l.zone("example.com")
	const key = "arn:aws:kms:eu-west-1:123456789012:key/0c6f1e2d-1111-2222-3333-444455556666"
	l.set(map[string]any{
		"database.kmsKeyId": key, "database.copies": map[string]any{"vaultArn": "arn:aws:backup:eu-west-1:210987654321:backup-vault:central"},
	})
	l.deploy("first")
	if got := l.Account().List(account.DatabaseToken)[0].Outputs.Text("kmsKeyId"); got != key {
		t.Errorf("the database has the key %s", got)
	}
	if vaults := l.Account().List(account.BackupVaultToken); len(vaults) != 1 {
		t.Errorf("the vaults of this account are %v", vaults)
	}
	l.set(map[string]any{"database.kmsKeyId": nil, "database.copies": nil})
	for _, change := range l.deploy("without copies").Changes {
		if change.Type == account.DatabaseToken {
			t.Errorf("another key changes the database: %v", change)
		}
	}
}
