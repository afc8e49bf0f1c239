// Package policydoc reads and checks the policy documents of IAM.
package policydoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Document is a policy document.
type Document struct {
	Version   string
	ID        string `json:"Id"`
	Statement Statements
}

// Statement is one statement of a policy document.
type Statement struct {
	Sid                                      string
	Effect                                   string
	Action, NotAction, Resource, NotResource OneOrMany
	Principal, NotPrincipal                  Principal
	Condition                                map[string]map[string]OneOrMany
}

// Statements is a list of statements, or a single one.
type Statements []Statement

// UnmarshalJSON reads both forms.
func (s *Statements) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte("{")) {
		text = append(append([]byte("["), text...), ']')
	}
	return strict(text, (*[]Statement)(s))
}

// OneOrMany is a text or a list of texts.
type OneOrMany []string

// UnmarshalJSON reads both forms. What is not a text is kept as it prints, for the rules to refuse.
func (o *OneOrMany) UnmarshalJSON(text []byte) error {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return err
	}
	list, many := value.([]any)
	if !many {
		list = []any{value}
	}
	*o = OneOrMany{}
	for _, element := range list {
		*o = append(*o, fmt.Sprint(element))
	}
	return nil
}

// Covers tells whether one of the patterns, with * and ?, matches the text.
func (o OneOrMany) Covers(text string) bool {
	for _, pattern := range o {
		form := strings.ReplaceAll(strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*"), `\?`, ".")
		if regexp.MustCompile("(?is)^" + form + "$").MatchString(text) {
			return true
		}
	}
	return false
}

// Principal is who a statement is about, by kind: AWS, Service, Federated. Everybody is AWS "*".
type Principal map[string]OneOrMany

// UnmarshalJSON reads a map, or the text of everybody.
func (p *Principal) UnmarshalJSON(text []byte) error {
	var everybody string
	if json.Unmarshal(text, &everybody) == nil {
		*p = Principal{"AWS": {everybody}}
		return nil
	}
	return json.Unmarshal(text, (*map[string]OneOrMany)(p))
}

// Parse reads a document; unknown fields are errors.
func Parse(text string) (Document, error) {
	var document Document
	err := strict([]byte(text), &document)
	return document, err
}

func strict(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// Allows tells whether a statement allows an action on a resource to one of the principals. An empty resource is any.
func (s Statement) Allows(action, resource string, who Principal) bool {
	if s.Effect != "Allow" || !s.Action.Covers(action) || resource != "" && !s.Resource.Covers(resource) {
		return false
	}
	for kind, names := range who {
		for _, name := range names {
			if s.Principal[kind].Covers(name) {
				return true
			}
		}
	}
	return false
}

// Public tells whether a statement allows something to everybody.
func (s Statement) Public() bool {
	return s.Effect == "Allow" && s.Condition == nil && s.Principal["AWS"].Covers("arn:aws:iam::999999999999:root") && s.Principal["AWS"].Covers("anybody")
}

// Size is the length of a policy as AWS counts it: without white space.
func Size(text string) int {
	size := 0
	for _, c := range text {
		if !unicode.IsSpace(c) {
			size++
		}
	}
	return size
}
