package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/forge"
)

// TestReport: the result is a part of the note on the merge request: whether they pass, and the line that counts; nothing else of the output.
func TestReport(t *testing.T) {
	forge.Wait = func(time.Duration) <-chan time.Time { return time.After(0) }
	body := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent struct{ Body string }
		if _ = json.NewDecoder(r.Body).Decode(&sent); r.Method != http.MethodGet {
			body = sent.Body
		}
		_ = json.NewEncoder(w).Encode([]any{map[string]any{"id": 1, "body": body}})
	}))
	defer server.Close()
	root := project(t, "config: {}\n")
	client := filepath.Join(t.TempDir(), "docker")
	for name, value := range map[string]string{
		"CI_MERGE_REQUEST_IID": "7", "CI_PROJECT_ID": "5", "CI_API_V4_URL": server.URL, "GITLAB_TOKEN": "secret", "CI_JOB_URL": "https://x/jobs/3", "DOCKER": client,
	} {
		t.Setenv(name, value)
	}
	for name, test := range map[string]struct{ output, exit, says string }{
		"PHPUnit":         {"Time: 00:01, Memory: 24 MB\n\nOK (5 tests, 9 assertions)", "0", "passed\n\nOK (5 tests, 9 assertions)"},
		"PHPUnit fails":   {"FAILURES!\nTests: 5, Assertions: 9, Failures: 1, PHPUnit Warnings: 2.", "1", "failed\n\nTests: 5, Assertions: 9, Failures: 1, PHPUnit Warnings: 2."},
		"Pest":            {"\x1b[90mTests:\x1b[39m    \x1b[31m1 failed\x1b[39m, 5 passed (9 assertions)\n  Duration: 0.5s", "1", "failed\n\nTests: 1 failed, 5 passed (9 assertions)"},
		"Pest, no colour": {"\n  Tests:    5 passed (9 assertions)\n", "0", "passed\n\nTests: 5 passed (9 assertions)"},
		"another program": {"Tests: the token is hunter2\nall good", "0", "passed\n"},
	} {
		t.Run(name, func(t *testing.T) {
			body = "<!-- laravel-ecs notes -->\n<!-- laravel-ecs part: review -->\n<https://x>\n"
			writeFile(t, client+".txt", test.output+"\n")
			writeFile(t, client, "#!/bin/sh\ncase $1 in run) cat "+client+".txt; exit "+test.exit+";; esac\n")
			var out strings.Builder
			if err := Test(t.Context(), root, "staging", false, &out); (err != nil) != (test.exit == "1") {
				t.Fatal(err)
			}
			want := "part: review -->\n<https://x>\n\n<!-- laravel-ecs part: tests -->\n### Tests of examples/laravel: " + test.says + "\n[log](https://x/jobs/3)\n\n"
			if !strings.HasSuffix(body, want) {
				t.Errorf("the note is\n%s\nprinted is\n%s", body, out.String())
			}
		})
	}
	server.Close()
	writeFile(t, client, "#!/bin/sh\n")
	var out strings.Builder
	if err := Test(t.Context(), root, "staging", false, &out); err != nil || !strings.Contains(out.String(), "the note on the merge request does not have the result: ") {
		t.Errorf("a forge that does not answer: %v\n%s", err, out.String())
	}
}
