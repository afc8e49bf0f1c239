package kms

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/policydoc"
)

var kmsTypes = []account.Type{
	{
		Token: account.KeyToken, Args: kms.KeyArgs{}, State: kms.Key{},
		ForceNew: []string{"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"},
		Defaults: account.Values{
			"bypassPolicyLockoutSafetyCheck": false, "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "enableKeyRotation": false,
			"isEnabled": true, "keyUsage": "ENCRYPT_DECRYPT", "multiRegion": false,
		},
		Check: checkKey, Create: createKey, Update: func(tx *account.Tx, _, next *account.Resource) error { return settleKey(tx, next) },
	},
	{
		Token: account.AliasToken, Args: kms.AliasArgs{}, State: kms.Alias{},
		Required: []string{"targetKeyId"},
		ForceNew: []string{"name", "namePrefix"},
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			r.Conflict("namePrefix", "name")
			r.Length("name", 1, 256)
			r.Matches("name", aliasName, "it begins with alias/ and has letters, digits and /_-")
			r.Each("name", func(place, text string) {
				if strings.HasPrefix(text, "alias/aws/") {
					r.Refuse(place, "%q: names that begin with alias/aws/ are AWS's own", text)
				}
			})
			return r.Problems
		},
		Create: createAlias, Update: func(tx *account.Tx, _, next *account.Resource) error { return aim(tx, next) },
	},
}

var aliasName = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]+$`)

func checkKey(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Length("description", 0, 8192)
	r.Between("deletionWindowInDays", 7, 30)
	r.Between("rotationPeriodInDays", 90, 2560)
	r.OneOf("keyUsage", "ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT")
	r.OneOf("customerMasterKeySpec", "SYMMETRIC_DEFAULT", "RSA_2048", "RSA_3072", "RSA_4096", "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512",
		"ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "SM2")
	r.JSON("policy")
	return r.Problems
}

func createKey(tx *account.Tx, r *account.Resource) error {
	r.ID = tx.UUID()
	r.Outputs["keyId"] = r.ID
	r.Outputs["arn"] = tx.ARN("kms", "key/"+r.ID)
	return settleKey(tx, r)
}

// settleKey refuses a policy that nobody could change again, and rotation of what KMS does not rotate.
func settleKey(tx *account.Tx, r *account.Resource) error {
	root := "arn:aws:iam::" + tx.AccountID() + ":root"
	policy := r.Inputs.Text("policy")
	if policy == "" {
		policy = `{"Id":"key-default-1","Statement":[{"Action":"kms:*","Effect":"Allow","Principal":{"AWS":"` + root + `"},"Resource":"*","Sid":"Enable IAM User Permissions"}],"Version":"2012-10-17"}`
		r.Outputs["policy"] = policy
	}
	if fault := policydoc.Fault(policy, policydoc.ResourcePolicy); fault != "" {
		return tx.Refuse("MalformedPolicyDocumentException", "policy of key %s: %s", r.ID, fault)
	}
	if len(policy) > 32768 {
		return tx.Refuse("LimitExceededException", "The policy of key %s has %d bytes; a key policy has 32768 at most", r.ID, len(policy))
	}
	statements, err := policydoc.Statements(policy)
	if err != nil {
		return tx.Refuse("MalformedPolicyDocumentException", "policy of key %s: %v", r.ID, err)
	}
	lockedOut := !r.Outputs.True("bypassPolicyLockoutSafetyCheck")
	for _, s := range statements {
		if s.Allows("kms:PutKeyPolicy", r.Outputs.Text("arn"), policydoc.Principal{"AWS": {root, tx.AccountID()}}) {
			lockedOut = false
		}
	}
	if lockedOut {
		return tx.Refuse("MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
	}
	if r.Outputs.True("enableKeyRotation") {
		if spec := r.Outputs.Text("customerMasterKeySpec"); spec != "SYMMETRIC_DEFAULT" {
			return tx.Refuse("UnsupportedOperationException", "KMS does not rotate keys of the kind %s", spec)
		}
		account.SetDefault(r.Outputs, "rotationPeriodInDays", 365.0)
	}
	return nil
}

func createAlias(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	if name == "" {
		name = "alias/" + tx.Letters(26)
		r.Outputs["name"] = name
	}
	if _, taken := tx.Get(account.AliasToken, name); taken {
		return tx.Refuse("AlreadyExistsException", "An alias with the name %s already exists", tx.ARN("kms", name))
	}
	r.ID = name
	r.Outputs["arn"] = tx.ARN("kms", name)
	return aim(tx, r)
}

// aim finds the key of an alias, by its id or ARN.
func aim(tx *account.Tx, r *account.Resource) error {
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
