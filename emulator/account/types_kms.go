package account

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
)

const (
	keyToken   = "aws:kms/key:Key"
	aliasToken = "aws:kms/alias:Alias"
)

var kmsTypes = []Type{
	{
		Token: keyToken, Args: kms.KeyArgs{}, State: kms.Key{},
		ForceNew: []string{"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"},
		Defaults: Values{
			"bypassPolicyLockoutSafetyCheck": false, "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "enableKeyRotation": false,
			"isEnabled": true, "keyUsage": "ENCRYPT_DECRYPT", "multiRegion": false,
		},
		Check: checkKey, Create: createKey, Update: func(tx *Tx, _, next *Resource) error { return tx.settleKey(next) },
	},
	{
		Token: aliasToken, Args: kms.AliasArgs{}, State: kms.Alias{},
		Required: []string{"targetKeyId"},
		ForceNew: []string{"name", "namePrefix"},
		Check: func(in Values) []Problem {
			r := rules{in: in}
			r.conflict("namePrefix", "name")
			r.length("name", 1, 256)
			r.matches("name", aliasName, "it begins with alias/ and has letters, digits and /_-")
			r.each("name", func(place, text string) {
				if strings.HasPrefix(text, "alias/aws/") {
					r.refuse(place, "%q: names that begin with alias/aws/ are AWS's own", text)
				}
			})
			return r.problems
		},
		Create: createAlias, Update: func(tx *Tx, _, next *Resource) error { return tx.aim(next) },
	},
}

var aliasName = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]+$`)

func checkKey(in Values) []Problem {
	r := rules{in: in}
	r.length("description", 0, 8192)
	r.between("deletionWindowInDays", 7, 30)
	r.between("rotationPeriodInDays", 90, 2560)
	r.oneOf("keyUsage", "ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT")
	r.oneOf("customerMasterKeySpec", "SYMMETRIC_DEFAULT", "RSA_2048", "RSA_3072", "RSA_4096", "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512",
		"ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "SM2")
	r.json("policy")
	return r.problems
}

func createKey(tx *Tx, r *Resource) error {
	r.ID = tx.UUID()
	r.Outputs["keyId"] = r.ID
	r.Outputs["arn"] = tx.ARN("kms", "key/"+r.ID)
	return tx.settleKey(r)
}

// settleKey refuses a policy that nobody could change again, and rotation of what KMS does not rotate.
func (tx *Tx) settleKey(r *Resource) error {
	root := "arn:aws:iam::" + tx.AccountID() + ":root"
	policy := r.Inputs.Text("policy")
	if policy == "" {
		policy = `{"Id":"key-default-1","Statement":[{"Action":"kms:*","Effect":"Allow","Principal":{"AWS":"` + root + `"},"Resource":"*","Sid":"Enable IAM User Permissions"}],"Version":"2012-10-17"}`
		r.Outputs["policy"] = policy
	}
	if fault := policyFault(policy, resourcePolicy); fault != "" {
		return tx.Refuse("MalformedPolicyDocumentException", "policy of key %s: %s", r.ID, fault)
	}
	if len(policy) > 32768 {
		return tx.Refuse("LimitExceededException", "The policy of key %s has %d bytes; a key policy has 32768 at most", r.ID, len(policy))
	}
	statements, err := bucketStatements(policy)
	if err != nil {
		return tx.Refuse("MalformedPolicyDocumentException", "policy of key %s: %v", r.ID, err)
	}
	lockedOut := !r.Outputs.True("bypassPolicyLockoutSafetyCheck")
	for _, s := range statements {
		if s.allows("kms:PutKeyPolicy", r.Outputs.Text("arn"), principal{"AWS": {root, tx.AccountID()}}) {
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
		setDefault(r.Outputs, "rotationPeriodInDays", 365.0)
	}
	return nil
}

func createAlias(tx *Tx, r *Resource) error {
	name := r.Outputs.Text("name")
	if name == "" {
		name = "alias/" + tx.Letters(26)
		r.Outputs["name"] = name
	}
	if _, taken := tx.Get(aliasToken, name); taken {
		return tx.Refuse("AlreadyExistsException", "An alias with the name %s already exists", tx.ARN("kms", name))
	}
	r.ID = name
	r.Outputs["arn"] = tx.ARN("kms", name)
	return tx.aim(r)
}

// aim finds the key of an alias, by its id or ARN.
func (tx *Tx) aim(r *Resource) error {
	target := r.Outputs.Text("targetKeyId")
	key, ok := tx.Get(keyToken, target)
	if !ok {
		key, ok = tx.Find(keyToken, "arn", target)
	}
	if !ok {
		return tx.Refuse("NotFoundException", "Key '%s' does not exist", target)
	}
	r.Outputs["targetKeyArn"] = key.Outputs["arn"]
	return nil
}
