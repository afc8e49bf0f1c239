package plugin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Builder builds images with the client of the Docker engine and BuildKit.
type Builder struct {
	// Log receives the builder's output, line by line.
	Log io.Writer
}

// failedLines is how much of a failed build's output its error repeats.
const failedLines = 30

// Build builds an image and tags it with b.Name.
func (d Builder) Build(ctx context.Context, b Build) error {
	command := exec.CommandContext(ctx, DockerCLI(), b.arguments()...)
	command.Env = os.Environ()
	if !b.Classic {
		command.Env = append(command.Env, "DOCKER_BUILDKIT=1")
	}
	var output bytes.Buffer
	command.Stdout = &output
	if d.Log != nil {
		command.Stdout = io.MultiWriter(&output, d.Log)
	}
	command.Stderr = command.Stdout // BuildKit reports progress there
	err := command.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("docker build: no Docker client: install Docker, or set DOCKER to its path: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(output.String()), "\n")
	return fmt.Errorf("docker build: %w\n%s", err, strings.Join(lines[max(0, len(lines)-failedLines):], "\n"))
}

func (b Build) arguments() []string {
	args := []string{"build", "--tag", b.Name, "--file", b.Dockerfile}
	if !b.Classic {
		args = append(args, "--progress", "plain")
	}
	for flag, value := range map[string]string{"--platform": b.Platform, "--target": b.Target, "--network": b.Network} {
		if value != "" {
			args = append(args, flag, value)
		}
	}
	names := make([]string, 0, len(b.Args))
	for name := range b.Args {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		args = append(args, "--build-arg", name+"="+b.Args[name])
	}
	for _, host := range b.AddHosts {
		args = append(args, "--add-host", host)
	}
	for _, image := range b.CacheFrom {
		args = append(args, "--cache-from", image)
	}
	return append(args, b.Context)
}

// DockerCLI is the client of the Docker engine: $DOCKER, else Debian's own (another one on PATH may lack the builder),
// else the one on PATH.
func DockerCLI() string {
	if cli := os.Getenv("DOCKER"); cli != "" {
		return cli
	}
	if _, err := os.Stat("/usr/bin/docker"); err == nil {
		return "/usr/bin/docker"
	}
	return "docker"
}
