package docker_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// bucket is as much of S3, and of the credentials of a task, as the kept assets need. While held is open, files are not taken.
type bucket struct {
	mu    sync.Mutex
	files map[string]string // by path
	held  chan struct{}
	asked chan struct{} // a file is there to be taken
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/credentials" {
		_, _ = fmt.Fprintf(w, `{"AccessKeyId": "a", "SecretAccessKey": "b", "Token": "c", "Expiration": %q}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		return
	}
	if r.Method == http.MethodPut {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		select {
		case b.asked <- struct{}{}:
		default:
		}
		<-b.held
		b.mu.Lock()
		b.files[r.URL.Path] = string(body)
		b.mu.Unlock()
		return
	}
	b.mu.Lock()
	content, found := b.files[r.URL.Path]
	b.mu.Unlock()
	if !found {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/javascript")
	w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
	_, _ = io.WriteString(w, content)
}

// newBucket starts one that containers reach, and returns their variables for it.
func newBucket(t *testing.T) (*bucket, []string) {
	t.Helper()
	b := &bucket{files: map[string]string{}, held: make(chan struct{}), asked: make(chan struct{}, 1)}
	url := "http://" + serve(t, b)
	return b, []string{"SESSION_DRIVER=cookie", "KEEP_ASSETS=1", "AWS_BUCKET=files", "AWS_DEFAULT_REGION=eu-west-1", "AWS_ENDPOINT_URL_S3=" + url, "AWS_CONTAINER_CREDENTIALS_FULL_URI=" + url + "/credentials"}
}

// checkAssets: those of the image are in the bucket, without the maps, and those of another release are served from there. A bucket that is slow
// delays a container for a while only, and takes the files all the same; a server that ends meanwhile ends the container.
func checkAssets(t *testing.T, own string) {
	b, env := newBucket(t)
	c := startWeb(t, options{image: own, env: append([]string{"ASSETS_WAIT_SECONDS=1"}, env...)})
	c.waitLog("ready without, and they follow", 10*time.Second)
	close(b.held)
	c.waitLog("assets of release test kept", 30*time.Second)
	b.mu.Lock()
	b.files["/files/release-assets/build/assets/old.js"] = "// of another release"
	if names := fmt.Sprint(b.files); !strings.Contains(names, "/build/assets/app-1.js:// of this release") || strings.Contains(names, ".map") {
		t.Errorf("the bucket has %s", names)
	}
	b.mu.Unlock()
	for path, want := range map[string]int{"/build/assets/old.js": 200, "/build/assets/app-1.js": 200, "/build/assets/nothing.js": 404} {
		if status, body, _ := c.get(path); status != want || (want == 200 && !strings.HasPrefix(body, "// of ")) {
			t.Errorf("%s is %d %q", path, status, body)
		}
	}
	if got := c.exec("php /usr/local/lib/laravel-ecs/assets.php due test; echo $?"); got != "3" {
		t.Errorf("kept just now, and a look says %q", got)
	}

	b, env = newBucket(t)
	defer close(b.held)
	c = start(t, options{image: own, env: append([]string{"ASSETS_WAIT_SECONDS=600"}, env...)})
	<-b.asked
	c.exec(killFPM)
	if log, status := c.wait(); status != 1 || !strings.Contains(log, "php-fpm ended by itself with status") {
		t.Errorf("exits %d:\n%s", status, log)
	}
}

// killFPM ends the oldest php-fpm, which PID 1 started, when it is there.
const killFPM = `while :; do for p in $(ls -tr -d /proc/[0-9]*); do case $(cat $p/comm 2>/dev/null) in php-fpm*) kill -9 ${p#/proc/}; exit;; esac; done; done`
