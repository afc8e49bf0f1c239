package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/forge"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/note"
)

// requestMarker is the first line of the one note that a merge request has of all its environments. The review environment's is another
// one: its job runs at the same time, and of two that write into one note the later would undo the earlier.
const requestMarker = "<!-- laravel-ecs notes -->"

// writeNotes prints the note of every environment that a merge request touches, and keeps all of them as one note on it. An environment
// that fails does not stop the others.
func writeNotes(ctx context.Context, o options) error {
	request, err := requestOf(&o)
	if err != nil {
		return err
	}
	touched, err := touchedSince(ctx, o)
	if err != nil {
		return err
	}
	if len(touched) == 0 {
		fmt.Fprintln(o.out, "these changes touch no environment")
		return forgetNotes(ctx, request)
	}
	if o.base == "" && !o.onThisMachine() && withoutCredentials(request) {
		fmt.Fprintf(os.Stderr, "no role of AWS for this job: the notes compare the stack files with those of %s\n", o.since)
		o.base = o.since
	}
	fmt.Fprintln(o.out, requestMarker)
	var parts []string
	for _, stack := range touched {
		each := o
		each.stack, each.state = stack, o.stateOf(stack)
		markdown, failed := composeNote(ctx, each)
		if markdown == "" {
			markdown = note.Failure(stack, failed.Error()).Markdown
		}
		_, markdown, _ = strings.Cut(markdown, "\n") // without the mark of a note of its own
		fmt.Fprintln(o.out, markdown)
		parts, err = append(parts, markdown), errors.Join(err, failed)
	}
	if request == nil {
		return err
	}
	text := requestMarker + "\n" + strings.Join(parts, "\n")
	return errors.Join(err, post(ctx, request, requestMarker, text, strings.Join(touched, ", ")))
}

// forgetNotes sees to it that the note of an earlier push, which touched an environment, does not stand for this one.
func forgetNotes(ctx context.Context, request *forge.Request) error {
	if request == nil {
		return nil
	}
	outcome, err := request.Replace(ctx, requestMarker, requestMarker+"\n### No environment is touched any more\n")
	if errors.Is(err, forge.ErrNoToken) {
		return nil
	}
	if outcome == forge.Updated {
		fmt.Fprintln(os.Stderr, "the note says now that no environment is touched any more")
	}
	return err
}

// withoutCredentials tells whether a job cannot ask AWS: a fork's must not, and a project that has no role yet has none to give.
func withoutCredentials(request *forge.Request) bool {
	return request != nil && (request.Fork || os.Getenv("AWS_ROLE_ARN") == "" && os.Getenv("AWS_ACCESS_KEY_ID") == "")
}

// post puts a note on the merge request; what names it in the log. Without a token the log has the note, which must do.
func post(ctx context.Context, request *forge.Request, marker, text, what string) error {
	outcome, err := request.Post(ctx, marker, text)
	if errors.Is(err, forge.ErrNoToken) {
		fmt.Fprintf(os.Stderr, "the note is not posted (%s): %v\n", what, err)
		return nil
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err) // beside what the note says, which decides about the exit code
		return errReported
	}
	fmt.Fprintf(os.Stderr, "the note is %s (%s)\n", outcome, what)
	return nil
}

// tellRequest keeps the note of a review environment on the merge request of this job, where there is one; create makes the note. What
// goes wrong with it is told and no more: the environment is what it is, and the log says the same.
func tellRequest(ctx context.Context, stack, text string, create bool) {
	request, err := forge.Detect(os.Getenv)
	var outcome forge.Outcome
	if request != nil {
		keep := request.Replace
		if create {
			keep = request.Post
		}
		outcome, err = keep(ctx, note.Mark(stack), note.Mark(stack)+"\n"+text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the merge request is not told:", err)
	}
	if err != nil || request == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "the note of %s on the merge request is %s\n", stack, outcome)
}
