package haproxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// console is a conversation with HAProxy's admin socket. It stays open between commands, because starting one costs more
// than the commands do; HAProxy hangs up after ten idle seconds, and the next command dials again.
type console struct {
	docker    machine.Engine
	container string

	mu      sync.Mutex
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// command sends a command that changes something. Anything but a note of success is an error.
func (c *console) command(ctx context.Context, command string) error {
	out, err := c.ask(ctx, command)
	if err != nil {
		return err
	}
	for _, answer := range strings.Split(out, "\n") {
		answer = strings.TrimSpace(answer)
		if answer != "" && answer != "Done." && !strings.HasPrefix(answer, "Server ") && !strings.HasPrefix(answer, "New server registered") {
			return fmt.Errorf("the load balancer refuses %q: %s", command, answer)
		}
	}
	return nil
}

// ask sends a command and returns its answer.
func (c *console) ask(ctx context.Context, command string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process != nil {
		if out, err := c.exchange(ctx, command); err == nil {
			return out, nil
		}
		c.close() // HAProxy hung up
	}
	if err := c.dial(ctx); err != nil {
		return "", fmt.Errorf("speaking to the load balancer: %w", err)
	}
	out, err := c.exchange(ctx, command)
	if err != nil {
		c.close()
		return "", fmt.Errorf("speaking to the load balancer: %w", err)
	}
	return out, nil
}

func (c *console) dial(ctx context.Context) error {
	c.process = exec.Command(c.docker.CLI, "exec", "--interactive", c.container, "socat", "-t30", "-", "UNIX-CONNECT:"+adminSocket)
	in, err := c.process.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.process.Start(); err != nil {
		c.process = nil
		return err
	}
	c.in, c.out = in, bufio.NewReader(out)
	if _, err := c.exchange(ctx, "prompt"); err != nil {
		c.close()
		return err
	}
	return nil
}

// exchange writes one line and reads up to the next prompt.
func (c *console) exchange(ctx context.Context, command string) (string, error) {
	process := c.process
	watchdog := context.AfterFunc(ctx, func() { process.Process.Kill() }) //nolint:errcheck // the read then fails
	defer watchdog()
	timer := time.AfterFunc(time.Minute, func() { process.Process.Kill() }) //nolint:errcheck // the read then fails
	defer timer.Stop()
	if _, err := io.WriteString(c.in, command+"\n"); err != nil {
		return "", err
	}
	var answer strings.Builder
	for {
		b, err := c.out.ReadByte()
		if err != nil {
			return "", errors.Join(context.Cause(ctx), err)
		}
		answer.WriteByte(b)
		if s := answer.String(); s == "> " || strings.HasSuffix(s, "\n> ") {
			return strings.TrimSpace(strings.TrimSuffix(s, "> ")), nil
		}
	}
}

// hangUp ends the conversation, when its other end is no longer the one to speak to.
func (c *console) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.close()
}

func (c *console) close() {
	if c.process == nil {
		return
	}
	c.in.Close()             // it ends either way
	c.process.Process.Kill() //nolint:errcheck,gosec // it may have ended already
	c.process.Wait()         //nolint:errcheck,gosec // reaps it
	c.process = nil
}
