package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
)

// TestNoteOfAWS goes the way to AWS with a stand-in for pulumi: what it is asked, and what becomes of its answers.
func TestNoteOfAWS(t *testing.T) {
	atRoot(t)
	t.Setenv("ALLOW_REPLACE", "")
	answer := standInPulumi(t)
	for name, test := range map[string]struct{ answer, says, refused string }{
		"a preview":           {`echo '{"steps": [], "changeSummary": {}}'`, "### prod: no changes\n", ""},
		"one that fails":      {`echo '{"diagnostics": [{"severity": "error", "message": "error: it rains"}]}'; exit 255`, "### prod: the preview failed\n\n```\nit rains\n```\n", "failed"},
		"no preview at all":   {"echo 'error: no stack named prod found' >&2; exit 255", "### prod: the preview failed\n\n```\npulumi preview: exit status 255: error: no stack named prod found\n```\n", "no stack named prod"},
		"something else":      {"echo hello", "", "not what `pulumi preview --json` prints"},
		"killed in the midst": {`echo '{"steps": [], "changeSummary": {}}'; exit 2`, "pulumi preview: exit status 2", "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := answer(test.answer)
			var out strings.Builder
			err := run(t.Context(), []string{"note", "--stack", "prod"}, &out)
			if !strings.Contains(out.String(), test.says) {
				t.Errorf("the note is\n%s", out.String())
			}
			if test.refused == "" && err != nil || test.refused != "" && (exitCode(err) != 1 || !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("the error is %v", err)
			}
			if line := asked(); line != "preview --non-interactive --stack prod --json --show-sames\n" {
				t.Errorf("pulumi is asked: %s", line)
			}
		})
	}
}

// standInPulumi puts a pulumi on PATH that is logged in. What it answers to anything else is a script; asked returns its last arguments.
func standInPulumi(t *testing.T) (answer func(script string) (asked func() string)) {
	t.Helper()
	bin := t.TempDir()
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("AWS_PROFILE", "some")
	writeFile(t, filepath.Join(bin, "pulumi-language-go"), "#!/bin/sh\n")
	log := filepath.Join(bin, "asked")
	return func(script string) func() string {
		writeFile(t, filepath.Join(bin, "pulumi"), "#!/bin/sh\ncase $1 in\nversion) echo v"+engine.CLIVersion+";;\nwhoami) echo me;;\n*) echo \"$@\" > "+log+"\n"+script+";;\nesac\n")
		return func() string {
			line, _ := os.ReadFile(log)
			return string(line)
		}
	}
}
