package review

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// fake are stacks that are deployed and destroyed in this test only.
type fake struct {
	stacks    []Stack
	deployed  []string
	destroyed []string
}

func (f *fake) Names(context.Context) ([]string, error) {
	var names []string
	for _, s := range f.stacks {
		names = append(names, s.Name)
	}
	return names, nil
}

func (f *fake) Read(_ context.Context, name string) (Stack, error) {
	if i := slices.IndexFunc(f.stacks, func(s Stack) bool { return s.Name == name }); i >= 0 {
		return f.stacks[i], nil
	}
	return Stack{Name: name}, nil
}

func (f *fake) Destroy(_ context.Context, one Stack) (string, error) {
	f.destroyed = append(f.destroyed, one.Name)
	f.stacks = slices.DeleteFunc(f.stacks, func(s Stack) bool { return s.Name == one.Name })
	return "the database " + one.Schema, nil
}

func (f *fake) Leftovers(context.Context, []string) ([]string, error) { return nil, nil }

func (f *fake) Deploy(_ context.Context, s *config.File, name string, exists bool) error {
	if exists != slices.ContainsFunc(f.stacks, func(s Stack) bool { return s.Name == name }) {
		return errors.New("it does not know what is there")
	}
	f.deployed = append(f.deployed, name)
	f.stacks = append(f.stacks, Stack{Name: name, Class: "review", Branch: s.Text("environment.branch"), URL: "http://" + name + ".example.com"})
	return nil
}

// TestCommands: up, up again, another branch, down, down again.
func TestCommands(t *testing.T) {
	var out strings.Builder
	cloud := &fake{}
	t.Setenv("CI_MERGE_REQUEST_IID", "")
	t.Setenv("GITHUB_EVENT_NAME", "")
	e := &Environments{root: project(t), stacks: cloud, out: &out, err: io.Discard}
	for range 2 {
		if err := e.Up(t.Context(), "login", 0); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(out.String(), "\nhttp://review-login.example.com\n") {
			t.Errorf("the URL is not the last line:\n%s", out.String())
		}
	}
	cloud.stacks[0].Branch = "log-in" // of somebody whose file is elsewhere
	for name, command := range map[string]func() error{
		"review-up":   func() error { return e.Up(t.Context(), "login", 0) },
		"review-down": func() error { return e.Down(t.Context(), "login") },
	} {
		if err := command(); err == nil || !strings.Contains(err.Error(), `review-login is the environment of branch "log-in"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	cloud.stacks[0].Class = "production"
	if err := e.Down(t.Context(), "login"); err == nil || !strings.Contains(err.Error(), "review-login is a stack of class production") {
		t.Errorf("got %v", err)
	}
	if len(cloud.destroyed) > 0 {
		t.Fatalf("destroyed %v", cloud.destroyed)
	}
	cloud.stacks[0].Class, cloud.stacks[0].Branch, cloud.stacks[0].Schema = "review", "login", "review_login"
	for range 3 { // the stack, then the file that is left here, then nothing
		if err := e.Down(t.Context(), "login"); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(cloud.destroyed, []string{"review-login"}) || !strings.Contains(out.String(), "left: the database review_login") || !strings.Contains(out.String(), "login has no environment (review-login)") {
		t.Errorf("destroyed %v:\n%s", cloud.destroyed, out.String())
	}
}

// refusing cannot deploy.
type refusing struct{ fake }

func (refusing) Deploy(context.Context, *config.File, string, bool) error {
	return errors.New("pulumi: exit status 255")
}

// TestSharedStackIsNotThere: the answer of pulumi is followed by the key and the fix.
func TestSharedStackIsNotThere(t *testing.T) {
	root := project(t)
	settings, err := template(root)
	if err == nil {
		err = settings.Set("domain.name", "review.example.com")
	}
	if err == nil {
		err = settings.Save(root)
	}
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	e := &Environments{root: root, stacks: &refusing{}, out: io.Discard, err: &said}
	err = e.Up(t.Context(), "login", 0)
	if err == nil || !strings.Contains(err.Error(), "environment.shares is staging, and the project has no such stack: make up STACK=staging") || !strings.Contains(said.String(), "it shares staging") {
		t.Errorf("%v, %s", err, said.String())
	}
}
