package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/local/cost"
	"github.com/laravel-ecs/laravel-ecs/local/engine"
	"github.com/laravel-ecs/laravel-ecs/local/note"
	"github.com/laravel-ecs/laravel-ecs/local/preview"
)

// errBlocked is the error of a note with a change that destroys data; the command ends with code 3.
var errBlocked = errors.New("data would be destroyed")

// writeNote prints what a preview says in a few lines of Markdown, and nothing else: a pipeline posts it.
func writeNote(ctx context.Context, o options) error {
	prices, err := cost.Load()
	if err != nil {
		return err
	}
	settings := note.Options{Stack: o.stack, Allow: allowed(), Prices: prices}
	if o.from != "" {
		settings.Stack = "" // the file says it
	}
	text, err := previewOf(ctx, o)
	changes, unreadable := preview.Parse(text)
	switch {
	case err != nil && unreadable != nil: // it did not get as far as a preview
		fmt.Fprint(o.out, note.Failure(o.stack, err.Error()).Markdown)
		return err
	case unreadable != nil:
		return unreadable
	case err != nil && len(changes.Errors) == 0:
		changes.Errors = []string{err.Error()}
	}
	written, err := note.New(changes, settings)
	if err != nil {
		return err
	}
	fmt.Fprint(o.out, written.Markdown)
	switch {
	case written.Failed:
		return errReported
	case len(written.Blocking) > 0:
		return fmt.Errorf("%w: %s", errBlocked, strings.Join(written.Blocking, "; "))
	}
	return nil
}

// allowed are the types that ALLOW_REPLACE names.
func allowed() []string {
	return strings.FieldsFunc(os.Getenv("ALLOW_REPLACE"), func(r rune) bool { return r == ',' || r == ' ' })
}

// previewOf returns what `pulumi preview --json` prints: of a file, of a rehearsal, or of the stack.
func previewOf(ctx context.Context, o options) ([]byte, error) {
	switch {
	case o.from == "-":
		return io.ReadAll(os.Stdin)
	case o.from != "":
		return os.ReadFile(o.from)
	case o.base != "":
		return previewSince(ctx, o)
	}
	return targetOf(o).preview(ctx)
}

func (t localTarget) preview(ctx context.Context) ([]byte, error) {
	if _, err := engine.FindCLI(ctx, t.o.root, os.Stderr); err != nil {
		return nil, err
	}
	t.o.out = io.Discard
	e, _, err := openCloud(ctx, t.o)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return e.PreviewJSON(ctx)
}

func (t awsTarget) preview(ctx context.Context) ([]byte, error) {
	path, err := readyForAWS(ctx, t.o.root, t.o.stack)
	if err != nil {
		return nil, err
	}
	var complaint strings.Builder
	command := exec.CommandContext(ctx, path, append([]string{"preview", "--non-interactive", "--stack", t.o.stack}, engine.PreviewArguments...)...)
	command.Stderr = &complaint
	text, err := command.Output()
	if err != nil {
		return text, fmt.Errorf("pulumi preview: %w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return text, nil
}
