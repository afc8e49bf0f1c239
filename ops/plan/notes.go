package plan

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
	"github.com/laravel-ecs/laravel-ecs/ops/forge"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/note"
)

// requestMarker is the first line of the one note about all environments that a merge request touches. The review environment has a note
// of its own: its job runs at the same time, and two jobs that write into one note would overwrite each other.
const requestMarker = "<!-- laravel-ecs notes -->"

// Notes prints the note of every environment that changes since a revision touch, and keeps all of them as one note on the merge
// request of this job. An environment that fails does not stop the others. Stack and From are not read.
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
	if o.Base == "" && withoutCredentials(request) {
		fmt.Fprintf(o.Err, "this job has no AWS role: the notes compare the stack files with those of %s\n", since)
		o.Base = since
	}
	fmt.Fprintln(o.Out, requestMarker)
	var parts []string
	var failures []error
	for _, stack := range touched {
		o.Stack = stack
		markdown, failed := o.compose(ctx)
		if markdown == "" {
			markdown = note.Failure(stack, failed.Error()).Markdown
		}
		_, markdown, _ = strings.Cut(markdown, "\n") // without the first line, which marks a note of one environment
		fmt.Fprintln(o.Out, markdown)
		parts, failures = append(parts, markdown), append(failures, failed)
	}
	if request != nil {
		text := requestMarker + "\n" + strings.Join(parts, "\n")
		failures = append(failures, o.post(ctx, request, requestMarker, text, strings.Join(touched, ", ")))
	}
	return join(failures...)
}

// withdraw replaces the note of an earlier push that touched an environment.
func (o Options) withdraw(ctx context.Context, request *forge.Request) error {
	if request == nil {
		return nil
	}
	outcome, err := request.Replace(ctx, requestMarker, requestMarker+"\n### No environment is touched any more\n")
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

// post puts a note on the merge request; what names it in the log. Without a token the note is only in the log.
func (o Options) post(ctx context.Context, request *forge.Request, marker, text, what string) error {
	outcome, err := request.Post(ctx, marker, text)
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
