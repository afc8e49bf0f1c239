package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/local/forge"
)

// writeNotes prints and posts the note of every environment that a merge request touches. One that fails does not stop the others.
func writeNotes(ctx context.Context, o options) error {
	request, err := requestOf(&o)
	if err != nil {
		return err
	}
	touched, others, err := touchedSince(ctx, o)
	if err != nil {
		return err
	}
	if len(touched) == 0 {
		fmt.Fprintln(o.out, "these changes touch no environment")
	}
	if o.base == "" && !o.onThisMachine() && withoutCredentials(request) {
		fmt.Fprintf(os.Stderr, "no role of AWS for this job: the notes compare the stack files with those of %s\n", o.since)
		o.base = o.since
	}
	for _, stack := range touched {
		each := o
		each.stack, each.state = stack, o.stateOf(stack)
		err = errors.Join(err, noteOn(ctx, each, request))
	}
	for _, stack := range others {
		if request == nil {
			break
		}
		// An earlier push may have touched it: what that note says is not so any more.
		outcome, replaceErr := request.Replace(ctx, marker(stack), marker(stack)+"\n### "+stack+": not touched any more\n")
		if errors.Is(replaceErr, forge.ErrNoToken) {
			break
		}
		if err = errors.Join(err, replaceErr); outcome == forge.Updated {
			fmt.Fprintf(os.Stderr, "the note of %s says now that it is not touched any more\n", stack)
		}
	}
	return err
}

// withoutCredentials tells whether a job cannot ask AWS: a fork's must not, and a project that has no role yet has none to give.
func withoutCredentials(request *forge.Request) bool {
	return request != nil && (request.Fork || os.Getenv("AWS_ROLE_ARN") == "" && os.Getenv("AWS_ACCESS_KEY_ID") == "")
}

// marker is the first line of a stack's note.
func marker(stack string) string { return "<!-- laravel-ecs note: " + stack + " -->" }

// post puts a note on the merge request. Without a token the log has it, which must do.
func post(ctx context.Context, request *forge.Request, markdown string) error {
	marker, rest, _ := strings.Cut(markdown, "\n")
	title, _, _ := strings.Cut(rest, "\n")
	title = strings.TrimLeft(title, "# ")
	outcome, err := request.Post(ctx, marker, markdown)
	if errors.Is(err, forge.ErrNoToken) {
		fmt.Fprintf(os.Stderr, "the note is not posted (%s): %v\n", title, err)
		return nil
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err) // beside what the note says, which decides about the exit code
		return errReported
	}
	fmt.Fprintf(os.Stderr, "the note is %s (%s)\n", outcome, title)
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
		outcome, err = keep(ctx, marker(stack), marker(stack)+"\n"+text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the merge request is not told:", err)
	}
	if err != nil || request == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "the note of %s on the merge request is %s\n", stack, outcome)
}
