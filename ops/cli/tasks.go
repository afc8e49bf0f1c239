package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	shellquote "github.com/kballard/go-shellquote"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
	"github.com/laravel-ecs/laravel-ecs/ops/logs"
	"github.com/laravel-ecs/laravel-ecs/ops/maintenance"
	"github.com/laravel-ecs/laravel-ecs/ops/nights"
	"github.com/laravel-ecs/laravel-ecs/ops/remote"
	oneoff "github.com/laravel-ecs/laravel-ecs/ops/run"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/ops/status"
)

// Every is the pause between two looks at something that changes. It is a variable for tests.
var Every = 2 * time.Second

// ended passes the exit code of a program on.
func ended(code int, err error) error {
	if err != nil {
		return err
	}
	return exit.Status(code)
}

type statusCommand struct {
	Watch bool `help:"Draw again until everything is steady, or until Ctrl-C."`
}

func (c *statusCommand) Run(ctx context.Context, s *session.Session) error {
	return status.Show(ctx, s, status.Options{Watch: c.Watch, Every: Every})
}

type logsCommand struct {
	Process string        `help:"Only this process: web, worker, scheduler, or a name in processes." placeholder:"PROCESS"`
	Since   time.Duration `help:"How far to look back: 90s, 15m, 24h. Without it 1h, with --follow 1m." placeholder:"1h"`
	Follow  bool          `help:"Go on until Ctrl-C."`
	Grep    string        `help:"Only events with this text in them, as it is written." env:"GREP" placeholder:"TEXT"`
	Raw     bool          `help:"Print events as they were written. Without it, JSON of the access log and of Laravel is made readable."`
}

func (c *logsCommand) Run(ctx context.Context, s *session.Session) error {
	if c.Since == 0 {
		c.Since = time.Hour
		if c.Follow {
			c.Since = time.Minute
		}
	}
	return logs.Show(ctx, s, logs.Options{Process: c.Process, Since: c.Since, Follow: c.Follow, Grep: c.Grep, Raw: c.Raw})
}

type runCommand struct {
	Process string   `help:"Whose image, environment and size the task gets. Without it the web process that serves." placeholder:"PROCESS"`
	Cmd     string   `help:"The command as one text, with quotes as in a shell, instead of arguments." env:"CMD" placeholder:"COMMAND"`
	Command []string `arg:"" optional:"" passthrough:"partial" help:"The command: php artisan NAME ..."`
}

func (c *runCommand) Run(ctx context.Context, s *session.Session) error {
	command, err := c.command()
	if err != nil {
		return err
	}
	return ended(oneoff.Task(ctx, s, oneoff.Options{Command: command, Process: c.Process, Every: Every}))
}

// command are the arguments without the -- that may separate them from the flags, or else the words of --cmd. No shell reads these.
func (c *runCommand) command() ([]string, error) {
	if len(c.Command) > 0 && c.Command[0] == "--" {
		c.Command = c.Command[1:]
	}
	if len(c.Command) > 0 || c.Cmd == "" {
		return c.Command, nil
	}
	words, err := shellquote.Split(c.Cmd)
	if err != nil {
		return nil, fmt.Errorf("--cmd (CMD=): %q: %w", c.Cmd, err)
	}
	return words, nil
}

type shellCommand struct {
	Process string `help:"In which process: web, worker, scheduler, or a name in processes. Without it the web process that serves." placeholder:"PROCESS"`
	Cmd     string `help:"Run this instead of /bin/bash." env:"CMD" placeholder:"COMMAND"`
}

func (c *shellCommand) Run(ctx context.Context, s *session.Session) error {
	return ended(remote.Shell(ctx, s, c.Process, c.Cmd))
}

type tunnelCommand struct {
	To   string `enum:"database,cache," default:"" help:"database or cache." placeholder:"database"`
	Port int    `help:"Port of this machine. Without it the remote port plus 10000, or another free one." placeholder:"PORT"`
}

// Validate is called by kong, whose own message of a missing flag names database only.
func (c *tunnelCommand) Validate() error {
	if c.To == "" {
		return errors.New("--to database or --to cache is missing (TO=)")
	}
	return nil
}

func (c *tunnelCommand) Run(ctx context.Context, s *session.Session) error {
	return remote.Tunnel(ctx, s, c.To, c.Port)
}

type sleepCommand struct{}

func (sleepCommand) Run(ctx context.Context, s *session.Session) error {
	return nights.Sleep(ctx, s, Every)
}

type wakeCommand struct{}

func (wakeCommand) Run(ctx context.Context, s *session.Session) error {
	return nights.Wake(ctx, s, Every)
}

type maintenanceCommand struct {
	Do    string   `arg:"" enum:"on,off,status" default:"status" help:"on, off or status."`
	Allow []string `help:"on: addresses or networks that reach the application, separated by commas. At most 20." placeholder:"CIDR,..." sep:"none"`
	File  string   `help:"on: an HTML file of at most 1024 bytes, in place of the short default page." type:"path" placeholder:"FILE"`
}

// networks are the values of --allow, each taken apart at its commas. An empty one stays, for maintenance.On to refuse; kong drops it.
func (c *maintenanceCommand) networks() (list []string) {
	for _, text := range c.Allow {
		list = append(list, strings.Split(text, ",")...)
	}
	return list
}

func (c *maintenanceCommand) Run(ctx context.Context, s *session.Session) error {
	switch {
	case c.Do == "on":
		return maintenance.On(ctx, s, maintenance.Options{Allow: c.networks(), File: c.File})
	case len(c.Allow) > 0 || c.File != "":
		return errors.New("--allow and --file belong to maintenance on")
	case c.Do == "off":
		return maintenance.Off(ctx, s)
	}
	return maintenance.Status(ctx, s)
}
