package aws

import (
	"context"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestKMSRefusals(t *testing.T) {
	setup := func(t *testing.T) *world {
		w := newWorld(t)
		w.make(account.KeyToken, "key", account.Values{})
		w.make(account.AliasToken, "taken", account.Values{"name": "alias/taken", "targetKeyId": "{key}"})
		return w
	}
	alias := account.Values{"name": "alias/state", "targetKeyId": "{key}"}
	testRefusals(t, setup, []refusal{
		{"description", account.KeyToken, account.Values{}, account.Values{"description": strings.Repeat("a", 8193)}, "description", ""},
		{"deletion tomorrow", account.KeyToken, account.Values{"deletionWindowInDays": 7}, account.Values{"deletionWindowInDays": 1}, "deletionWindowInDays", ""},

		{"alias without its prefix", account.AliasToken, alias, account.Values{"name": "state"}, "name", ""},
		{"alias with a space", account.AliasToken, alias, account.Values{"name": "alias/my state"}, "name", ""},
		{"alias of 257 characters", account.AliasToken, alias, account.Values{"name": "alias/" + strings.Repeat("a", 251)}, "name", ""},
		{"alias of AWS", account.AliasToken, alias, account.Values{"name": "alias/aws/state"}, "name", ""},
		{"alias of no key", account.AliasToken, alias, account.Values{"targetKeyId": "00000000-0000-4000-8000-000000000000"}, "", "NotFoundException"},
		{"alias twice", account.AliasToken, alias, account.Values{"name": "alias/taken"}, "", "AlreadyExistsException"},
	})
}

func TestAliasMovesToAnotherKey(t *testing.T) {
	w := newWorld(t)
	w.make(account.KeyToken, "first", account.Values{"enableKeyRotation": true})
	second := w.make(account.KeyToken, "second", account.Values{})
	alias := w.make(account.AliasToken, "alias", account.Values{"name": "alias/state", "targetKeyId": "{first}"})
	moved, err := w.Update(context.Background(), account.AliasToken, alias.ID, w.checked(account.AliasToken, "alias", account.Values{"name": "alias/state", "targetKeyId": second.Outputs.Text("arn")}))
	if err != nil || moved.Outputs.Text("targetKeyArn") != second.Outputs.Text("arn") {
		t.Errorf("the alias is of %s, %v", moved.Outputs.Text("targetKeyArn"), err)
	}
	if first := mustRead(w, account.KeyToken, "first"); first.Outputs["rotationPeriodInDays"] != 365.0 {
		t.Errorf("the key is rotated every %v days", first.Outputs["rotationPeriodInDays"])
	}
}
