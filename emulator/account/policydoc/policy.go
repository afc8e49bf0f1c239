// Package policydoc reads and judges the policy documents of IAM.
package policydoc

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// policyKind says what a policy document must have.
type policyKind struct {
	principal bool // a resource or trust policy: says who; identity policies must not
	resource  bool // says on what; trust policies must not
}

var (
	TrustPolicy    = policyKind{principal: true}
	IdentityPolicy = policyKind{resource: true}
	ResourcePolicy = policyKind{principal: true, resource: true}
)

var (
	statementID = regexp.MustCompile(`^[0-9A-Za-z]*$`)
	action      = regexp.MustCompile(`^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$`)
	resourceARN = regexp.MustCompile(`^(\*|arn:[a-z*-]+:[a-zA-Z0-9*-]+:[a-zA-Z0-9*-]*:[a-zA-Z0-9*-]*:.+)$`)
	principalID = regexp.MustCompile(`^(\*|[0-9]{12}|arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(root|(user|role|assumed-role|federated-user)/.+))$`)
)

// statement is one statement of a policy document. Values are texts or lists of texts.
type statement struct {
	Sid                                      string
	Effect                                   string
	Action, NotAction, Resource, NotResource any
	Principal, NotPrincipal                  any
	Condition                                map[string]map[string]any
}

// policyFault says what AWS would refuse in a policy document; empty when nothing.
func Fault(text string, kind policyKind) string {
	var document struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&document); err != nil {
		return fmt.Sprintf("Syntax errors in policy: %v", err)
	}
	if document.Version != "2012-10-17" && document.Version != "2008-10-17" && document.Version != "" {
		return fmt.Sprintf("The policy must contain a valid version string: 2012-10-17, not %q", document.Version)
	}
	statements, err := statementsOf(document.Statement)
	if err != nil {
		return fmt.Sprintf("Syntax errors in policy: %v", err)
	}
	if len(statements) == 0 {
		return "Missing required field Statement"
	}
	seen := map[string]bool{}
	for _, s := range statements {
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

func statementsOf(text json.RawMessage) ([]statement, error) {
	var list []statement
	trimmed := strings.TrimSpace(string(text))
	if strings.HasPrefix(trimmed, "{") {
		trimmed = "[" + trimmed + "]"
	}
	if trimmed == "" {
		return nil, nil
	}
	decoder := json.NewDecoder(strings.NewReader(trimmed))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&list)
	return list, err
}

func (s statement) fault(kind policyKind) string {
	switch {
	case kind != ResourcePolicy && !statementID.MatchString(s.Sid):
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
	for _, text := range append(texts(s.Action), texts(s.NotAction)...) {
		if !action.MatchString(text) {
			return fmt.Sprintf("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: %q", text)
		}
	}
	for _, text := range append(texts(s.Resource), texts(s.NotResource)...) {
		if !resourceARN.MatchString(text) {
			return fmt.Sprintf(`Resource %s must be in ARN format or "*".`, text)
		}
	}
	if issuer := s.trustsEverybody(); kind == TrustPolicy && issuer != "" {
		return fmt.Sprintf("Access to the shared identity provider %s requires a condition on %s:sub that is more than a wildcard", issuer, issuer)
	}
	return principalFault(s.Principal)
}

func principalFault(principal any) string {
	if principal == nil || principal == "*" {
		return ""
	}
	block, ok := principal.(map[string]any)
	if !ok || len(block) == 0 {
		return fmt.Sprintf("Invalid principal in policy: %v", principal)
	}
	for kind, named := range block {
		for _, text := range texts(named) {
			valid := true
			switch kind {
			case "Service":
				valid = strings.HasSuffix(text, ".amazonaws.com")
			case "AWS":
				valid = principalID.MatchString(text)
			case "Federated":
				valid = federated.MatchString(text)
			case "CanonicalUser":
			default:
				valid = false
			}
			if !valid {
				return fmt.Sprintf("Invalid principal in policy: %q:%q", strings.ToUpper(kind), text)
			}
		}
	}
	return ""
}

// texts returns the texts of a value that may be one or a list. What is neither comes back as it prints, for the
// rules to refuse.
func texts(value any) []string {
	switch value := value.(type) {
	case nil:
		return nil
	case string:
		return []string{value}
	case []any:
		var list []string
		for _, element := range value {
			list = append(list, fmt.Sprint(element))
		}
		return list
	}
	return []string{fmt.Sprint(value)}
}

// policySize is the length of a policy as AWS counts it: without white space.
func Size(text string) int {
	size := 0
	for _, c := range text {
		if !unicode.IsSpace(c) {
			size++
		}
	}
	return size
}
