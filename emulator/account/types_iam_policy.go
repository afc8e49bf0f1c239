package account

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
)

const (
	managedPolicyToken  = "aws:iam/policy:Policy"
	openIDProviderToken = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
)

var iamPolicyTypes = []Type{
	{
		Token: managedPolicyToken, Args: iam.PolicyArgs{}, State: iam.Policy{},
		Required: []string{"policy"},
		Name:     Name{Property: "name", Max: 128},
		ForceNew: []string{"description", "name", "namePrefix", "path"},
		Defaults: Values{"path": "/"},
		Check: func(in Values) []Problem {
			r := rules{in: in}
			r.iamName(128)
			r.matches("path", iamPath, "it begins and ends with /")
			r.length("description", 0, 1000)
			r.json("policy")
			return r.problems
		},
		Create: createManagedPolicy, Update: func(tx *Tx, _, next *Resource) error { return tx.judgeManagedPolicy(next) },
		Delete: func(tx *Tx, r *Resource) error {
			if attached, ok := tx.Find(attachmentToken, "policyArn", r.ID); ok {
				return tx.Refuse("DeleteConflict", "Cannot delete a policy attached to entities: %s is attached to %s.", r.ID, attached.Outputs.Text("role"))
			}
			return nil
		},
	},
	{
		Token: openIDProviderToken, Args: iam.OpenIdConnectProviderArgs{}, State: iam.OpenIdConnectProvider{},
		Required: []string{"clientIdLists"},
		ForceNew: []string{"url"},
		Check:    checkOpenIDProvider, Create: createOpenIDProvider,
	},
}

func createManagedPolicy(tx *Tx, r *Resource) error {
	r.ID = tx.GlobalARN("iam", "policy"+r.Outputs.Text("path")+r.Outputs.Text("name"))
	if _, taken := tx.Get(managedPolicyToken, r.ID); taken {
		return tx.Refuse("EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", r.Outputs.Text("name"))
	}
	r.Outputs["arn"] = r.ID
	r.Outputs["policyId"] = "ANPA" + strings.ToUpper(tx.Letters(17))
	return tx.judgeManagedPolicy(r)
}

func (tx *Tx) judgeManagedPolicy(r *Resource) error {
	policy := r.Outputs.Text("policy")
	if fault := policyFault(policy, identityPolicy); fault != "" {
		return tx.Refuse("MalformedPolicyDocument", "policy %s: %s", r.ID, fault)
	}
	if size := policySize(policy); size > 6144 {
		return tx.Refuse("LimitExceeded", "Cannot exceed quota for PolicySize: 6144; policy %s has %d", r.ID, size)
	}
	return nil
}

var (
	openIDURL  = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$`)
	thumbprint = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)
)

func checkOpenIDProvider(in Values) []Problem {
	r := rules{in: in}
	r.length("url", 1, 255)
	r.matches("url", openIDURL, "it begins with https:// and has no query")
	r.length("clientIdLists[*]", 1, 255)
	r.matches("thumbprintLists[*]", thumbprint, "it is the SHA-1 of a certificate: 40 hexadecimal digits")
	if n := len(in.List("clientIdLists")); n > 100 {
		r.refuse("clientIdLists", "%d are too many: a provider has 100 at most", n)
	}
	if n := len(in.List("thumbprintLists")); n > 5 {
		r.refuse("thumbprintLists", "%d are too many: a provider has 5 at most", n)
	}
	return r.problems
}

func createOpenIDProvider(tx *Tx, r *Resource) error {
	host := strings.TrimPrefix(r.Outputs.Text("url"), "https://")
	r.ID = tx.GlobalARN("iam", "oidc-provider/"+host)
	if _, taken := tx.Get(openIDProviderToken, r.ID); taken {
		return tx.Refuse("EntityAlreadyExists", "Provider with url https://%s already exists; an account has one per URL: adopt it by its ARN, %s", host, r.ID)
	}
	r.Outputs["arn"] = r.ID
	r.Outputs["url"] = host // as IAM returns it, and as it stands in the keys of conditions
	if len(r.Inputs.List("thumbprintLists")) == 0 {
		r.Outputs["thumbprintLists"] = list(stableHex("certificate of "+host, 40))
	}
	return nil
}

// sharedIssuers sign tokens for everybody. A role that trusts one must say whose
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html).
var sharedIssuers = []string{"token.actions.githubusercontent.com", "gitlab.com"}

var federated = regexp.MustCompile(`^(arn:aws[a-z-]*:iam::[0-9]{12}:(oidc|saml)-provider/.+|cognito-identity\.amazonaws\.com|accounts\.google\.com|graph\.facebook\.com|www\.amazon\.com)$`)

// trustsEverybody tells whose tokens a statement believes without asking for a subject; "" where none.
func (s statement) trustsEverybody() string {
	block, _ := s.Principal.(map[string]any)
	for _, provider := range texts(block["Federated"]) {
		for _, issuer := range sharedIssuers {
			if s.Effect == "Allow" && strings.HasSuffix(provider, ":oidc-provider/"+issuer) && !s.namesSubject(issuer+":sub") {
				return issuer
			}
		}
	}
	return ""
}

// namesSubject tells whether a condition wants a subject that is more than a wildcard.
func (s statement) namesSubject(key string) bool {
	for operator, entries := range s.Condition {
		if operator != "StringEquals" && operator != "StringLike" && operator != "StringEqualsIgnoreCase" {
			continue
		}
		named := 0
		for given, value := range entries {
			if !strings.EqualFold(given, key) {
				continue
			}
			for _, text := range texts(value) {
				if strings.Trim(text, "*?") == "" {
					return false
				}
				named++
			}
		}
		if named > 0 {
			return true
		}
	}
	return false
}
