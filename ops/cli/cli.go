// Package cli is the command line of laravel-ecs: commands, flags, help and exit codes. What a command does is in a package of its
// own under ops. program lists the commands; help.txt explains them.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
)

const description = `Operates a Laravel application on Amazon ECS that this repository's Pulumi program has deployed.

"laravel-ecs help COMMAND" explains a command. The stacks are the files Pulumi.STACK.yaml. AWS is reached as the AWS SDK and Pulumi
are configured (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL ...; PULUMI_BACKEND_URL ...).

Exit codes: 0 success; 1 error; 3 "note" found that data would be destroyed; "run" ends with the exit code of its task.`

// exited is how kong's request to end the program reaches Main, which tests call too.
type exited int

// Main runs one command and returns the exit code. Interrupts cancel the context of the command.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if end := recover(); end != nil {
			status, ok := end.(exited)
			if !ok {
				panic(end)
			}
			code = int(status)
		}
	}()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, args, stdout, stderr)
	if err != nil && !exit.Printed(err) {
		fmt.Fprintln(stderr, "error:", err)
	}
	return exit.Code(err)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	p := &program{Globals: Globals{Out: stdout, Err: stderr, In: os.Stdin}}
	parser, err := newParser(p)
	if err != nil {
		return err
	}
	kongcompletion.Register(parser, predictors()) // answers the shell and ends, where the shell asks
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("%w\n(laravel-ecs --help lists the commands, laravel-ecs help COMMAND explains one)", err)
	}
	if err := p.enter(); err != nil {
		return err
	}
	if err := p.bind(ctx, parsed); err != nil {
		return err
	}
	return parsed.Run()
}

func newParser(p *program) (*kong.Kong, error) {
	parser, err := kong.New(p,
		kong.Name("laravel-ecs"),
		kong.Description(description),
		kong.Writers(p.Out, p.Err),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 120}),
		kong.ExplicitGroups(groups),
	)
	if err != nil {
		return nil, err
	}
	texts := explanations()
	for _, command := range parser.Model.Children {
		command.Detail = texts[command.Name]
	}
	return parser, nil
}

// enter makes the repository's folder the current one: the program finds its files from there, as it does under `pulumi up`.
func (g *Globals) enter() error {
	root, err := filepath.Abs(g.Root)
	if err != nil {
		return fmt.Errorf("--root: %w", err)
	}
	if err := os.Chdir(root); err != nil {
		return fmt.Errorf("--root: %w", err)
	}
	g.Root = root
	return nil
}
