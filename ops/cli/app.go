package cli

import (
	"context"

	"github.com/laravel-ecs/laravel-ecs/ops/app"
	"github.com/laravel-ecs/laravel-ecs/ops/docker"
	"github.com/laravel-ecs/laravel-ecs/ops/layers"
)

// appCommands are dotenv, config-check, test-app, layers and docker.
type appCommands struct {
	Dotenv      Dotenv      `cmd:"" group:"app" help:"Write the stack's .env file, secrets included, for a developer."`
	ConfigCheck ConfigCheck `cmd:"" group:"app" help:"Compare the application's .env.example with what the stack file provides."`
	TestApp     TestApp     `cmd:"" group:"app" help:"Run the application's own tests in the image of a stack."`
	Layers      Layers      `cmd:"" group:"app" help:"Build the slow stages of a stack's image from the layers of earlier jobs."`
	Docker      Docker      `cmd:"" group:"app" help:"Ensure that a Docker engine runs."`
}

// Dotenv is `laravel-ecs dotenv`.
type Dotenv struct {
	File  string `help:"Where to write it, counted from the repository's folder." default:".env" placeholder:"FILE"`
	Force bool   `help:"Replace a file that exists." env:"FORCE"`
}

// Help explains the command.
func (*Dotenv) Help() string {
	return `Writes every variable that the containers get, secrets in plain text, to a file that only you can read.

Example:

    laravel-ecs dotenv --stack staging --file app/.env`
}

// Run writes the file.
func (c *Dotenv) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return app.Dotenv(ctx, s, c.File, c.Force)
}

// ConfigCheck is `laravel-ecs config-check`.
type ConfigCheck struct{}

// Help explains the command.
func (*ConfigCheck) Help() string {
	return `Lists the variables of .env.example that the stack lacks, and those that it has beyond that. The stack file is deployed to an
account in memory for that (bin/emulator): the stack need not exist, and no credentials are used. The exit code is 1 where a variable
is missing.

Example:

    laravel-ecs config-check --stack staging`
}

// Run compares.
func (*ConfigCheck) Run(ctx context.Context, g *Globals) error {
	return app.CheckConfig(ctx, g.Root, g.Stack, g.Out)
}

// TestApp is `laravel-ecs test-app`.
type TestApp struct {
	Local bool `help:"Build from the base image that docker/base.sh makes, where the stack file names none."`
}

// Help explains the command.
func (*TestApp) Help() string {
	return `Builds the stage "test" of the stack's Dockerfile for this machine's processor and runs image.test in it. The image is not pushed.

Example:

    laravel-ecs test-app --stack staging`
}

// Run runs the tests.
func (c *TestApp) Run(ctx context.Context, g *Globals) error {
	return app.Test(ctx, g.Root, g.Stack, c.Local, g.Out)
}

// Layers is `laravel-ecs layers`.
type Layers struct {
	Local bool `help:"Build for this machine's processor, and from the base image that docker/base.sh makes, where the stack file names none."`
}

// Help explains the command.
func (*Layers) Help() string {
	return `For pipelines whose builder begins empty. The layers are kept in .cache/layers, which the pipeline hands from job to job, for a
week.

Example, before the image is built:

    laravel-ecs layers --stack staging`
}

// Run builds the stages.
func (c *Layers) Run(ctx context.Context, g *Globals) error {
	return layers.Keep(ctx, g.Root, g.Stack, c.Local, g.Out)
}

// Docker is `laravel-ecs docker`.
type Docker struct{}

// Help explains the command.
func (*Docker) Help() string {
	return `Where no engine answers and this is root on Debian, it is installed and started; elsewhere the error says what to do.

Example:

    laravel-ecs docker`
}

// Run ensures it.
func (*Docker) Run(ctx context.Context, g *Globals) error { return docker.Ensure(ctx, g.Err) }
