package cli

import (
	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
)

// Help is `laravel-ecs help`.
type Help struct {
	Command []string `arg:"" optional:"" help:"The command to explain; none lists all."`
}

// Help explains the command.
func (*Help) Help() string {
	return `The same as COMMAND --help.

Example:

    laravel-ecs help rollback`
}

// Run prints the help of a command.
func (h *Help) Run(ctx *kong.Context) error {
	_, err := ctx.Parse(append(h.Command, "--help"))
	return err
}

// Completion is `laravel-ecs completion`.
type Completion struct {
	kongcompletion.Completion
}

// Help explains the command.
func (*Completion) Help() string {
	return `Prints shell code that completes commands, flags and the names of stacks. Without an argument it is code for the shell that you
log in with. laravel-ecs must be on PATH (export PATH="$PWD/bin:$PATH").

Example, for the shell that runs and in ~/.bashrc for later ones:

    source <(laravel-ecs completion bash)`
}

// AfterApply asks for the code itself; by default the library prints the command that would print it.
func (c *Completion) AfterApply() error {
	c.Code = true
	return nil
}
