package account

import (
	"encoding/json"
	"regexp"
	"strings"
)

// A policy on a bucket decides whether a load balancer may write its logs there, so the account reads bucket policies.

type bucketStatement struct {
	Effect    string    `json:"Effect"`
	Principal principal `json:"Principal"`
	Action    oneOrMany `json:"Action"`
	Resource  oneOrMany `json:"Resource"`
	Condition any       `json:"Condition"`
}

// oneOrMany is a text or a list of texts.
type oneOrMany []string

func (o *oneOrMany) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*o = oneOrMany{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(o))
}

// principal is who a statement is about, by kind: AWS, Service. Everybody is AWS "*".
type principal map[string]oneOrMany

func (p *principal) UnmarshalJSON(text []byte) error {
	var everybody string
	if json.Unmarshal(text, &everybody) == nil {
		*p = principal{"AWS": {everybody}}
		return nil
	}
	return json.Unmarshal(text, (*map[string]oneOrMany)(p))
}

// bucketStatements reads a bucket policy.
func bucketStatements(policy string) ([]bucketStatement, error) {
	var many struct {
		Statement []bucketStatement `json:"Statement"`
	}
	if err := json.Unmarshal([]byte(policy), &many); err == nil {
		return many.Statement, nil
	}
	var one struct {
		Statement bucketStatement `json:"Statement"`
	}
	err := json.Unmarshal([]byte(policy), &one)
	return []bucketStatement{one.Statement}, err
}

// allows tells whether a statement covers an action of one of the principals on a resource.
func (s bucketStatement) allows(action, resource string, who principal) bool {
	return s.Effect == "Allow" && s.Action.covers(action) && s.Resource.covers(resource) && s.Principal.meets(who)
}

func (p principal) meets(who principal) bool {
	for kind, names := range who {
		for _, name := range names {
			if p[kind].covers(name) {
				return true
			}
		}
	}
	return false
}

// covers tells whether one of the patterns, with * and ?, stands for the text.
func (o oneOrMany) covers(text string) bool {
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
func (s bucketStatement) public() bool {
	return s.Effect == "Allow" && s.Condition == nil && len(s.Principal["AWS"]) > 0 && s.Principal["AWS"].covers("arn:aws:iam::999999999999:root") &&
		s.Principal["AWS"].covers("anybody")
}
