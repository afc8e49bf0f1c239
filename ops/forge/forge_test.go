package forge

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// server keeps the notes of one merge request, as GitLab and GitHub do, and answers a few of them per page.
type server struct {
	*httptest.Server
	sync.Mutex
	list, one string // paths
	method    string // that replaces
	auth      [2]string
	perPage   int
	notes     []found
	last      int64 // the id of the newest one
	refuse    int   // answers this status to everything
	refuseTo  string
	reads     func() // is called after the answer to a GET is made
	slow      bool   // does not answer
}

func newServer(t *testing.T, list, one, method, header, value string) *server {
	s := &server{list: list, one: one, method: method, auth: [2]string{header, value}, perPage: 2, last: 9}
	s.Server = httptest.NewServer(http.HandlerFunc(s.handle))
	t.Cleanup(s.Close)
	return s
}

func (s *server) handle(w http.ResponseWriter, r *http.Request) {
	var sent struct{ Body string }
	text, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(text, &sent)
	if s.slow {
		<-r.Context().Done()
		return
	}
	if r.Method == http.MethodGet && s.reads != nil {
		defer s.reads()
	}
	s.Lock()
	defer s.Unlock()
	switch {
	case s.refuse != 0 && (s.refuseTo == "" || s.refuseTo == r.Method):
		w.WriteHeader(s.refuse)
		fmt.Fprint(w, `{"message":"because"}`)
	case r.Header.Get(s.auth[0]) != s.auth[1]:
		w.WriteHeader(http.StatusUnauthorized)
	case r.Method == http.MethodGet && r.URL.Path == s.list:
		page := 1
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
		begin := min((page-1)*s.perPage, len(s.notes))
		end := min(begin+s.perPage, len(s.notes))
		if end < len(s.notes) {
			w.Header().Set("Link", fmt.Sprintf(`<%s%s?page=1>; rel="first", <%s%s?per_page=2&page=%d>; rel="next"`, s.URL, s.list, s.URL, s.list, page+1))
		}
		_ = json.NewEncoder(w).Encode(s.notes[begin:end])
	case r.Method == http.MethodPost && r.URL.Path == s.list:
		s.last++
		s.notes = append(s.notes, found{ID: s.last, Body: sent.Body})
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, "{}")
	case r.Method == s.method && strings.HasPrefix(r.URL.Path, s.one) && s.index(r) >= 0:
		s.notes[s.index(r)].Body = sent.Body
		fmt.Fprint(w, "{}")
	case r.Method == http.MethodDelete && strings.HasPrefix(r.URL.Path, s.one) && s.index(r) >= 0:
		s.notes = slices.Delete(s.notes, s.index(r), s.index(r)+1)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *server) index(r *http.Request) int {
	return slices.IndexFunc(s.notes, func(n found) bool { return r.URL.Path == fmt.Sprint(s.one, n.ID) })
}

// both runs a test on either forge.
func both(t *testing.T, test func(t *testing.T, s *server, r *Request)) {
	t.Run("GitLab", func(t *testing.T) {
		s := newServer(t, "/api/v4/projects/5/merge_requests/7/notes", "/api/v4/projects/5/merge_requests/7/notes/", http.MethodPut, "PRIVATE-TOKEN", "secret")
		test(t, s, detect(t, gitLabJob(s.URL)))
	})
	t.Run("GitHub", func(t *testing.T) {
		s := newServer(t, "/repos/me/shop/issues/7/comments", "/repos/me/shop/issues/comments/", http.MethodPatch, "Authorization", "Bearer secret")
		test(t, s, detect(t, gitHubJob(t, s.URL, "me/shop")))
	})
}

func gitLabJob(url string) map[string]string {
	return map[string]string{
		"CI_API_V4_URL": url + "/api/v4", "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7",
		"CI_MERGE_REQUEST_DIFF_BASE_SHA": "abc", "GITLAB_TOKEN": "secret",
	}
}

func gitHubJob(t *testing.T, url, head string) map[string]string {
	file := filepath.Join(t.TempDir(), "event.json")
	text := fmt.Sprintf(`{"number": 7, "pull_request": {"base": {"sha": "abc"}, "head": {"repo": {"full_name": %q}}}}`, head)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": file, "GITHUB_API_URL": url, "GITHUB_REPOSITORY": "me/shop", "GITHUB_TOKEN": "secret",
	}
}

func detect(t *testing.T, variables map[string]string) *Request {
	t.Helper()
	r, err := Detect(func(name string) string { return variables[name] })
	if err != nil || r == nil {
		t.Fatalf("no request: %v", err)
	}
	return r
}

func TestRefusals(t *testing.T) {
	for status, text := range map[int]string{401: "is wrong or has expired", 403: "it needs", 404: "it needs", 422: "not accepted", 502: "try the job again"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			both(t, func(t *testing.T, s *server, r *Request) {
				s.refuse, s.refuseTo = status, method
				_, err := r.Keep(t.Context(), says("tests", "pass"))
				if err == nil || !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), fmt.Sprint(status)) || !strings.Contains(err.Error(), "because") {
					t.Errorf("%d to %s: %v", status, method, err)
				}
				if err != nil && strings.Contains(err.Error(), "secret") {
					t.Errorf("the token is in the error: %v", err)
				}
			})
		}
	}
}

func TestNoToken(t *testing.T) {
	variables := gitLabJob("http://127.0.0.1:1")
	delete(variables, "GITLAB_TOKEN")
	_, err := detect(t, variables).Keep(t.Context(), says("tests", "pass"))
	if !errors.Is(err, ErrNoToken) || !strings.Contains(err.Error(), "set GITLAB_TOKEN") {
		t.Errorf("%v", err)
	}
}

// TestForkWithoutRights: GitHub gives the job of a fork a token that reads
// (https://docs.github.com/en/actions/tutorials/authenticate-with-github_token). That is no failure of the job.
func TestForkWithoutRights(t *testing.T) {
	s := newServer(t, "/repos/me/shop/issues/7/comments", "/repos/me/shop/issues/comments/", http.MethodPatch, "Authorization", "Bearer secret")
	s.refuse, s.refuseTo = http.StatusForbidden, http.MethodPost
	if _, err := detect(t, gitHubJob(t, s.URL, "you/shop")).Keep(t.Context(), says("tests", "pass")); !errors.Is(err, ErrNoToken) {
		t.Errorf("%v", err)
	}
}

// TestTokenStaysHome: a next page elsewhere is not fetched.
func TestTokenStaysHome(t *testing.T) {
	asked := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer elsewhere.Close()
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "<"+elsewhere.URL+`/notes>; rel="next"`)
		fmt.Fprint(w, "[]")
	}))
	defer home.Close()
	if _, err := detect(t, gitLabJob(home.URL)).Keep(t.Context(), says("tests", "pass")); err == nil || !strings.Contains(err.Error(), "another host") || asked {
		t.Errorf("%v, asked: %v", err, asked)
	}
}

func TestDetect(t *testing.T) {
	if r, err := Detect(func(string) string { return "" }); r != nil || err != nil {
		t.Errorf("outside of a pipeline: %v, %v", r, err)
	}
	fork := gitLabJob("http://x")
	fork["CI_PROJECT_ID"], fork["CI_MERGE_REQUEST_SOURCE_PROJECT_ID"] = "9", "9"
	if r := detect(t, fork); !r.Fork || r.Base != "abc" || !strings.Contains(r.url, "/projects/5/") {
		t.Errorf("a fork on GitLab is %+v", r)
	}
	withLog := gitLabJob("http://x")
	withLog["CI_JOB_URL"] = "https://gitlab.com/me/shop/-/jobs/3"
	if r := detect(t, withLog); r.Job != "https://gitlab.com/me/shop/-/jobs/3" {
		t.Errorf("the log is at %q", r.Job)
	}
	if r := detect(t, gitLabJob("http://x")); r.Fork {
		t.Error("the project itself is a fork")
	}
	if r := detect(t, gitHubJob(t, "http://x", "you/shop")); !r.Fork || r.Base != "abc" {
		t.Errorf("a fork on GitHub is %+v", r)
	}
	withLog = gitHubJob(t, "http://x", "me/shop")
	withLog["GITHUB_RUN_ID"] = "4"
	if r := detect(t, withLog); r.Job != "https://github.com/me/shop/actions/runs/4" {
		t.Errorf("the log is at %q", r.Job)
	}
	if r := detect(t, gitHubJob(t, "http://x", "me/shop")); r.Fork {
		t.Error("the repository itself is a fork")
	}
	for name, variables := range map[string]map[string]string{
		"half of GitLab": {"CI_MERGE_REQUEST_IID": "7"},
		"no event":       {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": "/nowhere"},
	} {
		if r, err := Detect(func(name string) string { return variables[name] }); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
