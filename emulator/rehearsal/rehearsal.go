// Package rehearsal runs stack files on an account in memory: nothing is built, nothing is started and nothing leaves
// this machine.
package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/emulator/local"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Config says which stack to run.
type Config struct {
	Root    string
	Stack   string
	State   string // folder, for a rehearsal that can be looked at afterwards; empty: a temporary one
	Program pulumi.RunFunc
	Log     io.Writer // the engine's progress; nil means silence
}

// Open opens the stack on an account in memory. Close must follow.
func Open(ctx context.Context, cfg Config) (*local.Opened, error) {
	s := &local.Stack{Name: cfg.Stack, Root: cfg.Root, State: cfg.State, Program: cfg.Program, Out: cfg.Log, InMemory: true}
	if s.Out == nil {
		s.Out = io.Discard
	}
	return s.Open(ctx)
}

// Run takes a stack file through the life of its stack and prints what happened in every step. It fails if anything
// happened that the step does not expect. The state folder is left for inspection then.
func Run(ctx context.Context, cfg Config, out io.Writer) error {
	begin := time.Now()
	if _, err := config.ReadFile(cfg.Root, cfg.Stack); err != nil { // before there is a state folder
		return err
	}
	if cfg.State != "" {
		if err := engine.Wipe(cfg.State); err != nil {
			return err
		}
	}
	o, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer o.Close()
	fmt.Fprintf(out, "rehearsing %s on an account in memory: nothing is built and nothing leaves this machine\n", o.Settings().Name())
	for _, line := range o.Notes {
		fmt.Fprintln(out, "  "+line)
	}
	outcomes := take(ctx, steps(o.Engine))
	print(out, outcomes, time.Since(begin))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, one := range outcomes {
		if len(one.unexpected) > 0 {
			return fmt.Errorf("the rehearsal of %s had unexpected changes: %w", cfg.Stack, local.ErrReported)
		}
	}
	return o.Remove()
}

// print writes the report: a table, then what was not expected.
func print(out io.Writer, outcomes []outcome, took time.Duration) {
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "step\tseconds\tcreated\tupdated\treplaced\tdeleted\tsame\tverdict")
	for _, one := range outcomes {
		verdict := "ok"
		if n := len(one.unexpected); n > 0 {
			verdict = fmt.Sprintf("%d unexpected", n)
		}
		r := one.report
		fmt.Fprintf(table, "%s\t%.1f\t%d\t%d\t%d\t%d\t%d\t%s\n", one.step, r.Took.Seconds(),
			r.Count("create"), r.Count("update"), r.Count("replace"), r.Count("delete"), r.Same, verdict)
	}
	table.Flush()
	for _, one := range outcomes {
		for _, text := range one.unexpected {
			fmt.Fprintf(out, "\n%s: %s\n", one.step, text)
		}
	}
	fmt.Fprintf(out, "\n%.1f seconds in all\n", took.Seconds())
}

// reason is what went wrong, without the name of the step, which the report prints before it.
func reason(err error) string {
	var failure *engine.Failure
	if errors.As(err, &failure) && len(failure.Errors) > 0 {
		return failure.Text()
	}
	return err.Error()
}
