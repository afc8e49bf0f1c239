package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeDotenv writes the stack's .env. It holds secrets: nobody else may read it, and no version that a person edited is lost.
func writeDotenv(ctx context.Context, o options) error {
	path := filepath.Join(o.root, o.file)
	if filepath.IsAbs(o.file) {
		path = o.file
	}
	if _, err := os.Lstat(path); err == nil && !o.force {
		return fmt.Errorf("%s is there already: FORCE=1 replaces it", o.file)
	}
	text, err := targetOf(o).dotenv(ctx)
	if err != nil {
		return err
	}
	if err := writePrivate(path, text, o.force); err != nil {
		return err
	}
	fmt.Fprintf(o.out, "%s has %d variables of %s, secrets among them: only you can read it\n", o.file, strings.Count(text, "\n"), o.stack)
	return nil
}

// writePrivate writes a file that only its owner can read, whole or not at all. Without replace, one that is there stays.
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

// dotenvOf is the output that the program renders (stacks/dotenv.go).
func dotenvOf(values map[string]any) (string, error) {
	text, _ := values["dotenv"].(string)
	if text == "" {
		return "", errors.New("the stack has no output dotenv yet: deploy it first (make up)")
	}
	return text, nil
}
