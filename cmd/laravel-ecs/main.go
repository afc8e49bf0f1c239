// Command laravel-ecs runs the program of this repository on the embedded cloud: on this machine, on the real
// Pulumi engine, without an AWS account. `make help` lists what it is used for.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
)

const usage = `usage: laravel-ecs COMMAND [flags]

  up         deploy to this machine; a second time changes nothing
  preview    tell what up would do
  down       remove everything that up made
  status     list the tasks, their health and the URL
  logs       print the logs of the tasks (--follow)
  setup      only make what the others need: Docker, the base image (--docker, --cli: Docker, the Pulumi CLI only)
  releases   list the releases of the registry and which one runs
  rollback   return to the release before, or to --to, without building
  unpin      take the release that a rollback wrote out of the stack file
  canary     blue/green: give --percent of the requests to the working tree, or to --to
  promote    blue/green: give the candidate all requests
  abort      blue/green: take all requests from the candidate
  shell      open a shell in a task
  note       tell what a preview means, in Markdown: changes, risks, release, environment, cost (--from, --base, --post)
  notes      post one note of every environment that the merge request of this job touches (--since)
  touched    list the environments that the changes since a revision touch (--since)
  deploy     run the release that --from runs, from the very same image (--to: another one of its registry)
  drift      tell what differs on AWS from what was deployed, and fail where something does
  test-app   run the application's own tests in the image of a stack, which is built for that and not pushed
  layers     build the slow stages of a stack's image from the layers that earlier jobs of a pipeline left in .cache/layers, and leave them there
  smoke      ask a deployed stack for its health and its page
  dotenv     write the stack's .env for a developer (--file; --force replaces one)
  config-check  compare the application's .env.example with what the stack provides
  review-up    make or renew the environment of --branch: a stack of its own, until it expires
  review-down  take the environment of --branch away
  review-reap  take away every review environment that has expired (--dry-run only tells)
  reviews      list the review environments
  rehearse   run a stack file through its whole life on an account in memory, without containers
  aws        check the way to AWS, then run pulumi: laravel-ecs aws up --stack staging

flags: --stack (local), --root (.), --state (.local/STACK), --follow (logs), --to, --percent, --verbose (rehearse), --force (down, dotenv), --cli and --docker (setup)
note: --from FILE reads what pulumi preview --json --show-sames printed (-: standard input); --base REVISION compares with its stack
file on an account in memory. It ends with 3 when data would be destroyed, unless ALLOW_REPLACE=type[,type] names it. --post puts it
on the merge request of the job, with the token in GITLAB_TOKEN or GITHUB_TOKEN.
review-*: --branch, or the variable BRANCH; TTL=48h instead of the template's environment.ttlHours. Every environment has a state folder
of its own here, .local/STACK, whatever STATE says; HTTP_PORT is a free one unless it is given.
variables: HTTP_PORT (8080), HTTPS_PORT (8443), both remembered in the state; STATE (as --state);
CLOUD=local puts any stack on this machine, as the stack "local" always is
`

// options are the flags and variables that all commands share.
type options struct {
	stack, root, state  string
	embedded            bool // CLOUD=local
	httpPort, httpsPort int
	follow, verbose     bool
	force, post         bool
	cli, docker         bool           // of setup: only this
	to                  string         // a release
	overrides           map[string]any // of the stack file, for this run
	from, base          string         // of note: a file, a revision
	since               string         // of notes and touched: a revision
	file                string         // of dotenv
	branch              string         // of a review environment
	dryRun              bool           // of review-reap
	percent             int
	args                []string // what is left
	out                 io.Writer
}

// command is one subcommand.
type command func(context.Context, options) error

var commands = map[string]command{
	"setup": setup, "up": up, "preview": showPreview, "down": down, "status": status, "logs": logs, "rehearse": rehearse, "aws": toAWS,
	"releases": listReleases, "rollback": rollback, "unpin": unpin, "canary": canary, "promote": promote, "abort": abort, "shell": shell,
	"note": writeNote, "notes": writeNotes, "touched": listTouched, "deploy": deploy, "drift": drift, "smoke": smoke, "test-app": testApp, "layers": keepLayers, "dotenv": writeDotenv, "config-check": checkConfig,
	"review-up": reviewUp, "review-down": reviewDown, "review-reap": reviewReap, "reviews": listReviews,
}

// errReported is an error whose text has been printed already.
var errReported = errors.New("failed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && (!errors.Is(err, errReported) || errors.Is(err, errBlocked)) {
		fmt.Fprintln(os.Stderr, "error:", err)
	}
	os.Exit(exitCode(err))
}

// exitCode is what a pipeline tells the outcomes apart by.
func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errBlocked):
		return 3
	}
	return 1
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		fmt.Fprint(out, usage)
		return nil
	}
	chosen, known := commands[args[0]]
	if !known {
		return fmt.Errorf("there is no command %q\n%s", args[0], usage)
	}
	o, err := parse(args[0], args[1:], out)
	if err != nil {
		return err
	}
	// The program finds its files from the folder of Pulumi.yaml, as it does under `pulumi up`.
	if err := os.Chdir(o.root); err != nil {
		return fmt.Errorf("--root: %w", err)
	}
	return chosen(ctx, o)
}

func parse(name string, args []string, out io.Writer) (options, error) {
	o := options{out: &lines{out: out}}
	if name == "aws" { // everything after it is pulumi's
		o.args = args
		root, err := filepath.Abs(".")
		o.root = root
		return o, err
	}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.stack, "stack", "local", "")
	flags.StringVar(&o.root, "root", ".", "")
	flags.StringVar(&o.state, "state", os.Getenv("STATE"), "")
	flags.BoolVar(&o.follow, "follow", false, "")
	flags.BoolVar(&o.verbose, "verbose", false, "")
	flags.BoolVar(&o.force, "force", false, "")
	flags.BoolVar(&o.cli, "cli", false, "")
	flags.BoolVar(&o.docker, "docker", false, "")
	flags.StringVar(&o.to, "to", "", "")
	flags.StringVar(&o.from, "from", "", "")
	flags.StringVar(&o.base, "base", "", "")
	flags.StringVar(&o.since, "since", "", "")
	flags.BoolVar(&o.post, "post", false, "")
	flags.StringVar(&o.file, "file", ".env", "")
	flags.IntVar(&o.percent, "percent", 10, "")
	flags.StringVar(&o.branch, "branch", os.Getenv("BRANCH"), "")
	flags.BoolVar(&o.dryRun, "dry-run", false, "")
	if err := flags.Parse(args); err != nil {
		return o, fmt.Errorf("%w\n%s", err, usage)
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%s takes no argument %q\n%s", name, flags.Arg(0), usage)
	}
	switch where := os.Getenv("CLOUD"); where {
	case "", "aws":
	case "local":
		o.embedded = true
	default:
		return o, fmt.Errorf("CLOUD=%q: local or aws is expected", where)
	}
	var err error
	if o.root, err = filepath.Abs(o.root); err != nil {
		return o, err
	}
	if o.state == "" {
		o.state = o.stateOf(map[bool]string{true: "rehearse-"}[name == "rehearse"] + o.stack)
	}
	if o.state, err = filepath.Abs(o.state); err != nil {
		return o, err
	}
	last := rememberedPorts(o.state)
	if o.httpPort, err = port("HTTP_PORT", last.HTTP); err != nil {
		return o, err
	}
	if o.httpsPort, err = port("HTTPS_PORT", last.HTTPS); err != nil {
		return o, err
	}
	if o.httpPort == o.httpsPort {
		return o, fmt.Errorf("HTTP_PORT and HTTPS_PORT are both %d", o.httpPort)
	}
	return o, nil
}

// stateOf is where the state of a stack lies unless STATE says otherwise, which is about one stack.
func (o options) stateOf(stack string) string { return filepath.Join(o.root, ".local", stack) }

func port(variable string, otherwise int) (int, error) {
	text := os.Getenv(variable)
	if text == "" {
		return otherwise, nil
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 || number > 65535 {
		return 0, fmt.Errorf("%s=%q: a port from 1 to 65535 is expected", variable, text)
	}
	return number, nil
}

// ports are the front door of a deployed stack.
type ports struct{ HTTP, HTTPS int }

// rememberedPorts are those of the last up, so that nobody has to repeat the variables with every command.
func rememberedPorts(state string) ports {
	last := ports{HTTP: 8080, HTTPS: 8443}
	if text, err := os.ReadFile(filepath.Join(state, engine.PortsFile)); err == nil {
		_ = json.Unmarshal(text, &last) // a broken file is as good as none
	}
	return last
}

func rememberPorts(o options) error {
	text, err := json.Marshal(ports{HTTP: o.httpPort, HTTPS: o.httpsPort})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(o.state, engine.PortsFile), text, 0o600); err != nil {
		return fmt.Errorf("remembering the ports: %w", err)
	}
	return nil
}
