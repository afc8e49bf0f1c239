package stacks

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

// TestDotenv renders the values of testdata/dotenv.json, which are difficult in .env files. docker/dotenv_test.go reads the result with
// phpdotenv and Laravel.
func TestDotenv(t *testing.T) {
	folder := filepath.Join("stacks", "testdata")
	text, err := os.ReadFile(filepath.Join(folder, "dotenv.json"))
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]string
	if err := json.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	got, golden := dotenv(map[string]string{"APP_URL": "http://x"}, values), filepath.Join(folder, "dotenv.env")
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s\n(go test ./stacks -run Dotenv -update, then the container test, if it is meant)", got, want)
	}
}
