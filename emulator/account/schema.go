package account

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// ArgsType is the struct with plain values behind an SDK args value: ec2.vpcArgs for ec2.VpcArgs{}.
func ArgsType(args any) reflect.Type {
	if args == nil {
		return reflect.TypeFor[struct{}]()
	}
	if input, ok := args.(interface{ ElementType() reflect.Type }); ok {
		return input.ElementType()
	}
	return reflect.TypeOf(args)
}

// FieldsOf maps the properties of an SDK struct to their kinds.
func FieldsOf(block reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range block.NumField() {
		if name := block.Field(i).Tag.Get("pulumi"); name != "" {
			fields[name] = block.Field(i).Type
		}
	}
	return fields
}

// CheckBlock compares the properties of a resource or nested block with the SDK's struct.
func CheckBlock(path string, block Values, kind reflect.Type) []Problem {
	fields := FieldsOf(kind)
	var problems []Problem
	for _, name := range SortedKeys(block) {
		field, known := fields[name]
		if !known {
			problems = append(problems, Problem{join(path, name), fmt.Sprintf("is not an input; did you mean %s?", Nearest(name, SortedKeys(fields)))})
			continue
		}
		problems = append(problems, CheckValue(join(path, name), block[name], field)...)
	}
	for _, name := range SortedKeys(fields) {
		if _, given := block[name]; !given && Required(fields[name]) {
			problems = append(problems, Problem{join(path, name), "is required"})
		}
	}
	return problems
}

// CheckValue compares one value with the kind that the SDK has for it.
func CheckValue(path string, value any, kind reflect.Type) []Problem {
	if value == nil || isUnknown(value) {
		return nil
	}
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	wrong := func(want string) []Problem {
		return []Problem{{path, fmt.Sprintf("must be %s, not %s", want, kindOf(value))}}
	}
	switch kind.Kind() {
	case reflect.String:
		if _, ok := value.(string); !ok {
			return wrong("a string")
		}
	case reflect.Bool:
		if _, ok := value.(bool); !ok {
			return wrong("a boolean")
		}
	case reflect.Int:
		if number, ok := value.(float64); !ok || number != math.Trunc(number) {
			return wrong("a whole number")
		}
	case reflect.Float64:
		if _, ok := value.(float64); !ok {
			return wrong("a number")
		}
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			return wrong("a list")
		}
		var problems []Problem
		for i, element := range list {
			problems = append(problems, CheckValue(fmt.Sprintf("%s[%d]", path, i), element, kind.Elem())...)
		}
		return problems
	case reflect.Map:
		block := asMap(value)
		if block == nil {
			return wrong("a map")
		}
		var problems []Problem
		for _, name := range SortedKeys(block) {
			problems = append(problems, CheckValue(join(path, name), block[name], kind.Elem())...)
		}
		return problems
	case reflect.Struct:
		block := asMap(value)
		if block == nil {
			return wrong("a block")
		}
		return CheckBlock(path, block, kind)
	case reflect.Interface: // a JSON document, or another resource or its name
		if _, isText := value.(string); !isText && asMap(value) == nil {
			return wrong("a string")
		}
	}
	return nil
}

// Required tells whether the SDK wants an input of this kind.
func Required(kind reflect.Type) bool {
	switch kind.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return false
	}
	return true
}

// withoutNulls drops properties that are set to null, which the engine treats as absent, at every depth.
func withoutNulls(block Values) Values {
	kept := Values{}
	for name, value := range block {
		if value != nil {
			kept[name] = dropNulls(value)
		}
	}
	return kept
}

func dropNulls(value any) any {
	if block := asMap(value); block != nil {
		return map[string]any(withoutNulls(block))
	}
	if list, ok := value.([]any); ok {
		kept := make([]any, 0, len(list))
		for _, element := range list {
			kept = append(kept, dropNulls(element))
		}
		return kept
	}
	return value
}

func kindOf(value any) string {
	switch value := value.(type) {
	case string:
		return fmt.Sprintf("the string %q", value)
	case float64:
		return fmt.Sprintf("the number %v", value)
	case bool:
		return fmt.Sprintf("the boolean %v", value)
	case []any:
		return "a list"
	}
	return "a map"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// Nearest returns the known name that takes the fewest edits to reach, blind to case.
func Nearest(name string, known []string) string {
	if len(known) == 0 {
		return "nothing (it takes none)"
	}
	distance := func(one string) int { return levenshtein.Distance(strings.ToLower(name), strings.ToLower(one), nil) }
	return slices.MinFunc(known, func(a, b string) int { return distance(a) - distance(b) })
}
