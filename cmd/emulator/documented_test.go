package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var (
	commandRow = regexp.MustCompile("(?m)^\\| (`[a-z, `-]+`) \\| (.*) \\|$")
	actionName = regexp.MustCompile("`([a-z-]+:)?([A-Z][A-Za-z]+)`")
)

// everybodyMay is what needs no permission (STS API reference, GetCallerIdentity).
const everybodyMay = "sts:GetCallerIdentity"

// documented compares the operations that a command asked for with the table in docs/operations.md: those are the permissions of an
// operator's role, so an operation that is missing there is an AccessDenied for somebody.
func documented(ts *testscript.TestScript, negated bool, commands []string) {
	if negated || len(commands) == 0 {
		ts.Fatalf("usage: documented COMMANDS...")
	}
	asked, command := map[string][]string{}, ""
	for _, line := range strings.Fields(ts.ReadFile("stdout")) {
		if name, is := strings.CutSuffix(line, ":"); is {
			command = name
		} else {
			asked[command] = append(asked[command], line)
		}
	}
	for _, command := range commands {
		permitted := documentedActions(ts, command)
		if len(asked[command]) < 2 {
			ts.Fatalf("%s asked for %v only", command, asked[command])
		}
		for _, operation := range asked[command] {
			if operation != everybodyMay && !slices.Contains(permitted, operation) {
				ts.Fatalf("%s asks for %s, which docs/operations.md does not list: %v", command, operation, permitted)
			}
		}
	}
}

// documentedActions reads the row of a command. A name without its service has that of the name before it.
func documentedActions(ts *testscript.TestScript, command string) (actions []string) {
	raw, err := os.ReadFile(filepath.Join("docs", "operations.md"))
	ts.Check(err)
	for _, row := range commandRow.FindAllStringSubmatch(string(raw), -1) {
		if !slices.Contains(strings.Split(strings.ReplaceAll(row[1], "`", ""), ", "), command) {
			continue
		}
		service := ""
		for _, name := range actionName.FindAllStringSubmatch(row[2], -1) {
			if name[1] != "" {
				service = name[1]
			}
			actions = append(actions, service+name[2])
		}
	}
	return actions
}
