// Command emulator runs the stacks of this repository on this machine, without an AWS account: the real Pulumi engine,
// an emulated account behind it, and containers behind that. `emulator exec` runs any other command with the
// environment of the emulated account, as aws-vault does it for a real one.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"

	timing "github.com/laravel-ecs/laravel-ecs/emulator/creation"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/emulator/front"
	"github.com/laravel-ecs/laravel-ecs/emulator/local"
	"github.com/laravel-ecs/laravel-ecs/emulator/rehearsal"
	"github.com/laravel-ecs/laravel-ecs/emulator/runner"
	"github.com/laravel-ecs/laravel-ecs/emulator/sessionplugin"
	"github.com/laravel-ecs/laravel-ecs/ops/docker"
	"github.com/laravel-ecs/laravel-ecs/ops/layers"
	"github.com/laravel-ecs/laravel-ecs/stacks"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// commands are the command line.
type commands struct {
	Root string `help:"Folder of the repository." default:"." type:"path"`

	Up       up       `cmd:"" help:"Deploy the stack to this machine: preview, update, and wait for its page. A second time changes nothing."`
	Preview  preview  `cmd:"" help:"Print what up would change."`
	Down     down     `cmd:"" help:"Remove what up made: resources, containers, networks, volumes, state. Docker images stay, as the cache of the next build."`
	Rehearse rehearse `cmd:"" help:"Run a stack file through its whole life on an account in memory, without containers."`
	Outputs  outputs  `cmd:"" help:"Deploy a stack file to an account in memory and print its outputs."`
	Exec     execute  `cmd:"" help:"Run a command with the environment of the stack's emulated account: exec --stack local -- laravel-ecs status"`
	Creation creation `cmd:"" help:"Print how long AWS takes to make the stacks: the page docs/creation.md."`
	Setup    setup    `cmd:"" help:"Make what the other commands need: a Docker engine and the base image."`
}

// stack are the flags of the commands that work on one stack.
type stack struct {
	Stack string `help:"The stack: staging stands for Pulumi.staging.yaml." default:"local" placeholder:"STACK"`
	State string `help:"Folder of its state." env:"STATE" placeholder:".local/STACK"`
}

func (s stack) find(root folder, out io.Writer) (*local.Stack, error) {
	return local.Find(local.Stack{Name: s.Stack, Root: string(root), State: s.State, Program: stacks.Deploy, Prebuild: prebuild, Out: local.NewLines(out)})
}

func prebuild(ctx context.Context, root string, settings *config.File, out io.Writer) error {
	return layers.Prebuild(ctx, root, settings, true, out)
}

// inMemory is the stack on an account in memory.
func (s stack) inMemory(root folder) rehearsal.Config {
	return rehearsal.Config{Root: string(root), Stack: s.Stack, Program: stacks.Deploy}
}

// folder is the root of the repository, which is the working directory: the program finds its files from there, as it
// does under `pulumi up`.
type folder string

type up struct {
	stack `embed:""`
}

// Run deploys the stack.
func (c *up) Run(ctx context.Context, root folder, out io.Writer) error {
	s, err := c.find(root, out)
	if err != nil {
		return err
	}
	return s.Up(ctx)
}

type preview struct {
	stack `embed:""`
	Base  string `help:"Preview the change from the stack file of this revision, on an account in memory. Needs --json." placeholder:"REVISION"`
	JSON  bool   `help:"Print what pulumi preview --json prints." name:"json"`
}

// Run previews the stack.
func (c *preview) Run(ctx context.Context, root folder, out io.Writer) error {
	if c.Base == "" && !c.JSON {
		s, err := c.find(root, out)
		if err != nil {
			return err
		}
		return s.Preview(ctx)
	}
	if c.Base == "" || !c.JSON {
		return errors.New("--base and --json go together: they print the change from a revision's stack file")
	}
	text, err := rehearsal.PreviewSince(ctx, c.inMemory(root), c.Base)
	if _, failed := out.Write(text); failed != nil {
		return failed
	}
	return err
}

type down struct {
	stack `embed:""`
	Force bool `help:"Remove containers and state without asking the engine."`
}

// Run removes the stack.
func (c *down) Run(ctx context.Context, root folder, out io.Writer) error {
	s, err := c.find(root, out)
	if err != nil {
		return err
	}
	return s.Down(ctx, c.Force)
}

type rehearse struct {
	stack   `embed:""`
	Verbose bool `help:"Print every change." short:"v"`
}

// Run rehearses the stack.
func (c *rehearse) Run(ctx context.Context, root folder, out io.Writer) error {
	cfg := c.inMemory(root)
	if cfg.State = c.State; cfg.State == "" {
		cfg.State = local.StateOf(string(root), "rehearse-"+c.Stack)
	}
	if c.Verbose {
		cfg.Log = out
	}
	return rehearsal.Run(ctx, cfg, out)
}

type outputs struct {
	stack `embed:""`
	JSON  bool `help:"Print them as JSON, which is the only format." name:"json"`
}

// Run prints the outputs of the stack.
func (c *outputs) Run(ctx context.Context, root folder, out io.Writer) error {
	values, err := rehearsal.Outputs(ctx, c.inMemory(root))
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(values)
}

type execute struct {
	stack    `embed:""`
	InMemory bool     `help:"Use an account in memory: no containers, and nothing is kept."`
	Deploy   bool     `help:"With --in-memory: deploy the stack first."`
	Command  []string `arg:"" passthrough:"" help:"The command and its arguments, after --."`
}

// Run runs the command.
func (c *execute) Run(ctx context.Context, root folder) error {
	if c.Deploy && !c.InMemory {
		return errors.New("--deploy goes with --in-memory; without it the stack is what emulator up made of it")
	}
	if c.Command[0] == "--" {
		c.Command = c.Command[1:]
	}
	if len(c.Command) == 0 {
		return errors.New("there is no command to run: emulator exec --stack local -- COMMAND")
	}
	out := local.NewLines(os.Stderr) // the standard output is the command's
	s := &local.Stack{Name: c.Stack, Root: string(root), Program: stacks.Deploy, Out: out, InMemory: true}
	if !c.InMemory {
		var err error
		if s, err = c.find(root, out); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	code, err := runner.Run(ctx, runner.Config{Stack: s, Deploy: c.Deploy, Command: c.Command, Self: self})
	return status{code, err}
}

type creation struct {
	Stacks []string `arg:"" help:"The stacks: staging stands for Pulumi.staging.yaml." placeholder:"STACK"`
}

// Run deploys the stacks to accounts in memory and prints the page.
func (c *creation) Run(ctx context.Context, root folder, out io.Writer) error {
	var list []timing.Stack
	for _, name := range c.Stacks {
		resources, err := rehearsal.Resources(ctx, stack{Stack: name}.inMemory(root))
		if err != nil {
			return err
		}
		list = append(list, timing.Stack{Name: name, Graph: timing.New(resources)})
	}
	_, err := io.WriteString(out, timing.Page(list...))
	return err
}

type setup struct {
	Docker bool `help:"Only the Docker engine; as root on Debian it is installed."`
	CLI    bool `help:"Only the Pulumi CLI, built into bin/pulumi unless a fitting one is on PATH." name:"cli"`
}

// Run makes what the others need.
func (c *setup) Run(ctx context.Context, root folder, out io.Writer) error {
	if c.CLI {
		_, err := engine.FindCLI(ctx, string(root), out)
		return err
	}
	if err := docker.Ensure(ctx, out); err != nil || c.Docker {
		return err
	}
	return docker.MakeBase(ctx, string(root), out)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(exitCode(err))
}

// status is how a program ended that was run: its exit code is this command's. err is a complaint of this command.
type status struct {
	code int
	err  error
}

func (s status) Error() string { return fmt.Sprint(s.err) }

func (s status) Unwrap() error { return s.err }

// exitCode prints an error that has not been printed and returns the exit code.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	ended := status{code: 1, err: err}
	errors.As(err, &ended)
	if ended.err != nil && !errors.Is(ended.err, local.ErrReported) {
		fmt.Fprintln(os.Stderr, "error:", ended.err)
	}
	return ended.code
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 { // these take the arguments of other programs
		switch args[0] {
		case "pulumi":
			return status{code: front.Main(args[1:])}
		case "session-manager-plugin":
			code, err := sessionplugin.Main(ctx, args[1:], out)
			return status{code, err}
		}
	}
	var chosen commands
	parser, err := kong.New(&chosen, kong.Name("emulator"), kong.Description("Runs the stacks of this repository on this machine, without an AWS account."),
		kong.UsageOnError(), kong.Writers(out, os.Stderr), kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(out, (*io.Writer)(nil)))
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("%w (emulator --help lists the commands)", err)
	}
	root, err := filepath.Abs(chosen.Root)
	if err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return fmt.Errorf("--root: %w", err)
	}
	if _, err := os.Stat("Pulumi.yaml"); err != nil { // said before anything is built or downloaded
		return fmt.Errorf("%s has no Pulumi.yaml: start the command in the repository's folder, or name that with --root", root)
	}
	return parsed.Run(folder(root))
}
