package aws

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// The tables may only name what the SDK's structs have.
func TestTablesNameWhatTheSDKHas(t *testing.T) {
	w := newWorld(t)
	for _, token := range w.Types() {
		table := w.typeOf(token)
		inputs, outputs := account.ArgsType(table.Args), account.StateFields(table)
		input := func(what, path string) {
			t.Helper()
			if !hasPath(inputs, path) {
				t.Errorf("%s: %s %q is not an input", token, what, path)
			}
		}
		for _, path := range table.ForceNew {
			input("ForceNew", path)
		}
		for _, path := range table.Required {
			input("Required", path)
		}
		if table.Name.Property != "" {
			input("Name", table.Name.Property)
		}
		for _, rule := range table.Rules {
			for _, path := range rule.Paths {
				input("Rules", path)
			}
		}
		for _, ref := range table.Refs {
			if name, _, _ := strings.Cut(strings.ReplaceAll(ref.Path, "[", "."), "."); outputs[name].Kind == nil {
				t.Errorf("%s: Refs %q is not an output", token, ref.Path)
			}
			if ref.By == "" {
				t.Errorf("%s: Refs %q does not say by what", token, ref.Path)
			}
		}
		for name, value := range table.Defaults {
			field, ok := outputs[name]
			if !ok {
				t.Errorf("%s: default %s is not an output", token, name)
				continue
			}
			for _, p := range account.CheckValue(name, value, field.Kind) {
				t.Errorf("%s: default %s %s", token, p.Property, p.Reason)
			}
		}
		for _, name := range table.Recomputed {
			if _, ok := outputs[name]; !ok {
				t.Errorf("%s: Recomputed %s is not an output", token, name)
			}
		}
		if table.Identity.ID == "" && table.Create == nil {
			t.Errorf("%s: nothing gives it an id", token)
		}
	}
}

// hasPath tells whether a struct of the SDK has the path.
func hasPath(kind reflect.Type, path string) bool {
	for _, step := range account.SplitPath(path) {
		for kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		switch kind.Kind() {
		case reflect.Struct:
			next, ok := account.FieldsOf(kind)[step]
			if !ok {
				return false
			}
			kind = next
		case reflect.Slice:
			if step != "*" {
				return false
			}
			kind = kind.Elem()
		case reflect.Map:
			kind = kind.Elem()
		default:
			return false
		}
	}
	return true
}

func TestTokensAreOfThePackageTheySay(t *testing.T) {
	w := newWorld(t)
	for _, token := range w.Types() {
		table := w.typeOf(token)
		if !strings.HasSuffix(token, ":"+reflect.TypeOf(table.State).Name()) {
			t.Errorf("%s has the state of %T", token, table.State)
		}
	}
}

var requiredArgument = regexp.MustCompile(`invalid value for required argument '(\w+)'`)

// requiredByAWS are inputs that the SDK lets a program leave out and S3 does not.
var requiredByAWS = map[string][]string{
	"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2": {"rules"},
}

// The structs do not tell which lists, maps and documents are required; the SDK's constructors do.
func TestRequiredInputsAreThoseOfTheSDK(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-aws/sdk/v6").Output()
	if err != nil {
		t.Fatalf("finding the SDK's source: %v", err)
	}
	w := newWorld(t)
	for _, token := range w.Types() {
		table := w.typeOf(token)
		state := reflect.TypeOf(table.State)
		name := strings.ToLower(state.Name()[:1]) + state.Name()[1:] + ".go"
		source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "go", "aws", path.Base(state.PkgPath()), name))
		if err != nil {
			t.Error(err)
			continue
		}
		want, got := slices.Clone(requiredByAWS[token]), []string(nil)
		for _, match := range requiredArgument.FindAllStringSubmatch(string(source), -1) {
			want = append(want, strings.ToLower(match[1][:1])+match[1][1:])
		}
		for input, kind := range account.FieldsOf(account.ArgsType(table.Args)) {
			if account.Required(kind) || slices.Contains(table.Required, input) {
				got = append(got, input)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s requires %v, the SDK %v", token, got, want)
		}
	}
}
