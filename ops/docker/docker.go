// Package docker runs the client of the Docker engine: the one place that knows which client that is, how an image is built, and what to
// do where no engine answers.
package docker

import (
	"bytes"
	"cmp"
	"context"
	_ "embed" // engine.sh
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
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

// Build says what an image is built from.
type Build struct {
	Name       string // registry/repository:tag; empty: the layers only
	Context    string
	Dockerfile string
	Target     string
	Platform   string
	Network    string
	AddHosts   []string
	Args       map[string]string
	CacheFrom  []string
	// Flags hand over credentials or a proxy: config.File.BuildFlags.
	Flags []string
	// Classic asks for the old builder instead of BuildKit.
	Classic bool
	// Digest is the digest of the files of the context, for whoever compares builds; building does not use it.
	Digest string
}

// failedLines is how much of a failed build's output its error repeats.
const failedLines = 30

// Run builds the image and tags it with its name. Log, which may be nil, receives the builder's output.
func (b Build) Run(ctx context.Context, log io.Writer) error {
	command := Command(ctx, b.arguments()...)
	command.Env = os.Environ()
	if !b.Classic {
		command.Env = append(command.Env, "DOCKER_BUILDKIT=1")
	}
	var output bytes.Buffer
	command.Stdout = &output
	if log != nil {
		command.Stdout = io.MultiWriter(&output, log)
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
	args := []string{"build"}
	if b.Name != "" {
		args = append(args, "--tag", b.Name)
	}
	args = append(args, "--file", b.Dockerfile)
	if !b.Classic {
		args = append(args, "--progress", "plain")
	}
	for _, flag := range [][2]string{{"--platform", b.Platform}, {"--target", b.Target}, {"--network", b.Network}} {
		if flag[1] != "" {
			args = append(args, flag[:]...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Args)) {
		args = append(args, "--build-arg", name+"="+b.Args[name])
	}
	for _, host := range b.AddHosts {
		args = append(args, "--add-host", host)
	}
	for _, image := range b.CacheFrom {
		args = append(args, "--cache-from", image)
	}
	return append(append(args, b.Flags...), b.Context)
}

// BaseImage is what docker/base.sh makes: the image to build from where no registry answers.
const BaseImage = config.LocalBaseImage

// Prepare makes sure that an image can be built from base: a Docker engine answers, and BaseImage is made where it is needed.
func Prepare(ctx context.Context, root, base string, out io.Writer) error {
	if err := Ensure(ctx, out); err != nil || base != BaseImage {
		return err
	}
	return MakeBase(ctx, root, out)
}

// MakeBase makes BaseImage, unless it is there.
func MakeBase(ctx context.Context, root string, out io.Writer) error {
	command := exec.CommandContext(ctx, "sh", filepath.Join(root, "docker", "base.sh"))
	command.Env = append(os.Environ(), "DOCKER="+Client())
	command.Stdout, command.Stderr = out, out
	if err := command.Run(); err != nil {
		return fmt.Errorf("making the base image: %w", err)
	}
	return nil
}
