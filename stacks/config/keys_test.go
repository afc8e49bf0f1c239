package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestPulumiYamlListsEveryKey: Pulumi.yaml documents every key.
func TestPulumiYamlListsEveryKey(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "Pulumi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var project struct {
		Config map[string]struct{ Description string }
	}
	if err := yaml.Unmarshal(raw, &project); err != nil {
		t.Fatal(err)
	}
	kind := reflect.TypeFor[Config]()
	for i := range kind.NumField() {
		field := kind.Field(i)
		section := strings.ToLower(field.Name[:1]) + field.Name[1:]
		if field.Name == "CDN" {
			section = "cdn"
		}
		if field.Name == "Region" || !field.IsExported() {
			continue // aws:region
		}
		entry, ok := project.Config[section]
		if !ok {
			t.Errorf("Pulumi.yaml has no %s", section)
		}
		for _, key := range keysOf(field.Type) {
			if !strings.Contains(entry.Description, key) {
				t.Errorf("Pulumi.yaml: the description of %s does not name %s", section, key)
			}
		}
	}
}

func keysOf(kind reflect.Type) []string {
	for kind.Kind() == reflect.Map || kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	if kind.Kind() != reflect.Struct {
		return nil
	}
	var keys []string
	for i := range kind.NumField() {
		field := kind.Field(i)
		if tag := field.Tag.Get("json"); tag != "" && tag != "-" {
			keys = append(keys, tag)
		}
		keys = append(keys, keysOf(field.Type)...)
	}
	return keys
}
