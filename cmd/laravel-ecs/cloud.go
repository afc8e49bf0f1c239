package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/aws"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime"
	"github.com/laravel-ecs/laravel-ecs/ops/docker"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// cloud makes resources and images real with the Docker engine of this machine.
type cloud struct {
	*runtime.Runtime
	log       io.Writer
	buildLogs string // folder
}

// Build builds an image and keeps what the builder says in a file.
func (c *cloud) Build(ctx context.Context, b docker.Build) error {
	if err := os.MkdirAll(c.buildLogs, 0o700); err != nil {
		return err
	}
	path := filepath.Join(c.buildLogs, "build.log")
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	fmt.Fprintf(c.log, "  building the image (what the builder says: %s)\n", path)
	return b.Run(ctx, file)
}

// openCloud opens the stack with the runtime behind its account.
func openCloud(ctx context.Context, o options) (*engine.Engine, *runtime.Runtime, error) {
	cli, err := engine.FindCLI(ctx, o.root, o.out)
	if err != nil {
		return nil, nil, err
	}
	var machine *runtime.Runtime
	e, err := engine.Open(ctx, engine.Config{
		Root: o.root, State: o.state, Stack: o.stack, Program: stacks.Deploy, CLI: cli, Log: o.out,
		Edit: func(s *config.File) error { return fit(s, o) },
		Backend: func(a *account.Account) (engine.Backend, error) {
			if machine, err = newRuntime(a, o); err != nil {
				return nil, err
			}
			return &cloud{Runtime: machine, log: o.out, buildLogs: filepath.Join(o.state, "logs")}, nil
		},
	})
	if err != nil {
		return nil, nil, err
	}
	if _, err := seed(e.Account(), e.Settings()); err != nil {
		e.Close()
		return nil, nil, err
	}
	return e, machine, nil
}

func newRuntime(a *account.Account, o options) (*runtime.Runtime, error) {
	return runtime.New(runtime.Config{
		StateDir: o.state, Root: o.root, HTTPPort: o.httpPort, HTTPSPort: o.httpsPort, Account: a, Log: indented{o.out},
	})
}

// fit adapts the copy of the stack file to this machine.
func fit(s *config.File, o options) error {
	if secrets := s.HideSecrets(); len(secrets) > 0 {
		return fmt.Errorf("%s has encrypted values (%v), and the embedded cloud has no key: write them in plain text for this machine, "+
			"or run `make rehearse STACK=%s`", s.Name(), secrets, o.stack)
	}
	for path, value := range o.overrides {
		if err := s.Set(path, value); err != nil {
			return err
		}
	}
	if o.stack != "local" {
		return bringHere(s, o)
	}
	// The application must know the address people use.
	if url := s.Text("app.url"); url == "http://localhost:8080" && o.httpPort != 8080 {
		return s.Set("app.url", "http://localhost:"+strconv.Itoa(o.httpPort))
	}
	return nil
}

// openAccount reads the account of a deployed stack, without the engine.
func openAccount(o options) (*account.Account, error) {
	settings, err := config.ReadFile(o.root, o.stack)
	if err != nil {
		return nil, err
	}
	region, err := settings.Region()
	if err != nil {
		return nil, err
	}
	return aws.Open(filepath.Join(o.state, "account.json"), region)
}

// deployed tells whether there is a state to work with.
func deployed(o options) bool {
	_, err := os.Stat(filepath.Join(o.state, "version"))
	return err == nil
}

// lines makes a writer safe for the many who report progress.
type lines struct {
	mu  sync.Mutex
	out io.Writer
}

// Write writes one or more whole lines.
func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(text)
}

// indented sets the runtime's lines below the engine's.
type indented struct{ out io.Writer }

// Write writes one line.
func (i indented) Write(text []byte) (int, error) {
	if _, err := i.out.Write(append([]byte("    "), text...)); err != nil {
		return 0, err
	}
	return len(text), nil
}
