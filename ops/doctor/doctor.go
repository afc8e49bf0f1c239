// Package doctor says what will stop an application here, or surprise its owner, before anything is deployed. It reads the application's
// folder and the stack file, and runs no PHP. Its facts are tables: facts.go, packages.go, platform.go, checks.go.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
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
