// Package docker runs the client of the Docker engine: the one place that knows which client that is, how an image is built, and what to
// do where no engine answers.
package docker

import (
	"cmp"
	"context"
	_ "embed" // engine.sh
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Client is the docker command: $DOCKER, else Debian's own (another one on PATH may lack BuildKit), else the one on PATH.
func Client() string {
	if client := os.Getenv("DOCKER"); client != "" {
		return client
	}
	if _, err := os.Stat("/usr/bin/docker"); err == nil {
		return "/usr/bin/docker"
	}
	return "docker"
}

// Command is one run of the client.
func Command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, Client(), args...)
}

// Output runs the client and returns what it prints. The error has the last line of its complaint.
func Output(ctx context.Context, args ...string) (string, error) {
	var complaint strings.Builder
	command := Command(ctx, args...)
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(complaint.String()), "\n")
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, lines[len(lines)-1])
	}
	return string(out), nil
}

// RemoveImage removes the name of an image. The builder's cache keeps its layers; a name that is gone already is no error.
func RemoveImage(ctx context.Context, image string) {
	_ = Command(ctx, "rmi", image).Run()
}

//go:embed engine.sh
var engine string

// Ensure makes sure that a Docker engine answers. Where root on Debian has none, it is installed and started.
func Ensure(ctx context.Context, out io.Writer) error {
	var complaint strings.Builder
	command := exec.CommandContext(ctx, "sh", "-c", engine)
	command.Env = append(os.Environ(), "DOCKER="+Client())
	command.Stdout, command.Stderr = out, &complaint
	if err := command.Run(); err != nil {
		return cmp.Or(context.Cause(ctx), errors.New(strings.TrimSpace(complaint.String())))
	}
	return nil
}
