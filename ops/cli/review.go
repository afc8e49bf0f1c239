package cli

import (
	"context"

	"github.com/laravel-ecs/laravel-ecs/ops/review"
)

// reviewCommands are review-up, review-down, review-reap and reviews.
type reviewCommands struct {
	ReviewUp   ReviewUp   `cmd:"" group:"review" help:"Make the environment of a branch, or deploy to it and renew its expiry."`
	ReviewDown ReviewDown `cmd:"" group:"review" help:"Remove the environment of a branch."`
	ReviewReap ReviewReap `cmd:"" group:"review" help:"Remove the review environments that have expired."`
	Reviews    Reviews    `cmd:"" group:"review" help:"List the review environments."`
}

func (g *Globals) reviews() (*review.Environments, error) { return review.Open(g.Root, g.Out, g.Err) }

// ReviewUp is `laravel-ecs review-up`.
type ReviewUp struct {
	Branch string `help:"The branch." env:"BRANCH" placeholder:"BRANCH"`
	TTL    string `help:"How long it lives, such as 48h, instead of environment.ttlHours." env:"TTL" placeholder:"TIME" name:"ttl"`
}

// Help explains the command.
func (*ReviewUp) Help() string {
	return `Makes a stack of the template Pulumi.review.yaml and deploys the working tree to it. The last line of the output is its URL; in a
job of a merge request a note there has it, too.

Example:

    laravel-ecs review-up --branch feature/login`
}

// Run deploys.
func (c *ReviewUp) Run(ctx context.Context, g *Globals) error {
	ttl, err := review.TTL(c.TTL)
	if err != nil {
		return err
	}
	environments, err := g.reviews()
	if err != nil {
		return err
	}
	return environments.Up(ctx, c.Branch, ttl)
}

// ReviewDown is `laravel-ecs review-down`.
type ReviewDown struct {
	Branch string `help:"The branch." env:"BRANCH" placeholder:"BRANCH"`
}

// Help explains the command.
func (*ReviewDown) Help() string {
	return `Destroys the environment's resources, its stack and its stack file, and lists what is left.

Example:

    laravel-ecs review-down --branch feature/login`
}

// Run removes it.
func (c *ReviewDown) Run(ctx context.Context, g *Globals) error {
	environments, err := g.reviews()
	if err != nil {
		return err
	}
	return environments.Down(ctx, c.Branch)
}

// ReviewReap is `laravel-ecs review-reap`.
type ReviewReap struct {
	DryRun bool `help:"Only list them."`
}

// Help explains the command.
func (*ReviewReap) Help() string {
	return `Destroys every stack of class review whose expiry has passed, and lists what a person has to look at: review environments that do
not expire, stack files and resources without a stack. It reads no stack whose name does not begin with review-.

Example:

    laravel-ecs review-reap --dry-run`
}

// Run removes them.
func (c *ReviewReap) Run(ctx context.Context, g *Globals) error {
	environments, err := g.reviews()
	if err != nil {
		return err
	}
	return environments.Reap(ctx, c.DryRun)
}

// Reviews is `laravel-ecs reviews`.
type Reviews struct{}

// Help explains the command.
func (*Reviews) Help() string {
	return `Prints stack, branch, expiry and URL.

Example:

    laravel-ecs reviews`
}

// Run lists them.
func (*Reviews) Run(ctx context.Context, g *Globals) error {
	environments, err := g.reviews()
	if err != nil {
		return err
	}
	return environments.List(ctx)
}
