// Package front is the program called pulumi that `emulator exec` puts first on PATH. It tells the emulator its
// arguments, gets back how the real CLI has to run, runs it on the same terminal, and reports how that ended.
//
// Both sides send JSON objects over a Unix socket: Request, any number of Reply, Ended, any number of Reply.
package front

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
)

// SocketVariable names the socket of the emulator to the commands that it runs.
const SocketVariable = "LARAVEL_ECS_EMULATOR"

// Request is one run of pulumi.
type Request struct {
	Args     []string
	Dir      string // where it was called
	Terminal bool   // the standard error is a terminal
}

// Reply is one step of the answer.
type Reply struct {
	Out  string `json:",omitempty"` // for the standard output
	Err  string `json:",omitempty"` // for the standard error
	Run  *Run   `json:",omitempty"` // run the real CLI; Ended follows
	Done *int   `json:",omitempty"` // the exit code, the end
}

// Run is how the real CLI has to run.
type Run struct {
	Path string
	Args []string
	Dir  string
	Env  []string
}

// Ended is how the real CLI ended.
type Ended struct{ Code int }

// Main is the program. It returns its exit code.
func Main(args []string) int {
	code, err := run(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return max(code, 1)
	}
	return code
}

func run(args []string) (int, error) {
	if len(args) == 0 || slices.Contains([]string{"version", "--version", "help", "--help", "-h"}, args[0]) {
		return runCLI(Run{Path: os.Getenv(engine.CLIVariable), Args: args})
	}
	conn, err := net.Dial("unix", os.Getenv(SocketVariable))
	if err != nil {
		return 1, fmt.Errorf("this pulumi works only inside `emulator exec`: %w", err)
	}
	defer conn.Close()
	dir, err := os.Getwd()
	if err != nil {
		return 1, err
	}
	send, receive := json.NewEncoder(conn), json.NewDecoder(conn)
	if err := send.Encode(Request{Args: args, Dir: dir, Terminal: term.IsTerminal(int(os.Stderr.Fd()))}); err != nil {
		return 1, err
	}
	for {
		var reply Reply
		if err := receive.Decode(&reply); err != nil {
			return 1, fmt.Errorf("the emulator ended early: %w", err)
		}
		fmt.Fprint(os.Stdout, reply.Out)
		fmt.Fprint(os.Stderr, reply.Err)
		if reply.Run != nil {
			code, err := runCLI(*reply.Run)
			if err != nil {
				return 1, err
			}
			if err := send.Encode(Ended{code}); err != nil {
				return code, err
			}
		}
		if reply.Done != nil {
			return *reply.Done, nil
		}
	}
}

// runCLI runs the real CLI on this terminal and returns its exit code. An interrupt lets it save the state: one that comes
// from the terminal reaches it from there, and one that was sent to this process alone is passed on. A second one would
// end it at once.
func runCLI(r Run) (int, error) {
	command := exec.Command(r.Path, r.Args...)
	command.Dir = r.Dir
	command.Env = append(os.Environ(), r.Env...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	return RunForeground(command)
}

// RunForeground runs a program to its end and returns its exit code. Signals that were sent to this process alone are
// passed on to it.
func RunForeground(command *exec.Cmd) (int, error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := command.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGTERM || !onTerminal() {
				_ = command.Process.Signal(s) // it may have ended
			}
		case err := <-ended:
			var failed *exec.ExitError
			if errors.As(err, &failed) {
				if status, ok := failed.Sys().(syscall.WaitStatus); ok && status.Signaled() {
					return 128 + int(status.Signal()), nil // as a shell reports it
				}
				return failed.ExitCode(), nil
			}
			return 0, err
		}
	}
}

// onTerminal tells whether a Ctrl-C goes to the group of this process: then its children have received it too.
func onTerminal() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	foreground, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && foreground == unix.Getpgrp()
}
