package plan

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
	"github.com/laravel-ecs/laravel-ecs/ops/forge"
)

func TestNotesNeedARequest(t *testing.T) {
	mergeRequest(t, "")
	t.Setenv("CI_MERGE_REQUEST_IID", "")
	t.Setenv("GITHUB_EVENT_NAME", "push")
	o, _ := options(repository, "prod")
	for says, run := range map[string]func() error{
		"no job of a merge request": func() error { return o.Note(t.Context(), true) },
		"no revision is given":      func() error { return o.Notes(t.Context(), "") },
		"SINCE=main":                func() error { return Touched(t.Context(), repository, "", io.Discard) },
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

// TestNotesOfNothing: the change from HEAD to HEAD touches no environment, and no note is made for that.
func TestNotesOfNothing(t *testing.T) {
	posted := mergeRequest(t, "secret")
	o, out := options(repository, "")
	if err := o.Notes(t.Context(), ""); err != nil || out.String() != "these changes touch no environment\n" || posted() != "" {
		t.Errorf("%v\n%s\n%s", err, out.String(), posted())
	}
}

// TestOneNote: all environments of a merge request are in one note, the one that fails too, and the next push replaces it.
func TestOneNote(t *testing.T) {
	root := branchOff(t, "Pulumi.prod.yaml", "Pulumi.staging.yaml")
	posted := mergeRequest(t, "secret")
	t.Setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "main")
	t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/preview")
	answer := fakePulumi(t)
	answer(`case "$*" in *prod*) echo '` + onePreview + `';; *) echo "error: no stack named staging found" >&2; exit 255;; esac`)
	o, out := options(root, "")
	err := o.Notes(t.Context(), "")
	if exit.Code(err) != 1 || !strings.Contains(err.Error(), "no stack named staging") {
		t.Errorf("the preview of staging fails: %v", err)
	}
	first := posted()
	const prod, staging = "<!-- laravel-ecs part: environment prod -->\n### prod: no changes\n", "<!-- laravel-ecs part: environment staging -->\n### staging: "
	keys := "\n**Stack file** Pulumi.prod.yaml\n\n- `app.name` none -> `y`\n"
	if !strings.Contains(first, prod+keys) || !strings.Contains(first, staging+"the preview failed\n") || !strings.Contains(out.String(), "### prod: no changes\n"+keys) {
		t.Errorf("posted:\n%s\nprinted:\n%s", first, out.String())
	}
	answer("echo '" + onePreview + "'")
	if err := o.Notes(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if second := posted(); strings.Contains(second, "failed") || !strings.Contains(second, staging+"no changes\n") || strings.Count(second, marker) != 1 {
		t.Errorf("after the next push the note is:\n%s", second)
	}
	t.Setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "HEAD")
	if err := o.Notes(t.Context(), ""); err != nil || posted() != marker+"\n<!-- laravel-ecs part: environment (none) -->\n### No environment is touched any more\n\n" {
		t.Errorf("after the one that touches nothing (%v):\n%s", err, posted())
	}
}

// TestParts: what other jobs say on the merge request stays, and a note of one environment is a part, too.
func TestParts(t *testing.T) {
	root := branchOff(t, "Pulumi.prod.yaml")
	posted := mergeRequest(t, "secret")
	t.Setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "main")
	t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/preview")
	request, err := forge.Detect(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := request.Keep(t.Context(), func(parts map[string]string) { parts["review"], parts["environment old"] = "<https://x>", "gone" }); err != nil {
		t.Fatal(err)
	}
	fakePulumi(t)("echo '" + strings.ReplaceAll(onePreview, "laravel-ecs-prod", "x-prod") + "'")
	o, _ := options(root, "prod")
	if err := o.Notes(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	o.Stack = "staging"
	if err := o.Note(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	text := posted()
	for _, want := range []string{"part: review -->\n<https://x>\n", "part: environment prod -->\n### prod: no changes\n", "part: environment staging -->\n### staging: no changes\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "gone") || strings.Contains(text, "`z`") || strings.Count(text, marker) != 1 {
		t.Errorf("posted:\n%s", text)
	}
}

// TestNotesWithoutARole: a job that has no role compares stack files on an account in memory.
func TestNotesWithoutARole(t *testing.T) {
	root := branchOff(t, "Pulumi.prod.yaml")
	mergeRequest(t, "")
	t.Setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "main")
	if err := os.Mkdir(filepath.Join(root, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(root, "bin", "emulator"), "#!/bin/sh\n[ \"$*\" = 'preview --stack prod --base "+began(t.Context(), root, "main")+" --json' ] && echo '"+onePreview+"'\n")
	o, out := options(root, "")
	if err := o.Notes(t.Context(), ""); err != nil || !strings.Contains(out.String(), "### prod: no changes") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// TestNotesOfProduction: a merge request does not read production's state, whatever role its job has, unless preview: true says so. The
// note then compares stack files on an account in memory.
func TestNotesOfProduction(t *testing.T) {
	for name, test := range map[string]struct {
		class, account string
		inMemory       bool
	}{
		"production":       {"production", "{prod: {gitlab: {branch: main}}}", true},
		"no account stack": {"production", "", true},
		"preview: true":    {"production", "{prod: {preview: true}}", false},
		"another name":     {"production", "{live: {stack: prod, preview: true}}", false},
		"another stack's":  {"production", "{staging: {preview: true}}", true},
		"staging":          {"staging", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			root := branchOff(t, "Pulumi.prod.yaml")
			writeFile(t, filepath.Join(root, "Pulumi.prod.yaml"), "config: {x:environment: {class: "+test.class+"}}\n")
			if test.account != "" {
				writeFile(t, filepath.Join(root, "Pulumi.account.yaml"), "config: {x:account: {deploy: "+test.account+"}}\n")
			}
			mergeRequest(t, "")
			t.Setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "main")
			t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/preview")
			asked := fakePulumi(t)("echo '" + onePreview + "'")
			if err := os.Mkdir(filepath.Join(root, "bin"), 0o700); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(root, "bin", "emulator"), "#!/bin/sh\n[ \"$*\" = 'preview --stack prod --base "+began(t.Context(), root, "main")+" --json' ] && echo '"+onePreview+"'\n")
			o, out := options(root, "")
			if err := o.Notes(t.Context(), ""); err != nil || !strings.Contains(out.String(), "### prod: no changes") {
				t.Fatalf("%v\n%s", err, out.String())
			}
			if got := asked() == ""; got != test.inMemory {
				t.Errorf("pulumi was asked: %q", asked())
			}
		})
	}
}
