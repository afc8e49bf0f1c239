package docker_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestStopFinishesRequests(t *testing.T) {
	t.Parallel()
	for _, signal := range []string{"TERM", "INT", "QUIT", "WINCH"} {
		t.Run(signal, func(t *testing.T) {
			t.Parallel()
			c := startWeb(t, options{})
			type answer struct {
				status int
				err    error
			}
			answers := make(chan answer)
			go func() {
				resp, err := http.Get(c.url + "/diagnostics/slow?seconds=4")
				if err != nil {
					answers <- answer{err: err}
					return
				}
				defer resp.Body.Close()
				_, err = io.ReadAll(resp.Body)
				answers <- answer{resp.StatusCode, err}
			}()
			time.Sleep(time.Second)
			c.signal(signal)
			if got := <-answers; got.err != nil || got.status != 200 {
				t.Errorf("the request in flight: status %d, error %v", got.status, got.err)
			}
			if log, status := c.wait(); status != 0 || !strings.Contains(log, "SIG"+signal+" received") {
				t.Errorf("exits %d:\n%s", status, log)
			}
		})
	}
}

func TestDrainTurnsReadinessOff(t *testing.T) {
	t.Parallel()
	c := startWeb(t, options{env: []string{"DRAIN_SECONDS=5"}})
	c.signal("TERM")
	c.waitLog("SIGTERM received", 5*time.Second)
	if status, _, _ := c.get("/up"); status != 503 {
		t.Errorf("/up is %d while draining, want 503", status)
	}
	if status, _, _ := c.get("/diagnostics/request"); status != 200 {
		t.Errorf("a page is %d while draining, want 200: the load balancer still sends requests", status)
	}
	if _, status := c.wait(); status != 0 {
		t.Errorf("exits %d", status)
	}
}

// TestApacheComesAfterPHP: while php-fpm starts, connections are refused, so that no visitor gets 503.
func TestApacheComesAfterPHP(t *testing.T) {
	t.Parallel()
	slow := filepath.Join(t.TempDir(), "preload.php")
	write(t, slow, "<?php sleep(5);")
	c := start(t, options{flags: []string{"--volume", slow + ":/usr/local/lib/laravel-ecs/preload.php:ro"}})
	seen := c.exec(`bash -c 'while [[ ! -S /run/app/fpm.sock ]]; do
		if (: </dev/tcp/127.0.0.1/8080) 2>/dev/null && [[ ! -S /run/app/fpm.sock ]]; then echo answered; else echo refused; fi
		sleep 0.2
	done'`)
	if !strings.Contains(seen, "refused") || strings.Contains(seen, "answered") {
		t.Errorf("before php-fpm is there, connections are:\n%s", seen)
	}
	c.waitLog("ready in ", 60*time.Second)
}

func TestDyingServerStopsTheContainer(t *testing.T) {
	t.Parallel()
	for process, name := range map[string]string{"apache2": "Apache", "php-fpm": "php-fpm"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startWeb(t, options{env: []string{"METRICS_CLUSTER=c"}}) // a third process, which must not keep the container alive
			// The oldest process of that name is the one that PID 1 started.
			c.exec(`for p in $(ls -tr -d /proc/[0-9]*); do case $(cat $p/comm 2>/dev/null) in ` + process + `*) kill -9 ${p#/proc/}; exit;; esac; done; exit 1`)
			if log, status := c.wait(); status != 1 || !strings.Contains(log, name+" ended by itself with status") {
				t.Errorf("exits %d:\n%s", status, log)
			}
		})
	}
}

func TestHealthPathIsMissing(t *testing.T) {
	t.Parallel()
	log, status := runOnce(t, options{env: []string{"HEALTH_PATH=/nothing-here"}})
	if want := "GET /nothing-here answers 404, expected 200"; status != 1 || !strings.Contains(log, want) {
		t.Errorf("exits %d without %q:\n%s", status, want, log)
	}
}
