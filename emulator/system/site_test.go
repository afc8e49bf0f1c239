// Package system_test uses the project as its users do: with make, Docker, and HTTP requests. Everything happens in a copy of the
// working tree, with a state folder and ports of its own, so that it can run beside a deployed stack.
package system_test

import (
	"bytes"
	"context"
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
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	client "github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// site is a copy of the project and where it answers.
type site struct {
	dir, state  string
	http, https int
	variables   []string // NAME=value, for all commands
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
	// As from a shell, though `make test` and a merge request's job may call this: a make that another one calls says which directory
	// it leaves, and what the tests do is nobody's to read on the merge request.
	command.Env = append(slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"MAKEFLAGS", "MAKELEVEL", "CI_MERGE_REQUEST_IID", "GITHUB_EVENT_NAME"}, name)
	}), "STATE="+s.state)
	command.Env = append(command.Env, s.variables...)
	if s.http != 0 {
		command.Env = append(command.Env, fmt.Sprintf("HTTP_PORT=%d", s.http), fmt.Sprintf("HTTPS_PORT=%d", s.https))
	}
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
		all.WriteString(docker(t, args...))
	}
	return all.String()
}

// docker runs a command of the client that the project itself uses and returns what it printed.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	// Not the test's context, which has ended when what Cleanup does asks.
	out, err := client.Command(context.Background(), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// running is a target of make that goes on in the background.
type running struct {
	command *exec.Cmd
	ended   chan error

	mu  sync.Mutex
	out bytes.Buffer
}

// Write collects what the command prints.
func (r *running) Write(text []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Write(text)
}

func (r *running) printed() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.String()
}

func (s *site) start(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{command: s.command(args...), ended: make(chan error, 1)}
	r.command.Stdout, r.command.Stderr = r, r
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { r.ended <- r.command.Wait() }()
	return r
}

// await waits for something that the command does on its way.
func (r *running) await(t *testing.T, what string, seen func() bool) {
	t.Helper()
	for !seen() {
		select {
		case err := <-r.ended:
			t.Fatalf("the command ended before %s: %v\n%s", what, err, r.printed())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// succeed waits for the end and returns what was printed.
func (r *running) succeed(t *testing.T) string {
	t.Helper()
	if err := <-r.ended; err != nil {
		t.Fatalf("%v\n%s", err, r.printed())
	}
	return r.printed()
}

// kill ends the command and everything that it started, at once.
func (r *running) kill(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(-r.command.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-r.ended
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
