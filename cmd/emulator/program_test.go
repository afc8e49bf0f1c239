package main_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/stacks"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// life is a stack that a test deploys on the engine, on an account in memory.
type life struct {
	*engine.Engine
	t *testing.T
}

// newLife opens a stack whose file edit has changed, in the account of another one or in its own (nil).
func newLife(t *testing.T, stack string, sharedWith *life, edit func(*config.File) error) *life {
	t.Helper()
	root := repository(t)
	cli, err := engine.FindCLI(t.Context(), root, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	folder := programFolder(t, root, stack)
	c := engine.Config{
		Root: folder, State: filepath.Join(t.TempDir(), "s"), Stack: stack, Program: stacks.Deploy, CLI: cli, Throwaway: true, Log: io.Discard, Edit: edit,
	}
	if sharedWith != nil {
		c.SharedWith = sharedWith.Engine
	}
	e, err := engine.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return &life{e, t}
}

// repository is where go.mod is. The tests work there (TestMain), as the program does: it reads Git and the sources of the image.
func repository(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		folder = filepath.Dir(folder)
	}
}

// programFolder is a copy of the program's folder with one stack. A review environment's file is made of the template.
func programFolder(t *testing.T, root, stack string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"Pulumi.yaml", "docker", "examples"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	template := stack
	if _, err := os.Stat(filepath.Join(root, "Pulumi."+stack+".yaml")); err != nil {
		template = config.ReviewStack
	}
	file, err := config.ReadFile(root, template)
	if err != nil {
		t.Fatal(err)
	}
	if template == config.ReviewStack {
		file.Rename(stack, "Made by a test.")
		for path, value := range map[string]string{"environment.branch": stack, "environment.expiresAt": "2099-01-01T00:00:00Z"} {
			if err := file.Set(path, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := file.Save(folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// zone puts a hosted zone into the account, where the program looks it up.
func (l *life) zone(name string) {
	l.t.Helper()
	if err := l.Account().Seed("aws:route53/zone:Zone", "ZEXAMPLE", account.Values{
		"zoneId": "ZEXAMPLE", "name": name, "arn": "arn:aws:route53:::hostedzone/ZEXAMPLE", "privateZone": false,
	}); err != nil {
		l.t.Fatal(err)
	}
}

// set changes keys of the stack file; a value of nil removes the key.
func (l *life) set(values map[string]any) {
	l.t.Helper()
	if err := l.Rewrite(func(f *config.File) error { return setAll(f, values) }); err != nil {
		l.t.Fatal(err)
	}
}

func setAll(f *config.File, values map[string]any) error {
	for path, value := range values {
		if value == nil {
			f.Unset(path)
		} else if err := f.Set(path, value); err != nil {
			return err
		}
	}
	return nil
}

// deploy previews, deploys, and previews once more: the second preview must have no changes.
func (l *life) deploy(what string) engine.Report {
	l.t.Helper()
	planned, err := l.Preview(l.t.Context())
	if err != nil {
		l.t.Fatalf("%s: the preview fails: %v", what, err)
	}
	report, err := l.Up(l.t.Context())
	if err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
	if len(planned.Changes) == 0 || len(report.Changes) == 0 {
		l.t.Errorf("%s: %d changes were previewed and %d made", what, len(planned.Changes), len(report.Changes))
	}
	if again, err := l.Preview(l.t.Context()); err != nil || len(again.Changes) > 0 {
		l.t.Errorf("%s: a second preview: %v, %v", what, again.Changes, err)
	}
	return report
}

// services are the logical names of the account's ECS services.
func (l *life) services() map[string]bool {
	names := map[string]bool{}
	for _, service := range l.Account().List("aws:ecs/service:Service") {
		names[service.Name] = true
	}
	return names
}
