package account

import (
	"fmt"
	"strconv"
	"strings"
)

// Has tells whether something stands at the path, be it known or not. Paths look like network.subnets[0].id.
func (v Values) Has(path string) bool {
	value, ok := v.at(path)
	return ok && value != nil
}

// IsUnknown tells whether the value at the path, or something it is part of, is computed later.
func (v Values) IsUnknown(path string) bool {
	value, _ := v.at(path)
	return isUnknown(value)
}

// String returns the text at the path; false where there is none or it is not known yet.
func (v Values) String(path string) (string, bool) {
	value, _ := v.at(path)
	text, ok := value.(string)
	return text, ok
}

// Text is String for callers to whom a missing text and an empty one are the same.
func (v Values) Text(path string) string {
	text, _ := v.String(path)
	return text
}

// Int returns the whole number at the path; false where there is none or it is not known yet.
func (v Values) Int(path string) (int, bool) {
	value, _ := v.at(path)
	switch number := value.(type) {
	case float64:
		return int(number), true
	case int:
		return number, true
	}
	return 0, false
}

// Bool returns the boolean at the path; false, false where there is none or it is not known yet.
func (v Values) Bool(path string) (value, ok bool) {
	found, _ := v.at(path)
	value, ok = found.(bool)
	return value, ok
}

// True tells whether a known true stands at the path.
func (v Values) True(path string) bool {
	value, _ := v.Bool(path)
	return value
}

// List returns the list at the path; nil where there is none or it is not known yet.
func (v Values) List(path string) []any {
	value, _ := v.at(path)
	list, _ := value.([]any)
	return list
}

// Map returns the map at the path; nil where there is none or it is not known yet.
func (v Values) Map(path string) Values {
	value, _ := v.at(path)
	return asMap(value)
}

// Strings returns the known texts that the path names: subnetIds, subnetIds[*], ingress[*].cidrBlocks[*].
func (v Values) Strings(path string) (texts []string) {
	for _, element := range v.elements(path) {
		if text, ok := element.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// Blocks returns the known nested blocks that the path names: rules, rules[*], rules[*].actions[*], setting.
func (v Values) Blocks(path string) (blocks []Values) {
	for _, element := range v.elements(path) {
		if block := asMap(element); block != nil {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// elements returns what the path names, and of a list its elements.
func (v Values) elements(path string) (all []any) {
	for _, place := range v.Expand(path) {
		value, _ := v.at(place)
		if list, ok := value.([]any); ok {
			all = append(all, list...)
		} else {
			all = append(all, value)
		}
	}
	return all
}

// Expand returns the paths that a path with [*] stands for and where something is: a[*].b gives a[0].b, a[1].b.
func (v Values) Expand(path string) []string {
	head, tail, more := strings.Cut(path, "[*]")
	if !more {
		if v.Has(path) {
			return []string{path}
		}
		return nil
	}
	var places []string
	for i := range v.List(head) {
		places = append(places, v.Expand(fmt.Sprintf("%s[%d]%s", head, i, tail))...)
	}
	return places
}

// at walks the path. An unknown on the way stands for everything below it.
func (v Values) at(path string) (any, bool) {
	var here any = v
	for _, step := range SplitPath(path) {
		if isUnknown(here) {
			return here, true
		}
		if index, err := strconv.Atoi(step); err == nil {
			if list, ok := here.([]any); ok {
				if index >= len(list) {
					return nil, false
				}
				here = list[index]
				continue
			}
		}
		next, ok := asMap(here)[step]
		if !ok {
			return nil, false
		}
		here = next
	}
	return here, true
}

// SplitPath cuts a.b[2].c into a, b, 2, c.
func SplitPath(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}

func asMap(value any) Values {
	switch value := value.(type) {
	case Values:
		return value
	case map[string]any:
		return value
	}
	return nil
}

func isUnknown(value any) bool {
	_, unknown := value.(Unknown)
	return unknown
}

// Clone copies values so that no caller can change the account's records.
func (v Values) Clone() Values {
	if v == nil {
		return nil
	}
	return cloneValue(v).(Values)
}

func cloneValue(value any) any {
	switch value := value.(type) {
	case Values:
		copied := make(Values, len(value))
		for key, element := range value {
			copied[key] = cloneValue(element)
		}
		return copied
	case map[string]any:
		return map[string]any(cloneValue(Values(value)).(Values))
	case []any:
		copied := make([]any, len(value))
		for i, element := range value {
			copied[i] = cloneValue(element)
		}
		return copied
	}
	return value
}
