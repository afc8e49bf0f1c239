package policydoc

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Kind says what a policy document must have.
type Kind struct {
	principal bool // a resource or trust policy: says who; identity policies must not
	resource  bool // says on what; trust policies must not
}

// The kinds of policies.
var (
	Trust    = Kind{principal: true}
	Identity = Kind{resource: true}
	Resource = Kind{principal: true, resource: true}
)

var (
	statementID = regexp.MustCompile(`^[0-9A-Za-z]*$`)
	action      = regexp.MustCompile(`^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$`)
	resourceARN = regexp.MustCompile(`^(\*|arn:[a-z*-]+:[a-zA-Z0-9*-]+:[a-zA-Z0-9*-]*:[a-zA-Z0-9*-]*:.+)$`)
	principals  = map[string]*regexp.Regexp{
		"AWS":       regexp.MustCompile(`^(\*|[0-9]{12}|arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(root|(user|role|assumed-role|federated-user)/.+))$`),
		"Service":   regexp.MustCompile(`\.amazonaws\.com$`),
		"Federated": regexp.MustCompile(`^(arn:aws[a-z-]*:iam::[0-9]{12}:(oidc|saml)-provider/.+|cognito-identity\.amazonaws\.com)$`),
	}
	// sharedIssuers sign tokens for everybody. A role that trusts one must say whose
	// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html).
	sharedIssuers = []string{"token.actions.githubusercontent.com", "gitlab.com"}
)

// Fault says what AWS would refuse in a policy document; empty when nothing.
func Fault(text string, kind Kind) string {
	document, err := Parse(text)
	if err != nil {
		return fmt.Sprintf("Syntax errors in policy: %v", err)
	}
	if document.Version != "2012-10-17" && document.Version != "2008-10-17" && document.Version != "" {
		return fmt.Sprintf("The policy must contain a valid version string: 2012-10-17, not %q", document.Version)
	}
	if len(document.Statement) == 0 {
		return "Missing required field Statement"
	}
	seen := map[string]bool{}
	for _, s := range document.Statement {
		if s.Sid != "" && seen[s.Sid] {
			return fmt.Sprintf("Statement IDs (SID) in a single policy must be unique: %q", s.Sid)
		}
		seen[s.Sid] = true
		if fault := s.fault(kind); fault != "" {
			return fault
		}
	}
	return ""
}

func (s Statement) fault(kind Kind) string {
	switch {
	case kind != Resource && !statementID.MatchString(s.Sid):
		return fmt.Sprintf("Statement IDs (SID) must be alpha-numeric: %q", s.Sid)
	case s.Effect != "Allow" && s.Effect != "Deny":
		return fmt.Sprintf("Invalid effect: %q; it is Allow or Deny", s.Effect)
	case (s.Action == nil) == (s.NotAction == nil):
		return "Policy statement must contain actions."
	case kind.resource && (s.Resource == nil) == (s.NotResource == nil):
		return "Policy statement must contain resources."
	case !kind.resource && (s.Resource != nil || s.NotResource != nil):
		return "Has prohibited field Resource"
	case kind.principal && (s.Principal == nil) == (s.NotPrincipal == nil):
		return "Policy statement must contain a principal."
	case !kind.principal && (s.Principal != nil || s.NotPrincipal != nil):
		return "Policy document should not specify a principal."
	}
	for _, text := range slices.Concat(s.Action, s.NotAction) {
		if !action.MatchString(text) {
			return fmt.Sprintf("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: %q", text)
		}
	}
	for _, text := range slices.Concat(s.Resource, s.NotResource) {
		if !resourceARN.MatchString(text) {
			return fmt.Sprintf(`Resource %s must be in ARN format or "*".`, text)
		}
	}
	for kind, names := range s.Principal {
		for _, name := range names {
			if form, known := principals[kind]; !known || !form.MatchString(name) {
				return fmt.Sprintf("Invalid principal in policy: %q:%q", strings.ToUpper(kind), name)
			}
		}
	}
	if issuer := s.trustsEverybody(); kind == Trust && issuer != "" {
		return fmt.Sprintf("Access to the shared identity provider %s requires a condition on %s:sub that is more than a wildcard", issuer, issuer)
	}
	return ""
}

// trustsEverybody returns the shared issuer whose tokens a statement accepts without asking for a subject; "" where none.
func (s Statement) trustsEverybody() string {
	for _, provider := range s.Principal["Federated"] {
		for _, issuer := range sharedIssuers {
			if s.Effect == "Allow" && strings.HasSuffix(provider, ":oidc-provider/"+issuer) && !s.namesSubject(issuer+":sub") {
				return issuer
			}
		}
	}
	return ""
}

// namesSubject tells whether a condition wants a subject that is more than a wildcard.
func (s Statement) namesSubject(key string) bool {
	for _, operator := range []string{"StringEquals", "StringLike", "StringEqualsIgnoreCase"} {
		for given, subjects := range s.Condition[operator] {
			if !strings.EqualFold(given, key) || len(subjects) == 0 {
				continue
			}
			return !slices.ContainsFunc(subjects, func(text string) bool { return strings.Trim(text, "*?") == "" })
		}
	}
	return false
}
