// Package local runs a stack of the project on this machine: its stack file adapted to the machine, the Pulumi engine
// with an emulated account (package engine), and the containers behind that account (package runtime).
package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/google/renameio/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// ErrReported is an error whose text has been printed already.
var ErrReported = errors.New("failed")

// Stack is one stack on this machine: where its state is and where its load balancer listens.
type Stack struct {
	Name                string
	Root                string // folder of the repository
	State               string // folder of the state
	HTTPPort, HTTPSPort int
	Program             pulumi.RunFunc
	Prebuild            Prebuild  // runs before each deployment; may be nil
	Out                 io.Writer // progress; safe for concurrent use
	InMemory            bool      // no containers; the state is not kept unless State names a folder
	SharedWith          *Opened   // in memory: the stack whose account this one uses, as the stacks of one AWS account do
}

// Prebuild builds what the program's own build cannot: stages that need credentials of this shell.
type Prebuild func(ctx context.Context, root string, settings *config.File, out io.Writer) error

// Find returns the stack with absolute folders, by default .local/NAME for the state, and its ports: those of HTTP_PORT
// and HTTPS_PORT, else those of the last up, else 8080 and 8443.
func Find(s Stack) (*Stack, error) {
	var err error
	if s.Root, err = filepath.Abs(s.Root); err != nil {
		return nil, err
	}
	if s.State == "" {
		s.State = StateOf(s.Root, s.Name)
	}
	if s.State, err = filepath.Abs(s.State); err != nil {
		return nil, err
	}
	last := rememberedPorts(s.State)
	if s.HTTPPort, err = portOf("HTTP_PORT", last.HTTP); err != nil {
		return nil, err
	}
	if s.HTTPSPort, err = portOf("HTTPS_PORT", last.HTTPS); err != nil {
		return nil, err
	}
	if s.HTTPPort == s.HTTPSPort {
		return nil, fmt.Errorf("HTTP_PORT and HTTPS_PORT are both %d", s.HTTPPort)
	}
	return &s, nil
}

// StateOf is the folder of a stack's state unless another one is chosen.
func StateOf(root, stack string) string { return filepath.Join(root, ".local", stack) }

// Deployed tells whether there is a state to work with.
func (s *Stack) Deployed() bool {
	_, err := os.Stat(filepath.Join(s.State, "version"))
	return err == nil
}

// File is the stack file's name.
func (s *Stack) File() string { return "Pulumi." + s.Name + ".yaml" }

func portOf(variable string, otherwise int) (int, error) {
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

type ports struct{ HTTP, HTTPS int }

// rememberedPorts are those of the last up, so that the variables need not be repeated with every command.
func rememberedPorts(state string) ports {
	last := ports{HTTP: 8080, HTTPS: 8443}
	if text, err := os.ReadFile(filepath.Join(state, engine.PortsFile)); err == nil {
		_ = json.Unmarshal(text, &last) // a broken file is as good as none
	}
	return last
}

func (s *Stack) rememberPorts() error {
	text, err := json.Marshal(ports{HTTP: s.HTTPPort, HTTPS: s.HTTPSPort})
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(filepath.Join(s.State, engine.PortsFile), text, 0o600); err != nil {
		return fmt.Errorf("remembering the ports: %w", err)
	}
	return nil
}

// ChoosePorts gives a stack that was never up ports that are free, unless the variables choose them: environments run
// side by side.
func (s *Stack) ChoosePorts(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(s.State, engine.PortsFile)); err == nil {
		return nil
	}
	for variable, port := range map[string]*int{"HTTP_PORT": &s.HTTPPort, "HTTPS_PORT": &s.HTTPSPort} {
		if os.Getenv(variable) != "" {
			continue
		}
		free, err := freePort(ctx)
		if err != nil {
			return fmt.Errorf("looking for a free port (%s chooses one): %w", variable, err)
		}
		*port = free
	}
	return nil
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

// Lines makes a writer safe for the many who report progress. The writer can be exchanged.
type Lines struct {
	mu  sync.Mutex
	out io.Writer
}

// NewLines wraps a writer.
func NewLines(out io.Writer) *Lines { return &Lines{out: out} }

// Write writes one or more whole lines.
func (l *Lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(text)
}

// Redirect sends what follows to another writer and returns the one that was used before.
func (l *Lines) Redirect(out io.Writer) io.Writer {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.out
	l.out = out
	return before
}

// indented shows the runtime's lines below the engine's.
type indented struct{ out io.Writer }

// Write writes one line.
func (i indented) Write(text []byte) (int, error) {
	if _, err := i.out.Write(append([]byte("    "), text...)); err != nil {
		return 0, err
	}
	return len(text), nil
}
