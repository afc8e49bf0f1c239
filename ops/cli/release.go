package cli

import (
	"context"

	"github.com/laravel-ecs/laravel-ecs/ops/deploy"
	"github.com/laravel-ecs/laravel-ecs/ops/release"
	"github.com/laravel-ecs/laravel-ecs/ops/rotate"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/ops/why"
)

// answer is the flag of the commands in which Pulumi asks before it changes anything.
type answer struct {
	Yes bool `help:"Answer Pulumi's question with yes. In CI it is not asked." env:"YES"`
}

type upCommand struct{ answer }

func (c *upCommand) Run(ctx context.Context, s *session.Session) error {
	return deploy.Up(ctx, s, deploy.Options{Yes: c.Yes})
}

type previewCommand struct{}

func (previewCommand) Run(ctx context.Context, s *session.Session) error {
	return deploy.Preview(ctx, s, nil)
}

type downCommand struct{ answer }

func (c *downCommand) Run(ctx context.Context, s *session.Session) error {
	return deploy.Down(ctx, s, c.Yes)
}

type releasesCommand struct{}

func (releasesCommand) Run(ctx context.Context, s *session.Session) error {
	return release.List(ctx, s)
}

type whyCommand struct {
	Release string `help:"A release, instead of the last one that failed." placeholder:"RELEASE"`
}

func (c *whyCommand) Run(ctx context.Context, s *session.Session) error {
	return why.Show(ctx, s, c.Release)
}

type rollbackCommand struct {
	To  string `help:"A release of the registry, instead of the one that served before." placeholder:"RELEASE"`
	Yes bool   `help:"Do not ask." env:"YES"`
}

func (c *rollbackCommand) Run(ctx context.Context, s *session.Session, g *Globals) error {
	return release.Rollback(ctx, s, release.RollbackOptions{To: c.To, Yes: c.Yes, In: g.In, Terminal: session.Terminal(g.In)})
}

type unpinCommand struct{}

func (unpinCommand) Run(s *session.Session) error { return release.Unpin(s) }

type canaryCommand struct {
	To      string `help:"A release of the registry, instead of the working tree." placeholder:"RELEASE"`
	Percent int    `help:"Share of the visitors, 0 to 99." default:"10" env:"PERCENT"`
	answer
}

func (c *canaryCommand) Run(ctx context.Context, s *session.Session) error {
	return release.Canary(ctx, s, release.CanaryOptions{To: c.To, Percent: c.Percent, Yes: c.Yes})
}

// Clock is the time of make release. It is a variable for tests.
var Clock = release.RealTime()

type releaseCommand struct {
	To  string `help:"A release of the registry, instead of the working tree." placeholder:"RELEASE"`
	Yes bool   `help:"Do not ask. In CI it is not asked." env:"YES"`
}

func (c *releaseCommand) Run(ctx context.Context, s *session.Session, g *Globals) error {
	return release.Gradual(ctx, s, release.GradualOptions{To: c.To, Yes: c.Yes, In: g.In, Terminal: session.Terminal(g.In), Clock: Clock})
}

type promoteCommand struct{ answer }

func (c *promoteCommand) Run(ctx context.Context, s *session.Session) error {
	return release.Promote(ctx, s, c.Yes)
}

type abortCommand struct{ answer }

func (c *abortCommand) Run(ctx context.Context, s *session.Session) error {
	return release.Abort(ctx, s, c.Yes)
}

type rotateSecretCommand struct {
	Name string `help:"The secret: DB_PASSWORD, DB_MASTER_PASSWORD, APP_KEY, or one in secrets." env:"NAME" placeholder:"NAME"`
	Yes  bool   `help:"Do not ask." env:"YES"`
}

func (c *rotateSecretCommand) Run(ctx context.Context, s *session.Session, g *Globals) error {
	return rotate.Secret(ctx, s, rotate.Options{Name: c.Name, Yes: c.Yes, In: g.In, Terminal: session.Terminal(g.In)})
}

type deployCommand struct {
	From string `help:"The stack whose release is taken over." placeholder:"STACK" predictor:"stack"`
	To   string `help:"Another release of that stack's registry than the one that runs." placeholder:"RELEASE"`
	answer
}

func (c *deployCommand) Run(ctx context.Context, s *session.Session) error {
	return release.Deploy(ctx, s, release.DeployOptions{From: c.From, To: c.To, Yes: c.Yes})
}

type smokeCommand struct {
	URL      string `help:"Address to ask, instead of the stack's output url." env:"SMOKE_URL" placeholder:"URL"`
	Insecure bool   `help:"Accept a self-signed certificate." env:"SMOKE_INSECURE"`
}

func (c *smokeCommand) Run(ctx context.Context, s *session.Session) error {
	return release.Smoke(ctx, s, release.SmokeOptions(*c))
}
