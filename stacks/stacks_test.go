package stacks_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"go.yaml.in/yaml/v3"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var environments = []string{"local", "review", "staging", "prod"}

// TestMain runs the tests in the program's folder: the paths of a stack file are relative to Pulumi.yaml.
func TestMain(m *testing.M) {
	if err := os.Chdir(".."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// stackConfig reads a stack file as the engine gives it to the program: sections as JSON.
func stackConfig(t testing.TB, stack string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("Pulumi." + stack + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Config map[string]any }
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for key, value := range file.Config {
		if text, ok := value.(string); ok {
			values[key] = text
			continue
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		values[key] = string(encoded)
	}
	if stack == "account" { // whose shipped file has placeholders
		values = with(with(values, "account", "github.repository", "acme/shop"), "account", "gitlab.project", "acme/web/shop")
	}
	if stack == "review" { // a template: make review-up writes the rest
		values = with(with(values, "environment", "branch", "feature/login"), "environment", "expiresAt", "2026-01-31T18:00:00Z")
	}
	return values
}

// with sets a single key: with(config, "web", "count", 3).
func with(config map[string]string, section, key string, value any) map[string]string {
	changed := maps.Clone(config)
	fields := map[string]any{}
	if raw := changed["laravel-ecs:"+section]; raw != "" {
		if err := json.Unmarshal([]byte(raw), &fields); err != nil {
			panic(err)
		}
	}
	into := fields
	parts := strings.Split(key, ".")
	for _, part := range parts[:len(parts)-1] {
		next, _ := into[part].(map[string]any)
		if next == nil {
			next = map[string]any{}
			into[part] = next
		}
		into = next
	}
	into[parts[len(parts)-1]] = value
	encoded, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	changed["laravel-ecs:"+section] = string(encoded)
	return changed
}

func deploy(t testing.TB, stack string, config map[string]string) *infratest.Recorder {
	t.Helper()
	recorder, err := infratest.Run(stacks.Deploy, "laravel-ecs", stack, config)
	if err != nil {
		t.Fatalf("%s: %v", stack, err)
	}
	return recorder
}

// TestInventory compares the list of resources with the golden file, so that no resource is added or removed unnoticed.
func TestInventory(t *testing.T) {
	for _, stack := range append([]string{"account"}, environments...) {
		checkInventory(t, stack, deploy(t, stack, stackConfig(t, stack)))
	}
}

func checkInventory(t *testing.T, stack string, r *infratest.Recorder) {
	t.Helper()
	var lines []string
	for _, one := range r.All() {
		lines = append(lines, fmt.Sprintf("%s %s", one.Type, one.Name))
	}
	golden := filepath.Join("stacks", "testdata", stack+".golden")
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range difference(got, string(want)) {
		t.Errorf("%s: %s (go test ./stacks -run Inventory -update, if it is meant)", stack, line)
	}
}

func difference(got, want string) []string {
	had, has := strings.Split(want, "\n"), strings.Split(got, "\n")
	var lines []string
	for _, line := range has {
		if !slices.Contains(had, line) {
			lines = append(lines, "new: "+line)
		}
	}
	for _, line := range had {
		if !slices.Contains(has, line) {
			lines = append(lines, "gone: "+line)
		}
	}
	return lines
}

// BenchmarkProgram measures the program with mocks; the target is 200 ms.
func BenchmarkProgram(b *testing.B) {
	config := with(stackConfig(b, "prod"), "release", "name", "benchmark")
	for b.Loop() {
		deploy(b, "prod", config)
	}
}

// everywhere runs a check against each stack file as it is shipped.
func everywhere(t *testing.T, check func(t *testing.T, stack string, r *infratest.Recorder)) {
	t.Helper()
	for _, stack := range environments {
		t.Run(stack, func(t *testing.T) { check(t, stack, deploy(t, stack, stackConfig(t, stack))) })
	}
}

// each returns the resources of a type. None is an error: a loop over them would check nothing.
func each(t testing.TB, r *infratest.Recorder, token string) []infratest.Resource {
	t.Helper()
	found := r.OfType(token)
	if len(found) == 0 {
		t.Fatalf("there is no %s", token)
	}
	return found
}

func one(t *testing.T, r *infratest.Recorder, token string) infratest.Resource {
	t.Helper()
	found := r.OfType(token)
	if len(found) != 1 {
		t.Fatalf("%d of %s, 1 expected", len(found), token)
	}
	return found[0]
}

func text(r infratest.Resource, path string) string {
	value, ok := at(r, path)
	if !ok || !value.IsString() {
		return ""
	}
	return value.StringValue()
}

func isTrue(r infratest.Resource, path string) bool {
	value, ok := at(r, path)
	return ok && value.IsBool() && value.BoolValue()
}

func at(r infratest.Resource, path string) (resource.PropertyValue, bool) {
	parsed, err := resource.ParsePropertyPath(path)
	if err != nil {
		panic(err)
	}
	return parsed.Get(resource.NewObjectProperty(r.Inputs))
}
