package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/note"
)

// inMergeRequest makes this process a job of GitLab. What is posted on its merge request is kept and returned, of each note what
// was posted last.
func inMergeRequest(t *testing.T, token string) (posted func() string) {
	t.Helper()
	type posting struct {
		ID   int
		Body string
	}
	notes := []posting{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_ = json.NewEncoder(w).Encode(notes)
			return
		}
		var sent posting
		text, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(text, &sent)
		if sent.ID = len(notes) + 1; r.Method == http.MethodPut {
			sent.ID, _ = strconv.Atoi(path.Base(r.URL.Path))
			notes[sent.ID-1] = sent
		} else {
			notes = append(notes, sent)
		}
		fmt.Fprint(w, "{}")
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"CI_MERGE_REQUEST_IID": "7", "CI_PROJECT_ID": "5", "CI_API_V4_URL": server.URL, "CI_MERGE_REQUEST_DIFF_BASE_SHA": "HEAD",
		"GITLAB_TOKEN": token, "ALLOW_REPLACE": "", "CLOUD": "", "AWS_ROLE_ARN": "", "AWS_ACCESS_KEY_ID": "",
	} {
		t.Setenv(name, value)
	}
	return func() string {
		var all []string
		for _, one := range notes {
			all = append(all, one.Body)
		}
		return strings.Join(all, "\n")
	}
}

const onePreview = `{"steps": [{"op": "same", "urn": "urn:pulumi:prod::laravel-ecs::pulumi:pulumi:Stack::laravel-ecs-prod"}], "changeSummary": {"same": 1}}`

func TestPostedNote(t *testing.T) {
	atRoot(t)
	file := filepath.Join(t.TempDir(), "preview.json")
	writeFile(t, file, onePreview)
	for _, token := range []string{"secret", ""} {
		posted := inMergeRequest(t, token)
		var out strings.Builder
		if err := run(t.Context(), []string{"note", "--from", file, "--post"}, &out); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(out.String(), note.Mark("prod")+"\n") {
			t.Errorf("the note is printed without its marker:\n%s", out.String())
		}
		if want := map[bool]string{true: out.String()}[token != ""]; posted() != want {
			t.Errorf("with the token %q is posted:\n%s", token, posted())
		}
	}
}

func TestNotesNeedARequest(t *testing.T) {
	atRoot(t)
	inMergeRequest(t, "")
	t.Setenv("CI_MERGE_REQUEST_IID", "")
	t.Setenv("GITHUB_EVENT_NAME", "push")
	for command, says := range map[string]string{"note --post --stack prod": "no job of a merge request", "notes": "SINCE=main", "touched": "SINCE=main"} {
		if err := run(t.Context(), strings.Fields(command), io.Discard); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// TestNotesOfNothing: the change from HEAD to HEAD touches no environment, and an old note is left alone where there is none.
func TestNotesOfNothing(t *testing.T) {
	atRoot(t)
	posted := inMergeRequest(t, "secret")
	var out strings.Builder
	if err := run(t.Context(), []string{"notes"}, &out); err != nil || out.String() != "these changes touch no environment\n" || posted() != "" {
		t.Errorf("%v\n%s\n%s", err, out.String(), posted())
	}
}

// TestOneNote: all environments of a merge request stand in one note, the one that fails too, and the next push takes its place.
func TestOneNote(t *testing.T) {
	t.Chdir(branchOff(t, "Pulumi.prod.yaml", "Pulumi.staging.yaml"))
	posted := inMergeRequest(t, "secret")
	t.Setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "main")
	t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/preview")
	answer := standInPulumi(t)
	answer(`case "$*" in *prod*) echo '` + onePreview + `';; *) echo "error: no stack named staging found" >&2; exit 255;; esac`)
	var out strings.Builder
	err := run(t.Context(), []string{"notes"}, &out)
	if exitCode(err) != 1 || !strings.Contains(err.Error(), "no stack named staging") {
		t.Errorf("the preview of staging fails: %v", err)
	}
	first := posted()
	if !strings.HasPrefix(first, requestMarker+"\n### prod: no changes\n") || !strings.Contains(first, "\n\n### staging: the preview failed\n") ||
		strings.Count(first, "<!--") != 1 || strings.TrimSpace(out.String()) != strings.TrimSpace(first) {
		t.Errorf("posted:\n%s\nprinted:\n%s", first, out.String())
	}
	answer("echo '" + onePreview + "'")
	if err := run(t.Context(), []string{"notes"}, io.Discard); err != nil {
		t.Fatal(err)
	}
	if second := posted(); strings.Contains(second, "failed") || !strings.Contains(second, "\n\n### staging: no changes\n") || strings.Count(second, "<!--") != 1 {
		t.Errorf("after the next push stands there:\n%s", second)
	}
	t.Setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "HEAD")
	if err := run(t.Context(), []string{"notes"}, io.Discard); err != nil || posted() != requestMarker+"\n### No environment is touched any more\n" {
		t.Errorf("after the one that touches nothing (%v):\n%s", err, posted())
	}
}
