// Package session is one stack as the operator's command reaches it: its file, its AWS configuration, its Pulumi CLI and its outputs.
// It knows AWS only by what the AWS SDK and the AWS provider of Pulumi document, so any endpoint that speaks AWS's API will do.
package session

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/term"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Session is one stack. Nothing is contacted before a method needs it.
type Session struct {
	Root, Stack string
	File        *config.File // Pulumi.STACK.yaml
	Out, Err    io.Writer    // results and progress; complaints

	pulumiOnce once[*Pulumi]
	awsOnce    once[aws.Config]
	values     once[map[string]any]

	throttleOnce sync.Once // throttling is told of once
}

// Open reads the stack file. It contacts nothing.
func Open(root, stack string, out, errOut io.Writer) (*Session, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("finding the project: %w", err)
	}
	file, err := config.ReadFile(root, stack)
	if err != nil {
		return nil, err
	}
	return &Session{Root: root, Stack: stack, File: file, Out: out, Err: errOut}, nil
}

// With writes a copy of the stack file with other values, for one run of pulumi (--config-file). The stack file stays as it is. A nil
// value takes the key away.
func (s *Session) With(values map[string]any) (file string, done func(), err error) {
	settings, err := config.ReadFile(s.Root, s.Stack)
	if err != nil {
		return "", nil, err
	}
	if err := Apply(settings, values); err != nil {
		return "", nil, err
	}
	folder, err := os.MkdirTemp("", "laravel-ecs-")
	if err != nil {
		return "", nil, fmt.Errorf("copying %s: %w", settings.Name(), err)
	}
	if err := settings.Save(folder); err != nil {
		os.RemoveAll(folder)
		return "", nil, err
	}
	return filepath.Join(folder, settings.Name()), func() { os.RemoveAll(folder) }, nil
}

// Apply sets values of a stack file by their paths; nil takes a key away. Nothing is saved.
func Apply(settings *config.File, values map[string]any) error {
	for _, path := range slices.Sorted(maps.Keys(values)) {
		if values[path] == nil {
			settings.Unset(path)
		} else if err := settings.Set(path, values[path]); err != nil {
			return err
		}
	}
	return nil
}

// Terminal tells whether a stream is a terminal, where somebody can read and answer.
func Terminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// once keeps the first result, an error too: what was missing a moment ago is still missing.
type once[T any] struct {
	sync.Once
	value T
	err   error
}

func (o *once[T]) get(load func() (T, error)) (T, error) {
	o.Do(func() { o.value, o.err = load() })
	return o.value, o.err
}
