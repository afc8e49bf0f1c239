// Package kms holds encryption keys.
package kms

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var aliasName = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]+$`)

// Service is KMS.
var Service = account.Service{Types: []account.Type{
	{
		Token: account.KeyToken, Args: kms.KeyArgs{}, State: kms.Key{}, OtherRegions: true,
		ForceNew: []string{"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"},
		Defaults: account.Values{
			"bypassPolicyLockoutSafetyCheck": false, "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "enableKeyRotation": false,
			"isEnabled": true, "keyUsage": "ENCRYPT_DECRYPT", "multiRegion": false,
		},
		Rules:    []account.Rule{account.Length("description", 0, 8192), account.Between("deletionWindowInDays", 7, 30)},
		Identity: account.Identity{ID: "{uuid}", ARN: "kms:key/{id}", Outputs: account.Values{"keyId": "{id}"}},
		Complete: completeKey,
	},
	{
		Token: account.AliasToken, Args: kms.AliasArgs{}, State: kms.Alias{},
		Name:     account.Name{Property: "name", Prefix: "alias/", Max: 256}, // aws_kms_alias in pulumi-aws provider/resources.go
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
		},
		Complete: findTarget,
	},
}}

// completeKey sets the policy that KMS gives a key without one.
func completeKey(tx *account.Tx, r *account.Resource) error {
	r.Outputs["policy"] = `{"Id":"key-default-1","Statement":[{"Action":"kms:*","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + tx.AccountID() +
		`:root"},"Resource":"*","Sid":"Enable IAM User Permissions"}],"Version":"2012-10-17"}`
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
