package docker_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"strings"
	"testing"
	"time"
)

// key is a valid APP_KEY that no application uses.
const key = "APP_KEY=base64:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// container is one container of the image under test.
type container struct {
	t   *testing.T
	id  string
	url string // of its port 8080, for the role web
}

// options are the differences between a container and a task of the service.
type options struct {
	image string   // default: the example's
	env   []string // NAME=value, besides APP_KEY and quick stopping
	flags []string // of docker run
	tmpfs []string // default /tmp and /run
	user  string   // default 33:33
	args  []string // role and its arguments; default web
}

// runFlags are the settings of the task definition as flags of docker run.
func (o options) runFlags() []string {
	user := o.user
	if user == "" {
		user = "33:33"
	}
	tmpfs := o.tmpfs
	if tmpfs == nil {
		tmpfs = []string{"/tmp", "/run"}
	}
	flags := []string{"--label", label, "--network", network, "--user", user, "--read-only",
		"--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "512m"}
	for _, folder := range tmpfs {
		flags = append(flags, "--tmpfs", folder)
	}
	for _, e := range append([]string{key, "DRAIN_SECONDS=0", "LOG_CHANNEL=stderr", "APP_DIAGNOSTICS=true"}, o.env...) {
		flags = append(flags, "--env", e)
	}
	return append(flags, o.flags...)
}

// start runs a container in the background and removes it after the test, showing its log if that failed.
func start(t *testing.T, o options) *container {
	t.Helper()
	flags := append([]string{"run", "--detach", "--publish", "127.0.0.1::8080"}, o.runFlags()...)
	if o.image == "" {
		o.image = image
	}
	id, err := docker(append(append(flags, o.image), o.args...)...)
	if err != nil {
		t.Fatal(err)
	}
	c := &container{t: t, id: id[strings.LastIndexByte(id, '\n')+1:]}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of %.12s %v:\n%s", c.id, o.args, c.log())
		}
		if _, err := docker("rm", "--force", c.id); err != nil {
			t.Error(err)
		}
	})
	return c
}

// startWeb starts the role web and waits until it is ready.
func startWeb(t *testing.T, o options) *container {
	t.Helper()
	c := start(t, o)
	address, err := docker("port", c.id, "8080/tcp")
	if err != nil {
		t.Fatal(err)
	}
	c.url = "http://" + strings.TrimSpace(address)
	c.waitLog("ready in ", 60*time.Second)
	return c
}

// runOnce runs a container to its end and returns its log and exit status.
func runOnce(t *testing.T, o options) (log string, status int) {
	t.Helper()
	c := start(t, o)
	return c.wait()
}

// wait waits for the container to end.
func (c *container) wait() (log string, status int) {
	c.t.Helper()
	waitFor(c.t, 2*time.Minute, "the container to end", func() bool {
		state, err := docker("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", c.id)
		code, ended := strings.CutPrefix(state, "exited ")
		if err != nil || !ended {
			return false
		}
		status, err = strconv.Atoi(code)
		return err == nil
	})
	return c.log(), status
}

func (c *container) log() string {
	out, err := docker("logs", c.id)
	if err != nil {
		c.t.Errorf("reading the log: %v", err)
	}
	return out
}

// waitLog waits until the container's log contains text.
func (c *container) waitLog(text string, patience time.Duration) {
	c.t.Helper()
	waitFor(c.t, patience, "the log to say "+strconv.Quote(text), func() bool {
		if strings.Contains(c.log(), text) {
			return true
		}
		if state, _ := docker("inspect", "--format", "{{.State.Running}}", c.id); state == "false" {
			c.t.Fatalf("container ended before its log said %q", text)
		}
		return false
	})
}

func (c *container) signal(name string) {
	c.t.Helper()
	if _, err := docker("kill", "--signal", name, c.id); err != nil {
		c.t.Fatal(err)
	}
}

// exec runs a shell command in the container.
func (c *container) exec(command string) string {
	c.t.Helper()
	out, err := docker("exec", c.id, "sh", "-c", command)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

// get fetches a page, with headers given as pairs.
func (c *container) get(path string, headers ...string) (status int, body string, header http.Header) {
	c.t.Helper()
	return c.fetch(http.DefaultClient, path, headers...)
}

func (c *container) fetch(client *http.Client, path string, headers ...string) (int, string, http.Header) {
	c.t.Helper()
	resp, body := c.send(client, http.MethodGet, path, headers...)
	return resp.StatusCode, body, resp.Header
}

// ask sends a request and follows no redirect.
func (c *container) ask(method, path string, headers ...string) (resp *http.Response, body string) {
	c.t.Helper()
	return c.send(&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, method, path, headers...)
}

func (c *container) send(client *http.Client, method, path string, headers ...string) (*http.Response, string) {
	c.t.Helper()
	req, err := http.NewRequest(method, c.url+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	resp, err := client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp, string(body)
}

// browser is a client that keeps cookies.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 30 * time.Second}
}

func waitFor(t *testing.T, patience time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		if done() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("waited %s for %s", patience, what)
		}
	}
}
