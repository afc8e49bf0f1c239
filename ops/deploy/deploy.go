// Package deploy runs pulumi up, preview and destroy for a stack, and says after a failure what Amazon ECS knows of it.
package deploy

import (
	"context"
	"fmt"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// Options of a deployment.
type Options struct {
	// Values are other values than the stack file has, for this run: path -> value, nil for a key that is taken away.
	Values map[string]any
	// Yes answers Pulumi's question.
	Yes bool
	// Previewed skips Pulumi's preview, because the reader has seen it and has answered.
	Previewed bool
}

// Up deploys the stack file. Pulumi has the terminal: it shows the preview and asks.
func Up(ctx context.Context, s *session.Session, o Options) error {
	begin := time.Now()
	args := flags(o)
	if o.Previewed {
		args = append(args, "--skip-preview")
	}
	return run(ctx, s, o.Values, func(err error) error {
		explain(ctx, s, begin)
		return fmt.Errorf("the deployment of %s failed (%w): what was made stays, and the next run carries on", s.Stack, err)
	}, "up", args...)
}

// Preview shows what Up would change.
func Preview(ctx context.Context, s *session.Session, values map[string]any) error {
	return run(ctx, s, values, func(err error) error { return err }, "preview", "--diff")
}

// Down removes everything that the stack has. The stack itself, its file and its history stay.
func Down(ctx context.Context, s *session.Session, yes bool) error {
	return run(ctx, s, nil, func(err error) error { return err }, "destroy", flags(Options{Yes: yes})...)
}

func flags(o Options) []string {
	if o.Yes {
		return []string{"--yes"}
	}
	return nil
}

// run starts pulumi with a copy of the stack file where there are other values than it has.
func run(ctx context.Context, s *session.Session, values map[string]any, failed func(error) error, command string, args ...string) error {
	p, err := s.Pulumi(ctx)
	if err != nil {
		return err
	}
	args = append([]string{command, "--stack", s.Stack}, args...)
	if len(values) > 0 {
		file, done, err := s.With(values)
		if err != nil {
			return err
		}
		defer done()
		args = append(args, "--config-file", file)
	}
	if err := p.Run(ctx, args...); err != nil {
		return failed(err)
	}
	return nil
}
