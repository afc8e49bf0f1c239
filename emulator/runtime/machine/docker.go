package machine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// Engine speaks to the Docker engine through its command line client: it honours the user's contexts and DOCKER_HOST,
// and its errors are the ones people know.
type Engine struct {
	CLI string
	env []string // beside this process's own
}

// With is the engine with environment variables for its client, which `docker run --env NAME` passes on.
func (e Engine) With(env ...string) Engine { return Engine{e.CLI, env} }

// FindEngine is the Docker engine of the client that ops/docker finds.
func FindEngine() Engine { return Engine{CLI: docker.Client()} }

// Ping says whether the engine answers, and if not, how to start it.
func (e Engine) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	_, err := e.Run(ctx, "version", "--format", "{{.Server.Version}}")
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s is not installed: install Docker (Debian: apt-get install docker.io), or set DOCKER to the path of its client", e.CLI)
	case ctx.Err() != nil:
		return errors.New("Docker does not answer within 15 seconds: restart it (service docker restart), or check DOCKER_HOST")
	default:
		return fmt.Errorf("Docker does not answer: start it (service docker start, or Docker Desktop), or check DOCKER_HOST: %w", err)
	}
}

// Run executes one client command and returns what it printed, trimmed.
func (e Engine) Run(ctx context.Context, args ...string) (string, error) {
	return e.Feed(ctx, nil, args...)
}

// Feed is run with an input. Neither input nor arguments appear in its errors, since they may hold secrets.
func (e Engine) Feed(ctx context.Context, input io.Reader, args ...string) (string, error) {
	var out bytes.Buffer
	err := e.Stream(ctx, input, &out, args...)
	return strings.TrimSpace(out.String()), err
}

// Stream is feed for a long output.
func (e Engine) Stream(ctx context.Context, input io.Reader, output io.Writer, args ...string) error {
	var problem bytes.Buffer
	cmd := exec.CommandContext(ctx, e.CLI, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = input, output, &problem
	cmd.Env = append(append(os.Environ(), "DOCKER_CLI_HINTS=false"), e.env...)
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("docker %s: %w", args[0], context.Cause(ctx))
		}
		text := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(problem.String()), "Error response from daemon: "))
		var exit *exec.ExitError
		if text == "" || !errors.As(err, &exit) {
			return fmt.Errorf("docker %s: %w", args[0], err)
		}
		return &EngineError{Command: args[0], Text: text}
	}
	return nil
}

// EngineError is what the engine answered.
type EngineError struct{ Command, Text string }

func (e *EngineError) Error() string { return "docker " + e.Command + ": " + e.Text }

// Container is the part of `docker inspect` that the runtime reads.
type Container struct {
	ID           string `json:"Id"`
	Name         string
	Created      time.Time
	RestartCount int
	State        struct {
		Status     string // created running exited dead restarting paused
		Running    bool
		Restarting bool
		OOMKilled  bool
		ExitCode   int
		Error      string
		StartedAt  time.Time
		FinishedAt time.Time
		Health     *struct {
			Status string // starting healthy unhealthy
			Log    []struct{ Output string }
		}
	}
	Config struct {
		Image  string
		Env    []string
		Labels map[string]string
	}
	NetworkSettings struct {
		Networks map[string]struct {
			IPAddress  string
			Aliases    []string
			IPAMConfig *struct{ IPv4Address string }
		}
		Ports map[string][]struct{ HostIP, HostPort string } `json:"Ports"`
	}
	HostConfig struct {
		RestartPolicy struct{ Name string }
		PortBindings  map[string][]struct{ HostIP, HostPort string }
	}
}

// ShortName is the container's name without the engine's leading slash.
func (c Container) ShortName() string { return strings.TrimPrefix(c.Name, "/") }

// Health is the state of the container's health check; empty where it has none.
func (c Container) Health() string {
	if c.State.Health == nil {
		return ""
	}
	return c.State.Health.Status
}

// Containers returns the containers, running or not, that carry all the labels (key=value).
func (e Engine) Containers(ctx context.Context, labels ...string) ([]Container, error) {
	args := []string{"ps", "--all", "--quiet", "--no-trunc"}
	for _, label := range labels {
		args = append(args, "--filter", "label="+label)
	}
	out, err := e.Run(ctx, args...)
	if err != nil {
		return nil, fmt.Errorf("listing containers: %w", err)
	}
	return e.Inspect(ctx, strings.Fields(out)...)
}

// Inspect returns the containers of these ids or names that exist.
func (e Engine) Inspect(ctx context.Context, ids ...string) ([]Container, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	out, err := e.Run(ctx, append([]string{"container", "inspect"}, ids...)...)
	if err != nil && !IsMissing(err) {
		return nil, fmt.Errorf("inspecting containers: %w", err)
	}
	var found []Container
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		return nil, fmt.Errorf("inspecting containers: %w", err)
	}
	return found, nil
}

// IsMissing says whether the engine complained that something does not exist, or is just being removed.
func IsMissing(err error) bool {
	var answer *EngineError
	if !errors.As(err, &answer) {
		return false
	}
	text := strings.ToLower(answer.Text)
	return strings.Contains(text, "no such") || strings.Contains(text, "marked for removal")
}

// Remove takes a container away, running or not. A missing one is fine.
func (e Engine) Remove(ctx context.Context, id string) error {
	if _, err := e.Run(ctx, "rm", "--force", "--volumes", id); err != nil && !IsMissing(err) &&
		!strings.Contains(err.Error(), "already in progress") {
		return fmt.Errorf("removing container %s: %w", id, err)
	}
	return nil
}

// Tail returns the last lines a container wrote.
func (e Engine) Tail(ctx context.Context, id string, lines int) []string {
	cmd := exec.CommandContext(ctx, e.CLI, "logs", "--tail", fmt.Sprint(lines), id)
	out, err := cmd.CombinedOutput()
	if err != nil || len(bytes.TrimSpace(out)) == 0 {
		return nil
	}
	all := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	return all[max(0, len(all)-lines):]
}

// LastCheck is what the last run of a container's health check printed.
func (c Container) LastCheck() string {
	if c.State.Health == nil || len(c.State.Health.Log) == 0 {
		return "no output"
	}
	output := strings.TrimSpace(c.State.Health.Log[len(c.State.Health.Log)-1].Output)
	return LastLines(output[:min(len(output), 500)], 1)
}

// ExitReason says how a container ended.
func ExitReason(c Container) string {
	switch {
	case c.State.OOMKilled:
		return fmt.Sprintf("OutOfMemoryError: Container killed due to memory usage, exit code %d", c.State.ExitCode)
	case c.State.Error != "":
		return c.State.Error
	default:
		return fmt.Sprintf("exit code %d", c.State.ExitCode)
	}
}
