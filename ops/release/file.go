package release

import (
	"context"
	"fmt"

	"github.com/laravel-ecs/laravel-ecs/ops/deploy"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// values are keys of the stack file; nil takes one away.
type values = map[string]any

// apply deploys other values than the stack file has, and writes them into it when the deployment has succeeded. A failure, an
// interrupt, or a "no" to Pulumi's question leave the file as it is.
func apply(ctx context.Context, s *session.Session, o deploy.Options) error {
	if err := deploy.Up(ctx, s, o); err != nil {
		return fmt.Errorf("%w\n%s is as it was", err, s.File.Name())
	}
	return write(s, o.Values)
}

// write changes keys of the stack file, which is read again: a deployment takes minutes, and people edit files meanwhile.
func write(s *session.Session, changes values) error {
	settings, err := config.ReadFile(s.Root, s.Stack)
	if err != nil {
		return err
	}
	if err := session.Apply(settings, changes); err != nil {
		return err
	}
	return settings.Save(s.Root)
}

// Unpin takes back what a rollback wrote into the stack file.
func Unpin(s *session.Session) error {
	name := s.File.Name()
	if s.File.Get("release.name") == nil {
		return fmt.Errorf("%s pins no release", name)
	}
	if s.File.Text("release.candidate") != "" {
		return fmt.Errorf("%s has a candidate: promote or abort it first", name)
	}
	if err := write(s, values{"release.name": nil, "release.build": nil}); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s pins no release any more: the next deployment (make up STACK=%s) is of the working tree\n", name, s.Stack)
	return nil
}
