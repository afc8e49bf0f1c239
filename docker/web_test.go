package docker_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// One container without any database behind it answers everything in this test.
func TestWeb(t *testing.T) {
	t.Parallel()
	env := []string{"DB_CONNECTION=mysql", "DB_HOST=nowhere.invalid", "DB_DATABASE=x", "DB_USERNAME=x", "DB_PASSWORD=x"}
	script := filepath.Join(t.TempDir(), "shell.php")
	if err := os.WriteFile(script, []byte("<?php echo 'exec'.'uted';"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := startWeb(t, options{env: env, flags: []string{"--volume", script + ":/var/www/public/storage/shell.php:ro"}})
	c.runs(9)

	t.Run("up needs no database", func(t *testing.T) {
		if status, body, header := c.get("/up"); status != 200 || header.Get("Set-Cookie") != "" {
			t.Errorf("%d %q, cookie %q", status, body, header.Get("Set-Cookie"))
		}
	})
	t.Run("ready needs the database", func(t *testing.T) {
		if status, body, _ := c.get("/ready"); status != 503 || !strings.Contains(body, `"database":false`) {
			t.Errorf("%d %s", status, body)
		}
	})
	t.Run("ready is not for the public", func(t *testing.T) {
		if status, body, _ := c.get("/ready", "X-Forwarded-For", "203.0.113.9"); status != 404 || strings.Contains(body, "database") {
			t.Errorf("%d %s", status, body)
		}
	})
	t.Run("errors tell no secrets", func(t *testing.T) {
		if status, body, _ := c.get("/"); status != 500 || strings.Contains(body, "nowhere.invalid") || strings.Contains(body, "Stack") {
			t.Errorf("%d %s", status, body)
		}
	})
	t.Run("versions are hidden", func(t *testing.T) {
		_, body, header := c.get("/no-such-page")
		all := header.Get("Server") + header.Get("X-Powered-By") + body
		if regexp.MustCompile(`2\.4|PHP/|8\.4|Debian`).MatchString(all) {
			t.Errorf("Server %q, X-Powered-By %q", header.Get("Server"), header.Get("X-Powered-By"))
		}
	})
	t.Run("authorization arrives", func(t *testing.T) {
		if got := c.asked("Authorization", "Bearer abc").Authorization; got != "Bearer abc" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("client comes from the load balancer", func(t *testing.T) {
		got := c.asked("X-Forwarded-For", "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto", "https", "X-Forwarded-Port", "443", "X-Forwarded-Host", "evil.example")
		if got.IP != "203.0.113.9" || !got.Secure || got.Host == "evil.example" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("only public files", func(t *testing.T) {
		for path, want := range map[string]int{
			"/.env": 404, "/.git/config": 404, "/backup.sql": 404, "/storage/shell.php": 404,
			"/storage/shell.php/x.css": 404, "/robots.txt": 200, "/.well-known/x": 404, "/%2e%2e/composer.json": 400,
		} {
			status, body, _ := c.get(path)
			if status != want || strings.Contains(body, "executed") || strings.Contains(body, "<?php") {
				t.Errorf("%s is %d, want %d: %.80s", path, status, want, body)
			}
		}
	})
	t.Run("uploads", func(t *testing.T) {
		// 20 MiB and one byte fits the form but not the file; 21 MiB is refused before it is sent.
		for size, want := range map[int]int{20 << 20: 200, 20<<20 + 1: 413, 21 << 20: 413} {
			if status, body := c.upload(size); status != want {
				t.Errorf("%d bytes: %d, want %d: %.100s", size, status, want, body)
			}
		}
	})
	t.Run("assets", func(t *testing.T) {
		manifest := c.exec("cat public/build/manifest.json")
		asset := regexp.MustCompile(`assets/app-[\w-]+\.css`).FindString(manifest)
		status, _, header := c.get("/build/" + asset)
		if asset == "" || status != 200 || !strings.Contains(header.Get("Cache-Control"), "immutable") {
			t.Errorf("%q is %d, Cache-Control %q", asset, status, header.Get("Cache-Control"))
		}
	})
	t.Run("access log", func(t *testing.T) {
		c.get("/logged?token=secret", "User-Agent", "a \"quoted\" \xc3\xa9 agent", "X-Forwarded-For", "6.6.6.6, 203.0.113.9")
		var lines []string
		waitFor(t, 5*time.Second, "the request to be logged", func() bool {
			lines = grep(c.log(), `"type":"access"`)
			return len(grep(strings.Join(lines, "\n"), "/logged")) > 0
		})
		for _, line := range lines {
			var entry struct {
				Path, Client string
				Status       int
			}
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				t.Errorf("not JSON: %v: %s", err, line)
			}
			if entry.Path == "/up" || strings.Contains(line, "secret") {
				t.Errorf("must not be logged: %s", line)
			}
			if entry.Path == "/logged" && (entry.Client != "203.0.113.9" || entry.Status != 404) {
				t.Errorf("wrong: %s", line)
			}
		}
	})
	t.Run("idle connections hold no process", func(t *testing.T) {
		for range 64 {
			client := &http.Client{Transport: &http.Transport{}}
			t.Cleanup(client.CloseIdleConnections)
			c.fetch(client, "/up")
		}
		began := time.Now()
		c.get("/up")
		if took := time.Since(began); took > time.Second {
			t.Errorf("with 64 idle connections a request took %s", took)
		}
	})
}

// runs checks how many PHP processes the memory, or PHP_MAX_CHILDREN, is divided among.
func (c *container) runs(processes int) {
	c.t.Helper()
	if want := fmt.Sprintf(", %d php processes", processes); len(grep(c.log(), want)) != 1 {
		c.t.Errorf("the log does not say %q:\n%s", want, c.log())
	}
}

// asked is a request as the application received it.
func (c *container) asked(headers ...string) (seen struct {
	Authorization, Host, IP string
	Secure                  bool
}) {
	c.t.Helper()
	status, body, _ := c.get("/diagnostics/request", headers...)
	if err := json.Unmarshal([]byte(body), &seen); status != 200 || err != nil {
		c.t.Fatalf("%d %v: %s", status, err, body)
	}
	return seen
}

// upload posts a file of so many bytes as a form.
func (c *container) upload(size int) (status int, body string) {
	c.t.Helper()
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	part, err := writer.CreateFormFile("file", "big.bin")
	if err == nil {
		_, err = part.Write(make([]byte, size))
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, c.url+"/upload", &form)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", writer.FormDataContentType())
	// The server refuses before it reads the body: send Expect, as curl does.
	req.Header.Set("Expect", "100-continue")
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: 5 * time.Second}}
	resp, err := client.Do(req)
	if err != nil {
		c.t.Fatalf("uploading %d bytes: %v", size, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func grep(text, part string) (lines []string) {
	for line := range strings.SplitSeq(text, "\n") {
		if strings.Contains(line, part) {
			lines = append(lines, line)
		}
	}
	return lines
}

// PHP's settings in php-fpm, printed by a front controller.
func TestSettingsOfPHP(t *testing.T) {
	t.Parallel()
	probe := filepath.Join(t.TempDir(), "index.php")
	script := `<?php echo json_encode(["preloaded" => count(opcache_get_status()["preload_statistics"]["scripts"] ?? []), "ini" => ini_get_all(null, false)]);`
	if err := os.WriteFile(probe, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	c := startWeb(t, options{flags: []string{"--volume", probe + ":/var/www/public/index.php:ro"}})
	var got struct {
		Preloaded int
		Ini       map[string]any
	}
	if _, body, _ := c.get("/"); json.Unmarshal([]byte(body), &got) != nil {
		t.Fatalf("not JSON: %.300s", body)
	}
	if got.Preloaded < 100 {
		t.Errorf("%d files are preloaded, want 100 or more", got.Preloaded)
	}
	for name, want := range map[string]string{
		"opcache.enable": "1", "opcache.validate_timestamps": "0", "opcache.memory_consumption": "192", "realpath_cache_size": "4096K",
		"upload_max_filesize": "20M", "display_errors": "", "expose_php": "", "log_errors": "1", "zend.assertions": "-1",
	} {
		if fmt.Sprint(got.Ini[name]) != want {
			t.Errorf("%s is %q, want %q", name, got.Ini[name], want)
		}
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	c := startWeb(t, options{env: []string{"CONTAINER_TLS=1"}, flags: []string{"--memory", "256m"}})
	c.runs(3)
	got := c.exec(`php -r 'echo file_get_contents("https://127.0.0.1:8443/up", false, stream_context_create(["ssl" => ["verify_peer" => false, "verify_peer_name" => false]]));'`)
	if !strings.Contains(got, "Application up") {
		t.Errorf("/up over HTTPS is %q", got)
	}
}
