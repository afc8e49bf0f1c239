// Package inmemory starts bin/emulator for what needs the Pulumi program and no AWS: the program runs against an account in memory.
package inmemory

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// Output runs bin/emulator in the repository's folder and returns what it prints: the emulator beside the running executable, else
// bin/emulator of the repository. Its complaint is part of the error; what it printed is returned beside an error too.
func Output(ctx context.Context, root string, args ...string) ([]byte, error) {
	path := emulator(root)
	if path == "" {
		return nil, errors.New("bin/emulator is missing, which runs the Pulumi program without AWS: make bin/emulator builds it")
	}
	out, complaint, err := session.Capture(ctx, root, path, args...)
	if err != nil {
		return out, fmt.Errorf("emulator %s: %w: %s", args[0], err, strings.TrimPrefix(complaint, "error: "))
	}
	return out, nil
}

// Built tells whether there is an emulator to run.
func Built(root string) bool { return emulator(root) != "" }

func emulator(root string) string {
	self, _ := os.Executable() // without it only the repository's is found
	for _, place := range []string{filepath.Join(filepath.Dir(self), "emulator"), filepath.Join(root, "bin", "emulator")} {
		if path, err := exec.LookPath(place); err == nil {
			return path
		}
	}
	return ""
}

// Resources is what `pulumi preview` prints of a stack file that is deployed for the first time, to an account in memory.
func Resources(ctx context.Context, root, stack string) (preview.Preview, error) {
	text, err := Output(ctx, root, append([]string{"exec", "--in-memory", "--stack", stack, "--", "pulumi", "preview", "--non-interactive", "--stack", stack}, preview.Arguments...)...)
	return parsed(text, err)
}

// Since is what `pulumi preview` prints of a stack file where that of a revision is deployed, to an account in memory.
func Since(ctx context.Context, root, stack, base string) (preview.Preview, error) {
	text, err := Output(ctx, root, "preview", "--stack", stack, "--base", base, "--json")
	return parsed(text, err)
}

// parsed reads a preview; what it reports is the error.
func parsed(text []byte, err error) (preview.Preview, error) {
	p, unreadable := preview.Parse(text)
	switch {
	case err != nil && unreadable != nil:
		return p, err
	case unreadable != nil:
		return p, unreadable
	case len(p.Errors) > 0:
		return p, errors.New(strings.Join(p.Errors, "\n"))
	}
	return p, err
}
