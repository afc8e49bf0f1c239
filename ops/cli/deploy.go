package cli

import (
	"context"

	"github.com/laravel-ecs/laravel-ecs/ops/deploy"
)

// deployCommands are up, preview and down.
type deployCommands struct {
	Up      Up      `cmd:"" group:"deploy" help:"Deploy what the stack file and the working tree say."`
	Preview Preview `cmd:"" group:"deploy" help:"Show what up would change."`
	Down    Down    `cmd:"" group:"deploy" help:"Remove everything that the stack has."`
}

// Up is `laravel-ecs up`.
type Up struct {
	Yes bool `help:"Answer Pulumi's question with yes. In CI it is not asked." env:"YES"`
}

// Help explains the command.
func (*Up) Help() string {
	return `Runs pulumi up for the stack, after a check of what AWS needs: the Pulumi CLI and its login, credentials, in a pipeline the job's
token. Pulumi shows a preview and asks. After a failure it prints what Amazon ECS says: the events of the services and why tasks
stopped.

Example:

    laravel-ecs up --stack staging`
}

// Run deploys.
func (c *Up) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return deploy.Up(ctx, s, deploy.Options{Yes: c.Yes})
}

// Preview is `laravel-ecs preview`.
type Preview struct{}

// Help explains the command.
func (*Preview) Help() string {
	return `Runs pulumi preview --diff for the stack. Nothing is changed. note says in Markdown what such a preview means.

Example:

    laravel-ecs preview --stack staging`
}

// Run previews.
func (*Preview) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return deploy.Preview(ctx, s, nil)
}

// Down is `laravel-ecs down`.
type Down struct {
	Yes bool `help:"Answer Pulumi's question with yes. In CI it is not asked." env:"YES"`
}

// Help explains the command.
func (*Down) Help() string {
	return `Runs pulumi destroy for the stack: load balancer, tasks, instances, database, cache and registry go. With environment.protect
Pulumi refuses, until environment.teardown says otherwise.

Example:

    laravel-ecs down --stack staging`
}

// Run destroys.
func (c *Down) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return deploy.Down(ctx, s, c.Yes)
}
