package runner

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/emulator/front"
	"github.com/laravel-ecs/laravel-ecs/emulator/local"
)

// programs are the commands of pulumi that run the program, with the stack file as it is at that moment.
var programs = []string{"up", "update", "preview", "refresh", "destroy"}

// creators are those that create a stack which is not there. Pulumi asks first; the state here is cheap.
var creators = []string{"up", "update", "preview"}

// arguments are those of a run of pulumi that matter here.
type arguments struct {
	words      []string // the command: stack, ls
	stack      string
	configFile string
	rest       []string // all arguments but --config-file
	flags      []string // the flags without a value of their own among them
}

// valued are flags of pulumi whose value is the next argument.
var valued = []string{"--secrets-provider", "--cwd", "-C", "--parallel", "-p", "--target", "-t", "--exclude", "--replace", "--message", "-m",
	"--color", "--file", "--config", "-c", "--plaintext", "--policy-pack", "--refresh-target", "--event-log", "--suppress-outputs-for", "--path"}

func parse(args []string) arguments {
	var a arguments
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		takes := func() string {
			if !joined && i+1 < len(args) {
				i++
				value = args[i]
			}
			return value
		}
		switch {
		case name == "--config-file":
			a.configFile = takes()
			continue
		case name == "--stack" || name == "-s":
			a.stack = takes()
			a.rest = append(a.rest, "--stack", a.stack)
			continue
		case slices.Contains(valued, name) && !joined && i+1 < len(args):
			a.rest = append(a.rest, args[i])
			i++
		case strings.HasPrefix(name, "-"):
			a.flags = append(a.flags, args[i])
		default:
			a.words = append(a.words, args[i])
		}
		a.rest = append(a.rest, args[i])
	}
	return a
}

func (a arguments) is(words ...string) bool {
	return len(a.words) >= len(words) && slices.Equal(a.words[:len(words)], words)
}

// readers are commands that need only the state. They work while another process deploys.
var readers = []string{"stack", "config", "whoami", "about", "plugin", "login", "logout"}

// pulumi answers one run of pulumi.
func (h *host) pulumi(c *call) (int, error) {
	a := parse(c.Args)
	name := a.stack
	if (a.is("stack", "init") || a.is("stack", "rm")) && name == "" && len(a.words) > 2 {
		name = a.words[2]
	}
	name = cmp.Or(name[strings.LastIndex(name, "/")+1:], h.main.Name)
	switch {
	case a.is("stack", "ls"):
		return 0, h.listStacks(c, a)
	case a.is("stack", "select"):
		return 0, nil // every command names its stack
	case a.is("config", "set"), a.is("config", "set-all"), a.is("config", "rm"), a.is("config", "rm-all"), a.is("config", "refresh"):
		return 1, fmt.Errorf("pulumi %s %s: the emulator works on a copy of the stack file: edit Pulumi.%s.yaml", a.words[0], a.words[1], name)
	}
	o, err := h.stack(c.ctx, name)
	if err != nil {
		return 1, err
	}
	o.runs.Lock()
	defer o.runs.Unlock()
	defer o.redirect(o.redirect(c))
	changes := a.is("stack", "init") || a.is("stack", "rm") || a.is("stack", "import") || a.is("stack", "rename")
	if len(a.words) == 0 || slices.Contains(readers, a.words[0]) && !changes && !o.InMemory && o.Deployed() {
		return c.run(front.Run{Path: h.cli, Args: a.on(o.Name), Dir: engine.Workspace(o.State), Env: engine.ReadEnvironment(o.State)})
	}
	held, err := o.hold(c.ctx)
	if err != nil {
		return 1, err
	}
	switch {
	case a.is("stack", "init"):
		return 0, initStack(c, held)
	case a.is("stack", "rm"):
		return 0, h.removeStack(c, o, held, a)
	case slices.Contains(programs, a.words[0]):
		return runProgram(c, held, a)
	}
	return runOn(c, held, a)
}

// runProgram runs a command that runs the program, and what belongs to it on this machine.
func runProgram(c *call, o *local.Opened, a arguments) (int, error) {
	if a.configFile != "" && !filepath.IsAbs(a.configFile) {
		a.configFile = filepath.Join(c.Dir, a.configFile)
	}
	if err := o.Reload(a.configFile); err != nil {
		return 1, err
	}
	if slices.Contains(creators, a.words[0]) {
		if err := o.Init(c.ctx); err != nil {
			return 1, err
		}
	}
	deploys := o.Machine != nil && (a.words[0] == "up" || a.words[0] == "update") && !slices.Contains(a.flags, "--preview-only")
	begin := time.Now()
	if deploys {
		if err := o.BeforeUp(c.ctx); err != nil {
			return 1, err
		}
	}
	code, err := runOn(c, o, a)
	switch {
	case err != nil || !deploys:
		return code, err
	case code != 0:
		o.TellWhy(begin, "")
		return code, nil
	}
	return 0, o.AfterUp(c.ctx, begin)
}

// runOn has the front run the real CLI on a stack. On a terminal, Pulumi's display is alone while it runs.
func runOn(c *call, o *local.Opened, a arguments) (int, error) {
	if c.Terminal {
		lines := o.Stack.Out.(*local.Lines)
		defer lines.Redirect(lines.Redirect(io.Discard))
	}
	return c.run(front.Run{Path: o.CLI(), Args: a.on(o.Stack.Name), Dir: o.Workspace(), Env: o.Environment()})
}

// on are the arguments with the stack, if the command has a flag for it.
func (a arguments) on(stack string) []string {
	if a.stack == "" && len(a.words) > 0 && slices.Contains(append(programs, "stack", "config", "cancel", "import", "state", "logs"), a.words[0]) {
		return append(a.rest, "--stack", stack)
	}
	return a.rest
}
