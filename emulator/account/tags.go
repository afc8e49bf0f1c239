package account

import (
	"fmt"
	"maps"
	"regexp"
	"unicode/utf8"
)

// DefaultTags adds the default tags of the provider's configuration to the inputs of a resource that has tags, as the
// provider does before OldCheck: tagsAll is tags over the default tags. Other resources are left alone.
func (a *Account) DefaultTags(token string, inputs Values, defaults map[string]string) Values {
	t, ok := a.types[token]
	if !ok || !t.tagged() || (len(defaults) == 0 && !inputs.Has("tags")) {
		return inputs
	}
	tagged := inputs.Clone()
	if inputs.IsUnknown("tags") {
		tagged["tagsAll"] = Unknown{}
		return tagged
	}
	all := map[string]any{}
	for key, value := range defaults {
		all[key] = value
	}
	maps.Copy(all, inputs.Map("tags"))
	tagged["tagsAll"] = all
	return tagged
}

// tagged tells whether the type takes default tags.
func (t Type) tagged() bool {
	_, ok := StateFields(t)["tagsAll"]
	return ok
}

var tagCharacters = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// checkTags applies AWS's limits to tags and to what they become with the default tags.
func checkTags(in Values) []Problem {
	var problems []Problem
	refuse := func(path, format string, args ...any) {
		problems = append(problems, Problem{path, fmt.Sprintf(format, args...)})
	}
	all := in.Map("tagsAll")
	if len(all) > 50 {
		refuse("tags", "%d tags with the provider's default tags; AWS allows 50", len(all))
	}
	for _, key := range SortedKeys(all) {
		path := "tags." + key
		value, known := all[key].(string)
		switch {
		case utf8.RuneCountInString(key) < 1 || utf8.RuneCountInString(key) > 128:
			refuse(path, "a tag key has 1 to 128 characters")
		case len(key) >= 4 && key[:4] == "aws:":
			refuse(path, "the prefix aws: is reserved for AWS")
		case !tagCharacters.MatchString(key) || !tagCharacters.MatchString(value):
			refuse(path, "%q = %q: tags are letters, digits, spaces and _ . : / = + - @", key, value)
		case known && utf8.RuneCountInString(value) > 256:
			refuse(path, "a tag value has at most 256 characters")
		}
	}
	return problems
}
