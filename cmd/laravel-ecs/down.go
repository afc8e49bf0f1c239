package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account/aws"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
)

// down removes everything that up made: what the program declared, the containers, networks and volumes, and the
// state. It works after an interrupted run, and when there is nothing.
func down(ctx context.Context, o options) error {
	begin := time.Now()
	if !deployed(o) || o.force {
		return sweep(ctx, o)
	}
	e, machine, err := openCloud(ctx, o)
	if err != nil {
		return fmt.Errorf("%w\n(down --force removes containers and state without asking the engine)", err)
	}
	defer e.Close()
	report, err := e.Destroy(ctx)
	if err != nil {
		return failed(o, report, err)
	}
	if err := machine.Down(ctx); err != nil {
		return err
	}
	if err := e.Remove(); err != nil {
		return err
	}
	fmt.Fprintf(o.out, "%s; everything is gone after %.1f seconds\n", report.Summary(), time.Since(begin).Seconds())
	return nil
}

// sweep removes what carries the label of this state folder, whatever the state says.
func sweep(ctx context.Context, o options) error {
	_, statErr := os.Stat(o.state)
	nothing, err := aws.Open("", "us-east-1") // the region of an empty account does not matter
	if err != nil {
		return err
	}
	machine, err := newRuntime(nothing, o)
	if err != nil {
		return err
	}
	// New made a folder for the runtime's files.
	wipe := func() error { return engine.Wipe(o.state) }
	if err := machine.Down(ctx); err != nil {
		if os.IsNotExist(statErr) { // there never was anything, Docker included
			return wipe()
		}
		return err
	}
	if err := wipe(); err != nil {
		return err
	}
	fmt.Fprintln(o.out, "nothing is left")
	return nil
}
