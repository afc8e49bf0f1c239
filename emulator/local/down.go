package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account/aws"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
)

// Down removes everything that Up made: what the program declared, the containers, networks and volumes, and the state.
// It works after an interrupted run, and when there is nothing. Force does not ask the engine.
func (s *Stack) Down(ctx context.Context, force bool) error {
	begin := time.Now()
	if !s.Deployed() || force {
		return s.sweep(ctx)
	}
	o, err := s.Open(ctx)
	if err != nil {
		return fmt.Errorf("%w\n(down --force removes containers and state without asking the engine)", err)
	}
	defer o.Close()
	report, err := o.Destroy(ctx)
	if err != nil {
		return s.failed(report, err)
	}
	if err := o.Erase(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s; everything is gone after %.1f seconds\n", report.Summary(), time.Since(begin).Seconds())
	return nil
}

// Erase removes the containers and the state folder of a stack that was destroyed.
func (o *Opened) Erase(ctx context.Context) error {
	if o.Machine != nil {
		if err := o.Machine.Down(ctx); err != nil {
			return err
		}
	}
	return o.Remove()
}

// sweep removes what carries the label of this state folder, whatever the state says.
func (s *Stack) sweep(ctx context.Context) error {
	_, missing := os.Stat(s.State)
	nothing, err := aws.Open("", "us-east-1") // the region of an empty account does not matter
	if err != nil {
		return err
	}
	machine, err := s.newRuntime(nothing) // it makes a folder for its files, which Wipe removes
	if err != nil {
		return err
	}
	if err := machine.Down(ctx); err != nil {
		if errors.Is(missing, fs.ErrNotExist) { // nothing was ever deployed, and perhaps there is no Docker
			return engine.Wipe(s.State)
		}
		return err
	}
	if err := engine.Wipe(s.State); err != nil {
		return err
	}
	fmt.Fprintln(s.Out, "nothing is left")
	return nil
}
