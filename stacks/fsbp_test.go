package stacks_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// control is a control of AWS Foundational Security Best Practices that concerns what the program declares
// (https://docs.aws.amazon.com/securityhub/latest/userguide/fsbp-standard.html). Controls of whole accounts are not the program's.
type control struct {
	id, what string
	// of is the resource type, or several with | between them. Every resource of it must pass. With needed, there must be one.
	of     string
	needed bool
	pass   func(infratest.Resource) bool
	// except are the stacks that do not pass, and why. "*" stands for all of them.
	except map[string]string
}

func present(infratest.Resource) bool { return true }

// on is a property that must be true.
func on(path string) func(infratest.Resource) bool {
	return func(r infratest.Resource) bool { return isTrue(r, path) }
}

func not(check func(infratest.Resource) bool) func(infratest.Resource) bool {
	return func(r infratest.Resource) bool { return !check(r) }
}

// is is a property that must be one of some texts.
func is(path string, values ...string) func(infratest.Resource) bool {
	return func(r infratest.Resource) bool { return slices.Contains(values, text(r, path)) }
}

// atLeast is a number, or the length of a list.
func atLeast(path string, least int) func(infratest.Resource) bool {
	return func(r infratest.Resource) bool {
		value, _ := at(r, path)
		return value.IsNumber() && int(value.NumberValue()) >= least || value.IsArray() && len(value.ArrayValue()) >= least
	}
}

func has(path string) func(infratest.Resource) bool {
	return func(r infratest.Resource) bool { _, there := at(r, path); return there }
}

// containers checks every container of a task definition.
func containers(check func(c map[string]any) bool) func(infratest.Resource) bool {
	return func(r infratest.Resource) bool {
		var list []map[string]any
		if err := json.Unmarshal([]byte(text(r, "containerDefinitions")), &list); err != nil || len(list) == 0 {
			return false
		}
		return !slices.ContainsFunc(list, func(c map[string]any) bool { return !check(c) })
	}
}

// resources are those of the control's types.
func (c control) resources(all []infratest.Resource) (found []infratest.Resource) {
	types := strings.Split(c.of, "|")
	for _, r := range all {
		if slices.Contains(types, r.Type) {
			found = append(found, r)
		}
	}
	return found
}

// failing lists the resources that do not pass, or what is missing.
func (c control) failing(all []infratest.Resource) (list []string) {
	found := c.resources(all)
	if c.needed && len(found) == 0 {
		list = append(list, "no "+c.of)
	}
	for _, one := range found {
		if !c.pass(one) {
			list = append(list, one.Name)
		}
	}
	return list
}

func (c control) exception(stack string) string {
	if reason := c.except[stack]; reason != "" {
		return reason
	}
	return c.except["*"]
}

// TestFSBP: every control passes in every stack file, or is excepted with a reason. An exception that is not needed is an error. The table of
// docs/security.md is this one.
func TestFSBP(t *testing.T) {
	ids := map[string]bool{}
	var table strings.Builder
	table.WriteString("| control | asks for | " + strings.Join(environments, " | ") + " |\n|---|---|" + strings.Repeat("---|", len(environments)) + "\n")
	deployed := map[string][]infratest.Resource{}
	for _, stack := range environments {
		deployed[stack] = deploy(t, stack, stackConfig(t, stack)).All()
	}
	var notes []string
	for _, c := range controls {
		if ids[c.id] {
			t.Errorf("%s is there twice", c.id)
		}
		ids[c.id] = true
		fmt.Fprintf(&table, "| %s | %s |", c.id, c.what)
		needed := false
		for _, stack := range environments {
			failing, reason := c.failing(deployed[stack]), c.exception(stack)
			switch {
			case len(failing) > 0 && reason == "":
				t.Errorf("%s: %s fails: %s (%s)", stack, c.id, c.what, strings.Join(failing, ", "))
			case len(failing) == 0 && reason != "" && c.except["*"] == "":
				t.Errorf("%s: %s passes, and is excepted: %s", stack, c.id, reason)
			case len(failing) > 0:
				needed = true
				if !slices.Contains(notes, reason) {
					notes = append(notes, reason)
				}
				fmt.Fprintf(&table, " no (%d) |", slices.Index(notes, reason)+1)
			case len(c.resources(deployed[stack])) == 0:
				table.WriteString(" - |")
			default:
				table.WriteString(" yes |")
			}
		}
		if c.except["*"] != "" && !needed {
			t.Errorf("%s passes everywhere, and is excepted: %s", c.id, c.except["*"])
		}
		table.WriteString("\n")
	}
	table.WriteString("\n")
	for i, note := range notes {
		fmt.Fprintf(&table, "%d. %s.\n", i+1, note)
	}
	if len(controls) < 60 {
		t.Errorf("only %d controls", len(controls))
	}
	compareSection(t, "docs/security.md", table.String())
}

// compareSection compares a text with what stands between two marks in a file, or writes it there.
func compareSection(t *testing.T, path, want string) {
	t.Helper()
	const begin, end = "<!-- fsbp -->\n", "<!-- /fsbp -->"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(page), begin)
	got, after, marked := strings.Cut(rest, end)
	if !marked {
		t.Fatalf("%s has no %s", path, end)
	}
	if got == want {
		return
	}
	if !*update {
		t.Errorf("the table in %s is not that of the test (go test ./stacks -run FSBP -update)", path)
		return
	}
	if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}
