package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// CLIVersion is the Pulumi CLI that tools/go.mod pins and the oldest one that may stand on PATH.
const CLIVersion = "3.274.1"

const cliPackage = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

// FindCLI returns the Pulumi CLI: the one on PATH if it fits, else bin/pulumi below root, which is built where it is
// missing.
func FindCLI(ctx context.Context, root string, log io.Writer) (auto.PulumiCommand, error) {
	root, err := filepath.Abs(root) // the CLI runs in the workspace
	if err != nil {
		return nil, err
	}
	minimum := semver.MustParse(CLIVersion)
	onPath := "no pulumi on PATH"
	if path, err := exec.LookPath("pulumi"); err == nil {
		cli, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Version: minimum})
		if err == nil {
			return cli, nil
		}
		onPath = fmt.Sprintf("%s does not fit (%v)", path, firstLine(err))
	}
	options := &auto.PulumiCommandOptions{Version: minimum, Root: root}
	if fileExists(filepath.Join(root, "bin", "pulumi")) {
		if cli, err := auto.NewPulumiCommand(options); err == nil {
			return cli, nil
		}
	}
	fmt.Fprintf(log, "building the Pulumi CLI v%s into bin/pulumi, because %s (once; 3 to 5 minutes on two cores)\n", CLIVersion, onPath)
	if err := buildCLI(ctx, root); err != nil {
		return nil, fmt.Errorf("building the Pulumi CLI: %w", err)
	}
	return auto.NewPulumiCommand(options)
}

// buildCLI compiles the CLI from the module that tools/go.mod pins. It appears under its name only when it is complete.
func buildCLI(ctx context.Context, root string) error {
	target := filepath.Join(root, "bin", "pulumi")
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	half := fmt.Sprintf("%s.%d", target, os.Getpid())
	defer os.Remove(half)
	version := "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v" + CLIVersion
	build := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w "+version, "-o", half, cliPackage)
	build.Dir = filepath.Join(root, "tools")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return os.Rename(half, target)
}

// quietCLI leaves out runs of the CLI that the Automation API makes around every operation and whose answers are not
// used here: each costs a quarter of a second.
type quietCLI struct{ auto.PulumiCommand }

// Run runs the CLI, or answers for it.
func (c quietCLI) Run(ctx context.Context, dir string, in io.Reader, out, errOut []io.Writer, env []string, args ...string) (string, string, int, error) {
	if len(args) > 1 && args[0] == "stack" {
		switch args[1] {
		case "select":
			return "", "", 0, nil // every command names its stack
		case "output":
			return "{}", "", 0, nil // outputs come with the events
		case "history":
			return "[]", "", 0, nil
		}
	}
	return c.PulumiCommand.Run(ctx, dir, in, out, errOut, env, args...)
}

func firstLine(err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(line)
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
