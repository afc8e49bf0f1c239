package layers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/app"
	"github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// elsewhere has the stages that `make layers` and `make test-app` name. The last of them needs this shell's credentials and the context.
const elsewhere = `FROM laravel-ecs/base:trixie AS server
FROM server AS tools
FROM tools AS composer
FROM composer AS node
FROM node AS assets
COPY Pulumi.yaml /Pulumi.yaml
RUN --mount=type=secret,id=COMPOSER_AUTH cp /run/secrets/COMPOSER_AUTH /got && date +%s%N > /MARK
FROM assets AS test
CMD ["sh", "-c", "$TEST_COMMAND"]
`

// TestEngineElsewhere: what the jobs of a pipeline do with Docker works on an engine that shares neither files nor loopback with the runner.
// The engine is this machine's, behind a door that lets nothing through that would not work there.
func TestEngineElsewhere(t *testing.T) {
	needDocker(t)
	mark := fmt.Sprintf("mark-%d-%d", os.Getpid(), time.Now().UnixNano())
	root := t.TempDir()
	for name, text := range map[string]string{
		"Pulumi.yaml":         "name: laravel-ecs\nruntime: go\n",
		"Pulumi.staging.yaml": "config:\n  laravel-ecs:image: {app: app, baseImage: debian, test: cat /" + mark + " /got}\n",
		"app/composer.lock":   "{}",
		"docker/Dockerfile":   strings.ReplaceAll(elsewhere, "MARK", mark),
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, text)
	}
	t.Chdir(root)
	t.Setenv("COMPOSER_AUTH", "the credentials of "+mark)
	engine := newDoor(t)

	var jobs [2]string
	for i := range jobs {
		var out strings.Builder
		if err := Keep(t.Context(), root, "staging", false, &out); err != nil {
			t.Fatal(err)
		}
		if said := out.String(); !strings.Contains(said, "no layers are kept: the Docker engine is on another machine") || !strings.Contains(said, "stage assets is in the builder") {
			t.Errorf("make layers says\n%s", said)
		}
		t.Setenv("COMPOSER_AUTH", "") // a deployment has none, and uses the layers that are in the builder
		out.Reset()
		if err := app.Test(t.Context(), root, "staging", false, &out); err != nil || !strings.Contains(out.String(), "the credentials of "+mark) {
			t.Fatalf("make test-app: %v\n%s", err, &out)
		}
		jobs[i] = out.String()
	}
	if before, after := lineAfter(jobs[0], "building"), lineAfter(jobs[1], "building"); before != after || before == "" {
		t.Errorf("the second job does not find the layers of the first: %q, %q", before, after)
	}
	engine.report()
}

// lineAfter is the line after the one that begins with the word.
func lineAfter(text, word string) string {
	_, rest, _ := strings.Cut(text, word)
	_, rest, _ = strings.Cut(rest, "\n")
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

// door is in front of the engine, as an engine of another machine would be seen.
type door struct {
	*testing.T
	engine http.Handler
	mutex  sync.Mutex
	seen   map[string]int // calls by the last part of their path
	faults []string
}

func newDoor(t *testing.T) *door {
	t.Helper()
	address, err := docker.Output(t.Context(), "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
	if err != nil {
		t.Fatal(err)
	}
	network, socket, _ := strings.Cut(strings.TrimSpace(address), "://")
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "docker"})
	proxy.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, socket)
	}}
	proxy.FlushInterval = -1
	d := &door{T: t, engine: proxy, seen: map[string]int{}}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	t.Setenv("DOCKER_HOST", "tcp://"+server.Listener.Addr().String())
	t.Setenv("DOCKER_CONTEXT", "")
	return d
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	call := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	const loopback = "127.0.0.1"
	d.mutex.Lock()
	d.seen[call]++
	if strings.Contains(query.Get("t")+query.Get("cachefrom"), loopback) || call == "push" {
		d.faults = append(d.faults, r.URL.String()+" needs a registry of the runner")
	}
	if call == "create" && strings.Contains(r.URL.Path, "/containers/") {
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var container struct {
			HostConfig struct {
				Binds        []string
				Mounts       []json.RawMessage
				PortBindings map[string]any
				NetworkMode  string
				Privileged   bool
			}
		}
		if err == nil {
			err = json.Unmarshal(body, &container)
		}
		if c := container.HostConfig; err != nil || len(c.Binds)+len(c.Mounts)+len(c.PortBindings) > 0 || c.NetworkMode == "host" || c.Privileged {
			d.faults = append(d.faults, fmt.Sprintf("a container has files, ports or rights of the runner: %s (%v)", body, err))
		}
	}
	d.mutex.Unlock()
	if strings.HasPrefix(query.Get("fromImage"), loopback) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"message": "dial tcp 127.0.0.1: connect: connection refused"}`)
		return
	}
	d.engine.ServeHTTP(w, r)
}

// report fails for what would not work elsewhere, and where the engine was not used through the door.
func (d *door) report() {
	d.Helper()
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for _, fault := range d.faults {
		d.Error(fault)
	}
	// Six builds: the five stages and the image of the tests, in two jobs; one container in each.
	if d.seen["build"] != 12 || d.seen["attach"] != 2 || d.seen["session"] == 0 {
		d.Errorf("the engine was called as follows: %v", d.seen)
	}
}
