package account

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// Diff returns the paths of the inputs that changed and of those whose change replaces the resource. Like the provider's, it compares what
// AWS returned with what the program wants: an input that AWS returns otherwise is a difference at every deployment.
func (a *Account) Diff(token, id string, oldInputs, oldOutputs, news Values) (changed, replace []string) {
	t, ok := a.types[token]
	if !ok {
		return nil, nil
	}
	declared, next, read := withoutNulls(oldInputs), withoutNulls(news), withoutNulls(oldOutputs)
	if t.Normal != nil {
		for _, values := range []Values{declared, next, read} {
			t.Normal(values)
		}
	}
	if t.Ignores != nil {
		for _, name := range t.Ignores(read, next) {
			next[name], declared[name] = read[name], read[name]
		}
	}
	computed := t.computed()
	names := map[string]bool{}
	for _, block := range []Values{declared, next, read} {
		for name := range block {
			names[name] = true
		}
	}
	inputs := FieldsOf(ArgsType(t.Args))
	for _, name := range SortedKeys(names) {
		now, known := read[name]
		if !known {
			now = declared[name]
		}
		switch {
		case next.Has(name) || declared.Has(name) && (!known || !computed[name]):
			changed = append(changed, t.differences(name, declared[name], now, next[name])...)
		case inputs[name] != nil && !declared.Has(name) && !computed[name] && !zero(now) && !same(now, t.Defaults[name]):
			changed = append(changed, name)
		}
	}
	for _, path := range slices.Clone(changed) {
		for _, also := range t.Along[topOf(path)] {
			if !slices.Contains(changed, also) {
				changed = append(changed, also)
			}
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

// topOf is the input that a path begins with.
func topOf(path string) string { return SplitPath(path)[0] }

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

// differences returns the deepest paths at which what AWS returned (now) is not what the program wants (next). What AWS fills in beside
// what the program says is none; declared is what the program said before, so that what it takes back is seen.
func (t Type) differences(path string, declared, now, next any) []string {
	nowBlock, nextBlock := asMap(now), asMap(next)
	if nowBlock != nil && nextBlock != nil {
		names := map[string]bool{}
		for name := range asMap(declared) {
			names[name] = true
		}
		for name := range nextBlock {
			names[name] = true
		}
		var paths []string
		for _, name := range SortedKeys(names) {
			paths = append(paths, t.differences(join(path, name), asMap(declared)[name], nowBlock[name], nextBlock[name])...)
		}
		return paths
	}
	nowList, isList := now.([]any)
	nextList, stillList := next.([]any)
	if isList && stillList {
		declaredList, _ := declared.([]any)
		if t.isSet(path) {
			declaredList, nowList = t.aligned(path, declaredList, nextList), t.aligned(path, nowList, nextList)
		}
		at := func(list []any, i int) any {
			if i < len(list) {
				return list[i]
			}
			return nil
		}
		var paths []string
		for i := range max(len(nowList), len(nextList)) {
			paths = append(paths, t.differences(fmt.Sprintf("%s[%d]", path, i), at(declaredList, i), at(nowList, i), at(nextList, i))...)
		}
		return paths
	}
	if same(now, next) {
		return nil
	}
	return []string{path}
}

// aligned puts the elements of a set into the order of next, as far as next has them; the others come where there is place.
func (t Type) aligned(path string, set, next []any) []any {
	rest, list := slices.Clone(set), make([]any, len(next))
	var open []int
	for i, wanted := range next {
		found := slices.IndexFunc(rest, func(one any) bool { return len(t.differences(path+"[*]", nil, one, wanted)) == 0 })
		if found < 0 {
			open = append(open, i)
			continue
		}
		list[i] = rest[found]
		rest = slices.Delete(rest, found, found+1)
	}
	for _, i := range open {
		if len(rest) > 0 {
			list[i], rest = rest[0], rest[1:]
		}
	}
	return append(list, rest...)
}

// isSet tells whether the elements at a path have no order.
func (t Type) isSet(path string) bool {
	return slices.ContainsFunc(Sets[t.Token], func(pattern string) bool { return matches(path, pattern) })
}

// matches tells whether a path is one of a pattern: rules[2].values of rules[*].values.
func matches(path, pattern string) bool {
	steps, wanted := SplitPath(path), SplitPath(pattern)
	return slices.EqualFunc(steps, wanted, func(step, want string) bool { return want == "*" || step == want })
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

// zero tells whether a value is empty, or the one that an input has where it is left out.
func zero(value any) bool { return empty(value) || value == "" || value == false || value == 0.0 }
