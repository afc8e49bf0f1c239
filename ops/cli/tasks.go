package cli

import (
	"context"
	"errors"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
	"github.com/laravel-ecs/laravel-ecs/ops/logs"
	"github.com/laravel-ecs/laravel-ecs/ops/maintenance"
	"github.com/laravel-ecs/laravel-ecs/ops/remote"
	oneoff "github.com/laravel-ecs/laravel-ecs/ops/run"
	"github.com/laravel-ecs/laravel-ecs/ops/status"
)

// taskCommands are status, logs, run, shell, tunnel and maintenance.
type taskCommands struct {
	Status      Status      `cmd:"" group:"tasks" help:"Show services, tasks, their health and the URL."`
	Logs        Logs        `cmd:"" group:"tasks" help:"Print what the containers wrote."`
	Run         RunTask     `cmd:"" group:"tasks" help:"Run an artisan command in a task of its own."`
	Shell       Shell       `cmd:"" group:"tasks" help:"Open a shell in a running container (ECS Exec)."`
	Tunnel      Tunnel      `cmd:"" group:"tasks" help:"Forward a local port to the database or the cache."`
	Maintenance Maintenance `cmd:"" group:"tasks" help:"Answer 503 with a page, to all but given addresses."`
}

// every is the pause between two looks at something that changes.
const every = 2 * time.Second

// Status is `laravel-ecs status`.
type Status struct {
	Watch bool `help:"Draw again until everything is steady, or until Ctrl-C."`
}

// Help explains the command.
func (*Status) Help() string {
	return `Shows for each service how many tasks are desired, running and pending, and the state of its rollout; for each task its release, the
health of its container and of its target at the load balancer; and the last five events of a service that is not steady. The URL is
the last line.

Steady means: one deployment, completed; as many tasks run as are desired; none is unhealthy. The exit code is 1 when something is not steady.

Example:

    laravel-ecs status --stack prod --watch`
}

// Run shows the status.
func (c *Status) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return status.Show(ctx, s, status.Options{Watch: c.Watch, Every: every})
}

// Logs is `laravel-ecs logs`.
type Logs struct {
	Process string        `help:"Only this process: web, worker, scheduler." placeholder:"PROCESS"`
	Since   time.Duration `help:"How far to look back: 90s, 15m, 24h. Without it 1h, with --follow 1m." placeholder:"1h"`
	Follow  bool          `help:"Go on until Ctrl-C."`
	Grep    string        `help:"Only events with this text in them, as it is written." env:"GREP" placeholder:"TEXT"`
	Raw     bool          `help:"Print events as they were written. Without it, JSON of the access log and of Laravel is made readable."`
}

// Help explains the command.
func (*Logs) Help() string {
	return `Prints one line for each event in CloudWatch Logs: time, container/task, text. The log groups are those of the revisions that run.
Two colours of a blue/green environment write to one log group.

Example:

    laravel-ecs logs --stack prod --process web --since 15m --grep /checkout`
}

// Run prints the logs.
func (c *Logs) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	if c.Since == 0 {
		c.Since = time.Hour
		if c.Follow {
			c.Since = time.Minute
		}
	}
	return logs.Show(ctx, s, logs.Options{Process: c.Process, Since: c.Since, Follow: c.Follow, Grep: c.Grep, Raw: c.Raw})
}

// RunTask is `laravel-ecs run`.
type RunTask struct {
	Process string   `help:"Whose image, environment and size the task gets. Without it the web process that serves." placeholder:"PROCESS"`
	Command []string `arg:"" optional:"" passthrough:"" help:"The command: php artisan NAME ..."`
}

// Help explains the command.
func (*RunTask) Help() string {
	return `Starts one task from the revision that runs (ECS RunTask), where the service's own tasks are placed, and prints what it writes. It does
not migrate first. The exit code is the command's. Ctrl-C stops the task; the exit code is 130 then.

Only artisan commands can be run. The task has startedBy laravel-ecs-run; a task outside a service is not replaced when its instance goes.

Example:

    laravel-ecs run --stack prod -- php artisan migrate:status --pending`
}

// Run runs the command.
func (c *RunTask) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	code, err := oneoff.Task(ctx, s, oneoff.Options{Command: c.command(), Process: c.Process, Every: every})
	if err != nil {
		return err
	}
	return exit.Status(code)
}

// command are the arguments without the -- that may separate them from the flags.
func (c *RunTask) command() []string {
	if len(c.Command) > 0 && c.Command[0] == "--" {
		return c.Command[1:]
	}
	return c.Command
}

// Shell is `laravel-ecs shell`.
type Shell struct {
	Process string `help:"In which process: web, worker, scheduler. Without it the web process that serves." placeholder:"PROCESS"`
	Cmd     string `help:"Run this instead of /bin/bash." env:"CMD" placeholder:"COMMAND"`
}

// Help explains the command.
func (*Shell) Help() string {
	return `Opens a shell as root in the container of a healthy task. It needs access.exec in the stack file, which the tasks must have been started
with, and the Session Manager plugin of AWS on this machine.

Example:

    laravel-ecs shell --stack staging --process worker`
}

// Run opens the shell.
func (c *Shell) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	code, err := remote.Shell(ctx, s, c.Process, c.Cmd)
	if err != nil {
		return err
	}
	return exit.Status(code)
}

// Tunnel is `laravel-ecs tunnel`.
type Tunnel struct {
	To   string `required:"" enum:"database,cache" help:"database or cache." placeholder:"database"`
	Port int    `help:"Port of this machine. Without it the remote port plus 10000, or another free one." placeholder:"PORT"`
}

// Help explains the command.
func (*Tunnel) Help() string {
	return `Forwards a port of 127.0.0.1 to RDS or ElastiCache through an instance of the cluster (Session Manager, port forwarding to a remote host),
and prints a client's command line for it. The password is in .env after "laravel-ecs dotenv". Ctrl-C ends the tunnel. It needs the
Session Manager plugin of AWS on this machine.

Example:

    laravel-ecs tunnel --to database --stack prod`
}

// Run opens the tunnel.
func (c *Tunnel) Run(ctx context.Context, g *Globals) error {
	s, err := g.Session()
	if err != nil {
		return err
	}
	return remote.Tunnel(ctx, s, c.To, c.Port)
}

// Maintenance is `laravel-ecs maintenance`.
type Maintenance struct {
	Do    string   `arg:"" enum:"on,off,status" default:"status" help:"on, off or status."`
	Allow []string `help:"on: addresses or networks that reach the application, separated by commas. At most 20." placeholder:"CIDR"`
	File  string   `help:"on: an HTML file of at most 1024 bytes, in place of the short default page." type:"path" placeholder:"FILE"`
}

// Help explains the command.
func (*Maintenance) Help() string {
	return `Lets the load balancer answer 503 with a page, to all but the allowed addresses. Listener rules do it, which are made past Pulumi: make up
neither removes nor reports them. Health checks stay green, no task is replaced, and a release meanwhile works. A second "on" changes
page and addresses; after a change of a blue/green share it also sends the allowed addresses where everybody was sent. End maintenance
before make down, and before release.strategy changes.

The load balancer compares the address that opens the connection: behind a CDN or a proxy, that one's. It returns 1024 bytes at most and
cannot send a Retry-After header (AWS: FixedResponseActionConfig, ListenerAttribute); the default page reloads itself every minute
instead, and a file can do so with <meta http-equiv="refresh" content="60">.

Example:

    laravel-ecs maintenance on --stack prod --allow 203.0.113.7,198.51.100.0/24 --file maintenance.html`
}

// Run switches maintenance.
func (c *Maintenance) Run(ctx context.Context, g *Globals) error {
	if c.Do != "on" && (len(c.Allow) > 0 || c.File != "") {
		return errors.New("--allow and --file belong to maintenance on")
	}
	s, err := g.Session()
	if err != nil {
		return err
	}
	switch c.Do {
	case "on":
		return maintenance.On(ctx, s, maintenance.Options{Allow: c.Allow, File: c.File})
	case "off":
		return maintenance.Off(ctx, s)
	}
	return maintenance.Status(ctx, s)
}
