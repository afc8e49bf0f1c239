package account

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// Diff returns the paths of the inputs that changed and of those whose change replaces the resource.
func (a *Account) Diff(token, id string, oldInputs, oldOutputs, news Values) (changed, replace []string) {
	t, ok := a.types[token]
	if !ok {
		return nil, nil
	}
	changed = differences("", withoutNulls(oldInputs), withoutNulls(news))
	for name, equivalent := range t.Same {
		read, next := oldOutputs.Text(name), news.Text(name)
		if read == "" || next == "" {
			continue // not known yet
		}
		changed = slices.DeleteFunc(changed, func(path string) bool { return path == name })
		if !equivalent(read, next) {
			changed = append(changed, name)
		}
	}
	for _, name := range t.ReadBack {
		if oldOutputs.Has(name) && news.Has(name) && !slices.Contains(changed, name) && !same(oldOutputs[name], news[name]) {
			changed = append(changed, name)
		}
	}
	if t.Replaces != nil {
		t.ForceNew = slices.Concat(t.ForceNew, t.Replaces(oldInputs, news))
	}
	for _, path := range changed {
		if t.forcesNew(path) {
			replace = append(replace, path)
		}
	}
	return changed, replace
}

// forcesNew tells whether the path, or a block that it is part of or that is part of it, is in ForceNew.
func (t Type) forcesNew(path string) bool {
	steps := SplitPath(path)
	return slices.ContainsFunc(t.ForceNew, func(pattern string) bool {
		wanted := SplitPath(pattern)
		for i := range min(len(steps), len(wanted)) {
			if wanted[i] != "*" && wanted[i] != steps[i] {
				return false
			}
		}
		return true
	})
}

// differences returns the deepest paths at which two values differ.
func differences(path string, old, next any) []string {
	oldBlock, nextBlock := asMap(old), asMap(next)
	if oldBlock != nil && nextBlock != nil {
		names := map[string]bool{}
		for name := range oldBlock {
			names[name] = true
		}
		for name := range nextBlock {
			names[name] = true
		}
		var paths []string
		for _, name := range SortedKeys(names) {
			paths = append(paths, differences(join(path, name), oldBlock[name], nextBlock[name])...)
		}
		return paths
	}
	oldList, isList := old.([]any)
	nextList, stillList := next.([]any)
	if isList && stillList {
		var paths []string
		for i := range max(len(oldList), len(nextList)) {
			var oldElement, nextElement any
			if i < len(oldList) {
				oldElement = oldList[i]
			}
			if i < len(nextList) {
				nextElement = nextList[i]
			}
			paths = append(paths, differences(fmt.Sprintf("%s[%d]", path, i), oldElement, nextElement)...)
		}
		return paths
	}
	if same(old, next) {
		return nil
	}
	return []string{path}
}

// same compares values; JSON documents that say the same are the same, as for the provider.
func same(old, next any) bool {
	if empty(old) && empty(next) {
		return true
	}
	if reflect.DeepEqual(old, next) {
		return true
	}
	oldText, ok := old.(string)
	nextText, alsoText := next.(string)
	if !ok || !alsoText || len(oldText) == 0 || len(nextText) == 0 || !isOpening(oldText[0]) || !isOpening(nextText[0]) {
		return false
	}
	var oldDocument, nextDocument any
	if json.Unmarshal([]byte(oldText), &oldDocument) != nil || json.Unmarshal([]byte(nextText), &nextDocument) != nil {
		return false
	}
	return reflect.DeepEqual(oldDocument, nextDocument)
}

func isOpening(c byte) bool { return c == '{' || c == '[' }

// empty tells whether a value is null, an empty list or an empty map, which the provider does not tell apart.
func empty(value any) bool {
	if list, ok := value.([]any); ok {
		return len(list) == 0
	}
	if block := asMap(value); block != nil {
		return len(block) == 0
	}
	return value == nil
}
