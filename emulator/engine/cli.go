package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/blang/semver"
)

// CLIVersion is the Pulumi CLI that tools/go.mod pins, and the oldest one that is used from PATH.
const CLIVersion = "3.274.1"

// CLIVariable names the real CLI to a process that has another program called pulumi first on its PATH.
const CLIVariable = "LARAVEL_ECS_PULUMI"

const cliPackage = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

// interruptLimit is how long the CLI may take to save the state after an interrupt.
const interruptLimit = 20 * time.Second

// FindCLI returns the path of the Pulumi CLI: the one on PATH if its version fits, else bin/pulumi below root, which is
// built if it is missing.
func FindCLI(ctx context.Context, root string, log io.Writer) (string, error) {
	root, err := filepath.Abs(root) // the CLI runs in the workspace
	if err != nil {
		return "", err
	}
	if path := os.Getenv(CLIVariable); path != "" {
		return path, nil
	}
	reason := "no pulumi on PATH"
	if path, err := exec.LookPath("pulumi"); err == nil {
		err := checkVersion(ctx, path)
		if err == nil {
			return filepath.Abs(path)
		}
		reason = fmt.Sprintf("%s does not fit (%v)", path, err)
	}
	built := filepath.Join(root, "bin", "pulumi")
	if fileExists(built) && checkVersion(ctx, built) == nil {
		return built, nil
	}
	fmt.Fprintf(log, "building the Pulumi CLI v%s into bin/pulumi, because %s (once; 3 to 5 minutes on two cores)\n", CLIVersion, reason)
	if err := buildCLI(ctx, root, built); err != nil {
		return "", fmt.Errorf("building the Pulumi CLI: %w", err)
	}
	return built, nil
}

func checkVersion(ctx context.Context, path string) error {
	out, err := exec.CommandContext(ctx, path, "version").Output()
	if err != nil {
		return err
	}
	text := strings.TrimSpace(string(out))
	version, err := semver.ParseTolerant(text)
	if err != nil {
		return fmt.Errorf("its version is %q", text)
	}
	if wanted := semver.MustParse(CLIVersion); version.LT(wanted) || version.Major > wanted.Major {
		return fmt.Errorf("it is %s; v%s or a newer v%d is needed", text, CLIVersion, wanted.Major)
	}
	return nil
}

// buildCLI compiles the CLI from the module that tools/go.mod pins. It gets its name when it is complete.
func buildCLI(ctx context.Context, root, target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	partial := fmt.Sprintf("%s.%d", target, os.Getpid())
	defer os.Remove(partial)
	version := "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v" + CLIVersion
	build := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w "+version, "-o", partial, cliPackage)
	build.Dir = filepath.Join(root, "tools")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return os.Rename(partial, target)
}

// command prepares a run of the CLI on this stack. An interrupt lets it save the state. It has a process group of its
// own, so that a Ctrl-C reaches it once, from here.
func (e *Engine) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, e.cfg.CLI, slices.Concat([]string{"--non-interactive"}, args, []string{"--stack", e.cfg.Stack})...)
	command.Dir = e.Workspace()
	command.Env = append(e.inherited(), e.Environment()...)
	command.SysProcAttr = ownProcessGroup
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = interruptLimit
	return command
}

// inherited is the environment of this process. Of a real account's a throwaway run has nothing: a profile or an endpoint would keep the CLI
// from its key service.
func (e *Engine) inherited() []string {
	if !e.cfg.Throwaway {
		return os.Environ()
	}
	return slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "AWS_") })
}

// output runs the CLI and returns what it prints, also beside an error.
func (e *Engine) output(ctx context.Context, args ...string) ([]byte, error) {
	var complaint bytes.Buffer
	command := e.command(ctx, args...)
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		return out, fmt.Errorf("pulumi %s: %w: %s", strings.Join(args[:min(2, len(args))], " "), err, strings.TrimSpace(complaint.String()))
	}
	return out, nil
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
