package cli

import (
	"context"

	"github.com/laravel-ecs/laravel-ecs/ops/release"
)

// Canary is `laravel-ecs canary`.
type Canary struct {
	To      string `help:"A release of the registry, instead of the working tree." placeholder:"RELEASE"`
	Percent int    `help:"Share of the requests, 0 to 99." default:"10" env:"PERCENT"`
	Yes     bool   `help:"Answer Pulumi's question with yes. In CI it is not asked." env:"YES"`
}

// Help explains the command.
func (*Canary) Help() string {
	return `For stacks with release.strategy blueGreen. The release starts in the colour that is not live and gets --percent of the requests. Given
again, it changes the share. The stack file records the candidate once it is deployed; a candidate that does not start leaves the file
as it is.

Example:

    laravel-ecs canary --stack prod --percent 10`
}

// Run starts the candidate.
func (c *Canary) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return release.Canary(ctx, s, release.CanaryOptions{To: c.To, Percent: c.Percent, Yes: c.Yes})
}

// Promote is `laravel-ecs promote`.
type Promote struct {
	Yes bool `help:"Answer Pulumi's question with yes. In CI it is not asked." env:"YES"`
}

// Help explains the command.
func (*Promote) Help() string {
	return `For stacks with release.strategy blueGreen. The candidate becomes the live release: it gets all requests, then the other colour stops.

Example:

    laravel-ecs promote --stack prod`
}

// Run promotes.
func (c *Promote) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return release.Promote(ctx, s, c.Yes)
}

// Abort is `laravel-ecs abort`.
type Abort struct {
	Yes bool `help:"Answer Pulumi's question with yes. In CI it is not asked." env:"YES"`
}

// Help explains the command.
func (*Abort) Help() string {
	return `For stacks with release.strategy blueGreen. The candidate gets no more requests at once. Its tasks stay until the next canary.

Example:

    laravel-ecs abort --stack prod`
}

// Run aborts.
func (c *Abort) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return release.Abort(ctx, s, c.Yes)
}
