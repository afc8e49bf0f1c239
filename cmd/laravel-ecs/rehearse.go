package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/cmd/laravel-ecs/internal/review"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// A rehearsal takes a stack file through the life of its stack. Every step says what may happen in it; whatever else
// happens is a surprise.

// released are the types that a new release may touch, with what happens to them.
var released = map[string]string{
	"docker:index/image:Image":              "update",
	"aws:ecs/taskDefinition:TaskDefinition": "replace",
	"aws:ecs/service:Service":               "update",
}

// step is one run of the engine and what is expected of it.
type step struct {
	name   string
	run    func(context.Context) (engine.Report, error)
	expect func(engine.Report) []string // surprises
	// refused is what the engine must say when the step has to fail; empty: it must succeed, and as expected.
	refused string
}

// outcome is a step that was taken.
type outcome struct {
	step      string
	report    engine.Report
	surprises []string
}

func rehearse(ctx context.Context, o options) error {
	begin := time.Now()
	cli, err := engine.FindCLI(ctx, o.root, o.out)
	if err != nil {
		return err
	}
	if err := engine.Wipe(o.state); err != nil {
		return err
	}
	log := io.Discard
	if o.verbose {
		log = o.out
	}
	var notes []string
	e, err := engine.Open(ctx, engine.Config{
		Root: o.root, State: o.state, Stack: o.stack, Program: stacks.Deploy, CLI: cli, Throwaway: true, Log: log,
		Edit: func(s *config.File) error { return prepare(s, &notes) },
	})
	if err != nil {
		return err
	}
	defer e.Close()
	assumed, err := seed(e.Account(), e.Settings())
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "rehearsing %s on an account in memory: nothing is built and nothing leaves this machine\n", e.Settings().Name())
	for _, line := range assumed {
		notes = append(notes, "assumes "+line)
	}
	for _, line := range notes {
		fmt.Fprintln(o.out, "  "+line)
	}
	outcomes := take(ctx, steps(e))
	print(o.out, outcomes, time.Since(begin))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, one := range outcomes {
		if len(one.surprises) > 0 {
			return fmt.Errorf("the rehearsal of %s had surprises: %w", o.stack, errReported)
		}
	}
	return e.Remove()
}

// prepare takes out of the copied stack file what a rehearsal has no keys for.
func prepare(s *config.File, notes *[]string) error {
	if hidden := s.HideSecrets(); len(hidden) > 0 {
		*notes = append(*notes, "placeholders for what needs a key: "+strings.Join(hidden, ", "))
	}
	if build, set := s.Get("release.build").(bool); set && !build {
		*notes = append(*notes, "the image is pushed first (release.build): an empty registry has none to look up")
		if err := s.Set("release.build", true); err != nil {
			return err
		}
	}
	for _, path := range []string{"account.github.repository", "account.gitlab.project"} {
		if !config.Placeholder(s.Text(path)) {
			continue
		}
		*notes = append(*notes, path+" is a placeholder, which AWS is never asked to trust: a made-up one stands for it")
		if err := s.Set(path, "rehearsed/project"); err != nil {
			return err
		}
	}
	if s.Text("environment.class") == review.Class && s.Text("environment.expiresAt") == "" {
		*notes = append(*notes, "a made-up branch that expires in an hour (make review-up writes them)")
		if err := s.Set("environment.branch", "rehearsed"); err != nil {
			return err
		}
		if err := s.Set("environment.expiresAt", expiry(time.Now(), time.Hour)); err != nil {
			return err
		}
	}
	if isAccount(s) {
		*notes = append(*notes, "no release: an account runs nothing")
	}
	if s.Get("aws:allowedAccountIds") != nil {
		*notes = append(*notes, "the account stands for the allowed one (aws:allowedAccountIds)")
		return s.Set("aws:allowedAccountIds", []string{accountID})
	}
	return nil
}

// accountID is the number of the embedded account.
const accountID = "123456789012"

// isAccount tells whether a stack file declares what the environments of an account share, and no environment.
func isAccount(s *config.File) bool { return s.Get("account") != nil }

// steps is the life of a stack: made, unchanged, released or, where nothing runs, changed, and torn down.
func steps(e *engine.Engine) []step {
	set := func(path string, value any) func(context.Context) (engine.Report, error) {
		return func(ctx context.Context) (engine.Report, error) {
			if err := e.Rewrite(func(s *config.File) error { return s.Set(path, value) }); err != nil {
				return engine.Report{}, err
			}
			return e.Up(ctx)
		}
	}
	list := []step{
		{name: "preview", run: e.Preview, expect: only("create")},
		{name: "up", run: e.Up, expect: only("create")},
		{name: "preview again", run: e.Preview, expect: only()},
		{name: "refresh", run: e.Refresh, expect: only()},
	}
	if isAccount(e.Settings()) {
		list = append(list, step{name: "longer history", run: set("account.stateDays", 365), expect: only("update")})
	} else {
		list = append(list, step{name: "new release", run: set("release.name", "rehearsed-release"), expect: onlyRelease})
	}
	if protected, _ := e.Settings().Get("environment.protect").(bool); protected {
		list = append(list,
			step{name: "destroy (protected)", run: e.PreviewDestroy, refused: "protected"},
			step{name: "teardown", run: set("environment.teardown", true), expect: only("update")},
		)
	}
	return append(list, step{name: "destroy", run: e.Destroy, expect: func(r engine.Report) []string {
		return append(only("delete")(r), left(e)...)
	}})
}

// only allows changes of these operations.
func only(operations ...string) func(engine.Report) []string {
	return func(r engine.Report) []string {
		var surprises []string
		for _, change := range r.Changes {
			if !slices.Contains(operations, change.Op) {
				surprises = append(surprises, change.String())
			}
		}
		return surprises
	}
}

// onlyRelease allows what a release changes, and wants all of it.
func onlyRelease(r engine.Report) []string {
	var surprises []string
	seen := map[string]bool{}
	for _, change := range r.Changes {
		if released[change.Type] != change.Op {
			surprises = append(surprises, change.String())
			continue
		}
		seen[change.Type] = true
	}
	for token := range released {
		if !seen[token] {
			surprises = append(surprises, fmt.Sprintf("no %s of %s", released[token], token))
		}
	}
	slices.Sort(surprises)
	return surprises
}

// left lists what is still in the account after a destroy.
func left(e *engine.Engine) []string {
	var list []string
	for _, r := range e.Left() {
		list = append(list, fmt.Sprintf("left behind: %s %s", r.Type, r.Name))
	}
	return list
}

// take takes the steps one after the other and stops at one that fails when it should not.
func take(ctx context.Context, list []step) []outcome {
	var outcomes []outcome
	for _, s := range list {
		report, err := s.run(ctx)
		one := outcome{step: s.name, report: report}
		switch {
		case err != nil && s.refused == "":
			one.surprises = append(one.surprises, reason(err))
		case err == nil && s.refused != "":
			one.surprises = append(one.surprises, "it was not refused")
		case err != nil && !strings.Contains(err.Error(), s.refused):
			one.surprises = append(one.surprises, "it was refused for another reason: "+reason(err))
		}
		if s.refused == "" {
			one.surprises = append(one.surprises, s.expect(report)...)
		} else {
			one.report.Changes = nil // planned, not done
		}
		outcomes = append(outcomes, one)
		if err != nil && s.refused == "" || err == nil && s.refused != "" || ctx.Err() != nil {
			break
		}
	}
	return outcomes
}

// reason is what went wrong, without the name of the step, which stands before it in the report.
func reason(err error) string {
	var failure *engine.Failure
	if errors.As(err, &failure) && len(failure.Errors) > 0 {
		return strings.Join(failure.Errors, "\n")
	}
	return err.Error()
}

// print writes the report: a table, then the surprises.
func print(out io.Writer, outcomes []outcome, took time.Duration) {
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "step\tseconds\tcreated\tupdated\treplaced\tdeleted\tsame\tverdict")
	for _, one := range outcomes {
		verdict := "ok"
		if len(one.surprises) > 0 {
			verdict = fmt.Sprintf("%d surprises", len(one.surprises))
		}
		r := one.report
		fmt.Fprintf(table, "%s\t%.1f\t%d\t%d\t%d\t%d\t%d\t%s\n", one.step, r.Took.Seconds(),
			r.Count("create"), r.Count("update"), r.Count("replace"), r.Count("delete"), r.Same, verdict)
	}
	table.Flush()
	for _, one := range outcomes {
		for _, surprise := range one.surprises {
			fmt.Fprintf(out, "\n%s: %s\n", one.step, surprise)
		}
	}
	fmt.Fprintf(out, "\n%.1f seconds in all\n", took.Seconds())
}
