package cli

import (
	"context"

	"github.com/laravel-ecs/laravel-ecs/ops/drift"
	"github.com/laravel-ecs/laravel-ecs/ops/plan"
)

// planCommands are note, notes, touched and drift.
type planCommands struct {
	Note    Note    `cmd:"" group:"plan" help:"Write what a preview means, in Markdown: changes, risks, release, environment, cost."`
	Notes   Notes   `cmd:"" group:"plan" help:"In the job of a merge request: the note of every environment that it touches, printed and posted."`
	Touched Touched `cmd:"" group:"plan" help:"List the environments that the changes since a revision touch."`
	Drift   Drift   `cmd:"" group:"plan" help:"Compare AWS with what was deployed, and fail where they differ."`
}

// options are those of notes.
func (g *Globals) options(from, base string) plan.Options {
	return plan.Options{Root: g.Root, Stack: g.Stack, From: from, Base: base, In: g.In, Out: g.Out, Err: g.Err}
}

// Note is `laravel-ecs note`.
type Note struct {
	From string `help:"Read a file with what pulumi preview --json --show-sames printed; - is standard input." placeholder:"FILE" xor:"source"`
	Base string `help:"Compare with the stack file of this revision, on an account in memory." placeholder:"REVISION" xor:"source"`
	Post bool   `help:"Put the note on the merge request of this job, with the token in GITLAB_TOKEN or GITHUB_TOKEN."`
}

// Help explains the command.
func (*Note) Help() string {
	return `Runs pulumi preview and prints its meaning. With --base neither AWS nor credentials are used; bin/emulator must have been built
(make bin/emulator).

The exit code is 3 where data would be destroyed. ALLOW_REPLACE=type[,type] allows it: ALLOW_REPLACE=aws:rds:Instance.

Examples:

    laravel-ecs note --stack prod
    laravel-ecs note --stack prod --base main`
}

// Run writes the note.
func (c *Note) Run(ctx context.Context, g *Globals) error {
	return g.options(c.From, c.Base).Note(ctx, c.Post)
}

// Notes is `laravel-ecs notes`.
type Notes struct {
	Since string `help:"The revision that changes are counted from, instead of the merge request's." placeholder:"REVISION"`
	Base  string `help:"Compare with the stack files of this revision, on an account in memory." placeholder:"REVISION"`
}

// Help explains the command.
func (*Notes) Help() string {
	return `Prints the note of each environment that the merge request of this job touches, and keeps all of them as one note there. A job
without an AWS role, such as that of a fork, compares the stack files on an account in memory: that takes bin/emulator (make
bin/emulator). The exit code is that of note; an environment that fails does not stop the others.

Example, in a job of GitLab or GitHub:

    laravel-ecs notes`
}

// Run writes the notes.
func (c *Notes) Run(ctx context.Context, g *Globals) error {
	return g.options("", c.Base).Notes(ctx, c.Since)
}

// Touched is `laravel-ecs touched`.
type Touched struct {
	Since string `help:"The revision that changes are counted from, instead of the merge request's." placeholder:"REVISION"`
}

// Help explains the command.
func (*Touched) Help() string {
	return `Prints one stack per line. A stack is touched by a change of its file, of the program, or of what its image is made of. Stacks of
the classes local and review and the account stack are left out.

Example:

    laravel-ecs touched --since main`
}

// Run lists them.
func (c *Touched) Run(ctx context.Context, g *Globals) error {
	return plan.Touched(ctx, g.Root, c.Since, g.Out)
}

// Drift is `laravel-ecs drift`.
type Drift struct{}

// Help explains the command.
func (*Drift) Help() string {
	return `Runs pulumi preview --refresh at the release that runs. What autoscaling and releases change is left out, and so are the values of
secrets. Nothing is changed.

Example:

    laravel-ecs drift --stack prod`
}

// Run compares.
func (*Drift) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return drift.Check(ctx, s)
}
