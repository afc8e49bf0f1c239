// Package rooms checks which package may use which: the rules of the repository's folders, over `go list -deps`.
package rooms

import (
	"fmt"
	"io/fs"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/laravel-ecs/laravel-ecs"

// rule is about the packages of some folders. "a/..." is a folder with what is under it, "a" the package alone.
type rule struct {
	of     []string
	except []string // packages of `of` that the rule is not about
	never  []string // packages of this repository, or beginnings of import paths
	allow  []string // exceptions to never
	deep   bool     // also by way of other packages; tests are not looked at then
	why    string
}

var rules = []rule{
	{of: []string{"infra/..."}, never: []string{"stacks/...", "ops/...", "cmd/...", "emulator/..."},
		why: "components know neither configuration nor commands"},
	{of: []string{"stacks/..."}, never: []string{"ops/...", "cmd/...", "emulator/..."},
		why: "the program knows no commands"},
	{of: []string{"stacks/config"}, never: []string{"infra/...", "stacks", "github.com/pulumi/"}, deep: true,
		why: "the operator's command uses it and must build fast"},
	{of: []string{"ops/...", "cmd/laravel-ecs"}, never: []string{"infra/...", "stacks", "github.com/pulumi/", "emulator/..."}, deep: true,
		why: "it operates any AWS, knows the program by its stack files and outputs only, and must build fast"},
	{of: []string{"ops/...", "cmd/laravel-ecs"}, never: []string{"infra/...", "stacks", "github.com/pulumi/", "emulator/..."},
		why: "its tests run against servers that answer as AWS does"},
	{of: []string{"emulator/..."}, never: []string{"infra/...", "stacks", "ops/...", "cmd/..."}, allow: []string{"ops/docker", "ops/plan/preview"},
		why: "it emulates AWS for any program; cmd/emulator brings this one"},
	{of: []string{"..."}, except: []string{"emulator/...", "cmd/emulator"}, never: []string{"emulator/..."},
		why: "the wall between the emulator and the rest is a process"},
	{of: []string{"..."}, except: []string{"", "stacks/...", "cmd/emulator"}, never: []string{"stacks"},
		why: "main.go and cmd/emulator run the program, nothing else does"},
}

// graph are the packages that each package imports, by import path. What other modules test is not known.
type graph map[string]imports

type imports struct{ program, tests []string }

func TestRooms(t *testing.T) {
	g := list(t)
	if len(g) < 30 {
		t.Fatalf("go list knows %d packages", len(g))
	}
	for _, complaint := range check(g, rules) {
		t.Error(complaint)
	}
}

// TestRulesMatter: a rule about folders that are not there, or that nothing could break, is a mistake in the rule.
func TestRulesMatter(t *testing.T) {
	g := list(t)
	for i, r := range rules {
		for _, pattern := range r.of {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(g)), func(name string) bool { return matches(name, pattern) }) {
				t.Errorf("rule %d: there is no package %s", i, pattern)
			}
		}
		for _, forbidden := range r.never {
			broken := maps.Clone(g)
			from := slices.IndexFunc(slices.Sorted(maps.Keys(g)), r.about)
			name := slices.Sorted(maps.Keys(g))[from]
			path := strings.TrimSuffix(forbidden, "/...")
			if !strings.HasPrefix(path, "github.com/") {
				path = module + "/" + path
			}
			through := module + "/ops/between" // by way of another package, where the rule is deep
			broken[through] = imports{program: []string{path}}
			for _, way := range map[bool][]string{true: {path, through}, false: {path}}[r.deep] {
				broken[name] = imports{program: append(slices.Clone(g[name].program), way)}
				if len(check(broken, []rule{r})) == 0 {
					t.Errorf("rule %d: %s may import %s", i, name, way)
				}
			}
		}
	}
}

// list asks the go command. Names are import paths. The folders are listed here too: go test keeps the result of a test until a file or
// a folder changes that the test itself has opened.
func list(t *testing.T) graph {
	t.Helper()
	root := filepath.Join("..", "..")
	if err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || slices.Contains([]string{"bin", "node_modules", "vendor"}, entry.Name())) {
			return filepath.SkipDir
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}}|{{join .Imports " "}}|{{join .TestImports " "}} {{join .XTestImports " "}}`, module+"/...")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	g := graph{}
	for line := range strings.Lines(string(out)) {
		parts := strings.Split(strings.TrimSpace(line), "|")
		g[parts[0]] = imports{strings.Fields(parts[1]), strings.Fields(parts[2])}
	}
	return g
}

// check returns what breaks the rules.
func check(g graph, rules []rule) (complaints []string) {
	for _, r := range rules {
		for _, name := range slices.Sorted(maps.Keys(g)) {
			if !r.about(name) {
				continue
			}
			for _, way := range r.broken(g, name) {
				complaints = append(complaints, fmt.Sprintf("%s: %s", strings.ReplaceAll(strings.Join(way, " imports "), module+"/", ""), r.why))
			}
		}
	}
	return complaints
}

// broken are the imports of a package that a rule forbids, each with how it comes to them.
func (r rule) broken(g graph, name string) (ways [][]string) {
	seen := map[string]bool{}
	var walk func(way []string)
	walk = func(way []string) {
		from := g[way[len(way)-1]]
		next := from.program
		if !r.deep {
			next = slices.Concat(next, from.tests)
		}
		for _, to := range next {
			longer := append(slices.Clone(way), to)
			switch {
			case seen[to]:
			case r.forbids(to):
				ways = append(ways, longer)
			case r.deep:
				walk(longer)
			}
			seen[to] = true
		}
	}
	walk([]string{name})
	return ways
}

func (r rule) about(name string) bool {
	is := func(pattern string) bool { return matches(name, pattern) }
	return slices.ContainsFunc(r.of, is) && !slices.ContainsFunc(r.except, is)
}

func (r rule) forbids(name string) bool {
	is := func(pattern string) bool { return matches(name, pattern) }
	return slices.ContainsFunc(r.never, is) && !slices.ContainsFunc(r.allow, is)
}

// matches compares an import path with a folder of this repository, or with the beginning of another one's path.
func matches(name, pattern string) bool {
	if strings.HasPrefix(pattern, "github.com/") {
		return strings.HasPrefix(name, pattern)
	}
	inside, ours := strings.CutPrefix(name, module)
	if !ours {
		return false
	}
	inside = strings.TrimPrefix(inside, "/")
	folder, under := strings.CutSuffix(pattern, "...")
	folder = strings.TrimSuffix(folder, "/")
	return inside == folder || under && (folder == "" || strings.HasPrefix(inside, folder+"/"))
}
