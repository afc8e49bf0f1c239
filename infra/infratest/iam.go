package infratest

import (
	"encoding/json"
	"slices"
	"testing"
)

// Policy is an IAM policy document that can be evaluated.
type Policy struct{ Statement []Statement }

// Statement is one statement of a policy document. Texts may be one or a list.
type Statement struct {
	Effect           string
	Principal        map[string]Texts
	Action, Resource Texts
	Condition        map[string]map[string]Texts
}

// Texts is a text or a list of texts.
type Texts []string

// UnmarshalJSON reads either form.
func (t *Texts) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = Texts{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(t))
}

// ParsePolicies reads documents as one policy, as they are on one role.
func ParsePolicies(t testing.TB, documents ...string) Policy {
	t.Helper()
	var all Policy
	for _, document := range documents {
		var one Policy
		if err := json.Unmarshal([]byte(document), &one); err != nil {
			t.Fatalf("%v in %s", err, document)
		}
		all.Statement = append(all.Statement, one.Statement...)
	}
	return all
}

// Request is a request to AWS. Context has the values of condition keys.
type Request struct {
	Action, Resource, Federated string
	Context                     map[string]Texts
}

// Allows tells whether a statement allows the request, and none denies it.
func (p Policy) Allows(r Request) bool {
	allowed := false
	for _, s := range p.Statement {
		if !s.applies(r) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func (s Statement) applies(r Request) bool {
	if r.Federated != "" && !slices.Contains(s.Principal["Federated"], r.Federated) {
		return false
	}
	if !s.Action.cover(r.Action) || len(s.Resource) > 0 && !s.Resource.cover(r.Resource) {
		return false
	}
	for operator, entries := range s.Condition {
		for key, wanted := range entries {
			if !holds(operator, wanted, r.Context[key]) {
				return false
			}
		}
	}
	return true
}

// holds evaluates one condition. An unknown operator is never true, so that tests of it fail.
func holds(operator string, wanted, given Texts) bool {
	switch operator {
	case "StringEquals", "ArnEquals":
		return slices.ContainsFunc(given, func(one string) bool { return slices.Contains(wanted, one) })
	case "StringLike":
		return slices.ContainsFunc(given, wanted.cover)
	case "ForAllValues:StringLike":
		return !slices.ContainsFunc(given, func(one string) bool { return !wanted.cover(one) })
	case "Null":
		return (wanted[0] == "true") == (given == nil)
	}
	return false
}

// cover tells whether one of the patterns, with * and ?, matches the text.
func (t Texts) cover(text string) bool {
	return slices.ContainsFunc(t, func(pattern string) bool { return matches(pattern, text) })
}

func matches(pattern, text string) bool {
	for i := range len(pattern) {
		switch {
		case pattern[i] == '*':
			for j := i; j <= len(text); j++ {
				if matches(pattern[i+1:], text[j:]) {
					return true
				}
			}
			return false
		case i >= len(text) || pattern[i] != '?' && pattern[i] != text[i]:
			return false
		}
	}
	return len(pattern) == len(text)
}
