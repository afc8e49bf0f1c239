package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/ops/forge"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/note"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

// errBlocked is the error of a note with a change that destroys data; the command ends with code 3.
var errBlocked = errors.New("data would be destroyed")

// writeNote prints what a preview says in a few lines of Markdown, and nothing else on standard output. With --post it goes to the
// merge request of the job, too.
func writeNote(ctx context.Context, o options) error {
	var request *forge.Request
	if o.post {
		var err error
		if request, err = forge.Detect(os.Getenv); err != nil {
			return err
		}
		if request == nil {
			return errors.New("--post: this is no job of a merge request (neither CI_MERGE_REQUEST_IID nor a pull_request event)")
		}
	}
	markdown, err := composeNote(ctx, o)
	fmt.Fprint(o.out, markdown)
	if markdown == "" || request == nil {
		return err
	}
	marker, rest, _ := strings.Cut(markdown, "\n")
	title, _, _ := strings.Cut(rest, "\n")
	return errors.Join(err, post(ctx, request, marker, markdown, strings.TrimLeft(title, "# ")))
}

// composeNote returns the note, and an error where something stands in the way. A preview that fails has a note as well.
func composeNote(ctx context.Context, o options) (string, error) {
	prices, err := cost.Load()
	if err != nil {
		return "", err
	}
	settings := note.Options{Stack: o.stack, Allow: allowed(), Prices: prices}
	if o.from != "" {
		settings.Stack = "" // the file says it
	}
	text, err := previewOf(ctx, o)
	changes, unreadable := preview.Parse(text)
	switch {
	case err != nil && unreadable != nil: // it did not get as far as a preview
		return note.Failure(o.stack, err.Error()).Markdown, err
	case unreadable != nil:
		return "", unreadable
	case err != nil && len(changes.Errors) == 0:
		changes.Errors = []string{err.Error()}
	}
	written, err := note.New(changes, settings)
	switch {
	case err != nil:
		return "", err
	case written.Failed:
		return written.Markdown, errReported
	case len(written.Blocking) > 0:
		return written.Markdown, fmt.Errorf("%w: %s", errBlocked, strings.Join(written.Blocking, "; "))
	}
	return written.Markdown, nil
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
