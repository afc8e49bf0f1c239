package plan

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
)

const onePreview = `{"steps": [{"op": "same", "urn": "urn:pulumi:prod::laravel-ecs::pulumi:pulumi:Stack::laravel-ecs-prod"}], "changeSummary": {"same": 1}}`

// recorded unpacks a preview that the real engine made.
func recorded(t *testing.T, name string) string {
	t.Helper()
	packed, err := os.Open(filepath.Join("note", "testdata", name+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	reader, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestNoteFromAFile: a recorded preview is judged without an engine, a stack or AWS.
func TestNoteFromAFile(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "preview.json")
		writeFile(t, path, text)
		return path
	}
	replaced := file(recorded(t, "staging-delete"))
	for name, test := range map[string]struct {
		from, allow, says, refused string
	}{
		"fine":          {file(recorded(t, "prod-config")), "", "### prod: ", ""},
		"destroys":      {replaced, "", "### staging: ", "data would be destroyed: delete `aws:cloudwatch:LogGroup`"},
		"half allowed":  {replaced, "aws:cloudwatch:LogGroup", "- allowed: delete", "delete `aws:elasticache:ReplicationGroup`"},
		"allowed":       {replaced, "aws:cloudwatch:LogGroup,aws:elasticache/replicationGroup:ReplicationGroup,aws:secretsmanager:Secret", "- allowed: delete", ""},
		"allows a typo": {replaced, "aws:elasticache:Replicationgroup", "", "is not a type that holds data; those are"},
		"failed":        {file(recorded(t, "prod-protected")), "", "the preview failed", "failed"},
		"another file":  {file(`{"version": 3}`), "", "", "not what `pulumi preview --json` prints"},
		"no file":       {"/nowhere/none.json", "", "the preview failed", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("ALLOW_REPLACE", test.allow)
			o, out := options("/nowhere", "prod")
			o.From = test.from
			err := o.Note(t.Context(), false)
			if test.refused == "" && err != nil || test.refused != "" && (err == nil || !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("the error is %v", err)
			}
			if !strings.Contains(out.String(), test.says) {
				t.Errorf("the note is\n%s", out.String())
			}
			code := exit.Code(err)
			if blocked := slices.Contains([]string{"destroys", "half allowed"}, name); (code == 3) != blocked || (code == 0) != (test.refused == "") {
				t.Errorf("the command ends with %d", code)
			}
			if exit.Printed(err) != (name == "failed") { // its note says why, and stands on the screen
				t.Errorf("the error counts as printed: %v", exit.Printed(err))
			}
		})
	}
	o, out := options("/nowhere", "prod")
	o.From, o.In = "-", strings.NewReader(onePreview)
	if err := o.Note(t.Context(), false); err != nil || !strings.Contains(out.String(), "### prod: no changes") {
		t.Errorf("from standard input: %v\n%s", err, out.String())
	}
}

// TestNoteOfAStack: how pulumi is called, and what becomes of its answers.
func TestNoteOfAStack(t *testing.T) {
	t.Setenv("ALLOW_REPLACE", "")
	answer := fakePulumi(t)
	for name, test := range map[string]struct{ answer, says, refused string }{
		"a preview":         {`echo '{"steps": [], "changeSummary": {}}'`, "### prod: no changes\n", ""},
		"one that fails":    {`echo '{"diagnostics": [{"severity": "error", "message": "error: it rains"}]}'; exit 255`, "### prod: the preview failed\n\n```\nit rains\n```\n", "failed"},
		"no preview at all": {"echo 'error: no stack named prod found' >&2; exit 255", "### prod: the preview failed\n\n```\npulumi preview: exit status 255: error: no stack named prod found\n```\n", "no stack named prod"},
		"something else":    {"echo hello", "", "not what `pulumi preview --json` prints"},
		"broken off":        {`echo '{"steps": [], "changeSummary": {}}'; exit 2`, "pulumi preview: exit status 2", "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := answer(test.answer)
			o, out := options(repository, "prod")
			err := o.Note(t.Context(), false)
			if !strings.Contains(out.String(), test.says) {
				t.Errorf("the note is\n%s", out.String())
			}
			if test.refused == "" && err != nil || test.refused != "" && (exit.Code(err) != 1 || !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("the error is %v", err)
			}
			if line := asked(); line != "preview --non-interactive --stack prod --json --show-sames\n" {
				t.Errorf("pulumi is called with: %s", line)
			}
		})
	}
}

// TestNoteOfARevision: the emulator makes the preview; AWS, pulumi and the stack file are not needed here.
func TestNoteOfARevision(t *testing.T) {
	root := t.TempDir()
	o, out := options(root, "prod")
	o.Base = "main"
	err := o.Note(t.Context(), false)
	if err == nil || !strings.Contains(err.Error(), "make bin/emulator") || !strings.Contains(out.String(), "### prod: the preview failed") {
		t.Errorf("without the emulator: %v\n%s", err, out.String())
	}
	if err := os.Mkdir(filepath.Join(root, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(root, "bin", "emulator"), "#!/bin/sh\n[ \"$*\" = 'preview --stack prod --base main --json' ] && echo '"+onePreview+"'\n")
	o, out = options(root, "prod")
	o.Base = "main"
	if err := o.Note(t.Context(), false); err != nil || !strings.Contains(out.String(), "### prod: no changes") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestPostedNote(t *testing.T) {
	for _, token := range []string{"secret", ""} {
		posted := mergeRequest(t, token)
		o, out := options("/nowhere", "local")
		o.From, o.In = "-", strings.NewReader(onePreview)
		if err := o.Note(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]string{true: marker + "\n<!-- laravel-ecs part: environment prod -->\n" + strings.TrimSpace(out.String()) + "\n\n"}[token != ""]; posted() != want {
			t.Errorf("with the token %q is posted:\n%s", token, posted())
		}
	}
}

// TestJoin: the exit code of a blocked note wins, and no error is lost or printed twice.
func TestJoin(t *testing.T) {
	plain, printed, blocked := errors.New("plain"), exit.AfterPrinting(errors.New("printed")), exit.With(exit.Blocked, errors.New("blocked"))
	for name, test := range map[string]struct {
		all     []error
		code    int
		printed bool
		text    string
	}{
		"none":      {[]error{nil, nil}, 0, false, ""},
		"printed":   {[]error{printed, nil}, 1, true, "printed"},
		"two":       {[]error{printed, plain}, 1, false, "plain"},
		"blocked":   {[]error{plain, nil, blocked, printed}, 3, false, "plain\nblocked"},
		"only that": {[]error{blocked}, 3, false, "blocked"},
	} {
		err := join(test.all...)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if exit.Code(err) != test.code || exit.Printed(err) != test.printed || text != test.text {
			t.Errorf("%s: code %d, printed %v, %q", name, exit.Code(err), exit.Printed(err), text)
		}
	}
}
