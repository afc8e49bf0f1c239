// Package kms holds encryption keys.
package kms

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/policydoc"
)

var aliasName = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]+$`)

// Service is KMS.
var Service = account.Service{Types: []account.Type{
	{
		Token: account.KeyToken, Args: kms.KeyArgs{}, State: kms.Key{},
		ForceNew: []string{"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"},
		Defaults: account.Values{
			"bypassPolicyLockoutSafetyCheck": false, "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "enableKeyRotation": false,
			"isEnabled": true, "keyUsage": "ENCRYPT_DECRYPT", "multiRegion": false,
		},
		Rules:    []account.Rule{account.Length("description", 0, 8192), account.Between("deletionWindowInDays", 7, 30), account.JSON("policy")},
		Identity: account.Identity{ID: "{uuid}", ARN: "kms:key/{id}", Outputs: account.Values{"keyId": "{id}"}},
		Complete: completeKey,
	},
	{
		// The provider makes up a name itself, so the alias is not named at preview as other resources are.
		Token: account.AliasToken, Args: kms.AliasArgs{}, State: kms.Alias{},
		ForceNew: []string{"name", "namePrefix"},
		Rules: []account.Rule{
			account.Length("name", 1, 256),
			account.Matches("name", aliasName, "it begins with alias/ and has letters, digits and /_-"),
			account.Text("name", func(text string) string {
				if strings.HasPrefix(text, "alias/aws/") {
					return "names that begin with alias/aws/ are AWS's own"
				}
				return ""
			}),
		},
		Identity: account.Identity{
			ID: "{name}", ARN: "kms:{name}", Taken: "AlreadyExistsException: An alias with the name {arn} already exists",
			Outputs: account.Values{"name": "alias/{letters:26}"},
		},
		Complete: findTarget,
	},
}}

// completeKey sets the policy that KMS gives a key without one, and refuses one that nobody could change again.
func completeKey(tx *account.Tx, r *account.Resource) error {
	root := "arn:aws:iam::" + tx.AccountID() + ":root"
	policy := r.Inputs.Text("policy")
	if policy == "" {
		policy = `{"Id":"key-default-1","Statement":[{"Action":"kms:*","Effect":"Allow","Principal":{"AWS":"` + root + `"},"Resource":"*","Sid":"Enable IAM User Permissions"}],"Version":"2012-10-17"}`
		r.Outputs["policy"] = policy
	}
	if fault := policydoc.Fault(policy, policydoc.Resource); fault != "" {
		return tx.Refuse("MalformedPolicyDocumentException", "policy of key %s: %s", r.ID, fault)
	}
	document, err := policydoc.Parse(policy)
	if err != nil {
		return tx.Refuse("MalformedPolicyDocumentException", "policy of key %s: %v", r.ID, err)
	}
	if !slices.ContainsFunc(document.Statement, func(s policydoc.Statement) bool {
		return s.Allows("kms:PutKeyPolicy", r.Outputs.Text("arn"), policydoc.Principal{"AWS": {root, tx.AccountID()}})
	}) {
		return tx.Refuse("MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
	}
	if r.Outputs.True("enableKeyRotation") {
		account.SetDefault(r.Outputs, "rotationPeriodInDays", 365.0)
	}
	return nil
}

// findTarget finds the key of an alias, by its id or ARN.
func findTarget(tx *account.Tx, r *account.Resource) error {
	target := r.Outputs.Text("targetKeyId")
	key, ok := tx.Get(account.KeyToken, target)
	if !ok {
		key, ok = tx.Find(account.KeyToken, "arn", target)
	}
	if !ok {
		return tx.Refuse("NotFoundException", "Key '%s' does not exist", target)
	}
	r.Outputs["targetKeyArn"] = key.Outputs["arn"]
	return nil
}
