package doctor

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// source is a stack file of one section.
type source map[string]any

func (source) Stack() string         { return "staging" }
func (source) Region() string        { return "eu-west-1" }
func (source) Encrypted(string) bool { return false }
func (s source) Sections() (map[string]any, error) {
	return s, nil
}

func (s source) Section(key string) (text string, found bool, err error) {
	value, found := s[key]
	if !found {
		return "", false, nil
	}
	raw, err := json.Marshal(value)
	return string(raw), true, err
}

var (
	// stated is a line of a stack file as texts have it: image: {app: app}.
	stated = regexp.MustCompile(`\b[a-zA-Z]+: \{`)
	// dotted is the path of a key: image.assets.script.
	dotted = regexp.MustCompile(`^[a-z][a-zA-Z]+(\.[a-z][a-zA-Z]+)+$`)
)

// braces is the text up to the bracket that closes the first one.
func braces(text string) string {
	depth := 0
	for i, r := range text {
		switch r {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return text[:i+1]
			}
		}
	}
	return ""
}

// TestKeysExist: every key of the stack file that the page for owners and the advice name is one. Their values are not judged here.
func TestKeysExist(t *testing.T) {
	page, err := os.ReadFile("../../docs/your-application.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"docs/your-application.md": string(page)}
	for _, r := range rules {
		texts[r.pkg] = "`" + r.advice + "`"
	}
	for _, h := range hazards {
		texts[h.names] = "`" + h.why + "`"
	}
	sections := names("app image release loadBalancer web worker scheduler processes cache database environment access domain cluster session storage")
	checked := 0
	check := func(where, key string, value any) {
		t.Helper()
		if !sections[key] {
			return
		}
		checked++
		_, err := config.Load(source{key: value})
		for line := range strings.Lines(errorText(err)) {
			if strings.Contains(line, "no such key") || strings.Contains(line, " found, ") || strings.Contains(line, "not with role") || strings.Contains(line, "is no role") || strings.Contains(line, "is none of") || strings.Contains(line, "none of the image's roles") {
				t.Errorf("%s: %s: %v: %s", where, key, value, line)
			}
		}
	}
	for where, text := range texts {
		for i, span := range strings.Split(text, "`") {
			if i%2 == 0 { // between code
				continue
			}
			for _, at := range stated.FindAllStringIndex(span, -1) {
				var parsed map[string]any
				if yaml.Unmarshal([]byte(braces(span[at[0]:])), &parsed) == nil {
					for key, value := range parsed {
						check(where, key, value)
					}
				}
			}
			if path := strings.Split(span, "."); dotted.MatchString(span) && path[0] != "processes" {
				var value any
				for i := len(path) - 1; i > 0; i-- {
					value = map[string]any{path[i]: value}
				}
				check(where, path[0], value)
			}
		}
	}
	for _, block := range regexp.MustCompile(`(?m)(^ {4,}.*\n)+`).FindAllString(string(page), -1) {
		var parsed map[string]any
		if strings.Contains(block, "laravel-ecs:") && yaml.Unmarshal([]byte(block), &parsed) == nil {
			for key, value := range parsed {
				check("docs/your-application.md", strings.TrimPrefix(key, "laravel-ecs:"), value)
			}
		}
	}
	if checked < 60 {
		t.Errorf("only %d keys were found in the texts", checked)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
