package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// fuzzedFile is a stack file in memory: a Source as the engine is one.
type fuzzedFile struct {
	region   string
	sections map[string]any
}

func (s fuzzedFile) Stack() string                     { return "staging" }
func (s fuzzedFile) Region() string                    { return s.region }
func (s fuzzedFile) Encrypted(string) bool             { return false }
func (s fuzzedFile) Sections() (map[string]any, error) { return s.sections, nil }
func (s fuzzedFile) Section(key string) (string, bool, error) {
	value, found := s.sections[key]
	if text, ok := value.(string); ok {
		return text, found, nil
	}
	text, err := json.Marshal(value)
	return string(text), found, err
}

// shipped is Pulumi.staging.yaml or Pulumi.prod.yaml.
func shipped(t testing.TB, stack string) fuzzedFile {
	raw, err := os.ReadFile("../../Pulumi." + stack + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Config map[string]any }
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	s := fuzzedFile{sections: map[string]any{}}
	for key, value := range file.Config {
		if section, ok := strings.CutPrefix(key, "laravel-ecs:"); ok {
			s.sections[section] = value
		}
	}
	s.sections["image"] = map[string]any{"app": "testdata/app", "dockerfile": "testdata/app/Dockerfile"} // paths are relative
	s.region, _ = file.Config["aws:region"].(string)
	return s
}

// set sets a key such as loadBalancer.healthCheck.path.
func (s fuzzedFile) set(key string, value any) {
	steps := strings.Split(key, ".")
	into := s.sections
	for _, step := range steps[:len(steps)-1] {
		next, _ := into[step].(map[string]any)
		next = maps.Clone(next)
		if next == nil {
			next = map[string]any{}
		}
		into[step] = next
		into = next
	}
	into[steps[len(steps)-1]] = value
}

// everyKey lists the keys of a stack file, and the sections themselves.
func everyKey() []string {
	var keys []string
	var add func(prefix string, kind reflect.Type)
	add = func(prefix string, kind reflect.Type) {
		for kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if kind.Kind() == reflect.Map {
			keys = append(keys, prefix+".NAME", prefix+".DB_PASSWORD", prefix+".APP_KEY")
		}
		if kind.Kind() != reflect.Struct {
			return
		}
		for i := range kind.NumField() {
			field := kind.Field(i)
			if field.Anonymous {
				add(prefix, field.Type)
				continue
			}
			key := prefix + "." + field.Tag.Get("json")
			keys = append(keys, key)
			add(key, field.Type)
		}
	}
	c := defaults()
	for _, section := range slices.Sorted(maps.Keys(c.sections())) {
		keys = append(keys, section)
		add(section, reflect.TypeOf(c.sections()[section]))
	}
	return keys
}

// values are what people write into stack files, good and bad: each is tried for every key.
var values = []string{
	"", "null", "~", "0", "-1", "1", "2", "3.5", "65535", "99999999999999999999", "true", "false", "yes", "\"\"", "\" \"", "a b", "a; rm -rf /", "$(id)", "`id`", "%d", "%!s",
	"[]", "[1]", "[a, a]", "[\"\"]", "[null]", "{}", "{a: b}", "{a: {b: c}}", "[[a]]", "*.example.com", "example.com", "https://a", "10.0.0.0/16", "10.0.0.0/33", "::/0",
	"ключ", "\"\\u0000\"", "\"a\\nb\"", "select", "../..", "/etc/passwd", "t3.small", "db.t4g.micro", "cache.t4g.micro", "arn:aws:acm:eu-west-1:123456789012:certificate/x",
	"eu-west-1a", "[eu-west-1a, eu-west-1b]", "2026-01-31T18:00:00Z", "0x10", "1e400", ".inf", ".nan", "!!binary aGk=", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
}

// FuzzLoad sets keys to arbitrary values of YAML. Load takes them or refuses them by the key's name, and prints no secret.
func FuzzLoad(f *testing.F) {
	keys := everyKey()
	files := map[bool]fuzzedFile{true: shipped(f, "prod"), false: shipped(f, "staging")}
	if len(keys) < 100 {
		f.Fatalf("there are only %d keys", len(keys))
	}
	for i := range keys {
		for j := i % 5; j < len(values); j += 5 { // all of them take the fuzzer's time only
			f.Add(uint16(i), values[j], uint16(i+j), values[(i*7+j)%len(values)], j%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, one uint16, first string, other uint16, second string, production bool) {
		s := fuzzedFile{region: files[production].region, sections: maps.Clone(files[production].sections)}
		for key, text := range map[string]string{keys[int(other)%len(keys)]: second, keys[int(one)%len(keys)]: first} {
			var value any
			if yaml.Unmarshal([]byte(text), &value) != nil {
				return
			}
			if _, err := json.Marshal(value); err != nil {
				return // the engine has no such value
			}
			s.set(key, value)
		}
		c, err := Load(s)
		if err == nil {
			if c.Region == "" {
				t.Error("accepted without a region")
			}
			return
		}
		problems := strings.Split(err.Error(), "\n")
		if !strings.HasPrefix(problems[0], "Pulumi.staging.yaml has ") || len(problems) < 2 {
			t.Errorf("no problem is named: %v", err)
		}
		for _, problem := range problems[1:] {
			section, _, _ := strings.Cut(problem, ":")
			section, _, _ = strings.Cut(section, ".")
			if _, known := c0.sections()[section]; !known && s.sections[section] == nil && section != "aws" && section != "stack" {
				t.Errorf("the problem names no key: %q in %v", problem, err)
			}
		}
		for name, value := range asMap(s.sections["secrets"]) { // the other key may be quoted
			if text := fmt.Sprint(value); len(text) > 12 && text != name && first != second && strings.Contains(err.Error(), text) {
				t.Errorf("secrets.%s is in the error: %v", name, err)
			}
		}
	})
}

// A number that no service may have was counted task by task, which took minutes: the fuzzer found it.
func TestHugeCountsAreRefusedAtOnce(t *testing.T) {
	for _, key := range []string{"web.count", "worker.count", "scheduler.count", "web.scaling.max", "web.maxPercent"} {
		s := shipped(t, "staging")
		s.set(key, 99_999_999)
		start := time.Now()
		if _, err := Load(s); err == nil || !strings.Contains(err.Error(), key+": 99999999 is outside") {
			t.Errorf("%s: %v", key, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: took %s", key, took)
		}
	}
}

var c0 = defaults()

func asMap(value any) map[string]any {
	fields, _ := value.(map[string]any)
	return fields
}
