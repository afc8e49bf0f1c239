package iam

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/policydoc"
)

var identityFunctions = []account.Function{
	{Token: "aws:index/getCallerIdentity:getCallerIdentity", Args: aws.GetCallerIdentityArgs{}, Result: aws.GetCallerIdentityResult{}, Run: getCallerIdentity},
}

func getCallerIdentity(tx *account.Tx, _ account.Values) (account.Values, error) {
	return account.Values{
		"accountId": tx.AccountID(), "id": tx.AccountID(), "userId": "AIDAEXAMPLEEXAMPLEEXA",
		"arn": tx.GlobalARN("iam", "user/developer"),
	}, nil
}

var iamPolicyTypes = []account.Type{
	{
		Token: account.ManagedPolicyToken, Args: iam.PolicyArgs{}, State: iam.Policy{},
		Required: []string{"policy"},
		Name:     account.Name{Property: "name", Max: 128},
		ForceNew: []string{"description", "name", "namePrefix", "path"},
		Defaults: account.Values{"path": "/"},
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			checkName(&r, 128)
			r.Matches("path", iamPath, "it begins and ends with /")
			r.Length("description", 0, 1000)
			r.JSON("policy")
			return r.Problems
		},
		Create: createManagedPolicy, Update: func(tx *account.Tx, _, next *account.Resource) error { return judgeManagedPolicy(tx, next) },
		Delete: func(tx *account.Tx, r *account.Resource) error {
			if attached, ok := tx.Find(account.AttachmentToken, "policyArn", r.ID); ok {
				return tx.Refuse("DeleteConflict", "Cannot delete a policy attached to entities: %s is attached to %s.", r.ID, attached.Outputs.Text("role"))
			}
			return nil
		},
	},
	{
		Token: account.OpenIDProviderToken, Args: iam.OpenIdConnectProviderArgs{}, State: iam.OpenIdConnectProvider{},
		Required: []string{"clientIdLists"},
		ForceNew: []string{"url"},
		Check:    checkOpenIDProvider, Create: createOpenIDProvider,
	},
}

func createManagedPolicy(tx *account.Tx, r *account.Resource) error {
	r.ID = tx.GlobalARN("iam", "policy"+r.Outputs.Text("path")+r.Outputs.Text("name"))
	if _, taken := tx.Get(account.ManagedPolicyToken, r.ID); taken {
		return tx.Refuse("EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", r.Outputs.Text("name"))
	}
	r.Outputs["arn"] = r.ID
	r.Outputs["policyId"] = "ANPA" + strings.ToUpper(tx.Letters(17))
	return judgeManagedPolicy(tx, r)
}

func judgeManagedPolicy(tx *account.Tx, r *account.Resource) error {
	policy := r.Outputs.Text("policy")
	if fault := policydoc.Fault(policy, policydoc.IdentityPolicy); fault != "" {
		return tx.Refuse("MalformedPolicyDocument", "policy %s: %s", r.ID, fault)
	}
	if size := policydoc.Size(policy); size > 6144 {
		return tx.Refuse("LimitExceeded", "Cannot exceed quota for PolicySize: 6144; policy %s has %d", r.ID, size)
	}
	return nil
}

var (
	openIDURL  = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$`)
	thumbprint = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)
)

func checkOpenIDProvider(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Length("url", 1, 255)
	r.Matches("url", openIDURL, "it begins with https:// and has no query")
	r.Length("clientIdLists[*]", 1, 255)
	r.Matches("thumbprintLists[*]", thumbprint, "it is the SHA-1 of a certificate: 40 hexadecimal digits")
	if n := len(in.List("clientIdLists")); n > 100 {
		r.Refuse("clientIdLists", "%d are too many: a provider has 100 at most", n)
	}
	if n := len(in.List("thumbprintLists")); n > 5 {
		r.Refuse("thumbprintLists", "%d are too many: a provider has 5 at most", n)
	}
	return r.Problems
}

func createOpenIDProvider(tx *account.Tx, r *account.Resource) error {
	host := strings.TrimPrefix(r.Outputs.Text("url"), "https://")
	r.ID = tx.GlobalARN("iam", "oidc-provider/"+host)
	if _, taken := tx.Get(account.OpenIDProviderToken, r.ID); taken {
		return tx.Refuse("EntityAlreadyExists", "Provider with url https://%s already exists; an account has one per URL: adopt it by its ARN, %s", host, r.ID)
	}
	r.Outputs["arn"] = r.ID
	r.Outputs["url"] = host // as IAM returns it, and as it stands in the keys of conditions
	if len(r.Inputs.List("thumbprintLists")) == 0 {
		r.Outputs["thumbprintLists"] = account.Texts(account.StableHex("certificate of "+host, 40))
	}
	return nil
}
