package engine

import (
	"context"
	"io"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
)

// PreviewArguments make `pulumi preview` print what a program can read: the changes, and what stays as it is.
var PreviewArguments = []string{"--json", "--show-sames"}

// PreviewJSON returns what `pulumi preview --json` prints. A preview that fails prints too: the JSON is there beside the error.
func (e *Engine) PreviewJSON(ctx context.Context, more ...optpreview.Option) ([]byte, error) {
	printed := &printer{PulumiCommand: quietCLI{e.cfg.CLI}}
	_, err := e.run(ctx, "preview", true, func(stream chan<- events.EngineEvent) error {
		workspace, err := e.workspace(ctx, printed)
		if err != nil {
			return err
		}
		stack, err := auto.SelectStack(ctx, e.cfg.Stack, workspace)
		if err != nil {
			return err
		}
		_, err = stack.Preview(ctx, append(more, optpreview.EventStreams(stream), optpreview.Parallel(parallel))...)
		return err
	})
	return printed.out, err
}

// printer asks for JSON, which the Automation API has no option for, and keeps it.
type printer struct {
	auto.PulumiCommand
	out []byte
}

// Run runs the CLI.
func (p *printer) Run(ctx context.Context, dir string, in io.Reader, out, errOut []io.Writer, env []string, args ...string) (string, string, int, error) {
	if len(args) == 0 || args[0] != "preview" {
		return p.PulumiCommand.Run(ctx, dir, in, out, errOut, env, args...)
	}
	stdout, stderr, code, err := p.PulumiCommand.Run(ctx, dir, in, out, errOut, env, slices.Concat(args, PreviewArguments)...)
	p.out = []byte(stdout)
	return stdout, stderr, code, err
}
