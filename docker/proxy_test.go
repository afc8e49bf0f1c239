package docker_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestUnchangedApplication is an application that changes nothing for its load balancer: no trusted proxy, its own host only, no formatter
// for its log.
func TestUnchangedApplication(t *testing.T) {
	t.Parallel()
	own := buildApp(t, "unchanged")
	env := []string{"HEALTH_PATH=/health", "APP_URL=https://example.com"}
	c := startWeb(t, options{image: own, env: env})
	forged := startWeb(t, options{image: own, env: append(env[:2:2], "TRUSTED_PROXIES=198.51.100.0/24")})
	headers := []string{"X-Forwarded-For", "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto", "https", "X-Forwarded-Port", "443", "Host", "www.example.com",
		"X-Forwarded-Host", "evil.example", "X-Forwarded-Prefix", "/evil", "Forwarded", "for=6.6.6.6", "X-Origin-Verify", "secret"}

	t.Run("https and the client", func(t *testing.T) {
		got, cookies := c.seen(headers...)
		if got.Asset != "https://www.example.com/app.css" || got.IP != "203.0.113.9" || !got.Secure || got.Host != "www.example.com" {
			t.Errorf("the application sees %+v", got)
		}
		// An application that trusts any proxy finds nothing else in them.
		if f := got.Forwarded; len(f) != 3 || f["x-forwarded-for"][0] != "203.0.113.9" || f["x-forwarded-proto"][0] != "https" || f["x-forwarded-port"][0] != "443" {
			t.Errorf("the headers are %v", f)
		}
		if len(cookies) == 0 || slices.ContainsFunc(cookies, func(one string) bool { return !strings.HasSuffix(one, "; secure") }) {
			t.Errorf("the cookies are %q", cookies)
		}
		if line := grep(c.log(), `"path":"/"`); len(line) != 1 || !strings.Contains(line[0], `"client":"203.0.113.9"`) {
			t.Errorf("the access log has %q", line)
		}
	})
	t.Run("http", func(t *testing.T) {
		got, cookies := c.seen("X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "http", "Host", "www.example.com")
		if got.Secure || len(cookies) == 0 || strings.Contains(cookies[0], "; secure") {
			t.Errorf("the application sees %+v, cookies %q", got, cookies)
		}
	})
	t.Run("nobody else is believed", func(t *testing.T) {
		got, _ := forged.seen(headers...)
		if got.Secure || got.IP == "203.0.113.9" || got.IP == "6.6.6.6" || got.Asset != "http://www.example.com/app.css" {
			t.Errorf("the application sees %+v", got)
		}
		if f := got.Forwarded; len(f) != 1 || f["x-forwarded-for"][0] != got.IP {
			t.Errorf("the headers are %v", f)
		}
	})
	t.Run("probe and trusted hosts", func(t *testing.T) {
		if status, body, _ := c.get("/health", "Host", "10.0.3.7:32768"); status != 200 {
			t.Errorf("the probe gets %d: %.200s", status, body)
		}
		if status, _, _ := c.get("/health", "Host", "evil.example", "X-Forwarded-For", "203.0.113.9"); status == 200 {
			t.Error("a client may ask for any host")
		}
		if got := c.exec("healthcheck && echo well"); got != "well" {
			t.Errorf("health check says %q", got)
		}
	})
	t.Run("what is on disk decides", func(t *testing.T) {
		for path, want := range map[string]string{
			"/openapi.yaml": "200 the route openapi.yaml", "/export/a.sql": "200 the route export/a.sql", "/app.ini": "200 the route app.ini",
			"/.settings": "200 the route .settings", "/docs.lock": "200 the route docs.lock", "/backup~": "200 the route backup~",
			"/docs/": "200 <title>the documentation</title>", "/docs": "302 https://www.example.com/docs/", "/docs/api.yaml": "200 openapi: 3.1.0",
			"/index.php.bak": "403", "/.hidden/notes": "403", "/old.old": "403", "/.env": "404", "/build": "404",
		} {
			resp, body := c.ask(http.MethodGet, path, "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https", "Host", "www.example.com")
			got := strings.TrimSpace(strings.TrimSpace(resp.Status[:3]) + " " + resp.Header.Get("Location"))
			if resp.StatusCode == http.StatusOK {
				got += " " + strings.TrimSpace(body)
			}
			if got != want {
				t.Errorf("%s is %q, not %q", path, got, want)
			}
		}
	})
	t.Run("exceptions are lines of JSON", func(t *testing.T) {
		c.get("/boom", "Host", "www.example.com", "X-Forwarded-For", "203.0.113.9")
		waitFor(t, 5*time.Second, "the exception in the log", func() bool { return len(grep(c.log(), "RuntimeException")) > 0 })
		for line := range strings.SplitSeq(c.log(), "\n") {
			var entry struct{ Message string }
			if strings.Contains(line, "RuntimeException") && (json.Unmarshal([]byte(line), &entry) != nil || entry.Message != "two\nlines") {
				t.Errorf("not a line of JSON: %.300s", line)
			}
			if strings.Contains(line, "preload") {
				t.Errorf("a warning at the start: %s", line)
			}
		}
	})
	t.Run("a session has a home", func(t *testing.T) {
		if got := c.exec(`mkdir -p "$HOME/.config/psysh" && touch "$HOME/.config/psysh/psysh_history" && echo "$HOME"`); got != "/tmp" {
			t.Errorf("the home is %q", got)
		}
	})
	t.Run("limits", func(t *testing.T) { checkLimits(t, own) })
	t.Run("lines arrive as they are sent", func(t *testing.T) {
		for _, test := range []struct{ path, encoding string }{
			{"/lines", ""}, {"/lines", "gzip"}, {"/lines?type=text/html", ""}, {"/lines?type=text/html", "gzip"},
		} {
			t.Run(test.path+" "+test.encoding, func(t *testing.T) {
				t.Parallel()
				checkLines(t, c.lines(test.path, test.encoding), 8)
			})
		}
	})
	t.Run("lines arrive during a stop", func(t *testing.T) {
		arrived := make(chan []time.Time)
		go func() { arrived <- forged.lines("/lines?lines=12", "") }()
		time.Sleep(time.Second)
		forged.signal("TERM")
		checkLines(t, <-arrived, 12)
		if log, status := forged.wait(); status != 0 || !strings.Contains(log, "all requests answered") {
			t.Errorf("exits %d:\n%s", status, log)
		}
	})
}

// checkLines: so many lines, sent 0.3 s apart, arrive one after the other. On a busy machine two of them may come together.
func checkLines(t *testing.T, times []time.Time, want int) {
	t.Helper()
	if len(times) != want {
		t.Fatalf("%d lines, not %d", len(times), want)
	}
	apart := 0
	for i := 1; i < want; i++ {
		if times[i].Sub(times[i-1]) > 50*time.Millisecond {
			apart++
		}
	}
	if apart < want*2/3 {
		t.Errorf("%d of %d lines come apart from the one before: %v", apart, want-1, times)
	}
}

// lines notes when each line of a stream arrives.
func (c *container) lines(path, encoding string) (times []time.Time) {
	req, err := http.NewRequest(http.MethodGet, c.url+path, nil)
	if err != nil {
		c.t.Error(err)
		return nil
	}
	req.Host = "www.example.com"
	transport := &http.Transport{DisableCompression: encoding == ""} // otherwise it asks for gzip, and unpacks it
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		c.t.Error(err)
		return nil
	}
	defer resp.Body.Close()
	if want := encoding == "gzip" && strings.Contains(path, "html"); resp.Uncompressed != want {
		c.t.Errorf("%s: compressed is %v, not %v", path, resp.Uncompressed, want)
	}
	for scanner := bufio.NewScanner(resp.Body); scanner.Scan(); {
		if strings.HasPrefix(scanner.Text(), "data: line ") {
			times = append(times, time.Now())
		}
	}
	return times
}

// seenRequest is a request as the application "unchanged" sees it.
type seenRequest struct {
	Asset, Host, IP string
	Secure          bool
	Forwarded       map[string][]string
}

func (c *container) seen(headers ...string) (got seenRequest, cookies []string) {
	c.t.Helper()
	resp, body := c.ask(http.MethodGet, "/", headers...)
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		c.t.Fatalf("%d %v: %.300s", resp.StatusCode, err, body)
	}
	return got, resp.Header.Values("Set-Cookie")
}

// TestProxiesByName: the words of Laravel and Symfony for "whoever reaches this port" mean private addresses.
func TestProxiesByName(t *testing.T) {
	t.Parallel()
	got := shell(t, `bash -c '. /usr/local/lib/laravel-ecs/web.sh
		for TRUSTED_PROXIES in "" "*" "**" REMOTE_ADDR private_ranges PRIVATE_SUBNETS 10.1.0.0/16,10.2.0.3; do proxies; echo "$PROXY_RANGES"; done'`)
	const private = "10.0.0.0/8 100.64.0.0/10 172.16.0.0/12 192.168.0.0/16 fc00::/7\n"
	if want := strings.Repeat(private, 6) + "10.1.0.0/16 10.2.0.3"; got != want {
		t.Errorf("they are\n%s", got)
	}
}
