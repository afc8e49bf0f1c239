package main_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestExistingDatabaseMoves takes an environment from its own instance to a server that exists in its network, and back. A protected instance
// stays, and one that goes leaves a snapshot. Nothing of the existing one changes but the rule that lets the application in.
func TestExistingDatabaseMoves(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, map[string]any{"release.name": "r1", "environment.protect": true, "database": map[string]any{}})
	})
	l.deploy("its own database, protected")
	theirs := func(token string, inputs account.Values) account.Resource {
		made, err := l.Account().Create(t.Context(), token, "theirs", inputs)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	group := theirs(account.SecurityGroupToken, account.Values{"vpcId": l.Account().List(account.VPCToken)[0].ID, "name": "theirs", "description": "Database of the team"})
	secret := theirs(account.SecretToken, account.Values{"name": "shop/mysql", "recoveryWindowInDays": 0})
	theirs(account.SecretVersionToken, account.Values{"secretId": secret.ID, "secretString": "a-password-of-theirs"})
	existing := map[string]any{"endpoint": "mysql.shop.internal", "securityGroupId": group.ID, "passwordSecretArn": secret.ID, "username": "admin"}
	own := l.Account().List(account.DatabaseToken)[0]

	l.set(map[string]any{"database": existing})
	if _, err := l.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "protect") {
		t.Errorf("the own instance is protected, and the move gives: %v", err)
	}
	if _, there := l.Account().Read(own.Type, own.ID); !there {
		t.Fatal("the protected instance is gone")
	}
	l.set(map[string]any{"database": map[string]any{}, "environment.teardown": true})
	if _, err := l.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.set(map[string]any{"database": existing})
	l.deploy("the existing server")
	if left := l.Account().List(account.DatabaseToken); len(left) > 0 {
		t.Errorf("the own instance is still there: %v", left)
	}
	if !slices.ContainsFunc(l.Account().List(account.DatabaseSnapshotToken), func(s account.Resource) bool {
		return s.ID == own.Outputs.Text("finalSnapshotIdentifier")
	}) {
		t.Errorf("no final snapshot of %s: %v", own.ID, l.Account().List(account.DatabaseSnapshotToken))
	}
	if host := l.databaseHost(); host != "mysql.shop.internal" {
		t.Errorf("the tasks have DB_HOST %q", host)
	}
	if open := l.rulesOf(group.ID); len(open) != 2 {
		t.Errorf("rules of the group: %q", open)
	}
	l.set(map[string]any{"database": map[string]any{}, "environment.teardown": nil})
	l.deploy("its own again")
	if there := len(l.Account().List(account.DatabaseToken)); there != 1 {
		t.Errorf("%d instances after the way back", there)
	}
	if open := l.rulesOf(group.ID); len(open) > 0 {
		t.Errorf("after the way back the group has the rules %q", open)
	}
	for _, before := range []account.Resource{group, secret} {
		if now, there := l.Account().Read(before.Type, before.ID); !there || now.Outputs.Text("description") != before.Outputs.Text("description") {
			t.Errorf("%s was changed: %v", before.ID, now.Outputs)
		}
	}
}
