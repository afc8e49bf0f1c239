package cli

import (
	"context"
	_ "embed"
	"io"
	"strings"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"

	"github.com/laravel-ecs/laravel-ecs/ops/review"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Globals are the flags of every command and the streams it uses. A command gets what it needs as arguments of Run: a context, the
// stack (*session.Session), the review environments, or the globals.
type Globals struct {
	Stack string `help:"The stack: staging stands for Pulumi.staging.yaml. Without the flag it is local." default:"local" env:"STACK" placeholder:"STACK" predictor:"stack"`
	Root  string `help:"Folder of the repository, where Pulumi.yaml is." default:"." placeholder:"FOLDER"`

	Out io.Writer `kong:"-"` // what was asked for
	Err io.Writer `kong:"-"` // progress and complaints
	In  io.Reader `kong:"-"` // answers to questions
}

// session opens the stack. It reads the stack file and contacts nothing.
func (g *Globals) session() (*session.Session, error) {
	return session.Open(g.Root, g.Stack, g.Out, g.Err)
}

func (g *Globals) reviews() (*review.Environments, error) { return review.Open(g.Root, g.Out, g.Err) }

// program is the whole command line.
type program struct {
	Globals

	Up      upCommand      `cmd:"" group:"deploy" help:"Deploy what the stack file and the working tree say."`
	Preview previewCommand `cmd:"" group:"deploy" help:"Show what up would change."`
	Down    downCommand    `cmd:"" group:"deploy" help:"Remove everything that the stack has."`

	Releases     releasesCommand     `cmd:"" group:"release" help:"List the releases: what is in the registry, what runs, what ran and until when, and who deployed it."`
	Why          whyCommand          `cmd:"" group:"release" help:"Print the evidence of a release that failed: events, exit codes, last log lines, health answers."`
	Rollback     rollbackCommand     `cmd:"" group:"release" help:"Return to the release that served before, without building."`
	Unpin        unpinCommand        `cmd:"" group:"release" help:"Take the release that a rollback wrote out of the stack file."`
	Release      releaseCommand      `cmd:"" group:"release" help:"Blue/green: give a release the visitors in steps, watch each step, and take the release back if it is worse."`
	Canary       canaryCommand       `cmd:"" group:"release" help:"Blue/green: start a release beside the live one and give it a share of the visitors."`
	Promote      promoteCommand      `cmd:"" group:"release" help:"Blue/green: give the candidate all requests."`
	Abort        abortCommand        `cmd:"" group:"release" help:"Blue/green: take all requests from the candidate."`
	Deploy       deployCommand       `cmd:"" group:"release" help:"Run the release that another stack runs, from the same image."`
	RotateSecret rotateSecretCommand `cmd:"" group:"release" help:"Give a secret a new value, and deploy it, while the tasks that run keep working."`
	Smoke        smokeCommand        `cmd:"" group:"release" help:"Ask a deployed stack for its health check and its page."`

	Status      statusCommand      `cmd:"" group:"tasks" help:"Show services, tasks, their health and the URL."`
	Logs        logsCommand        `cmd:"" group:"tasks" help:"Print what the containers wrote."`
	Run         runCommand         `cmd:"" group:"tasks" help:"Run an artisan command in a task of its own."`
	Shell       shellCommand       `cmd:"" group:"tasks" help:"Open a shell in a running container (ECS Exec)."`
	Tunnel      tunnelCommand      `cmd:"" group:"tasks" help:"Forward a local port to the database or the cache."`
	Sleep       sleepCommand       `cmd:"" group:"tasks" help:"Stop the tasks, the instances and the database of an environment that has environment.schedule."`
	Wake        wakeCommand        `cmd:"" group:"tasks" help:"Start an environment that sleeps."`
	Maintenance maintenanceCommand `cmd:"" group:"tasks" help:"Answer 503 with a page, to all but given addresses."`

	Note    noteCommand    `cmd:"" group:"plan" help:"Write what a preview means, in Markdown: changes, risks, release, environment, cost."`
	Notes   notesCommand   `cmd:"" group:"plan" help:"In the job of a merge request: the note of every environment that it touches, printed and posted."`
	Touched touchedCommand `cmd:"" group:"plan" help:"List the environments that the changes since a revision touch."`
	Drift   driftCommand   `cmd:"" group:"plan" help:"Compare AWS with what was deployed, and fail where they differ."`

	Preflight preflightCommand `cmd:"" group:"plan" help:"Compare what the stack needs with the quotas of the AWS account."`
	Cost      costCommand      `cmd:"" group:"plan" help:"Print what a stack costs in a month, by component, and what a changed stack file would."`
	Prices    pricesCommand    `cmd:"" group:"plan" help:"Read the prices of the stack's instance classes from AWS's price list."`

	ReviewUp   reviewUpCommand   `cmd:"" group:"review" help:"Make the environment of a branch, or deploy to it and renew its expiry."`
	ReviewDown reviewDownCommand `cmd:"" group:"review" help:"Remove the environment of a branch."`
	ReviewReap reviewReapCommand `cmd:"" group:"review" help:"Remove the review environments that have expired."`
	Reviews    reviewsCommand    `cmd:"" group:"review" help:"List the review environments."`

	Dotenv      dotenvCommand      `cmd:"" group:"app" help:"Write the stack's .env file, secrets included, for a developer."`
	ConfigCheck configCheckCommand `cmd:"" group:"app" help:"Compare the variables that the application reads with what the stack file provides."`
	Doctor      doctorCommand      `cmd:"" group:"app" help:"Say what will stop make up, or surprise you: application, packages, Git, Docker, disk, ports."`
	TestApp     testAppCommand     `cmd:"" group:"app" help:"Run the application's own tests in the image of a stack."`
	Layers      layersCommand      `cmd:"" group:"app" help:"Build the slow stages of a stack's image from the layers of earlier jobs."`
	Docker      dockerCommand      `cmd:"" group:"app" help:"Ensure that a Docker engine runs."`

	Help       helpCommand       `cmd:"" help:"Explain a command."`
	Completion completionCommand `cmd:"" help:"Print the code that gives a shell tab completion."`
}

// groups are the headings of the help, in order.
var groups = []kong.Group{
	{Key: "deploy", Title: "Deploying:"},
	{Key: "release", Title: "Releases:"},
	{Key: "tasks", Title: "What runs:"},
	{Key: "plan", Title: "Before a change:"},
	{Key: "review", Title: "Review environments:"},
	{Key: "app", Title: "The application:"},
}

// helpText explains every command under a heading "== COMMAND".
//
//go:embed help.txt
var helpText string

func explanations() map[string]string {
	texts := map[string]string{}
	for _, part := range strings.Split("\n"+helpText, "\n== ")[1:] {
		name, text, _ := strings.Cut(part, "\n")
		texts[name] = strings.TrimSpace(text)
	}
	return texts
}

type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command to explain; none lists all."`
}

func (c *helpCommand) Run(ctx *kong.Context) error {
	_, err := ctx.Parse(append(c.Command, "--help"))
	return err
}

type completionCommand struct{ kongcompletion.Completion }

// AfterApply asks for the code itself; by default the library prints the command that would print it.
func (c *completionCommand) AfterApply() error {
	c.Code = true
	return nil
}

// predictors complete the values of flags.
func predictors() kongcompletion.Option {
	return kongcompletion.WithPredictor("stack", complete.PredictFunc(func(complete.Args) []string { return config.Stacks(".") }))
}

// bind provides the arguments of a command's Run.
func (g *Globals) bind(ctx context.Context, to *kong.Context) error {
	to.BindTo(ctx, (*context.Context)(nil))
	to.Bind(g)
	if err := to.BindToProvider(g.session); err != nil {
		return err
	}
	return to.BindToProvider(g.reviews)
}
