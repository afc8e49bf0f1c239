package cli

import (
	"context"

	"github.com/laravel-ecs/laravel-ecs/ops/app"
	"github.com/laravel-ecs/laravel-ecs/ops/docker"
	"github.com/laravel-ecs/laravel-ecs/ops/doctor"
	"github.com/laravel-ecs/laravel-ecs/ops/drift"
	"github.com/laravel-ecs/laravel-ecs/ops/layers"
	"github.com/laravel-ecs/laravel-ecs/ops/plan"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/pricelist"
	"github.com/laravel-ecs/laravel-ecs/ops/preflight"
	"github.com/laravel-ecs/laravel-ecs/ops/review"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// options are those of notes.
func (g *Globals) options(from, base string) plan.Options {
	return plan.Options{Root: g.Root, Stack: g.Stack, From: from, Base: base, In: g.In, Out: g.Out, Err: g.Err}
}

type noteCommand struct {
	From string `help:"Read a file with what pulumi preview --json --show-sames printed; - is standard input." placeholder:"FILE" xor:"source"`
	Base string `help:"Compare with the stack file of this revision, on an account in memory." placeholder:"REVISION" xor:"source"`
	Post bool   `help:"Put the note on the merge request of this job, with the token in GITLAB_TOKEN or GITHUB_TOKEN."`
}

func (c *noteCommand) Run(ctx context.Context, g *Globals) error {
	return g.options(c.From, c.Base).Note(ctx, c.Post)
}

type notesCommand struct {
	Since string `help:"The revision that changes are counted from, instead of the merge request's." placeholder:"REVISION"`
	Base  string `help:"Compare with the stack files of this revision, on an account in memory." placeholder:"REVISION"`
}

func (c *notesCommand) Run(ctx context.Context, g *Globals) error {
	return g.options("", c.Base).Notes(ctx, c.Since)
}

type touchedCommand struct {
	Since string `help:"The revision that changes are counted from, instead of the merge request's." placeholder:"REVISION"`
}

func (c *touchedCommand) Run(ctx context.Context, g *Globals) error {
	return plan.Touched(ctx, g.Root, c.Since, g.Out)
}

type costCommand struct {
	Base string `help:"Print the cost of this revision's stack file beside it." placeholder:"REVISION"`
	File string `help:"Draw the components as bars into this file, as SVG." placeholder:"FILE"`
}

func (c *costCommand) Run(ctx context.Context, g *Globals) error {
	return g.options("", c.Base).Cost(ctx, c.File)
}

type pricesCommand struct{}

func (pricesCommand) Run(ctx context.Context, s *session.Session) error {
	return pricelist.Fetch(ctx, s)
}

type preflightCommand struct{}

func (preflightCommand) Run(ctx context.Context, s *session.Session) error {
	return preflight.Check(ctx, s)
}

type driftCommand struct{}

func (driftCommand) Run(ctx context.Context, s *session.Session) error { return drift.Check(ctx, s) }

type reviewUpCommand struct {
	Branch string `help:"The branch." env:"BRANCH" placeholder:"BRANCH"`
	TTL    string `help:"How long it lives, such as 48h, instead of environment.ttlHours. The end is rounded up to a full hour." env:"TTL" placeholder:"TIME" name:"ttl"`
}

func (c *reviewUpCommand) Run(ctx context.Context, e *review.Environments) error {
	ttl, err := review.TTL(c.TTL)
	if err != nil {
		return err
	}
	return e.Up(ctx, c.Branch, ttl)
}

type reviewDownCommand struct {
	Branch string `help:"The branch." env:"BRANCH" placeholder:"BRANCH"`
}

func (c *reviewDownCommand) Run(ctx context.Context, e *review.Environments) error {
	return e.Down(ctx, c.Branch)
}

type reviewReapCommand struct {
	DryRun bool `help:"Only list them."`
}

func (c *reviewReapCommand) Run(ctx context.Context, e *review.Environments) error {
	return e.Reap(ctx, c.DryRun)
}

type reviewsCommand struct{}

func (reviewsCommand) Run(ctx context.Context, e *review.Environments) error { return e.List(ctx) }

type dotenvCommand struct {
	File  string `help:"Where to write it, counted from the repository's folder." default:".env" placeholder:"FILE"`
	Force bool   `help:"Replace a file that exists." env:"FORCE"`
}

func (c *dotenvCommand) Run(ctx context.Context, s *session.Session) error {
	return app.Dotenv(ctx, s, c.File, c.Force)
}

type configCheckCommand struct{}

func (configCheckCommand) Run(ctx context.Context, g *Globals) error {
	return doctor.CheckConfig(ctx, g.Root, g.Stack, g.Out)
}

type doctorCommand struct {
	Local bool `help:"The stack runs on the emulator of this machine: its ports must be free."`
	Build bool `help:"Build bin/emulator first, as make up does; where it is missing, only if nothing is wrong with the rest."`
}

func (c *doctorCommand) Run(ctx context.Context, g *Globals) error {
	return doctor.Run(ctx, doctor.Options{Root: g.Root, Stack: g.Stack, Local: c.Local, Build: c.Build, Out: g.Out, Log: g.Err})
}

type testAppCommand struct {
	Local bool `help:"Build from the base image that docker/base.sh makes, where the stack file names none."`
}

func (c *testAppCommand) Run(ctx context.Context, g *Globals) error {
	return app.Test(ctx, g.Root, g.Stack, c.Local, g.Out)
}

type layersCommand struct {
	Local bool `help:"Build for this machine's processor, and from the base image that docker/base.sh makes, where the stack file names none."`
}

func (c *layersCommand) Run(ctx context.Context, g *Globals) error {
	return layers.Keep(ctx, g.Root, g.Stack, c.Local, g.Out)
}

type dockerCommand struct{}

func (dockerCommand) Run(ctx context.Context, g *Globals) error { return docker.Ensure(ctx, g.Err) }
