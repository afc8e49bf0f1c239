package preview

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// Secret is how Pulumi prints a secret value.
const Secret = "[secret]"

// unknowns are what stands for a value that only the update will know.
var unknowns = []string{
	plugin.UnknownStringValue, plugin.UnknownBoolValue, plugin.UnknownNumberValue, plugin.UnknownArrayValue, plugin.UnknownObjectValue,
}

// Unknown tells whether a value is known only after the update.
func Unknown(value any) bool {
	text, ok := value.(string)
	return ok && slices.Contains(unknowns, text)
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
	for _, key := range keys(path) {
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

// keys takes a property path apart: a.b[0]["c.d"] is a, b, 0, c.d.
func keys(path string) []string {
	var list []string
	for path != "" {
		var key string
		switch {
		case strings.HasPrefix(path, `["`):
			key, path, _ = strings.Cut(path[2:], `"]`)
		case strings.HasPrefix(path, "["):
			key, path, _ = strings.Cut(path[1:], "]")
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			key, path = path[:end], path[end:]
		}
		list = append(list, key)
		path = strings.TrimPrefix(path, ".")
	}
	return list
}

// differing are the inputs that are not the same, for a provider that does not say.
func differing(before, after *State) []string {
	if before == nil || after == nil {
		return nil
	}
	all := maps.Clone(before.Inputs)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, after.Inputs)
	var list []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if !strings.HasPrefix(key, "__") && !reflect.DeepEqual(before.Inputs[key], after.Inputs[key]) {
			list = append(list, key)
		}
	}
	return list
}
