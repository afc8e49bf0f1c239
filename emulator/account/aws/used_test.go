package aws

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

const root = "../../.."

// goldenTypes are the types in the inventories of the stack files.
func goldenTypes(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(root + "/stacks/testdata/*.golden")
	if err != nil || len(files) < 5 {
		t.Fatalf("there are %d inventories, %v", len(files), err)
	}
	used := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range strings.Fields(string(text)) {
			used[word] = true
		}
	}
	return used
}

// program is what the source of the program names: fields of argument structs ("lb.ListenerArgs.Port"), fields that are
// assigned later ("Port"), and functions ("ecr.GetImageOutput").
func program(t *testing.T) map[string]bool {
	t.Helper()
	used := map[string]bool{}
	for _, dir := range []string{"infra", "infra/aurora", "infra/vpc", "infra/pipeline", "infra/backup", "infra/cdn", "infra/guests", "infra/nights", "infra/takeover", "stacks"} {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no files, %v", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			aliases := map[string]string{}
			ast.Inspect(source, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.TypeSpec:
					aliases[n.Name.Name] = selector(n.Type)
				case *ast.CompositeLit:
					for _, element := range n.Elts {
						if pair, ok := element.(*ast.KeyValueExpr); ok {
							used[cmp.Or(aliases[selector(n.Type)], selector(n.Type))+"."+selector(pair.Key)] = true
						}
					}
				case *ast.AssignStmt:
					for _, left := range n.Lhs {
						if field, ok := left.(*ast.SelectorExpr); ok {
							used[field.Sel.Name] = true
						}
					}
				case *ast.CallExpr:
					used[selector(n.Fun)] = true
				}
				return true
			})
		}
	}
	return used
}

// selector is the text of a name or of a name in a package.
func selector(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return selector(e.X) + "." + e.Sel.Name
	}
	return ""
}

// calledByOperators are inputs that only a call of AWS's API past the program sets: the maintenance page.
var calledByOperators = []string{"fixedResponse", "conditions[*].sourceIp"}

// sets tells whether the program sets the input at a path of a type's arguments.
func sets(used map[string]bool, row account.Type, input string) bool {
	for _, part := range calledByOperators {
		if strings.Contains(input, part) {
			return true
		}
	}
	kind := account.ArgsType(row.Args)
	name := strings.ToUpper(kind.Name()[:1]) + kind.Name()[1:]
	for _, step := range account.SplitPath(input) {
		for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice {
			kind = kind.Elem()
		}
		if step == "*" {
			continue
		}
		if kind.Kind() != reflect.Struct {
			return true
		}
		if name == "" {
			name = kind.Name() + "Args"
		}
		field, found := reflect.StructField{}, false
		for i := range kind.NumField() {
			if kind.Field(i).Tag.Get("pulumi") == step {
				field, found = kind.Field(i), true
			}
		}
		exported := strings.ToUpper(field.Name[:min(1, len(field.Name))]) + field.Name[min(1, len(field.Name)):]
		if !found || !used[path.Base(kind.PkgPath())+"."+name+"."+exported] && !used[exported] {
			return false
		}
		kind, name = field.Type, ""
	}
	return true
}

// The account has nothing that the program does not use: each type is in an inventory, each question is asked, and each
// rule and reference is about an input that the program sets.
func TestEverythingIsUsed(t *testing.T) {
	w := newWorld(t)
	types, source := goldenTypes(t), program(t)
	checked := 0
	for _, token := range w.Types() {
		row := w.typeOf(token)
		if !types[token] && !source[functionOf(token)] {
			t.Errorf("no stack file has a %s", token)
		}
		for _, rule := range row.Rules {
			set := false
			for _, input := range rule.Paths {
				checked++
				set = set || input == row.Name.Property || sets(source, row, input)
			}
			if !set {
				t.Errorf("%s has a rule about %v, which the program never sets", token, rule.Paths)
			}
		}
		for _, ref := range row.Refs {
			checked++
			if !sets(source, row, ref.Path) {
				t.Errorf("%s has a reference %s, which the program never sets", token, ref.Path)
			}
		}
	}
	if len(w.Types()) < 50 || checked < 200 {
		t.Errorf("only %d types with %d rules and references were looked at", len(w.Types()), checked)
	}
	for _, token := range w.Functions() {
		name := functionOf(token)
		if !source[name] && !source[name+"Output"] && !source[strings.Replace(name, ".Get", ".Lookup", 1)] {
			t.Errorf("the program never calls %s", token)
		}
	}
	if len(w.Functions()) < 5 {
		t.Errorf("there are only %d functions", len(w.Functions()))
	}
	if sets(source, w.typeOf(account.VPCToken), "ipv4IpamPoolId") || !sets(source, w.typeOf(account.TargetGroupToken), "healthCheck.interval") {
		t.Error("the test does not see what the program sets")
	}
}

// functionOf is the Go SDK's name of a function or constructor: aws:ssm/getParameter:getParameter is ssm.LookupParameter.
func functionOf(tok string) string {
	parts := strings.Split(tok, ":")
	service := path.Dir(parts[1])
	if service == "index" {
		service = "aws"
	}
	name, isFunction := strings.CutPrefix(parts[2], "get")
	switch {
	case !isFunction:
		return service + ".New" + name
	case service == "ssm" || service == "route53" || service == "ecs":
		return service + ".Lookup" + name // the package has a resource of the name
	}
	return service + ".Get" + name
}
