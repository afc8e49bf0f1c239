// Package system_test uses the project as its users do: with make, Docker, and HTTP requests. Everything happens in a copy of the
// working tree, with a state folder and ports of its own, so that it can run beside a deployed stack.
package system_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// site is a copy of the project and where it answers.
type site struct {
	dir, state  string
	http, https int
}

// newSite copies the working tree, Git history included: the release is named after it.
func newSite(t *testing.T) *site {
	t.Helper()
	if os.Getenv("SKIP_CONTAINERS") == "1" {
		t.Skip("SKIP_CONTAINERS=1")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{dir: filepath.Join(t.TempDir(), "project"), http: freePort(t), https: freePort(t)}
	s.state = filepath.Join(s.dir, ".local", "test")
	for _, command := range []string{
		fmt.Sprintf("git clone --quiet --no-checkout %q %q", root, s.dir),
		fmt.Sprintf("cd %q && git ls-files --cached --others --exclude-standard -z | xargs -0 sh -c 'for f; do test ! -e \"$f\" || cp --parents -a \"$f\" %q; done' sh", root, s.dir),
		fmt.Sprintf("cd %[1]q && git reset --quiet && mkdir bin && { test ! -e %[2]q/bin/pulumi || ln -s %[2]q/bin/pulumi bin/; }", s.dir, root),
	} {
		if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	t.Cleanup(func() {
		s.make(t, "down")
		if left := s.left(t); left != "" {
			t.Errorf("make down left behind:\n%s", left)
		}
	})
	return s
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *site) command(args ...string) *exec.Cmd {
	command := exec.Command("make", args...)
	command.Dir = s.dir
	command.Env = append(os.Environ(), "STATE="+s.state, fmt.Sprintf("HTTP_PORT=%d", s.http), fmt.Sprintf("HTTPS_PORT=%d", s.https))
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return command
}

// make runs a target that must succeed and returns what it printed.
func (s *site) make(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.command(args...).CombinedOutput()
	if err != nil {
		t.Fatalf("make %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// fails runs a target that must fail and returns what it printed.
func (s *site) fails(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.command(args...).CombinedOutput()
	if err == nil {
		t.Errorf("make %s succeeded:\n%s", strings.Join(args, " "), out)
	}
	return string(out)
}

// left lists what Docker still has of this site.
func (s *site) left(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, kind := range []string{"container ls -a", "network ls", "volume ls"} {
		args := append(strings.Fields(kind), "--quiet", "--filter", "label=laravel-ecs.state="+s.state)
		out, err := exec.Command("docker", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("docker %s: %v\n%s", kind, err, out)
		}
		all.Write(out)
	}
	return all.String()
}

func (s *site) url(path string) string { return fmt.Sprintf("http://localhost:%d%s", s.http, path) }

// browser keeps cookies, does not follow redirects, and accepts the self-signed certificate.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{
		Jar:           jar,
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // self-signed, on loopback
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func get(t *testing.T, client *http.Client, url string) (*http.Response, string) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// field reads an element of the page by its id.
func field(t *testing.T, page, id string) string {
	t.Helper()
	match := regexp.MustCompile(`id="` + id + `"[^>]*>\s*([^<]*?)\s*<`).FindStringSubmatch(page)
	if match == nil {
		t.Fatalf("the page has no %s:\n%s", id, page)
	}
	return match[1]
}

func upload(t *testing.T, url string, megabytes int) int {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "upload.bin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(make([]byte, megabytes*1000*1000)); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(url, form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// eventually waits for something that a worker or the scheduler does in its own time.
func eventually(t *testing.T, limit time.Duration, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !done(); time.Sleep(time.Second) {
		if time.Now().After(deadline) {
			t.Errorf("%s: not within %s", what, limit)
			return
		}
	}
}

// TestMakeUp is the README: one command, and a page that shows what the article promises.
func TestMakeUp(t *testing.T) {
	s := newSite(t)
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
	t.Run("status and logs", func(t *testing.T) {
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
	_, page := get(t, client, s.url("/"))
	token := regexp.MustCompile(`name="_token" value="([^"]+)"`).FindStringSubmatch(page)
	if token == nil {
		t.Fatal("the page has no form token")
	}
	response, err := client.PostForm(s.url("/jobs"), map[string][]string{"_token": {token[1]}})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		t.Fatalf("dispatching a job: %s", response.Status)
	}
	eventually(t, 30*time.Second, "the worker runs the job", func() bool {
		_, page := get(t, client, s.url("/"))
		return !strings.Contains(page, "No job has run yet")
	})
	eventually(t, 90*time.Second, "the scheduler leaves its mark", func() bool {
		_, page := get(t, client, s.url("/"))
		return field(t, page, "heartbeat") != "not yet"
	})
}

// checkRedirect turns HTTP into a redirect, as production has it.
func checkRedirect(t *testing.T, s *site) {
	file := filepath.Join(s.dir, "Pulumi.local.yaml")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(raw), "http: forward", "http: redirect", 1)
	if changed == string(raw) {
		t.Fatal("Pulumi.local.yaml does not forward")
	}
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	s.make(t, "up")
	response, _ := get(t, browser(t), s.url("/x?y=1"))
	// The program says port 443; the front door knows where it published that.
	if want := fmt.Sprintf("https://localhost:%d/x?y=1", s.https); response.StatusCode != http.StatusMovedPermanently || response.Header.Get("Location") != want {
		t.Errorf("%s to %q, 301 to %q expected", response.Status, response.Header.Get("Location"), want)
	}
}

// TestInterruptedUp kills everything in the middle: the next run carries on, and nothing is orphaned (newSite's cleanup looks).
func TestInterruptedUp(t *testing.T) {
	s := newSite(t)
	command := s.command("up")
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for s.left(t) == "" {
		select {
		case err := <-ended:
			t.Fatalf("make up ended before it started a container: %v\n%s", err, out.String())
		case <-time.After(200 * time.Millisecond):
		}
	}
	time.Sleep(2 * time.Second)
	if err := syscall.Kill(-command.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-ended
	s.make(t, "up")
	if response, _ := get(t, browser(t), s.url("/")); response.StatusCode != http.StatusOK {
		t.Errorf("%s", response.Status)
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
