package stacks_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

var (
	listedAction = regexp.MustCompile("`([a-z-]+:)?([A-Z][A-Za-z]+)`")
	inBrackets   = regexp.MustCompile(`\([^)]*\)`) // conditions, and other roles
)

// TestActionsOfOperatorsExist: AWS knows every action that docs/operations.md lists, so that a role can be made of them. Which of them a
// command asks for is tested by cmd/emulator/testdata/script/permissions.txtar.
func TestActionsOfOperatorsExist(t *testing.T) {
	raw, err := os.ReadFile("docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(raw), "| command | IAM actions on AWS |")
	table, _, ended := strings.Cut(table, "\n\n")
	if !found || !ended {
		t.Fatal("docs/operations.md has no table of actions")
	}
	var actions []string
	for row := range strings.Lines(table) {
		service := ""
		for _, name := range listedAction.FindAllStringSubmatch(inBrackets.ReplaceAllString(row, ""), -1) {
			if name[1] != "" {
				service = name[1]
			}
			actions = append(actions, service+name[2])
		}
	}
	if len(actions) < 40 {
		t.Errorf("only %d actions: %v", len(actions), actions)
	}
	infratest.Describe(t, actions)
}
