package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/tasks"
)

// Logs writes what the tasks printed, each line after the name of its container. Services narrow it down; follow goes
// on until the context ends, with tasks that start meanwhile.
func (r *Runtime) Logs(ctx context.Context, w io.Writer, follow bool, services ...string) error {
	out := &lineWriter{w: w}
	if !follow {
		return r.pastLogs(ctx, out, services)
	}
	var group sync.WaitGroup
	defer group.Wait()
	watched := map[string]bool{}
	for ; ctx.Err() == nil; machine.Pause(ctx, time.Second) {
		found, err := r.taskContainers(ctx, services)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		for _, c := range found {
			key := c.ID + c.State.StartedAt.String() // a restarted container is followed anew
			if watched[key] || !c.State.Running {
				continue
			}
			args := []string{"logs", "--follow", "--tail", "20"}
			if len(watched) > 0 {
				args = []string{"logs", "--follow", "--since", c.State.StartedAt.Format(time.RFC3339Nano)}
			}
			watched[key] = true
			group.Add(1)
			go func() {
				defer group.Done()
				r.followOne(ctx, out, r.shortName(c), append(args, c.ID))
			}()
		}
	}
	return nil
}

func (r *Runtime) followOne(ctx context.Context, out *lineWriter, prefix string, args []string) {
	cmd := exec.CommandContext(ctx, r.Docker.CLI, args...)
	lines := &prefixed{out: out, prefix: prefix}
	cmd.Stdout, cmd.Stderr = lines, lines // one writer: the client's streams come line by line
	_ = cmd.Run()                         // it ends with the container or with the command
	lines.flush()
}

// pastLogs merges what was printed so far by time.
func (r *Runtime) pastLogs(ctx context.Context, out *lineWriter, services []string) error {
	found, err := r.taskContainers(ctx, services)
	if err != nil {
		return err
	}
	type entry struct{ at, line string }
	var all []entry
	for _, c := range found {
		cmd := exec.CommandContext(ctx, r.Docker.CLI, "logs", "--timestamps", "--tail", "1000", c.ID)
		printed, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("reading the logs of %s: %w", c.ShortName(), err)
		}
		for line := range strings.Lines(string(printed)) {
			at, line, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
			all = append(all, entry{at, r.shortName(c) + " | " + line})
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int { return strings.Compare(a.at, b.at) })
	for _, e := range all {
		if err := out.line(e.line); err != nil {
			return err
		}
	}
	return nil
}

func (r *Runtime) taskContainers(ctx context.Context, services []string) ([]machine.Container, error) {
	found, err := r.Docker.Containers(ctx, r.StateLabel(), machine.LabelRole+"=task")
	return slices.DeleteFunc(found, func(c machine.Container) bool {
		name := tasks.LastPart(c.Config.Labels[tasks.LabelService])
		return len(services) > 0 && !slices.ContainsFunc(services, func(s string) bool { return name == s || strings.HasPrefix(name, s+"-") })
	}), err
}

func (r *Runtime) shortName(c machine.Container) string {
	return strings.TrimPrefix(c.ShortName(), r.Name+"-")
}

// Shell runs a command (a shell, when none is given) in a task of a service, on this terminal.
func (r *Runtime) Shell(ctx context.Context, service string, command ...string) error {
	found, err := r.taskContainers(ctx, []string{service})
	if err != nil {
		return err
	}
	for _, c := range slices.Backward(found) {
		if !c.State.Running || c.Config.Labels[tasks.LabelEssential] != "true" {
			continue
		}
		if len(command) == 0 {
			command = []string{"sh"}
		}
		args := []string{"exec", "--interactive"}
		if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			args = append(args, "--tty")
		}
		cmd := exec.CommandContext(ctx, r.Docker.CLI, append(append(args, c.ID), command...)...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		return cmd.Run()
	}
	return errors.New("no running task of service " + service)
}

// lineWriter writes whole lines from several sources.
type lineWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lineWriter) line(text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := io.WriteString(l.w, text+"\n")
	return err
}

// prefixed cuts a stream into lines and names their source.
type prefixed struct {
	out    *lineWriter
	prefix string
	rest   []byte
}

func (p *prefixed) Write(data []byte) (int, error) {
	p.rest = append(p.rest, data...)
	for {
		end := bytes.IndexByte(p.rest, '\n')
		if end < 0 {
			return len(data), nil
		}
		if err := p.out.line(p.prefix + " | " + string(p.rest[:end])); err != nil {
			return 0, err
		}
		p.rest = p.rest[end+1:]
	}
}

func (p *prefixed) flush() {
	if len(p.rest) > 0 {
		_ = p.out.line(p.prefix + " | " + string(p.rest)) // the source is gone; so is who would hear of it
	}
}
