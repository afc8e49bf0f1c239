package deploy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Values are keys of the stack file; nil takes one away.
type Values = map[string]any

// Apply deploys other values than the stack file has, step by step, and writes the last ones into it when all have succeeded. A failure,
// an interrupt, or a "no" to Pulumi's question leave the file as it is. A file that cannot be written is an error before anything is
// deployed; where that happens during it, the error lists what the file lacks.
func Apply(ctx context.Context, s *session.Session, o Options, steps ...Values) error {
	if err := Writable(s); err != nil {
		return err
	}
	for _, o.Values = range steps {
		if err := Up(ctx, s, o); err != nil {
			return fmt.Errorf("%w\n%s is as it was", err, s.File.Name())
		}
	}
	if len(o.Values) == 0 {
		return nil
	}
	if err := Write(s, o.Values); err != nil {
		return fmt.Errorf("%w\nThe deployment succeeded, so AWS runs it already. Change %s by hand before the next make up: %s", err, s.File.Name(), byHand(o.Values))
	}
	return nil
}

// Writable refuses a stack file that could not be written after the deployment.
func Writable(s *session.Session) error {
	if err := s.File.CheckSave(s.Root); err != nil {
		return fmt.Errorf("nothing was deployed: %s is changed after the deployment, and cannot be: %w", s.File.Name(), err)
	}
	return nil
}

// byHand lists changes of a stack file for a reader.
func byHand(changes Values) string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(changes)) {
		if changes[key] == nil {
			list = append(list, "remove "+key)
		} else {
			list = append(list, fmt.Sprintf("set %s: %v", key, changes[key]))
		}
	}
	return strings.Join(list, ", ")
}

// Write changes keys of the stack file, which is read again: a deployment takes minutes, and people edit files meanwhile.
func Write(s *session.Session, changes Values) error {
	settings, err := config.ReadFile(s.Root, s.Stack)
	if err != nil {
		return err
	}
	if err := session.Apply(settings, changes); err != nil {
		return err
	}
	return settings.Save(s.Root)
}
