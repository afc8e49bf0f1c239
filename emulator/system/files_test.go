package system_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"path"
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
func checkFile(t *testing.T, s *site, url string) {
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
