// Package forge finds the merge request that a pipeline runs for, on GitLab or GitHub, and keeps a note on it, of which each job writes
// its part.
package forge

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// Request is the merge request (GitHub: pull request) of a pipeline.
type Request struct {
	// Base is the revision that its changes are against.
	Base string
	// Fork is whether it comes from another repository, whose jobs must get no credentials.
	Fork bool
	// Job is the address of this job's log.
	Job string

	forge    forge
	url      string // of its notes
	token    string
	variable string // that holds the token
}

// forge is what differs between GitLab and GitHub.
type forge struct {
	name    string
	header  string // of the token
	prefix  string // of the token in it
	method  string // that replaces a note
	longest int    // bytes of a note
	needs   string // rights of the token
	edit    func(r *Request, id int64) string
}

// Detect returns the merge request of this job, by the variables of the CI system; nil where there is none.
func Detect(getenv func(string) string) (*Request, error) {
	switch {
	case getenv("CI_MERGE_REQUEST_IID") != "":
		return onGitLab(getenv)
	case strings.HasPrefix(getenv("GITHUB_EVENT_NAME"), "pull_request"):
		return onGitHub(getenv)
	}
	return nil, nil
}

func onGitLab(getenv func(string) string) (*Request, error) {
	// The job of a fork runs in the fork; the notes are in the project that the merge request goes to.
	project := cmp.Or(getenv("CI_MERGE_REQUEST_PROJECT_ID"), getenv("CI_PROJECT_ID"))
	source := cmp.Or(getenv("CI_MERGE_REQUEST_SOURCE_PROJECT_ID"), project)
	api := getenv("CI_API_V4_URL")
	if api == "" || project == "" {
		return nil, fmt.Errorf("CI_MERGE_REQUEST_IID is set, CI_API_V4_URL or CI_PROJECT_ID is not: GitLab sets all of them")
	}
	return &Request{
		Base: getenv("CI_MERGE_REQUEST_DIFF_BASE_SHA"), Fork: source != project,
		Job: getenv("CI_JOB_URL"), forge: gitLab, url: fmt.Sprintf("%s/projects/%s/merge_requests/%s/notes", api, project, getenv("CI_MERGE_REQUEST_IID")),
		token: getenv("GITLAB_TOKEN"), variable: "GITLAB_TOKEN",
	}, nil
}

func onGitHub(getenv func(string) string) (*Request, error) {
	text, err := os.ReadFile(getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		return nil, fmt.Errorf("GITHUB_EVENT_PATH: %w", err)
	}
	var event struct {
		Number      int
		PullRequest struct {
			Base struct{ SHA string }
			Head struct {
				Repo struct {
					FullName string `json:"full_name"`
				}
			}
		} `json:"pull_request"`
	}
	if err := json.Unmarshal(text, &event); err != nil {
		return nil, fmt.Errorf("GITHUB_EVENT_PATH: %w", err)
	}
	if event.Number == 0 {
		return nil, fmt.Errorf("GITHUB_EVENT_PATH: %s describes no pull request", getenv("GITHUB_EVENT_PATH"))
	}
	repository := getenv("GITHUB_REPOSITORY")
	return &Request{
		Base: event.PullRequest.Base.SHA, Fork: event.PullRequest.Head.Repo.FullName != repository,
		Job:   fmt.Sprintf("%s/%s/actions/runs/%s", cmp.Or(getenv("GITHUB_SERVER_URL"), "https://github.com"), repository, getenv("GITHUB_RUN_ID")),
		forge: gitHub, url: fmt.Sprintf("%s/repos/%s/issues/%d/comments", cmp.Or(getenv("GITHUB_API_URL"), "https://api.github.com"), repository, event.Number),
		token: getenv("GITHUB_TOKEN"), variable: "GITHUB_TOKEN",
	}, nil
}

// ErrNoToken is the error of a request without a token that may write; its text says which variable holds one.
var ErrNoToken = errors.New("no token")

// The limits of a note: https://docs.gitlab.com/administration/instance_limits/, and GitHub's error for a longer one.
var (
	gitLab = forge{
		name: "GitLab", header: "PRIVATE-TOKEN", method: http.MethodPut, longest: 1_000_000,
		needs: "a project access token with the scope api and the role Reporter or higher",
		edit:  func(r *Request, id int64) string { return fmt.Sprintf("%s/%d", r.url, id) },
	}
	gitHub = forge{
		name: "GitHub", header: "Authorization", prefix: "Bearer ", method: http.MethodPatch, longest: 65_536,
		needs: "permissions: pull-requests: write in the job",
		edit: func(r *Request, id int64) string { // comments are numbered by repository
			return fmt.Sprintf("%s/comments/%d", r.url[:strings.LastIndex(r.url, "/issues/")+len("/issues")], id)
		},
	}
)

// nextLink is the address of the next page, in a header that both forges send.
var nextLink = regexp.MustCompile(`<([^>]+)>;\s*rel="next"`)

func (r *Request) call(ctx context.Context, method, address string, send, receive any) (http.Header, error) {
	target, err := url.Parse(address)
	home, homeErr := url.Parse(r.url)
	if err = cmp.Or(err, homeErr); err != nil {
		return nil, err
	}
	if target.Host != home.Host || target.Scheme != home.Scheme { // the token must not go there
		return nil, fmt.Errorf("the next page is on another host: %s", address)
	}
	var body bytes.Buffer
	if send != nil {
		if err := json.NewEncoder(&body).Encode(send); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, address, &body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(r.forge.header, r.forge.prefix+r.token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode == http.StatusForbidden && r.Fork { // GitHub's token of a fork only reads
		return nil, fmt.Errorf("%w that may write: this is the job of a fork", ErrNoToken)
	}
	if answer.StatusCode == http.StatusNotFound && method == http.MethodDelete {
		return answer.Header, nil // another job has deleted it
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		return nil, r.refused(method, answer.Status, answer.StatusCode, text)
	}
	if receive != nil {
		if err := json.Unmarshal(text, receive); err != nil {
			return nil, fmt.Errorf("%s %s: the answer is no list of notes: %w", method, address, err)
		}
	}
	return answer.Header, nil
}

func (r *Request) refused(method, status string, code int, text []byte) error {
	hint := "try the job again later"
	switch code {
	case http.StatusUnauthorized:
		hint = fmt.Sprintf("the token in %s is wrong or has expired", r.variable)
	case http.StatusForbidden, http.StatusNotFound:
		hint = fmt.Sprintf("the token in %s may not do this; it needs %s", r.variable, r.forge.needs)
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		hint = "the note is not accepted"
	}
	return fmt.Errorf("%s %s answers %s: %s: %.300s", method, r.url, status, hint, strings.TrimSpace(string(text)))
}
