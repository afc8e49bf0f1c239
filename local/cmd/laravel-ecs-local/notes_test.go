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
)

// inMergeRequest makes this process a job of GitLab. What is posted on its merge request is kept and returned, of each note what
// was posted last.
func inMergeRequest(t *testing.T, token string) (posted func() string) {
	t.Helper()
	type note struct {
		ID   int
		Body string
	}
	notes := []note{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_ = json.NewEncoder(w).Encode(notes)
			return
		}
		var sent note
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
		if !strings.HasPrefix(out.String(), marker("prod")+"\n") {
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
