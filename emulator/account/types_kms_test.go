package account

import (
	"context"
	"strings"
	"testing"
)

const (
	keyForRoot    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}`
	keyForNobody  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:Decrypt","Resource":"*"}]}`
	keyForNoWords = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`
)

func TestKMSRefusals(t *testing.T) {
	setup := func(t *testing.T) *world {
		w := newWorld(t)
		w.make(keyToken, "key", Values{})
		w.make(aliasToken, "taken", Values{"name": "alias/taken", "targetKeyId": "{key}"})
		return w
	}
	alias := Values{"name": "alias/state", "targetKeyId": "{key}"}
	testRefusals(t, setup, []refusal{
		{"description", keyToken, Values{}, Values{"description": strings.Repeat("a", 8193)}, "description", ""},
		{"deletion tomorrow", keyToken, Values{"deletionWindowInDays": 7}, Values{"deletionWindowInDays": 1}, "deletionWindowInDays", ""},
		{"rotation every week", keyToken, Values{"enableKeyRotation": true, "rotationPeriodInDays": 90}, Values{"rotationPeriodInDays": 7}, "rotationPeriodInDays", ""},
		{"use", keyToken, Values{"keyUsage": "ENCRYPT_DECRYPT"}, Values{"keyUsage": "ENCRYPT"}, "keyUsage", ""},
		{"kind", keyToken, Values{"customerMasterKeySpec": "SYMMETRIC_DEFAULT"}, Values{"customerMasterKeySpec": "AES"}, "customerMasterKeySpec", ""},
		{"policy that is no JSON", keyToken, Values{"policy": keyForRoot}, Values{"policy": "root"}, "policy", ""},
		{"policy about nobody", keyToken, Values{"policy": keyForRoot}, Values{"policy": keyForNoWords}, "", "MalformedPolicyDocumentException"},
		{"policy that locks out", keyToken, Values{"policy": keyForRoot}, Values{"policy": keyForNobody}, "", "MalformedPolicyDocumentException"},
		{"policy that is too long", keyToken, Values{"policy": keyForRoot}, Values{"policy": strings.Replace(keyForRoot, `"Effect"`, `"Sid":"`+strings.Repeat("a", 32768)+`","Effect"`, 1)}, "", "LimitExceededException"},
		{"rotation of a pair", keyToken, Values{"enableKeyRotation": true}, Values{"customerMasterKeySpec": "RSA_2048"}, "", "UnsupportedOperationException"},

		{"alias without its prefix", aliasToken, alias, Values{"name": "state"}, "name", ""},
		{"alias with a space", aliasToken, alias, Values{"name": "alias/my state"}, "name", ""},
		{"alias of 257 characters", aliasToken, alias, Values{"name": "alias/" + strings.Repeat("a", 251)}, "name", ""},
		{"alias of AWS", aliasToken, alias, Values{"name": "alias/aws/state"}, "name", ""},
		{"alias and a prefix", aliasToken, alias, Values{"namePrefix": "alias/x"}, "namePrefix", ""},
		{"alias of no key", aliasToken, alias, Values{"targetKeyId": "00000000-0000-4000-8000-000000000000"}, "", "NotFoundException"},
		{"alias twice", aliasToken, alias, Values{"name": "alias/taken"}, "", "AlreadyExistsException"},
	})
}

func TestAliasMovesToAnotherKey(t *testing.T) {
	w := newWorld(t)
	w.make(keyToken, "first", Values{"enableKeyRotation": true})
	second := w.make(keyToken, "second", Values{"policy": keyForNobody, "bypassPolicyLockoutSafetyCheck": true})
	alias := w.make(aliasToken, "alias", Values{"name": "alias/state", "targetKeyId": "{first}"})
	moved, err := w.Update(context.Background(), aliasToken, alias.ID, w.checked(aliasToken, "alias", Values{"name": "alias/state", "targetKeyId": second.Outputs.Text("arn")}))
	if err != nil || moved.Outputs.Text("targetKeyArn") != second.Outputs.Text("arn") {
		t.Errorf("the alias is of %s, %v", moved.Outputs.Text("targetKeyArn"), err)
	}
	if first := mustRead(w, keyToken, "first"); first.Outputs["rotationPeriodInDays"] != 365.0 {
		t.Errorf("the key is rotated every %v days", first.Outputs["rotationPeriodInDays"])
	}
}
