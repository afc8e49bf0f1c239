package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/cmd/laravel-ecs/internal/review"
)

// reviewRoot is a folder with the project's file and the template only, for commands that write stack files.
func reviewRoot(t *testing.T) string {
	t.Helper()
	root, folder := atRoot(t), t.TempDir()
	for _, name := range []string{"Pulumi.yaml", "Pulumi.review.yaml"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"docker", "examples"} { // what the image is made of
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestReviewFile(t *testing.T) {
	o := options{root: reviewRoot(t), branch: "feature/É"}
	name, err := reviewStack(o)
	if err != nil || !strings.HasPrefix(name, "review-feature-e-") {
		t.Fatalf("%q, %v", name, err)
	}
	settings, err := writeReviewFile(o, name, 0)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(o.root, "Pulumi."+name+".yaml"))
	if err != nil || !strings.HasPrefix(string(text), "# Made of Pulumi.review.yaml by make review-up") || strings.Contains(string(text), "The template of") {
		t.Errorf("%v in\n%s", err, text)
	}
	written, err := config.ReadFile(o.root, name)
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
	if err := written.Save(o.root); err != nil {
		t.Fatal(err)
	}
	again, err := writeReviewFile(o, name, 5*time.Hour)
	if err != nil || again.Get("web.count") != 2 {
		t.Errorf("web.count is %v, %v", again.Get("web.count"), err)
	}
	if at, err = time.Parse(time.RFC3339, again.Text("environment.expiresAt")); err != nil || time.Until(at) > 6*time.Hour {
		t.Errorf("it expires at %v, %v", at, err)
	}

	// Another branch that would get the same name.
	o.branch = strings.TrimPrefix(name, "review-")
	if same, err := reviewStack(o); err != nil || same != name {
		t.Fatalf("%q, %v", same, err)
	}
	if _, err := writeReviewFile(o, name, 0); err == nil || !strings.Contains(err.Error(), `is the environment of branch "feature/É", and "`+o.branch+`" has the same short name`) {
		t.Errorf("got %v", err)
	}
}

// TestReviewFileOnAWS: the host is the environment's own, and so is the key's context.
func TestReviewFileOnAWS(t *testing.T) {
	o := options{root: reviewRoot(t), branch: "login"}
	template, err := reviewTemplate(o)
	if err != nil {
		t.Fatal(err)
	}
	template.SetSecretsProvider("awskms://alias/laravel-account-state?region=eu-west-1&context_stack=review-NAME")
	if err := template.Set("domain", map[string]any{"name": "review.example.com", "zone": "example.com"}); err != nil {
		t.Fatal(err)
	}
	if err := template.Save(o.root); err != nil {
		t.Fatal(err)
	}
	settings, err := writeReviewFile(o, "review-login", 0)
	if err != nil || settings.Text("domain.name") != "login.review.example.com" || !strings.HasSuffix(settings.SecretsProvider(), "context_stack=review-login") {
		t.Errorf("domain.name is %q, secretsprovider %q, %v", settings.Text("domain.name"), settings.SecretsProvider(), err)
	}
	o.embedded, o.branch = true, "here"
	if settings, err = writeReviewFile(o, "review-here", 0); err != nil || settings.SecretsProvider() != "" {
		t.Errorf("secretsprovider %q, %v", settings.SecretsProvider(), err)
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

// fakeReviews is a cloud that makes nothing.
type fakeReviews struct {
	stacks    []review.Stack
	deployed  []string
	destroyed []string
}

func (f *fakeReviews) Names(context.Context) ([]string, error) {
	var names []string
	for _, s := range f.stacks {
		names = append(names, s.Name)
	}
	return names, nil
}

func (f *fakeReviews) Look(_ context.Context, name string) (review.Stack, error) {
	if i := slices.IndexFunc(f.stacks, func(s review.Stack) bool { return s.Name == name }); i >= 0 {
		return f.stacks[i], nil
	}
	return review.Stack{Name: name}, nil
}

func (f *fakeReviews) Destroy(_ context.Context, s review.Stack) error {
	f.destroyed = append(f.destroyed, s.Name)
	f.stacks = slices.DeleteFunc(f.stacks, func(other review.Stack) bool { return other.Name == s.Name })
	return nil
}

func (f *fakeReviews) Strays(context.Context, []string) ([]string, error) { return nil, nil }

func (f *fakeReviews) deploy(_ context.Context, s *config.File, name string, exists bool) error {
	if exists != slices.ContainsFunc(f.stacks, func(s review.Stack) bool { return s.Name == name }) {
		return errors.New("it does not know what is there")
	}
	f.deployed = append(f.deployed, name)
	f.stacks = append(f.stacks, review.Stack{Name: name, Class: "review", Branch: s.Text("environment.branch"), URL: "http://" + name + ".example.com"})
	return nil
}

// TestReviewCommands: up, up again, another branch, down, down again.
func TestReviewCommands(t *testing.T) {
	var out strings.Builder
	cloud := &fakeReviews{}
	o := options{root: reviewRoot(t), branch: "login", out: &out}
	for range 2 {
		if _, err := upIn(t.Context(), o, cloud); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(out.String(), "\nhttp://review-login.example.com\n") {
			t.Errorf("the URL is not the last line:\n%s", out.String())
		}
	}
	cloud.stacks[0].Branch = "log-in" // of somebody whose file is elsewhere
	for name, command := range map[string]func() error{
		"review-up":   func() error { _, err := upIn(t.Context(), o, cloud); return err },
		"review-down": func() error { return downIn(t.Context(), o, cloud) },
	} {
		if err := command(); err == nil || !strings.Contains(err.Error(), `review-login is the environment of branch "log-in"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	cloud.stacks[0].Class = "production"
	if err := downIn(t.Context(), o, cloud); err == nil || !strings.Contains(err.Error(), "review-login is a stack of class production") {
		t.Errorf("got %v", err)
	}
	if len(cloud.destroyed) > 0 {
		t.Fatalf("destroyed %v", cloud.destroyed)
	}
	cloud.stacks[0].Class, cloud.stacks[0].Branch, cloud.stacks[0].Left = "review", "login", "the schema review_login"
	for range 3 { // the stack, then the file that is left here, then nothing
		if err := downIn(t.Context(), o, cloud); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(cloud.destroyed, []string{"review-login"}) || !strings.Contains(out.String(), "left: the schema review_login") || !strings.Contains(out.String(), "login has no environment (review-login)") {
		t.Errorf("destroyed %v:\n%s", cloud.destroyed, out.String())
	}
}

func TestTimeToLive(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 0, "48h": 48 * time.Hour, "90m": 90 * time.Minute} {
		t.Setenv("TTL", text)
		if got, err := timeToLive(); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"x", "3", "1m", "-2h", "721h"} {
		t.Setenv("TTL", text)
		if _, err := timeToLive(); err == nil || !strings.Contains(err.Error(), "a time from 1h to 720h is expected") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestStrayResources(t *testing.T) {
	const answer = `{"ResourceTagMappingList": [
		{"ResourceARN": "arn:aws:s3:::mine", "Tags": [{"Key": "Class", "Value": "review"}, {"Key": "Environment", "Value": "review-here"}]},
		{"ResourceARN": "arn:aws:s3:::lost", "Tags": [{"Key": "Environment", "Value": "review-gone"}]},
		{"ResourceARN": "arn:aws:ecs:eu-west-1:123456789012:task-definition/x:1", "Tags": [{"Key": "Environment", "Value": "review-gone"}]}]}`
	lines, err := strayResources([]byte(answer), []string{"review-here", "staging"})
	if err != nil || !slices.Equal(lines, []string{"arn:aws:s3:::lost of review-gone, which has no stack"}) {
		t.Errorf("%v, %v", lines, err)
	}
}
