package config

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const stackText = `secretsprovider: awskms://alias/pulumi?region=eu-west-1
encryptedkey: QUJD
config:
  aws:region: eu-west-1
  laravel-ecs:domain:
    name: app.example.com # a comment
    zone: example.com
  laravel-ecs:secrets:
    STRIPE_KEY:
      secure: v1:abc:def
  laravel-ecs:list:
    - secure: v1:x:y
    - plain
  short: yes
`

func load(t *testing.T, text string) *File {
	t.Helper()
	root := t.TempDir()
	for name, content := range map[string]string{"Pulumi.yaml": "name: laravel-ecs\nruntime: go\n", "Pulumi.prod.yaml": text} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := ReadFile(root, "prod")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSettings(t *testing.T) {
	s := load(t, stackText)
	if region, err := s.Region(); err != nil || region != "eu-west-1" {
		t.Errorf("the region is %q, %v", region, err)
	}
	for path, want := range map[string]any{"domain.zone": "example.com", "aws:region": "eu-west-1", "short": "yes", "domain.none": nil, "none.at.all": nil} {
		if got := s.Get(path); got != want {
			t.Errorf("%s is %v, not %v", path, got, want)
		}
	}
	if err := s.Set("environment.teardown", true); err != nil {
		t.Fatal(err)
	}
	if err := s.Set("domain.name", "other.example.com"); err != nil {
		t.Fatal(err)
	}
	if s.Get("environment.teardown") != true || s.Text("domain.name") != "other.example.com" || s.Text("domain.zone") != "example.com" {
		t.Error("what was set is not there, or more than that changed")
	}
}

// TestTwoNamespaces: of two sections of a key the one that is not empty counts, as for the program.
func TestTwoNamespaces(t *testing.T) {
	s := load(t, "config:\n  laravel-ecs:domain: {}\n  domain: {zone: example.com}\n")
	if err := s.Set("domain.name", "app.example.com"); err != nil || s.Text("domain.zone") != "example.com" || s.Get("laravel-ecs:domain.name") != nil {
		t.Errorf("%v: zone %q, name %q in the empty section", err, s.Text("domain.zone"), s.Get("laravel-ecs:domain.name"))
	}
}

func TestHideSecrets(t *testing.T) {
	s := load(t, stackText)
	hidden := s.HideSecrets()
	want := []string{"laravel-ecs:secrets.STRIPE_KEY", "laravel-ecs:list[0]", "secretsprovider", "encryptedkey"}
	if !reflect.DeepEqual(hidden, want) {
		t.Errorf("hidden are %v", hidden)
	}
	if s.Text("secrets.STRIPE_KEY") != SecretPlaceholder {
		t.Errorf("the secret is %v", s.Get("secrets.STRIPE_KEY"))
	}
	workspace := t.TempDir()
	if err := s.WriteWorkspace(workspace); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(workspace, "Pulumi.prod.yaml"))
	if err != nil || strings.Contains(string(text), "secure") || strings.Contains(string(text), "awskms") {
		t.Errorf("the copy is %s, %v", text, err)
	}
}

func TestTheKeyOfTheStateIsKept(t *testing.T) {
	for _, keys := range []string{"encryptionsalt: v1:abc\n", "encryptedkey: abc=\nsecretsprovider: awskms://alias/x?region=us-east-1\n"} {
		s := load(t, "config:\n  aws:region: eu-west-1\n")
		workspace := t.TempDir()
		copied := filepath.Join(workspace, "Pulumi.prod.yaml")
		if err := os.WriteFile(copied, []byte(keys+"config:\n  aws:region: us-east-1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.WriteWorkspace(workspace); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(copied)
		if err != nil || !strings.Contains(string(text), "eu-west-1") {
			t.Errorf("the copy is %s, %v", text, err)
		}
		for line := range strings.Lines(keys) {
			if !strings.Contains(string(text), line) {
				t.Errorf("the copy has no %s: %s", line, text)
			}
		}
	}
}

func TestMissingFiles(t *testing.T) {
	root := t.TempDir()
	if _, err := ReadFile(root, "prod"); err == nil || !strings.Contains(err.Error(), "--root") {
		t.Errorf("without a project: %v", err)
	}
	for _, name := range []string{"Pulumi.yaml", "Pulumi.staging.yaml"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte("name: x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ReadFile(root, "prod"); err == nil || !strings.Contains(err.Error(), "there is no Pulumi.prod.yaml: the stacks are staging") {
		t.Errorf("without the stack: %v", err)
	}
	if names := Stacks(root); !slices.Equal(names, []string{"staging"}) {
		t.Errorf("stacks are %v", names)
	}
}

// TestSaveKeepsTheFile: only the keys that a rollback sets change in the file.
func TestSaveKeepsTheFile(t *testing.T) {
	for _, stack := range []string{"local", "staging", "prod"} {
		before, err := os.ReadFile(filepath.Join("..", "..", "Pulumi."+stack+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		settings, err := ReadFile(filepath.Join("..", ".."), stack)
		if err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		saved := func() string {
			t.Helper()
			if err := settings.Save(folder); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(folder, settings.Name()))
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		if after := saved(); after != string(before) {
			t.Errorf("Pulumi.%s.yaml is another one after it was saved:\n%s", stack, after)
		}
		for path, value := range map[string]any{"release.name": "r1", "release.build": false} {
			if err := settings.Set(path, value); err != nil {
				t.Fatal(err)
			}
		}
		if after := saved(); !strings.HasPrefix(after, string(before)) || !strings.Contains(after, "name: r1") {
			t.Errorf("Pulumi.%s.yaml after a rollback:\n%s", stack, after)
		}
		settings.Unset("release.name")
		settings.Unset("release.build")
		if after := saved(); after != string(before) {
			t.Errorf("Pulumi.%s.yaml after unpin:\n%s", stack, after)
		}
	}
}

// TestTimesWithoutQuotes: YAML reads a date without quotes as a time.
func TestTimesWithoutQuotes(t *testing.T) {
	r := Restore{PointInTime: "2026-11-26 18:00:00 +0000 UTC", KeepOldUntil: "2026-12-10 00:00:00 +0000 UTC"}
	r.readTimes()
	if r.PointInTime != "2026-11-26T18:00:00Z" || r.KeepOldUntil != "2026-12-10" {
		t.Errorf("read %+v", r)
	}
	quoted := Restore{PointInTime: "latest", KeepOldUntil: "2026-12-10"}
	before := quoted
	quoted.readTimes()
	if quoted != before {
		t.Errorf("read %+v", quoted)
	}
}
