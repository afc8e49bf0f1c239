package plan

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/forge"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// repository is this repository's root.
const repository = "../.."

// marker is the first line of the note on a merge request.
const marker = "<!-- laravel-ecs notes -->"

func TestMain(m *testing.M) {
	forge.Wait = func(time.Duration) <-chan time.Time { return time.After(0) }
	os.Exit(m.Run())
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// options returns options whose output is read from out.
func options(root, stack string) (o Options, out *strings.Builder) {
	out = &strings.Builder{}
	return Options{Root: root, Stack: stack, In: strings.NewReader(""), Out: out, Err: io.Discard}, out
}

// mergeRequest makes this process a job of GitLab, and a server keeps what is posted on its merge request: of each note the last text.
func mergeRequest(t *testing.T, token string) (posted func() string) {
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
		"GITLAB_TOKEN": token, "ALLOW_REPLACE": "", "AWS_ROLE_ARN": "", "AWS_ACCESS_KEY_ID": "",
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

// fakePulumi puts a pulumi on PATH that is logged in. What it answers to anything else is a script; asked returns its last arguments.
func fakePulumi(t *testing.T) (answer func(script string) (asked func() string)) {
	t.Helper()
	bin := t.TempDir()
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("AWS_PROFILE", "some")
	t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "")
	log := filepath.Join(bin, "asked")
	return func(script string) func() string {
		writeFile(t, filepath.Join(bin, "pulumi"), "#!/bin/sh\ncase $1 in\nversion) echo v"+session.CLIVersion+";;\nwhoami) echo me;;\n*) echo \"$@\" > "+log+"\n"+script+";;\nesac\n")
		return func() string {
			line, _ := os.ReadFile(log)
			return string(line)
		}
	}
}

// branchOff returns a repository on a branch that changes these files, while main went on with the file of staging.
func branchOff(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		args = append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	commit := func(text string, names ...string) {
		for _, name := range names {
			writeFile(t, filepath.Join(dir, name), text)
		}
		git("add", "--all")
		git("commit", "--quiet", "--message", "a change")
	}
	git("init", "--quiet", "--initial-branch", "main")
	commit("name: x\n", "Pulumi.yaml")
	commit("config: {}\n", "Pulumi.prod.yaml", "Pulumi.staging.yaml")
	git("checkout", "--quiet", "-b", "feature")
	commit("config: {x:app: {name: y}}\n", files...)
	git("checkout", "--quiet", "main")
	commit("config: {x:app: {name: z}}\n", "Pulumi.staging.yaml")
	git("checkout", "--quiet", "feature")
	return dir
}
