package system_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"testing"
)

const fileText = "uploaded in the system test\n"

// storeFile uploads a file and returns where it is.
func storeFile(t *testing.T, s *site) string {
	t.Helper()
	var form bytes.Buffer
	fields := multipart.NewWriter(&form)
	part, err := fields.CreateFormFile("file", "note.txt")
	if err == nil {
		_, err = part.Write([]byte(fileText))
	}
	if err == nil {
		err = fields.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(s.url("/upload/file"), fields.FormDataContentType(), &form)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var stored struct{ Path, Disk string }
	if err := json.NewDecoder(answer.Body).Decode(&stored); err != nil || answer.StatusCode != http.StatusCreated || stored.Disk != "s3" {
		t.Fatalf("the upload: %s, %+v, %v\n%s", answer.Status, stored, err, s.make(t, "logs"))
	}
	return s.url("/files/" + path.Base(stored.Path))
}

// checkFile: every container shows the file, whichever took it.
func checkFile(t *testing.T, url string) {
	t.Helper()
	containers := map[string]bool{}
	for range 10 {
		answer, text := get(t, browser(t), url)
		if answer.StatusCode != http.StatusOK || text != fileText {
			t.Fatalf("%s of %s: %q", answer.Status, answer.Header.Get("X-Container"), text)
		}
		containers[answer.Header.Get("X-Container")] = true
	}
	if len(containers) < 2 {
		t.Errorf("one container answered all: %v", containers)
	}
}

// checkOldAsset: every container of the new release serves the stylesheet of the release before, which its image has not.
func checkOldAsset(t *testing.T, s *site, stylesheet string) {
	t.Helper()
	if _, page := get(t, browser(t), s.url("/")); strings.Contains(page, stylesheet) {
		t.Fatalf("the stylesheet is still %s", stylesheet)
	}
	for range 4 {
		answer, body := get(t, browser(t), s.url(stylesheet))
		if answer.StatusCode != http.StatusOK || len(body) < 20 || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/css") ||
			!strings.Contains(answer.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %s, %v, %d bytes", stylesheet, answer.Status, answer.Header, len(body))
		}
	}
	if answer, _ := get(t, browser(t), s.url("/build/assets/never-there.css")); answer.StatusCode != http.StatusNotFound || strings.Contains(answer.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("an unknown asset: %s, %s", answer.Status, answer.Header.Get("Cache-Control"))
	}
}
