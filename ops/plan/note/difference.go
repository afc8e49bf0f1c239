package note

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

// longest is how many characters of a value are shown.
const longest = 48

// describe is the text for a step in a row of the table: the type, and for an update or replacement the properties. A value that is known
// only after the update follows from a change of another resource, whose row has it.
func describe(step preview.Step) string {
	short := preview.ShortType(step.State().Type)
	if step.Op != "update" && step.Op != "replace" {
		return short
	}
	reasons := slices.DeleteFunc(slices.Clone(step.Paths), func(path string) bool { return preview.Unknown(step.New.Property(path)) })
	if len(reasons) == 0 && len(step.Paths) > 0 {
		return short + " follows"
	}
	return strings.TrimSpace(short + " " + differences(step, reasons))
}

// differences lists properties with their values before and after, where those are short.
func differences(step preview.Step, paths []string) string {
	var list []string
	for _, path := range paths {
		if path == "tagsAll" || strings.HasPrefix(path, "tagsAll.") || strings.HasPrefix(path, "__") {
			continue // the provider computes them from tags
		}
		list = append(list, fmt.Sprintf("`%s`%s", path, fromTo(step.Old.Property(path), step.New.Property(path))))
	}
	if len(list) == 0 && len(paths) > 0 {
		return "`tags`"
	}
	return strings.Join(slices.Compact(list), ", ")
}

// fromTo is " 1 -> 2", or nothing where a value is secret, large or not there.
func fromTo(before, after any) string {
	from, readableBefore := show(before)
	to, readableAfter := show(after)
	if before == preview.Secret || after == preview.Secret {
		return " (secret)"
	}
	if !readableBefore || !readableAfter || from == to {
		return ""
	}
	return " " + from + " -> " + to
}

// show returns a scalar value as code.
func show(value any) (string, bool) {
	switch value := value.(type) {
	case nil:
		return "none", true
	case string:
		if preview.Unknown(value) {
			return "(known after up)", true
		}
		return code(value), len(value) <= longest
	case bool:
		return code(strconv.FormatBool(value)), true
	case float64:
		return code(strconv.FormatFloat(value, 'f', -1, 64)), true
	case []any, map[string]any:
		text, err := json.Marshal(value)
		return code(string(text)), err == nil && len(text) <= longest && !strings.Contains(string(text), preview.Secret)
	}
	return "", false
}

// code sets a value in backticks, on one line, so that it cannot become markup.
func code(text string) string {
	text = strings.NewReplacer("`", "'", "|", "\\|", "\r", " ", "\n", " ").Replace(text)
	if text == "" {
		return "(empty)"
	}
	return "`" + text + "`"
}

// confidential are names of variables whose values are never shown, even those that are no secret to Pulumi; credentials are values with
// a password in a URL.
var (
	confidential = regexp.MustCompile(`(?i)(^|_)(PASS|PASSWORD|PASSWD|PWD|SECRET|TOKEN|KEY|CREDENTIALS?|DSN)(_|$)`)
	credentials  = regexp.MustCompile(`://[^/@\s]*:[^/@\s]+@`)
)

// words finds the words in a name like clientSecret.
var words = regexp.MustCompile(`([a-z])([A-Z])`)

// String is the key with its values, unless these may be secret: what Pulumi has encrypted, what stands below secrets, what has the name of
// a secret, and URLs with a password.
func (k Key) String() string {
	path, secret := strings.CutSuffix(k.Path, ".secure")
	before, after := k.Before, k.After
	name := words.ReplaceAllString(path[strings.LastIndexAny(path, ".:")+1:], "${1}_$2")
	if secret || strings.HasPrefix(path, "secrets.") || confidential.MatchString(name) || credentials.MatchString(fmt.Sprint(before, after)) {
		before, after = preview.Secret, preview.Secret
	}
	return code(path) + fromTo(before, after)
}

// plain shows the value of an environment variable.
func plain(name string, value any) string {
	text, ok := value.(string)
	switch {
	case !ok:
		return "(not text)"
	case preview.Unknown(value):
		return "(known after up)"
	case value == preview.Secret, confidential.MatchString(name), credentials.MatchString(text):
		return "(hidden)"
	case len([]rune(text)) > longest:
		text = string([]rune(text)[:longest]) + "..."
	}
	return code(text)
}
