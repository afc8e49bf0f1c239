package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestLong: `make test` runs all of this package but what LONG in the Makefile names, and keeps a part of each of those tests;
// `make test-long` runs what it left, as the first part of RACED.
func TestLong(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("cmd/emulator/testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range scripts {
		scripts[i] = strings.TrimSuffix(filepath.Base(file), ".txtar")
	}
	parts := map[string][]string{
		"TestRehearsals": config.Stacks("."), "TestBlueGreen": blueGreenStacks, "TestDatabaseUpgrade": upgradeStacks, "TestScript": scripts,
	}
	text, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, recipe := range []string{"\tgo test -skip '$(LONG)' -parallel 4 -timeout 20m $(PARTS) ./cmd/...\n", "\tgo test -race -timeout 40m -run '$(RACED)' ./cmd/emulator\n", "\nRACED = $(LONG)|"} {
		if !strings.Contains(string(text), recipe) {
			t.Errorf("the Makefile has no %q", recipe)
		}
	}
	line := regexp.MustCompile(`\nLONG := (.*)\n`).FindStringSubmatch(string(text))
	if line == nil {
		t.Fatal("the Makefile has no LONG")
	}
	rest := line[1]
	for _, match := range regexp.MustCompile(`\^(\w+)\$\$/\^\(?([a-z|-]+?)\)?\$\$(\||$)`).FindAllStringSubmatch(line[1], -1) {
		rest = strings.Replace(rest, match[0], "", 1)
		left := strings.Split(match[2], "|")
		for _, part := range left {
			if !slices.Contains(parts[match[1]], part) {
				t.Errorf("LONG: there is no %s/%s", match[1], part)
			}
		}
		if len(left) >= len(parts[match[1]]) {
			t.Errorf("LONG: make test has nothing of %s", match[1])
		}
	}
	if rest != "" {
		t.Errorf("LONG: %q is not TEST/PART", rest)
	}
}
