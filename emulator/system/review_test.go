package system_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var localURL = regexp.MustCompile(`http://localhost:\d+`)

// TestReviewEnvironment is the life of a branch's environment, by the jobs of its merge request: up, a page under its own URL, the reaper
// passes by, down, nothing left.
func TestReviewEnvironment(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.http, s.https = 0, 0 // review-up finds free ports
	request := map[string]string{"CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_BRANCH": "", "CI_COMMIT_REF_NAME": "feature/É"}
	out, err := s.pipeline(t, request, "review")
	if err != nil {
		t.Fatalf("review: %v\n%s", err, out)
	}
	urls := localURL.FindAllString(out, -1)
	if len(urls) == 0 {
		t.Fatalf("the job names no URL:\n%s", out)
	}
	url := urls[len(urls)-1]
	states, err := filepath.Glob(filepath.Join(s.dir, ".local", "review-feature-e-*"))
	if err != nil || len(states) != 1 {
		t.Fatalf("%v, %v", states, err)
	}
	s.state = states[0] // whose containers newSite's cleanup looks for
	if response, _ := get(t, browser(t), url); response.StatusCode != http.StatusOK {
		t.Errorf("%s: %s", url, response.Status)
	}
	if list := s.make(t, "reviews", "CLOUD=local"); !strings.Contains(list, "feature/É") || !strings.Contains(list, url) {
		t.Errorf("make reviews does not list it:\n%s", list)
	}
	if reaped := s.make(t, "review-reap", "CLOUD=local"); !strings.Contains(reaped, "0 destroyed, 0 failed, 0 orphans") {
		t.Errorf("it has time left:\n%s", reaped)
	}
	if down, err := s.pipeline(t, request, "stop review"); err != nil || !strings.Contains(down, "nothing is left of "+filepath.Base(s.state)) {
		t.Errorf("it does not say what is left: %v\n%s", err, down)
	}
	if left := s.left(t); left != "" {
		t.Errorf("left: %s", left)
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "Pulumi.review-*.yaml"))
	if _, missing := os.Stat(s.state); err != nil || len(files) > 0 || missing == nil {
		t.Errorf("left: %v, %v, %v", files, missing, err)
	}
}
