package cli

import (
	"context"

	"github.com/laravel-ecs/laravel-ecs/ops/release"
)

// releaseCommands are releases, rollback and what else is about one stack's release.
type releaseCommands struct {
	Releases Releases `cmd:"" group:"release" help:"List the releases: what is in the registry, what runs, what ran and until when."`
	Rollback Rollback `cmd:"" group:"release" help:"Return to the release that served before, without building."`
	Unpin    Unpin    `cmd:"" group:"release" help:"Take the release that a rollback wrote out of the stack file."`
	Canary   Canary   `cmd:"" group:"release" help:"Blue/green: start a release beside the live one and give it a share of the requests."`
	Promote  Promote  `cmd:"" group:"release" help:"Blue/green: give the candidate all requests."`
	Abort    Abort    `cmd:"" group:"release" help:"Blue/green: take all requests from the candidate."`
	Deploy   Deploy   `cmd:"" group:"release" help:"Run the release that another stack runs, from the same image."`
	Smoke    Smoke    `cmd:"" group:"release" help:"Ask a deployed stack for its health check and its page."`
}

// Releases is `laravel-ecs releases`.
type Releases struct{}

// Help explains the command.
func (*Releases) Help() string {
	return `The images come from Amazon ECR. When each release ran comes from the ECS service deployments, which ECS keeps for 90 days; what is
older comes from the task definition revisions, which tell when a release was registered and not whether it served. The last line
names the source.

Example:

    laravel-ecs releases --stack prod`
}

// Run lists.
func (*Releases) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return release.List(ctx, s)
}

// Rollback is `laravel-ecs rollback`.
type Rollback struct {
	To  string `help:"A release of the registry, instead of the one that served before." placeholder:"RELEASE"`
	Yes bool   `help:"Do not ask." env:"YES"`
}

// Help explains the command.
func (*Rollback) Help() string {
	return `Returns to the release that served before the one that runs now. A release that was only pushed, or that ECS took back, is skipped.
The command checks that the image is still in the registry, shows the release, its digest, the services and the migrations between,
previews, asks, and runs pulumi up with the release pinned. Migrations are not reversed. After success, and only then, it writes
release.name and release.build: false into the stack file; unpin takes them out. With release.strategy blueGreen the old release starts
in the other colour and then gets all requests at once.

Example:

    laravel-ecs rollback --stack prod`
}

// Run rolls back.
func (c *Rollback) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return release.Rollback(ctx, s, release.RollbackOptions{To: c.To, Yes: c.Yes, In: g.In, Terminal: release.Terminal(g.In)})
}

// Unpin is `laravel-ecs unpin`.
type Unpin struct{}

// Help explains the command.
func (*Unpin) Help() string {
	return `After a rollback the stack file pins the release. unpin takes that out; nothing is deployed. The next up deploys the working tree.

Example:

    laravel-ecs unpin --stack prod`
}

// Run unpins.
func (*Unpin) Run(g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return release.Unpin(s)
}

// Deploy is `laravel-ecs deploy`.
type Deploy struct {
	From string `help:"The stack whose release is taken over." placeholder:"STACK" predictor:"stack"`
	To   string `help:"Another release of that stack's registry than the one that runs." placeholder:"RELEASE"`
	Yes  bool   `help:"Answer Pulumi's question with yes. In CI it is not asked." env:"YES"`
}

// Help explains the command.
func (*Deploy) Help() string {
	return `Copies the image of another stack's release by digest into this stack's registry and deploys it; nothing is built. The stack file stays
as it is. The release must be that of this checkout unless --to names one, so that an image and the settings it was tested with come
together.

Example:

    laravel-ecs deploy --stack prod --from staging`
}

// Run deploys.
func (c *Deploy) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return release.Deploy(ctx, s, release.DeployOptions{From: c.From, To: c.To, Yes: c.Yes})
}

// Smoke is `laravel-ecs smoke`.
type Smoke struct {
	URL      string `help:"Address to ask, instead of the stack's output url." env:"SMOKE_URL" placeholder:"URL"`
	Insecure bool   `help:"Accept a self-signed certificate." env:"SMOKE_INSECURE"`
}

// Help explains the command.
func (*Smoke) Help() string {
	return `Asks for loadBalancer.healthCheck.path (/up) and for /. Both must answer 200 within 90 seconds, after redirects. The error shows the last
answer.

Example:

    laravel-ecs smoke --stack staging`
}

// Run asks.
func (c *Smoke) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return release.Smoke(ctx, s, release.SmokeOptions{URL: c.URL, Insecure: c.Insecure})
}
