package policydoc

import (
	"regexp"
	"strings"
)

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
