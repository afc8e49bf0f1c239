package system_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMakeUp is the README: one command, and a page that shows what the article promises.
func TestMakeUp(t *testing.T) {
	s := newSite(t)
	// The load asks for slow pages too, which the example has for diagnostics only.
	edit(t, filepath.Join(s.dir, "Pulumi.local.yaml"), "  laravel-ecs:network:\n", "  laravel-ecs:env: {APP_DIAGNOSTICS: \"true\"}\n  laravel-ecs:network:\n")
	out := s.make(t, "up")
	if !strings.Contains(out, s.url("")+" answers with release ") {
		t.Errorf("make up does not say where:\n%s", out)
	}
	release := regexp.MustCompile(`answers with release (\S+),`).FindStringSubmatch(out)[1]

	t.Run("page", func(t *testing.T) { checkPage(t, s, release) })
	t.Run("session across containers", func(t *testing.T) { checkSession(t, s) })
	t.Run("job and schedule", func(t *testing.T) { checkBackground(t, s) })
	t.Run("uploads", func(t *testing.T) {
		if code := upload(t, s.url("/upload"), 19); code != http.StatusOK {
			t.Errorf("19 MB: %d", code)
		}
		if code := upload(t, s.url("/upload"), 21); code != http.StatusRequestEntityTooLarge {
			t.Errorf("21 MB: %d, 413 expected", code)
		}
	})
	file := storeFile(t, s)
	t.Run("a file of all containers", func(t *testing.T) { checkFile(t, file) })
	t.Run("https", func(t *testing.T) {
		response, _ := get(t, browser(t), fmt.Sprintf("https://localhost:%d/up", s.https))
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s", response.Status)
		}
	})
	t.Run("second up changes nothing", func(t *testing.T) {
		if out := s.make(t, "up"); !strings.Contains(out, "no changes") {
			t.Errorf("%s", out)
		}
	})
	t.Run("release under load", func(t *testing.T) { checkRelease(t, s, release) })
	t.Run("a job in SQS", func(t *testing.T) { checkQueue(t, s) })
	t.Run("the file after a release", func(t *testing.T) { checkFile(t, file) })
	t.Run("status and logs", func(t *testing.T) {
		release := runs(t, s)
		status := s.make(t, "status")
		if strings.Count(status, release) < 4 || !strings.Contains(status, "healthy") || !strings.Contains(status, s.url("")) {
			t.Errorf("%s", status)
		}
		if logs := s.make(t, "logs"); !strings.Contains(logs, "web") || !strings.Contains(logs, "worker") {
			t.Errorf("the logs have no web or worker:\n%s", logs)
		}
	})
	t.Run("redirect to https", func(t *testing.T) { checkRedirect(t, s) })
}

// checkRelease deploys a changed page, and takes the queue to SQS, while visitors come: none of their requests may fail. TestReleases does the
// same to everything that may go wrong with a release.
func checkRelease(t *testing.T, s *site, before string) {
	p := &proof{site: s}
	edit(t, p.page(), "Each request may be answered", "Every request may be answered")
	edit(t, filepath.Join(s.dir, "Pulumi.local.yaml"), "worker:\n", "worker:\n    queue: sqs\n")
	edit(t, filepath.Join(s.dir, "examples/laravel/resources/css/app.css"), "body {", "body { --changed: 1;")
	_, page := get(t, browser(t), s.url("/"))
	stylesheet := regexp.MustCompile(`/build/assets/[^"]+\.css`).FindString(page)
	p.unharmed(t, "a release", func() { s.make(t, "up") })
	if after := runs(t, s); after == before {
		t.Errorf("the page still shows release %s", after)
	}
	if _, page := get(t, browser(t), s.url("/")); !strings.Contains(page, "Every request may be answered") {
		t.Error("the page does not show what changed")
	}
	checkOldAsset(t, s, stylesheet)
}

// runs is the release that answers.
func runs(t *testing.T, s *site) string {
	t.Helper()
	_, page := get(t, browser(t), s.url("/"))
	return field(t, page, "release")
}

func checkPage(t *testing.T, s *site, release string) {
	client := browser(t)
	response, page := get(t, client, s.url("/"))
	if response.StatusCode != http.StatusOK || field(t, page, "release") != release {
		t.Errorf("%s, release %q, %q expected", response.Status, field(t, page, "release"), release)
	}
	first := field(t, page, "visits")
	if _, again := get(t, client, s.url("/")); field(t, again, "visits") == first {
		t.Errorf("the database still counts %s visits", first)
	}
	assets := regexp.MustCompile(`(?:href|src)="[^"]*(/build/assets/[^"]+\.(?:css|js))"`).FindAllStringSubmatch(page, -1)
	if len(assets) < 2 {
		t.Fatalf("the page uses no assets:\n%s", page)
	}
	for _, asset := range assets {
		if response, body := get(t, client, s.url(asset[1])); response.StatusCode != http.StatusOK || body == "" {
			t.Errorf("%s: %s, %d bytes", asset[1], response.Status, len(body))
		}
	}
}

func checkSession(t *testing.T, s *site) {
	client := browser(t)
	containers := map[string]bool{}
	for i := 1; i <= 10; i++ {
		_, page := get(t, client, s.url("/"))
		containers[field(t, page, "container")] = true
		if got := field(t, page, "session"); got != fmt.Sprint(i) {
			t.Fatalf("visit %d of this session counts %s", i, got)
		}
	}
	if len(containers) < 2 {
		t.Errorf("one container answered all: %v", containers)
	}
}

func checkBackground(t *testing.T, s *site) {
	client := browser(t)
	dispatch(t, client, s.url(""), 0)
	eventually(t, 30*time.Second, "the worker runs the job", func() bool {
		_, page := get(t, client, s.url("/"))
		return !strings.Contains(page, "No job has run yet")
	})
	eventually(t, 90*time.Second, "the scheduler leaves its mark", func() bool {
		_, page := get(t, client, s.url("/"))
		return field(t, page, "heartbeat") != "not yet"
	})
}

// dispatch has the page queue a job that takes so many seconds.
func dispatch(t *testing.T, client *http.Client, site string, seconds int) {
	t.Helper()
	_, page := get(t, client, site+"/")
	token := regexp.MustCompile(`name="_token" value="([^"]+)"`).FindStringSubmatch(page)
	if token == nil {
		t.Fatal("the page has no form token")
	}
	response, err := client.PostForm(site+"/jobs", map[string][]string{"_token": {token[1]}, "seconds": {strconv.Itoa(seconds)}})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		t.Fatalf("dispatching a job: %s", response.Status)
	}
}

// checkQueue: Laravel's own queue "sqs" sends a job to the emulated SQS with the role of the web task, and the worker gets it there with the same
// role. The job before took no time.
func checkQueue(t *testing.T, s *site) {
	client := browser(t)
	dispatch(t, client, s.url(""), 1)
	eventually(t, 30*time.Second, "the worker runs a job of SQS", func() bool {
		_, page := get(t, client, s.url("/"))
		return strings.Contains(page, "done after 1 s")
	})
}

// checkRedirect turns HTTP into a redirect, as production has it.
func checkRedirect(t *testing.T, s *site) {
	file := filepath.Join(s.dir, "Pulumi.local.yaml")
	edit(t, file, "http: forward", "http: redirect")
	s.make(t, "up")
	response, _ := get(t, browser(t), s.url("/x?y=1"))
	// The program says port 443; the runtime knows where it published that.
	if want := fmt.Sprintf("https://localhost:%d/x?y=1", s.https); response.StatusCode != http.StatusMovedPermanently || response.Header.Get("Location") != want {
		t.Errorf("%s to %q, 301 to %q expected", response.Status, response.Header.Get("Location"), want)
	}
}

// TestPortTaken names who holds the port and how to move.
func TestPortTaken(t *testing.T) {
	s := newSite(t)
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.http))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	out := s.fails(t, "up")
	for _, want := range []string{fmt.Sprint(s.http), "HTTP_PORT", fmt.Sprint(os.Getpid())} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
	if left := s.left(t); left != "" {
		t.Errorf("something was made: %s", left)
	}
}

// TestBadInput: one clear error, and nothing made.
func TestBadInput(t *testing.T) {
	s := newSite(t)
	file := filepath.Join(s.dir, "Pulumi.local.yaml")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(raw), "count: 2", "count: -1", 1) + "  laravel-ecs:databse: {}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out := s.fails(t, "up")
	for _, want := range []string{"web.count: -1 is outside 0-1000", "databse: no such key"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
	if left := s.left(t); left != "" {
		t.Errorf("something was made: %s", left)
	}
}
