package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// openInMemory opens a stack on an account in memory, in silence. The returned function must be called when it is done with.
func openInMemory(ctx context.Context, o options) (*engine.Engine, func(), error) {
	cli, err := engine.FindCLI(ctx, o.root, os.Stderr)
	if err != nil {
		return nil, nil, err
	}
	folder, err := os.MkdirTemp("", "laravel-ecs-")
	if err != nil {
		return nil, nil, err
	}
	e, err := engine.Open(ctx, engine.Config{
		Root: o.root, State: filepath.Join(folder, "state"), Stack: o.stack, Program: stacks.Deploy, CLI: cli, Throwaway: true, Log: io.Discard,
		Edit: adapt,
	})
	if err == nil {
		_, err = seed(e.Account(), e.Settings())
	}
	if err != nil {
		os.RemoveAll(folder)
		return nil, nil, err
	}
	return e, func() { e.Close(); os.RemoveAll(folder) }, nil
}

// adapt is prepare, without a word.
func adapt(s *config.File) error {
	var notes []string
	return prepare(s, &notes)
}

// previewSince compares the stack file with that of a revision, on an account in memory. It needs no AWS, and sees no drift.
func previewSince(ctx context.Context, o options) ([]byte, error) {
	base, err := settingsAt(ctx, o)
	if err != nil {
		return nil, err
	}
	e, done, err := openInMemory(ctx, o)
	if err != nil {
		return nil, err
	}
	defer done()
	if _, err := seed(e.Account(), base); err != nil {
		return nil, err
	}
	head := *e.Settings()
	become := func(wanted *config.File) error {
		return e.Rewrite(func(s *config.File) error { *s = *wanted; return nil })
	}
	if err := become(base); err != nil {
		return nil, err
	}
	if _, err := e.Up(ctx); err != nil {
		return nil, fmt.Errorf("deploying %s of %s: %w", base.Name(), o.base, err)
	}
	if err := become(&head); err != nil {
		return nil, err
	}
	return e.PreviewJSON(ctx)
}

// settingsAt reads the stack file of a revision.
func settingsAt(ctx context.Context, o options) (*config.File, error) {
	folder, err := os.MkdirTemp("", "laravel-ecs-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	for _, name := range []string{"Pulumi.yaml", "Pulumi." + o.stack + ".yaml"} {
		text, err := exec.CommandContext(ctx, "git", "-C", o.root, "show", o.base+":./"+name).Output()
		if err != nil {
			return nil, fmt.Errorf("--base: this clone has no %s of %s", name, o.base)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return nil, err
		}
	}
	settings, err := config.ReadFile(folder, o.stack)
	if err != nil {
		return nil, err
	}
	return settings, adapt(settings)
}
