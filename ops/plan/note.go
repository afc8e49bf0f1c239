// Package plan says what a change means before it is deployed: the note of one environment, the notes of all that a merge request
// touches, and which those are.
package plan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
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
	since := o.Base
	if since == "" && request != nil {
		since = began(ctx, o.Root, request.Base)
	}
	markdown, err := o.compose(ctx, since)
	fmt.Fprint(o.Out, markdown)
	if markdown == "" || request == nil {
		return err
	}
	stack, _, _ := strings.Cut(strings.TrimLeft(markdown, "# "), ":")
	return join(err, o.post(ctx, request, func(parts map[string]string) { parts[part+stack] = markdown }, stack))
}

// compose returns the note, and an error where a pipeline must stop. A preview that fails has a note as well. The keys of the stack file
// are compared with those of a revision, if one is given.
func (o Options) compose(ctx context.Context, since string) (string, error) {
	prices, err := cost.Load()
	if err != nil {
		return "", err
	}
	allowed := strings.FieldsFunc(os.Getenv("ALLOW_REPLACE"), func(r rune) bool { return r == ',' || r == ' ' })
	settings := note.Options{Stack: o.Stack, Allow: allowed, Prices: prices}
	if o.From != "" {
		settings.Stack = "" // the file has the name
	} else if since != "" {
		if settings.Keys, err = changedKeys(ctx, o.Root, o.Stack, since); err != nil {
			fmt.Fprintln(o.Err, "the note does not show the changed keys of the stack file:", err)
		}
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

// preview returns what `pulumi preview --json` prints: from a file, from the emulator, or from pulumi. It is there beside an error too.
func (o Options) preview(ctx context.Context) ([]byte, error) {
	switch {
	case o.From == "-":
		return io.ReadAll(o.In)
	case o.From != "":
		return os.ReadFile(o.From)
	case o.Base != "":
		if err := revision("--base (BASE=)", o.Base); err != nil {
			return nil, err
		}
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

// part is the beginning of the names of the parts that say what happens to an environment.
const part = "environment "

// Notes prints the note of every environment that changes since a revision touch, and keeps them as parts of the note on the merge request
// of this job. An environment that fails does not stop the others. Stack and From are not read.
func (o Options) Notes(ctx context.Context, since string) error {
	since, request, err := changesOf(since)
	if err != nil {
		return err
	}
	touched, err := touchedSince(ctx, o.Root, since)
	if err != nil {
		return err
	}
	if len(touched) == 0 {
		fmt.Fprintln(o.Out, "these changes touch no environment")
		return o.withdraw(ctx, request)
	}
	since = began(ctx, o.Root, since)
	if o.Base == "" && withoutCredentials(request) {
		fmt.Fprintf(o.Err, "this job has no AWS role: the notes compare the stack files with those of %s\n", since)
		o.Base = since
	}
	texts := map[string]string{}
	var failures []error
	for _, stack := range touched {
		o := o
		if o.Stack = stack; o.Base == "" && request != nil && !previewed(o.Root, stack) {
			fmt.Fprintf(o.Err, "%s is production, whose state is not for merge requests: the note compares its stack file with that of %s\n", stack, since)
			o.Base = since
		}
		markdown, failed := o.compose(ctx, since)
		if markdown == "" {
			markdown = note.Failure(stack, failed.Error()).Markdown
		}
		fmt.Fprintln(o.Out, markdown)
		texts[part+stack], failures = markdown, append(failures, failed)
	}
	if request != nil {
		failures = append(failures, o.post(ctx, request, func(parts map[string]string) { replace(parts, texts) }, strings.Join(touched, ", ")))
	}
	return join(failures...)
}

// replace puts these texts in the place of those of the environments that an earlier push touched.
func replace(parts, texts map[string]string) {
	maps.DeleteFunc(parts, func(name, _ string) bool { return strings.HasPrefix(name, part) })
	maps.Copy(parts, texts)
}

// withdraw says so where an earlier push touched an environment, and this one does not.
func (o Options) withdraw(ctx context.Context, request *forge.Request) error {
	if request == nil {
		return nil
	}
	outcome, err := request.Keep(ctx, func(parts map[string]string) {
		before := len(parts)
		if replace(parts, nil); len(parts) < before {
			parts[part+"(none)"] = "### No environment is touched any more"
		}
	})
	if errors.Is(err, forge.ErrNoToken) {
		return nil
	}
	if outcome == forge.Updated {
		fmt.Fprintln(o.Err, "the note now says that no environment is touched any more")
	}
	return err
}

// withoutCredentials is whether a job must not or cannot use AWS: that of a fork, and that of a project that has no role yet.
func withoutCredentials(request *forge.Request) bool {
	return request != nil && (request.Fork || os.Getenv("AWS_ROLE_ARN") == "" && os.Getenv("AWS_ACCESS_KEY_ID") == "")
}

// post writes parts of the note on the merge request; what names them in the log. Without a token they are only in the log.
func (o Options) post(ctx context.Context, request *forge.Request, change func(parts map[string]string), what string) error {
	outcome, err := request.Keep(ctx, change)
	if errors.Is(err, forge.ErrNoToken) {
		fmt.Fprintf(o.Err, "the note is not posted (%s): %v\n", what, err)
		return nil
	}
	if err != nil {
		fmt.Fprintln(o.Err, "error:", err) // now: beside it, the result of the note may be an error too
		return exit.AfterPrinting(err)
	}
	fmt.Fprintf(o.Err, "the note is %s (%s)\n", outcome, what)
	return nil
}
