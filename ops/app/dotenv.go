// Package app has the commands about the application itself: its .env file, the variables it asks for and its own tests.
package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// Dotenv writes the stack's .env file, secrets included: only its owner can read it. A file that exists is replaced only with force.
func Dotenv(ctx context.Context, s *session.Session, file string, force bool) error {
	path := file
	if !filepath.IsAbs(file) {
		path = filepath.Join(s.Root, file)
	}
	if _, err := os.Lstat(path); err == nil && !force {
		return fmt.Errorf("%s exists already: FORCE=1 replaces it", file)
	}
	values, err := s.AllOutputs(ctx, true)
	if err != nil {
		return err
	}
	text, _ := values["dotenv"].(string) // stacks/dotenv.go
	if text == "" {
		return fmt.Errorf("the stack %s has no output dotenv yet: deploy it first (make up STACK=%[1]s)", s.Stack)
	}
	if err := writePrivate(path, text, force); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s has %d variables of %s, secrets among them: only you can read it\n", file, strings.Count(text, "\n"), s.Stack)
	return nil
}

// writePrivate writes a file that only its owner can read, whole or not at all. Without replace, one that exists stays.
func writePrivate(path, text string, replace bool) error {
	partial := path
	if replace {
		partial += ".partial"
		_ = os.Remove(partial) // of a run that was killed
	}
	file, err := os.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err == nil && replace {
		err = os.Rename(partial, path)
	}
	if err != nil {
		_ = os.Remove(partial)
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
