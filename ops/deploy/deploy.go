// Package deploy runs pulumi up, preview and destroy for a stack, and says after a failure what Amazon ECS knows of it.
package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/layers"
	"github.com/laravel-ecs/laravel-ecs/ops/nights"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Options of a deployment.
type Options struct {
	// Values are other values than the stack file has, for this run: path -> value, nil for a key that is taken away.
	Values map[string]any
	// ForRun are further values for this run, which Apply does not write into the stack file.
	ForRun map[string]any
	// Yes answers Pulumi's question.
	Yes bool
	// Message says in the stack's history what the deployment was for; without one it is the last commit's.
	Message string
	// Previewed skips Pulumi's preview, because the reader has seen it and has answered.
	Previewed bool
}

// Up deploys the stack file. Pulumi has the terminal: it shows the preview and asks.
func Up(ctx context.Context, s *session.Session, o Options) error {
	begin := time.Now()
	if err := prebuild(ctx, s, o); err != nil {
		return err
	}
	err := nights.Around(ctx, s, func() error { return run(ctx, s, o, "up") })
	var failed *exec.ExitError
	if !errors.As(err, &failed) { // success, or pulumi did not run
		return err
	}
	if errors.Is(err, session.ErrLocked) {
		return fmt.Errorf("the deployment of %s did not begin: %w", s.Stack, err)
	}
	explain(ctx, s, begin)
	return fmt.Errorf("the deployment of %s failed (%w): what was made stays, and the next run carries on", s.Stack, err)
}

// prebuild gives the builder what Pulumi cannot. On the emulator, which is at another endpoint, its own side of `pulumi up` does that.
func prebuild(ctx context.Context, s *session.Session, o Options) error {
	if os.Getenv("AWS_ENDPOINT_URL") != "" {
		return nil
	}
	settings, err := config.ReadFile(s.Root, s.Stack)
	if err != nil {
		return err
	}
	for _, values := range []map[string]any{o.Values, o.ForRun} {
		if err := session.Apply(settings, values); err != nil {
			return err
		}
	}
	return layers.Prebuild(ctx, s.Root, settings, false, s.Out)
}

// Preview shows what Up would change.
func Preview(ctx context.Context, s *session.Session, values map[string]any) error {
	return run(ctx, s, Options{Values: values}, "preview", "--diff")
}

// Down removes everything that the stack has. The stack itself, its file and its history stay.
func Down(ctx context.Context, s *session.Session, yes bool) error {
	return run(ctx, s, Options{Yes: yes}, "destroy")
}

// run starts pulumi with a copy of the stack file where there are other values than it has.
func run(ctx context.Context, s *session.Session, o Options, command string, flags ...string) error {
	p, err := s.Pulumi(ctx)
	if err != nil {
		return err
	}
	args := append([]string{command, "--stack", s.Stack}, flags...)
	if o.Yes {
		args = append(args, "--yes")
	}
	if o.Message != "" {
		args = append(args, "--message", o.Message)
	}
	if o.Previewed {
		args = append(args, "--skip-preview")
	}
	if len(o.Values)+len(o.ForRun) > 0 {
		all := maps.Clone(o.Values)
		if all == nil {
			all = Values{}
		}
		maps.Copy(all, o.ForRun)
		file, done, err := s.With(all)
		if err != nil {
			return err
		}
		defer done()
		args = append(args, "--config-file", file)
	}
	return p.Run(ctx, args...)
}
