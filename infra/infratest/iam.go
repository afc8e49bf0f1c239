package infratest

import (
	"encoding/json"
	"testing"
)

// Policy is an IAM policy document, to look at. Grants evaluates documents.
type Policy struct{ Statement []Statement }

// Statement is one statement of a policy document. Texts may be one or a list.
type Statement struct {
	Effect    string
	Principal map[string]Texts `json:",omitempty"`
	Action    Texts
	Resource  Texts                       `json:",omitempty"`
	Condition map[string]map[string]Texts `json:",omitempty"`
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

// String is the policy as a document.
func (p Policy) String() string {
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": p.Statement})
	if err != nil {
		panic(err)
	}
	return string(text)
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
