package preview

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Secret is what Pulumi prints for a secret value.
const Secret = "[secret]"

// Unknowns are what Pulumi prints for a value that is known only after the update: of a boolean, number, string, array and object
// (sdk/go/common/resource/sig, which this package does not import).
var Unknowns = []string{
	"1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", "3eeb2bf0-c639-47a8-9e75-3b44932eb421", "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
	"6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}

// Unknown tells whether a value is known only after the update.
func Unknown(value any) bool {
	text, ok := value.(string)
	return ok && slices.Contains(Unknowns, text)
}

// Property returns the value at a path such as tags.Name or ebs[0].volumeSize, of the inputs, or else of the outputs.
func (s *State) Property(path string) any {
	if s == nil {
		return nil
	}
	if value := at(s.Inputs, path); value != nil {
		return value
	}
	return at(s.Outputs, path)
}

func at(value any, path string) any {
	for _, match := range key.FindAllStringSubmatch(path, -1) {
		key := match[1] + match[2] + match[3]
		switch container := value.(type) {
		case map[string]any:
			value = container[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(container) {
				return nil
			}
			value = container[i]
		default:
			return nil
		}
	}
	return value
}

// key is one step of a property path: a.b[0]["c.d"] has a, b, 0 and c.d.
var key = regexp.MustCompile(`\["([^"]*)"\]|\[(\d+)\]|([^.\[]+)`)

// Keys are the keys of two maps, in order.
func Keys[V any](a, b map[string]V) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b)))))
}

// differing are the inputs that differ, for a provider that does not list them.
func differing(before, after *State) []string {
	if before == nil || after == nil {
		return nil
	}
	var list []string
	for _, key := range Keys(before.Inputs, after.Inputs) {
		if !strings.HasPrefix(key, "__") && !reflect.DeepEqual(before.Inputs[key], after.Inputs[key]) {
			list = append(list, key)
		}
	}
	return list
}
