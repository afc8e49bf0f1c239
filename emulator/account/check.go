package account

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Check completes and checks the inputs that the program gives: unknown and missing properties, wrong kinds, the name that
// Pulumi makes up, tags, and every rule of the type that needs no account. olds are the inputs of the last deployment.
// An unknown type is an error.
func (a *Account) Check(token, urnName string, olds, news Values, seed []byte) (Values, []Problem, error) {
	t, err := a.lookup(token)
	if err != nil {
		return nil, nil, err
	}
	inputs := withoutNulls(news)
	kind := ArgsType(t.Args)
	renderDocuments(inputs, kind)

	given := inputs.Clone()
	if t.tagged() {
		delete(given, "tagsAll")
	}
	problems := CheckBlock("", given, kind)
	for _, name := range t.Required {
		if !inputs.Has(name) {
			problems = append(problems, Problem{name, "is required"})
		}
	}
	if len(problems) > 0 {
		return inputs, problems, nil
	}
	if problem := t.autoname(urnName, olds, inputs, seed); problem != nil {
		problems = append(problems, *problem)
	}
	if t.tagged() {
		if !inputs.Has("tagsAll") && inputs.Has("tags") {
			inputs["tagsAll"] = cloneValue(inputs["tags"])
		}
		problems = append(problems, checkTags(inputs)...)
	}
	r := Rules{In: inputs, Exists: len(olds) > 0, Problems: problems}
	r.Apply(t.Rules...)
	if t.Check != nil {
		t.Check(&r)
	}
	return inputs, r.Problems, nil
}

// renderDocuments turns policy documents that are given as maps into JSON, as the provider does.
func renderDocuments(inputs Values, kind reflect.Type) {
	for name, field := range FieldsOf(kind) {
		document := asMap(inputs[name])
		if field.Kind() != reflect.Interface || document == nil || containsUnknown(document) {
			continue
		}
		if text, err := json.Marshal(document); err == nil {
			inputs[name] = string(text)
		}
	}
}

func containsUnknown(value any) bool {
	if block := asMap(value); block != nil {
		return slices.ContainsFunc(slices.Collect(maps.Values(block)), containsUnknown)
	}
	list, _ := value.([]any)
	return isUnknown(value) || slices.ContainsFunc(list, containsUnknown)
}

var autonamed = regexp.MustCompile(`^[0-9a-f]{7}$`)

// autoname fills the name input as Pulumi's bridge does: logical name, "-" and seven hexadecimal digits, kept for as
// long as the resource lives.
func (t Type) autoname(urnName string, olds, inputs Values, seed []byte) *Problem {
	property := t.Name.Property
	if property == "" || inputs.Has(property) {
		return nil
	}
	if t.Name.Lower {
		urnName = strings.ToLower(urnName)
	}
	prefix := t.Name.Prefix + urnName + "-"
	if suffix, ok := strings.CutPrefix(olds.Text(property), prefix); ok && autonamed.MatchString(suffix) {
		inputs[property] = olds[property]
		return nil
	}
	if t.Name.Max > 0 && len(prefix)+7 > t.Name.Max {
		return &Problem{property, fmt.Sprintf("name %q plus 7 random chars is longer than maximum length %d: shorten the logical name or set %s",
			prefix, t.Name.Max, property)}
	}
	if len(seed) == 0 {
		seed = []byte(rand.Text())
	}
	inputs[property] = prefix + StableHex(prefix+string(seed), 7)
	return nil
}
