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
	"time"
)

// Output runs bin/emulator in the repository's folder and returns what it prints. Its complaint is part of the error; what it printed is
// returned beside an error too.
func Output(ctx context.Context, root string, args ...string) ([]byte, error) {
	path, err := find(root)
	if err != nil {
		return nil, err
	}
	var complaint strings.Builder
	command := exec.CommandContext(ctx, path, args...)
	command.Dir, command.Stderr = root, &complaint
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // it has folders and processes to clean up
	command.WaitDelay = 30 * time.Second
	out, err := command.Output()
	if err != nil {
		text := strings.TrimPrefix(strings.TrimSpace(complaint.String()), "error: ")
		return out, fmt.Errorf("emulator %s: %w: %s", args[0], err, text)
	}
	return out, nil
}

// find returns the emulator beside the running executable, else bin/emulator of the repository.
func find(root string) (string, error) {
	var places []string
	if self, err := os.Executable(); err == nil {
		places = append(places, filepath.Join(filepath.Dir(self), "emulator"))
	}
	for _, place := range append(places, filepath.Join(root, "bin", "emulator")) {
		if path, err := exec.LookPath(place); err == nil {
			return path, nil
		}
	}
	return "", errors.New("bin/emulator is missing, which runs the Pulumi program without AWS: make bin/emulator builds it")
}
