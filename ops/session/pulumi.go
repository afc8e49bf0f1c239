package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/blang/semver"
)

// CLIVersion is the oldest Pulumi CLI that will do: the version of the Pulumi SDK in go.mod, which the program is built with.
const CLIVersion = "3.274.1"

// Pulumi is the CLI, run in the project's folder.
type Pulumi struct {
	Path string // of the CLI
	s    *Session
}

// Pulumi finds the CLI: the one on PATH, else bin/pulumi where it has been built. It says everything that is missing for AWS in one error.
func (s *Session) Pulumi(ctx context.Context) (*Pulumi, error) {
	return s.pulumiOnce.get(func() (*Pulumi, error) {
		found, missing := findPulumi(ctx, s)
		// First: a state in S3 is read with the same token, and its refusal would be called a missing login.
		if problem := jobToken(os.Getenv, time.Now()); problem != "" {
			missing = append(missing, problem)
		} else if found != nil {
			if _, err := found.Output(ctx, "whoami", "--non-interactive"); err != nil {
				missing = append(missing, "Pulumi is not logged in to a backend: pulumi login s3://BUCKET?region=REGION (or pulumi login)")
			}
		}
		if !s.hasCredentials() {
			missing = append(missing, "no AWS credentials: aws sso login and AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or aws:profile in the stack file")
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(missing) > 0 {
			return nil, notReady(missing)
		}
		return found, nil
	})
}

// findPulumi does not ask for the Go language plugin: pulumi says itself what it lacks, and one that runs the program by other means
// needs none.
func findPulumi(ctx context.Context, s *Session) (*Pulumi, []string) {
	path, err := exec.LookPath("pulumi")
	if err != nil {
		if path, err = exec.LookPath(filepath.Join(s.Root, "bin", "pulumi")); err != nil {
			return nil, []string{"the Pulumi CLI v" + CLIVersion + " or newer is not installed: https://www.pulumi.com/docs/install/"}
		}
	}
	p := &Pulumi{path, s}
	out, err := p.Output(ctx, "version")
	if err != nil {
		return nil, []string{err.Error()}
	}
	text := strings.TrimSpace(string(out))
	version, err := semver.ParseTolerant(text)
	if err != nil || version.LT(semver.MustParse(CLIVersion)) || version.Major > 3 {
		return nil, []string{fmt.Sprintf("%s is %s; v%s or a newer v3 is needed", path, text, CLIVersion)}
	}
	return p, nil
}

// Run runs pulumi on this terminal. An interrupt reaches it from the terminal; it is not killed here, so that it can leave a state
// that is whole. In CI nobody can answer: its questions are answered with yes.
func (p *Pulumi) Run(_ context.Context, args ...string) error {
	command := exec.Command(p.Path, append(args, unattended(args)...)...)
	command.Dir = p.s.Root
	var complaint ending
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, p.s.Out, io.MultiWriter(p.s.Err, &complaint)
	command.WaitDelay = 10 * time.Second // a plugin that outlives pulumi may keep the stream open
	err := command.Run()
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay): // the second is no failure of pulumi
		return nil
	case locked.Match(complaint):
		return fmt.Errorf("pulumi %s: %w: %w: another run is at work, or a run that was killed has left its lock. When no other one is at work: pulumi cancel --stack %s",
			args[0], err, ErrLocked, p.s.Stack)
	}
	return fmt.Errorf("pulumi %s: %w", args[0], err)
}

// ErrLocked is the error of a run that Pulumi refuses because of another run's lock on the state.
var ErrLocked = errors.New("the stack is locked")

// locked is what pulumi 3 answers then: the first for a state in a bucket or a folder, the second for Pulumi Cloud
// (https://github.com/pulumi/pulumi/issues/2073).
var locked = regexp.MustCompile(`the stack is currently locked by|Another update is currently in progress`)

// ending keeps the last bytes that are written to it.
type ending []byte

// Write never fails.
func (e *ending) Write(p []byte) (int, error) {
	*e = append(*e, p...)
	*e = (*e)[max(0, len(*e)-8192):]
	return len(p), nil
}

// Output runs pulumi and returns what it prints; its complaint is part of the error. What it printed is returned beside an error too.
func (p *Pulumi) Output(ctx context.Context, args ...string) ([]byte, error) {
	out, complaint, err := Capture(ctx, p.s.Root, p.Path, args...)
	if err != nil {
		return out, fmt.Errorf("pulumi %s: %w: %s", args[0], err, complaint)
	}
	return out, nil
}

// Capture runs a program in a folder and returns what it prints, beside an error too, and its complaint. The end of the context
// interrupts it: a killed Pulumi CLI would leave a lock on the state, a killed emulator its folders and processes.
func Capture(ctx context.Context, folder, path string, args ...string) (out []byte, complaint string, err error) {
	var text strings.Builder
	command := exec.CommandContext(ctx, path, args...)
	command.Dir, command.Stderr = folder, &text
	command.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true")
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 30 * time.Second
	out, err = command.Output()
	return out, strings.TrimSpace(text.String()), err
}

// unattended are the flags of a run that nobody can answer: GitLab and GitHub both set CI.
func unattended(args []string) []string {
	if os.Getenv("CI") == "" || len(args) == 0 {
		return nil
	}
	var flags []string
	if slices.Contains([]string{"up", "destroy", "refresh"}, args[0]) && !slices.Contains(args, "--yes") {
		flags = append(flags, "--yes")
	}
	if !slices.Contains(args, "--non-interactive") {
		flags = append(flags, "--non-interactive")
	}
	return flags
}
