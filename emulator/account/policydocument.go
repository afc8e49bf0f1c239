package account

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
)

// document is a policy as the provider writes it: fields in this order, single values without a list.
type document struct {
	Version    string              `json:"Version,omitempty"`
	ID         string              `json:"Id,omitempty"`
	Statements []documentStatement `json:"Statement"`
}

type documentStatement struct {
	Sid          string                    `json:"Sid,omitempty"`
	Effect       string                    `json:"Effect,omitempty"`
	Action       any                       `json:"Action,omitempty"`
	NotAction    any                       `json:"NotAction,omitempty"`
	Resource     any                       `json:"Resource,omitempty"`
	NotResource  any                       `json:"NotResource,omitempty"`
	Principal    any                       `json:"Principal,omitempty"`
	NotPrincipal any                       `json:"NotPrincipal,omitempty"`
	Condition    map[string]map[string]any `json:"Condition,omitempty"`
}

// getPolicyDocument renders statements as JSON, on top of source documents and under override documents.
func getPolicyDocument(_ *Tx, args Values) (Values, error) {
	result := args.clone()
	version := args.Text("version")
	if version == "" {
		version = "2012-10-17"
	}
	merged := document{Version: version, ID: args.Text("policyId")}
	for _, text := range append(args.Strings("sourceJson"), args.Strings("sourcePolicyDocuments")...) {
		if err := merged.merge(text, false); err != nil {
			return nil, fmt.Errorf("reading a source document: %w", err)
		}
	}
	seen := map[string]bool{}
	for i, block := range args.Blocks("statements") {
		s, err := renderStatement(block)
		if err != nil {
			return nil, fmt.Errorf("statements[%d]: %w", i, err)
		}
		if s.Sid != "" && seen[s.Sid] {
			return nil, fmt.Errorf("duplicate Sid (%s). Remove the Sid or ensure the Sid is unique", s.Sid)
		}
		seen[s.Sid] = true
		merged.add(s)
	}
	for _, text := range append(args.Strings("overrideJson"), args.Strings("overridePolicyDocuments")...) {
		if err := merged.merge(text, true); err != nil {
			return nil, fmt.Errorf("reading an override document: %w", err)
		}
	}
	pretty, minified, err := merged.render()
	if err != nil {
		return nil, err
	}
	result["version"] = version
	result["json"], result["minifiedJson"] = pretty, minified
	result["id"] = strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(pretty))), 10)
	return result, nil
}

func (d *document) merge(text string, last bool) error {
	if text == "" {
		return nil
	}
	var other document
	if err := json.Unmarshal([]byte(text), &other); err != nil {
		return err
	}
	if other.ID != "" && (last || d.ID == "") {
		d.ID = other.ID
	}
	for _, s := range other.Statements {
		d.add(s)
	}
	return nil
}

// add appends a statement, or replaces the one with its Sid.
func (d *document) add(s documentStatement) {
	if i := slices.IndexFunc(d.Statements, func(o documentStatement) bool { return s.Sid != "" && o.Sid == s.Sid }); i >= 0 {
		d.Statements[i] = s
		return
	}
	d.Statements = append(d.Statements, s)
}

func (d document) render() (pretty, minified string, err error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return "", "", err
	}
	minified = strings.TrimSpace(buffer.String())
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(minified), "", "  "); err != nil {
		return "", "", err
	}
	return indented.String(), minified, nil
}

func renderStatement(block Values) (documentStatement, error) {
	s := documentStatement{Sid: block.Text("sid"), Effect: block.Text("effect")}
	if s.Effect == "" {
		s.Effect = "Allow"
	}
	if s.Effect != "Allow" && s.Effect != "Deny" {
		return s, fmt.Errorf("effect %q is not one of Allow, Deny", s.Effect)
	}
	s.Action, s.NotAction = singleOrList(block.Strings("actions")), singleOrList(block.Strings("notActions"))
	s.Resource, s.NotResource = singleOrList(block.Strings("resources")), singleOrList(block.Strings("notResources"))
	s.Principal, s.NotPrincipal = renderPrincipals(block.Blocks("principals")), renderPrincipals(block.Blocks("notPrincipals"))
	for _, condition := range block.Blocks("conditions") {
		if s.Condition == nil {
			s.Condition = map[string]map[string]any{}
		}
		test := condition.Text("test")
		if s.Condition[test] == nil {
			s.Condition[test] = map[string]any{}
		}
		values := singleOrList(condition.Strings("values"))
		if values == nil {
			return s, fmt.Errorf("condition %s %s has no values", test, condition.Text("variable"))
		}
		s.Condition[test][condition.Text("variable")] = values
	}
	return s, nil
}

// singleOrList is a single text or a list, in the provider's order; nil for none. &{...} stands for AWS's own ${...}.
func singleOrList(list []string) any {
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "&{", "${")
	}
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	slices.Sort(list)
	slices.Reverse(list)
	return slices.Compact(list)
}

func renderPrincipals(blocks []Values) any {
	if len(blocks) == 0 {
		return nil
	}
	byType := map[string][]string{}
	for _, block := range blocks {
		byType[block.Text("type")] = append(byType[block.Text("type")], block.Strings("identifiers")...)
	}
	if everyone := byType["*"]; len(byType) == 1 && len(everyone) == 1 && everyone[0] == "*" {
		return "*"
	}
	rendered := map[string]any{}
	for kind, identifiers := range byType {
		rendered[kind] = singleOrList(identifiers)
	}
	return rendered
}
