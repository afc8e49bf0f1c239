// Package plan says what a change means before it is deployed: the note of one environment, the notes of all that a merge request
// touches, and which those are.
package plan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
	"github.com/laravel-ecs/laravel-ecs/ops/forge"
	"github.com/laravel-ecs/laravel-ecs/ops/inmemory"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/note"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// Options say what a note is about. The note is Markdown on Out; nothing else is printed there.
type Options struct {
	Root, Stack string
	// From is a file with the output of `pulumi preview --json --show-sames`; "-" is standard input.
	From string
	// Base is a revision. The stack file is compared with that revision's, on an account in memory: no AWS, no credentials.
	Base     string
	In       io.Reader
	Out, Err io.Writer
}

// Note prints the note of a stack. With post it is put on the merge request of this job, too. A note with a change that destroys data is
// an error with the code exit.Blocked.
func (o Options) Note(ctx context.Context, post bool) error {
	var request *forge.Request
	if post {
		var err error
		if request, err = forge.Detect(os.Getenv); err != nil {
			return err
		}
		if request == nil {
			return errors.New("--post: this is no job of a merge request (neither CI_MERGE_REQUEST_IID nor a pull_request event)")
		}
	}
	markdown, err := o.compose(ctx)
	fmt.Fprint(o.Out, markdown)
	if markdown == "" || request == nil {
		return err
	}
	marker, rest, _ := strings.Cut(markdown, "\n")
	title, _, _ := strings.Cut(rest, "\n")
	return join(err, o.post(ctx, request, marker, markdown, strings.TrimLeft(title, "# ")))
}

// compose returns the note, and an error where a pipeline must stop. A preview that fails has a note as well.
func (o Options) compose(ctx context.Context) (string, error) {
	prices, err := cost.Load()
	if err != nil {
		return "", err
	}
	settings := note.Options{Stack: o.Stack, Allow: allowed(), Prices: prices}
	if o.From != "" {
		settings.Stack = "" // the file has the name
	}
	text, err := o.preview(ctx)
	changes, unreadable := preview.Parse(text)
	switch {
	case err != nil && unreadable != nil: // pulumi did not start a preview
		return note.Failure(o.Stack, err.Error()).Markdown, err
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
		return written.Markdown, exit.AfterPrinting(errors.New("the preview failed"))
	case len(written.Blocking) > 0:
		return written.Markdown, exit.With(exit.Blocked, fmt.Errorf("data would be destroyed: %s", strings.Join(written.Blocking, "; ")))
	}
	return written.Markdown, nil
}

// allowed are the types that ALLOW_REPLACE names.
func allowed() []string {
	return strings.FieldsFunc(os.Getenv("ALLOW_REPLACE"), func(r rune) bool { return r == ',' || r == ' ' })
}

// preview returns what `pulumi preview --json` prints: from a file, from the emulator, or from pulumi. It is there beside an error too.
func (o Options) preview(ctx context.Context) ([]byte, error) {
	switch {
	case o.From == "-":
		return io.ReadAll(o.In)
	case o.From != "":
		return os.ReadFile(o.From)
	case o.Base != "":
		return inmemory.Output(ctx, o.Root, "preview", "--stack", o.Stack, "--base", o.Base, "--json")
	}
	s, err := session.Open(o.Root, o.Stack, o.Out, o.Err)
	if err != nil {
		return nil, err
	}
	pulumi, err := s.Pulumi(ctx)
	if err != nil {
		return nil, err
	}
	return pulumi.Output(ctx, append([]string{"preview", "--non-interactive", "--stack", o.Stack}, preview.Arguments...)...)
}

// join is errors.Join of what has not been printed yet. With nothing of that kind, the result counts as printed.
func join(all ...error) error {
	unprinted := slices.DeleteFunc(slices.Clone(all), exit.Printed)
	if joined := errors.Join(unprinted...); joined != nil {
		return joined
	}
	return exit.AfterPrinting(errors.Join(all...))
}
