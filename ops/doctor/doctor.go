// Package doctor says what will stop an application here, or surprise its owner, before anything is deployed. It reads the application's
// folder and the stack file, and runs no PHP. Its facts are tables: facts.go, packages.go, platform.go and checks.go.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"text/tabwriter"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
	"github.com/laravel-ecs/laravel-ecs/ops/inmemory"
)

// CheckConfig compares what the application reads, by .env.example and its PHP, with what the stack file provides, and says what its packages
// need. Only what is missing fails.
func CheckConfig(ctx context.Context, root, stack string, out io.Writer) error {
	a, err := Open(root, stack)
	if err != nil {
		return err
	}
	if a.noExample {
		return fmt.Errorf("%s is missing, in which the application lists the variables that it needs", a.name(".env.example"))
	}
	e, err := Provides(ctx, root, stack)
	if err != nil {
		return fmt.Errorf("%s: %w", a.Stack.Name(), err)
	}
	count := map[State]int{}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, v := range a.Variables(e) {
		count[v.State]++
		fmt.Fprintf(table, "%s\t%s\t%s\n", v.State, v.Name, v.Note)
	}
	for _, line := range a.Advice() {
		fmt.Fprintf(table, "package\t%s\t%s\n", line[0], line[1])
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing the table: %w", err)
	}
	fmt.Fprintf(out, "%s: %d missing, %d dangerous, %d without effect, %d by default, %d provided, %d of them secret\n",
		a.Stack.Name(), count[Missing], count[Dangerous], count[NoEffect]+count[Unknown], count[Default], count[Provided], len(e.Secrets))
	if count[Missing] > 0 {
		return exit.AfterPrinting(errors.New("variables are missing"))
	}
	return nil
}

// Options are what Run looks at, and how.
type Options struct {
	Root, Stack string
	Local       bool // the stack runs on the emulator of this machine
	Build       bool // make bin/emulator first; where it is missing, only if nothing else is wrong
	Out, Log    io.Writer
}

// Run prints a line for each finding. It needs no deployed stack, no AWS and no Docker, and fails if something will stop `make up`.
func Run(ctx context.Context, o Options) error {
	a, err := Open(o.Root, o.Stack)
	if err != nil {
		return err
	}
	a.Local = o.Local
	count := map[Level]int{}
	print := func(check string) say {
		return func(level Level, format string, args ...any) {
			count[level]++
			fmt.Fprintf(o.Out, "%-4s  %-13s  %s\n", level, check, fmt.Sprintf(format, args...))
		}
	}
	for _, check := range checks {
		check.run(ctx, a, print(check.name))
	}
	if err := a.program(ctx, o, count[Fail] == 0, print); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "%s: %d will stop make up, %d to look at\n", a.Stack.Name(), count[Fail], count[Warn])
	if count[Fail] > 0 {
		return exit.AfterPrinting(errors.New("something will stop make up"))
	}
	return nil
}

// program has the Pulumi program check the stack file, and compares its variables with the application's.
func (a *Application) program(ctx context.Context, o Options, sound bool, print func(check string) say) error {
	built := inmemory.Built(o.Root)
	if o.Build && (sound || built) { // one of an older revision would know other keys
		if !built {
			fmt.Fprintln(o.Log, "make bin/emulator bin/pulumi, which make up does as well, for the check of the variables")
		}
		build := exec.CommandContext(ctx, "make", "-s", "-C", o.Root, "bin/emulator", "bin/pulumi")
		build.Stdout, build.Stderr = o.Log, o.Log
		if err := build.Run(); err != nil {
			return fmt.Errorf("make bin/emulator bin/pulumi: %w", err)
		}
	}
	if !inmemory.Built(o.Root) {
		print("variables")(Warn, "not compared with the stack file yet, because bin/emulator is missing: make config-check builds it")
		return nil
	}
	e, err := Provides(ctx, o.Root, o.Stack)
	if err != nil {
		// The program lists all problems of a stack file below a first line.
		text := strings.TrimSpace(err.Error())
		if _, list, several := strings.Cut(text, "nothing was changed:\n"); several {
			text = list
		}
		for line := range strings.Lines(text) {
			print("stack file")(Fail, "%s: %s", a.Stack.Name(), strings.TrimSpace(line))
		}
		return nil
	}
	a.lacking(e, print("variables"), print("packages"))
	return nil
}

// lacking are the rows of config-check that its owner has to look at.
func (a *Application) lacking(e Environment, variables, packages say) {
	count := map[State]int{}
	for _, v := range a.Variables(e) {
		count[v.State]++
		if v.State == Missing || v.State == Dangerous {
			variables(Warn, "%s is %s: %s", v.Name, v.State, v.Note)
		}
	}
	if count[Missing]+count[Dangerous] == 0 {
		variables(OK, "%d are provided, %d have a default", count[Provided], count[Default])
	}
	for _, line := range a.Advice() {
		packages(OK, "%s: %s", line[0], line[1])
	}
}
