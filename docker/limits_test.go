package docker_test

import (
	"strings"
	"testing"
	"time"
)

// checkLimits: the limits of the stack file hold, and a request that one of them ends is told in the log, with the key.
func checkLimits(t *testing.T, own string) {
	c := startWeb(t, options{image: own, tmpfs: []string{"/tmp:size=24m,mode=1777", "/run"}, env: []string{"HEALTH_PATH=/health", "APP_URL=http://127.0.0.1",
		"PHP_UPLOAD_MAX_FILE_SIZE=2M", "PHP_POST_MAX_SIZE=4M", "PHP_MEMORY_LIMIT=200M", "REQUEST_SECONDS=45"}})
	if _, body, _ := c.get("/memory"); body != "200M 2M 4194304 45" {
		t.Errorf("PHP's limits are %q", body)
	}
	// 1 is UPLOAD_ERR_INI_SIZE: the file is too large, the request is not.
	for size, want := range map[int]string{1 << 20: "0", 3 << 20: "1"} {
		if status, body := c.upload(size); status != 200 || body != want {
			t.Errorf("%d bytes: %d %q, not %q", size, status, body, want)
		}
	}
	if status, _ := c.upload(5 << 20); status != 413 {
		t.Errorf("5 MiB: %d, want 413", status)
	}
	c.waitLog(`"limit":"web.limits.bodyMib","bytes":4194304,"upload":"2M"`, 5*time.Second)

	c.exec("head -c 23M /dev/zero >/tmp/full")
	c.waitLog("/tmp is full: 23 of 24 MiB, limits.tempMib in the stack file", 10*time.Second)
	if status, _ := c.upload(1 << 20); status != 507 {
		t.Errorf("without room: %d, want 507", status)
	}
	if status, _ := c.upload(1000); status == 507 {
		t.Error("a small form is refused without room")
	}
	if status, _, _ := c.get("/memory"); status != 200 {
		t.Errorf("a page is %d without room", status)
	}
	c.waitLog(`"status":507,"limit":"web.limits.tempMib"`, 5*time.Second)
	c.exec("rm /tmp/full")
	waitFor(t, 10*time.Second, "uploads to work again", func() bool {
		status, _ := c.upload(1 << 20)
		return status == 200
	})
	if said := grep(c.log(), "is full"); len(said) != 1 {
		t.Errorf("it is said %d times: %s", len(said), strings.Join(said, "\n"))
	}
}
