// Package forge finds the merge request that a pipeline runs for, on GitLab or GitHub, and keeps notes on it.
package forge

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Request is the merge request (GitHub: pull request) of a pipeline.
type Request struct {
	// Base is the revision that its changes are against.
	Base string
	// Fork is whether it comes from another repository, whose jobs must get no credentials.
	Fork bool

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
		forge: gitLab, url: fmt.Sprintf("%s/projects/%s/merge_requests/%s/notes", api, project, getenv("CI_MERGE_REQUEST_IID")),
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
		forge: gitHub, url: fmt.Sprintf("%s/repos/%s/issues/%d/comments", cmp.Or(getenv("GITHUB_API_URL"), "https://api.github.com"), repository, event.Number),
		token: getenv("GITHUB_TOKEN"), variable: "GITHUB_TOKEN",
	}, nil
}
