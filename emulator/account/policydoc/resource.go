package policydoc

import (
	"encoding/json"
	"regexp"
	"strings"
)

type Statement struct {
	Effect    string    `json:"Effect"`
	Principal Principal `json:"Principal"`
	Action    OneOrMany `json:"Action"`
	Resource  OneOrMany `json:"Resource"`
	Condition any       `json:"Condition"`
}

// oneOrMany is a text or a list of texts.
type OneOrMany []string

func (o *OneOrMany) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*o = OneOrMany{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(o))
}

// principal is who a statement is about, by kind: AWS, Service. Everybody is AWS "*".
type Principal map[string]OneOrMany

func (p *Principal) UnmarshalJSON(text []byte) error {
	var everybody string
	if json.Unmarshal(text, &everybody) == nil {
		*p = Principal{"AWS": {everybody}}
		return nil
	}
	return json.Unmarshal(text, (*map[string]OneOrMany)(p))
}

// bucketStatements reads a bucket policy.
func Statements(policy string) ([]Statement, error) {
	var many struct {
		Statement []Statement `json:"Statement"`
	}
	if err := json.Unmarshal([]byte(policy), &many); err == nil {
		return many.Statement, nil
	}
	var one struct {
		Statement Statement `json:"Statement"`
	}
	err := json.Unmarshal([]byte(policy), &one)
	return []Statement{one.Statement}, err
}

// allows tells whether a statement covers an action of one of the principals on a resource.
func (s Statement) Allows(action, resource string, who Principal) bool {
	return s.Effect == "Allow" && s.Action.Covers(action) && s.Resource.Covers(resource) && s.Principal.meets(who)
}

func (p Principal) meets(who Principal) bool {
	for kind, names := range who {
		for _, name := range names {
			if p[kind].Covers(name) {
				return true
			}
		}
	}
	return false
}

// covers tells whether one of the patterns, with * and ?, stands for the text.
func (o OneOrMany) Covers(text string) bool {
	for _, pattern := range o {
		form := regexp.QuoteMeta(pattern)
		form = strings.ReplaceAll(strings.ReplaceAll(form, `\*`, ".*"), `\?`, ".")
		if regexp.MustCompile("(?is)^" + form + "$").MatchString(text) {
			return true
		}
	}
	return false
}

// public tells whether a statement lets everybody in.
func (s Statement) Public() bool {
	return s.Effect == "Allow" && s.Condition == nil && len(s.Principal["AWS"]) > 0 && s.Principal["AWS"].Covers("arn:aws:iam::999999999999:root") &&
		s.Principal["AWS"].Covers("anybody")
}
