package pipelines_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// injections are values that a shell, make or Git would take for something else.
var injections = []string{"x; touch y", "$(touch y)", "`touch y`", `"; touch y; "`, "'; touch y; '", "$(shell touch y)", "x #\\", "--output=y", "a  b & touch y"}

// making runs the Makefile with programs that write down their arguments and environment, in a folder of their own.
type making struct{ folder string }

func newMaking(t *testing.T) making {
	t.Helper()
	m := making{t.TempDir()}
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	const records = "#!/bin/sh\n{ for a; do printf 'argument %s\\0' \"$a\"; done; env -0; } >>log\n"
	for name, content := range map[string]string{
		"Makefile": string(text), "bin/laravel-ecs": records, "bin/emulator": records, "bin/pulumi": "", "path/go": "#!/bin/sh\n",
	} {
		path := filepath.Join(m.folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// run runs make and returns what the programs wrote down.
func (m making) run(t *testing.T, env []string, args ...string) []string {
	t.Helper()
	_ = os.Remove(filepath.Join(m.folder, "log"))
	command := exec.Command("make", args...)
	command.Dir = m.folder
	command.Env = append([]string{"PATH=" + filepath.Join(m.folder, "path") + ":" + os.Getenv("PATH")}, env...)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("make %q: %v %s", args, err, out)
	}
	log, err := os.ReadFile(filepath.Join(m.folder, "log"))
	if err != nil {
		t.Fatalf("make %q ran nothing: %v", args, err)
	}
	return strings.Split(string(log), "\x00")
}

// asFlag are the variables that commands get as flags; the others they read in their environment.
var asFlag = map[string]string{
	"logs PROCESS": "--process", "logs SINCE": "--since", "run PROCESS": "--process", "shell PROCESS": "--process", "tunnel TO": "--to",
	"tunnel PORT": "--port", "maintenance ALLOW": "--allow", "maintenance FILE": "--file", "rollback TO": "--to", "canary TO": "--to", "release TO": "--to",
	"deploy FROM": "--from", "deploy TO": "--to", "note FROM": "--from", "note BASE": "--base", "notes SINCE": "--since", "notes BASE": "--base",
	"touched SINCE": "--since", "dotenv FILE": "--file", "up STACK": "--stack", "status STACK": "--stack", "rehearse STACK": "--stack",
}

// TestValuesAreNotCommands: whatever stands in a variable arrives as it is, from the command line and from the environment, and nothing in it
// is run.
func TestValuesAreNotCommands(t *testing.T) {
	m := newMaking(t)
	check := func(target, variable, value, want string) {
		t.Helper()
		for _, got := range [][]string{m.run(t, nil, target, variable+"="+value), m.run(t, []string{variable + "=" + value}, target)} {
			if !slices.Contains(got, want) {
				t.Errorf("%s %s=%s: no %q in %q", target, variable, value, want, got)
			}
			if left, _ := filepath.Glob(filepath.Join(m.folder, "y*")); len(left) > 0 {
				t.Fatalf("%s %s=%s was run: %v", target, variable, value, left)
			}
		}
	}
	for place, flag := range asFlag {
		target, variable, _ := strings.Cut(place, " ")
		for _, value := range injections {
			check(target, variable, value, "argument "+flag+"="+value)
		}
	}
	for _, variable := range inputs(t) {
		for _, value := range injections {
			check("status", variable, value, variable+"="+value)
		}
	}
}

// inputs are the variables that the Makefile lists as its own.
func inputs(t *testing.T) []string {
	t.Helper()
	list := regexp.MustCompile(`(?s)\nINPUTS := (.*?[^\\])\n`).FindStringSubmatch(readFiles(t)["Makefile"])
	if list == nil {
		t.Fatal("the Makefile has no INPUTS")
	}
	return strings.Fields(strings.ReplaceAll(list[1], "\\\n", ""))
}

// TestEveryVariableIsAnInput: each variable that the help names is in the list, and no recipe gives one to a shell.
func TestEveryVariableIsAnInput(t *testing.T) {
	text, list := readFiles(t)["Makefile"], inputs(t)
	named := regexp.MustCompile(`\b([A-Z][A-Z_]+)=`)
	found := 0
	for line := range strings.Lines(text) {
		if _, help, ok := strings.Cut(line, "## "); ok {
			for _, match := range named.FindAllStringSubmatch(help, -1) {
				if found++; !slices.Contains(list, match[1]) {
					t.Errorf("INPUTS lacks %s: %s", match[1], strings.TrimSpace(help))
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("the help names %d variables only", found)
	}
	for _, variable := range list {
		bare := regexp.MustCompile(`\$\(` + variable + `\)`)
		rest := regexp.MustCompile(`\$\(if \$\(\w+\)(\$\(\w+\))?,|\$\(filter [a-z0-9]+,\$\(\w+\)( \$\(\w+\))?\)`).ReplaceAllString(text, "")
		if bare.MatchString(rest) {
			t.Errorf("$(%s) is given to a shell; \"$$%s\" is not read by one", variable, variable)
		}
	}
}

// TestEmptyVariables: kong takes an empty YES or PERCENT for a value, so an empty variable is none.
func TestEmptyVariables(t *testing.T) {
	m := newMaking(t)
	got := m.run(t, []string{"YES=", "FORCE=", "PERCENT="}, "status", "TO=", "TTL=")
	for _, entry := range got {
		for _, name := range []string{"YES", "FORCE", "PERCENT", "TO", "TTL"} {
			if strings.HasPrefix(entry, name+"=") {
				t.Errorf("%s is exported as %q", name, entry)
			}
		}
	}
	if !slices.Contains(got, "STACK=local") {
		t.Error("STACK is not exported")
	}
}

// TestSystemTestsRunOnce: the tests of emulator/system that recipes name exist, and those without a name are left to one recipe.
func TestSystemTestsRunOnce(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "emulator", "system", "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all += string(text)
	}
	text := readFiles(t)["Makefile"]
	for _, list := range []string{"UP", "LOAD"} {
		line := regexp.MustCompile(`\n` + list + ` := \^\(?([\w|]+)\)?\$\$\n`).FindStringSubmatch(text)
		if line == nil {
			t.Fatalf("the Makefile has no %s", list)
		}
		for name := range strings.SplitSeq(line[1], "|") {
			if !strings.Contains(all, "\nfunc "+name+"(t *testing.T)") {
				t.Errorf("%s: emulator/system has no %s", list, name)
			}
		}
		if runs := strings.Count(text, "-run '$("+list+")' ./emulator/system"); runs != 1 {
			t.Errorf("%d recipes run %s", runs, list)
		}
	}
	if !strings.Contains(text, "-skip '$(UP)|$(LOAD)' ./emulator/system/...") {
		t.Error("no recipe runs the others")
	}
}
