package review

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// project is a folder with the project's file and the template only.
func project(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, name := range []string{"Pulumi.yaml", "Pulumi.review.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// nameOf is the name of a branch's stack.
func nameOf(t *testing.T, root, branch string) string {
	t.Helper()
	name, _, err := (&Environments{root: root, stacks: &fake{}}).stackOf(t.Context(), branch)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func TestFile(t *testing.T) {
	root, branch := project(t), "feature/É"
	name := nameOf(t, root, branch)
	if !strings.HasPrefix(name, "review-feature-e-") {
		t.Fatalf("the name is %q", name)
	}
	settings, err := writeFile(root, Stack{Name: name}, branch, 0)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "Pulumi."+name+".yaml"))
	if err != nil || !strings.HasPrefix(string(text), "# Made of Pulumi.review.yaml by make review-up") || strings.Contains(string(text), "The template of") {
		t.Errorf("%v in\n%s", err, text)
	}
	written, err := config.ReadFile(root, name)
	if err != nil || written.Text("environment.branch") != "feature/É" || written.Text("environment.class") != "review" {
		t.Errorf("%v in\n%s", err, text)
	}
	at, err := time.Parse(time.RFC3339, written.Text("environment.expiresAt"))
	if left := time.Until(at); err != nil || left < 72*time.Hour || left > 73*time.Hour {
		t.Errorf("it expires in %v, %v", left, err)
	}
	if settings.Text("environment.expiresAt") != written.Text("environment.expiresAt") {
		t.Error("what is deployed is not what was written")
	}

	// A second time: what people set stays, and the time is new.
	if err := written.Set("web.count", 2); err != nil {
		t.Fatal(err)
	}
	if err := written.Save(root); err != nil {
		t.Fatal(err)
	}
	again, err := writeFile(root, Stack{Name: name}, branch, 5*time.Hour)
	if err != nil || again.Get("web.count") != 2 {
		t.Errorf("web.count is %v, %v", again.Get("web.count"), err)
	}
	if at, err = time.Parse(time.RFC3339, again.Text("environment.expiresAt")); err != nil || time.Until(at) > 6*time.Hour {
		t.Errorf("it expires at %v, %v", at, err)
	}

	// Another branch that would get the same name.
	branch = strings.TrimPrefix(name, "review-")
	if same := nameOf(t, root, branch); same != name {
		t.Fatalf("the name is %q", same)
	}
	if _, err := writeFile(root, Stack{Name: name}, branch, 0); err == nil || !strings.Contains(err.Error(), `is the environment of branch "feature/É", and "`+branch+`" has the same short name`) {
		t.Errorf("got %v", err)
	}
}

// TestFileWithADomain: the host is the environment's own, and so is the key's context.
func TestFileWithADomain(t *testing.T) {
	root := project(t)
	template, err := template(root)
	if err != nil {
		t.Fatal(err)
	}
	template.SetSecretsProvider("awskms://alias/laravel-account-state?region=eu-west-1&context_stack=review-NAME")
	if err := template.Set("domain", map[string]any{"name": "review.example.com"}); err != nil {
		t.Fatal(err)
	}
	if err := template.Save(root); err != nil {
		t.Fatal(err)
	}
	settings, err := writeFile(root, Stack{Name: "review-login"}, "login", 0)
	if err != nil || settings.Text("domain.name") != "login.review.example.com" || !strings.HasSuffix(settings.SecretsProvider(), "context_stack=review-login") {
		t.Errorf("domain.name is %q, secretsprovider %q, %v", settings.Text("domain.name"), settings.SecretsProvider(), err)
	}
	if settings.Text("environment.shares") != "staging" {
		t.Errorf("with a host of its own it shares %q", settings.Text("environment.shares"))
	}
	// What is deployed stays as it is, in pipelines, which have no file of it, and where there is one.
	for range 2 {
		for _, deployed := range []Stack{{Name: "review-own", Own: true}, {Name: "review-other", Shares: "demo"}} {
			settings, err := writeFile(root, deployed, deployed.Name, 0)
			if err != nil || settings.Text("environment.shares") != deployed.Shares {
				t.Errorf("%s shares %q now, %v", deployed.Name, settings.Text("environment.shares"), err)
			}
			if err := settings.Set("environment.shares", "staging"); err != nil {
				t.Fatal(err)
			}
			if err := settings.Save(root); err != nil {
				t.Fatal(err)
			}
		}
	}
	// A template with a zone has always meant a load balancer of its own.
	if err := template.Set("domain", map[string]any{"name": "review.example.com", "zone": "example.com"}); err != nil {
		t.Fatal(err)
	}
	if err := template.Save(root); err != nil {
		t.Fatal(err)
	}
	if settings, err := writeFile(root, Stack{Name: "review-apart"}, "apart", 0); err != nil || settings.Text("environment.shares") != "" {
		t.Errorf("review-apart shares %q, %v", settings.Text("environment.shares"), err)
	}
}

func TestExpiryIsAFullHour(t *testing.T) {
	for now, want := range map[string]string{
		"2026-03-01T12:00:00Z":      "2026-03-04T12:00:00Z",
		"2026-03-01T12:00:01Z":      "2026-03-04T13:00:00Z",
		"2026-03-01T23:59:00-02:00": "2026-03-05T02:00:00Z",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := expiry(at, 72*time.Hour); got != want {
			t.Errorf("%s: %s, want %s", now, got, want)
		}
	}
}

func TestTTL(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 0, "48h": 48 * time.Hour, "90m": 90 * time.Minute} {
		if got, err := TTL(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"x", "3", "1m", "-2h", "721h"} {
		if _, err := TTL(text); err == nil || !strings.Contains(err.Error(), "a time from 1h to 720h is expected") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
