package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// startLimit is how long a Docker engine that was just started may take to answer.
const startLimit = 45 * time.Second

const installHint = "install Docker: https://docs.docker.com/engine/install/ (Debian: apt-get install docker.io mmdebstrap)"

// Ensure makes sure that a Docker engine answers. Where root on Debian has none, it is installed and started.
func Ensure(ctx context.Context, out io.Writer) error {
	err := ping(ctx)
	if err == nil {
		return nil
	}
	if os.Getenv("DOCKER_HOST") != "" || os.Getenv("DOCKER_CONTEXT") != "" {
		return fmt.Errorf("the Docker engine of DOCKER_HOST or DOCKER_CONTEXT does not answer: %w", err)
	}
	if os.Geteuid() != 0 || !exists("/etc/debian_version") || !onPath("apt-get") {
		if onPath(Client()) {
			return fmt.Errorf("Docker does not answer: start it (Docker Desktop, or: sudo service docker start), and check that you may use it: %w", err)
		}
		return errors.New(installHint)
	}
	if !onPath("dockerd") {
		fmt.Fprintln(out, "there is no Docker engine here: installing docker.io and mmdebstrap with apt-get (about a minute)")
		if err := install(ctx); err != nil {
			return err
		}
		if ping(ctx) == nil {
			return nil // its package started it
		}
	}
	return start(ctx, out)
}

func install(ctx context.Context) error {
	for _, args := range [][]string{
		{"update", "--quiet=2"},
		{"install", "--quiet=2", "--yes", "--no-install-recommends", "docker.io", "mmdebstrap", "ca-certificates"},
	} {
		command := exec.CommandContext(ctx, "apt-get", args...)
		command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s\n%s", args[0], err, output, installHint)
		}
	}
	return nil
}

// start starts the engine: with systemd where it runs, else in a session of its own, so that it outlives this command.
func start(ctx context.Context, out io.Writer) error {
	if exists("/run/systemd/system") {
		fmt.Fprintln(out, "starting Docker with systemctl")
		if output, err := exec.CommandContext(ctx, "systemctl", "start", "docker").CombinedOutput(); err != nil {
			return fmt.Errorf("systemctl start docker: %w\n%s", err, output)
		}
		return wait(ctx, "journalctl -u docker")
	}
	log := filepath.Join(os.TempDir(), "dockerd.log")
	file, err := os.Create(log)
	if err != nil {
		return fmt.Errorf("starting dockerd: %w", err)
	}
	defer file.Close()
	fmt.Fprintf(out, "starting dockerd in the background (its log: %s)\n", log)
	daemon := exec.Command("dockerd") // not bound to ctx: it stays
	daemon.Stdout, daemon.Stderr = file, file
	daemon.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := daemon.Start(); err != nil {
		return fmt.Errorf("starting dockerd: %w", err)
	}
	if err := daemon.Process.Release(); err != nil {
		return fmt.Errorf("starting dockerd: %w", err)
	}
	return wait(ctx, log)
}

func wait(ctx context.Context, log string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("Docker was started and does not answer after %s, see %s", startLimit, log))
	defer cancel()
	for {
		err := ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// ping asks whether the engine answers.
func ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	output, err := Command(ctx, "version", "--format", "{{.Server.Version}}").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func onPath(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}
