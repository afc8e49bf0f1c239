package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime"
)

// status lists the tasks and where they answer.
func status(ctx context.Context, o options) error {
	machine, err := running(o)
	if err != nil {
		return err
	}
	tasks, err := machine.Status(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(o.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SERVICE\tCONTAINER\tREVISION\tRELEASE\tHEALTH\tTARGET\tSTARTED")
	for _, t := range tasks {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.Service, t.Name, t.Revision, t.Release, t.Health, t.Target, t.Started.Local().Format("15:04:05"))
	}
	table.Flush()
	if url := machine.URL(); url != "" {
		fmt.Fprintf(o.out, "\n%s\n", url)
	}
	return nil
}

// logs prints what the tasks say.
func logs(ctx context.Context, o options) error {
	machine, err := running(o)
	if err != nil {
		return err
	}
	return machine.Logs(ctx, o.out, o.follow)
}

func running(o options) (*runtime.Runtime, error) {
	if !deployed(o) {
		return nil, fmt.Errorf("nothing is deployed in %s: run make up", o.state)
	}
	a, err := openAccount(o)
	if err != nil {
		return nil, err
	}
	return newRuntime(a, o)
}
