package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/data"
	"github.com/laravel-ecs/laravel-ecs/emulator/stackfile"
	"github.com/laravel-ecs/laravel-ecs/ops/docker"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// StatesVariable lists the state folders that `emulator exec` has open to the commands that it runs.
const StatesVariable = "LARAVEL_ECS_EMULATOR_STATES"

// Opened is a stack whose state folder this process holds.
type Opened struct {
	*engine.Engine
	Stack   *Stack
	Machine *runtime.Runtime // nil for a stack in memory
	Notes   []string         // of a stack in memory: how its file was changed, and what is assumed
	scratch string           // folder of a state that is not kept
}

// Open opens the stack: with the runtime behind its account, or in memory. Close must follow.
func (s *Stack) Open(ctx context.Context) (*Opened, error) {
	if slices.Contains(filepath.SplitList(os.Getenv(StatesVariable)), s.State) {
		return nil, s.Nested()
	}
	cli, err := engine.FindCLI(ctx, s.Root, os.Stderr)
	if err != nil {
		return nil, err
	}
	o := &Opened{Stack: s}
	cfg := engine.Config{Root: s.filesFrom(), State: s.State, Stack: s.Name, Program: s.Program, CLI: cli, Log: s.Out, Edit: o.adapt, Throwaway: s.InMemory}
	if s.InMemory {
		err = o.inMemory(&cfg)
	} else {
		cfg.Backend = o.backend
	}
	if err == nil {
		o.Engine, err = engine.Open(ctx, cfg)
	}
	if err == nil {
		err = o.seed(o.Settings())
	}
	if err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

// Nested is the error of a command that would open the state which the one that runs it has open.
func (s *Stack) Nested() error {
	return fmt.Errorf("this command runs inside `emulator exec --stack %s` already: run it there without another exec, or outside", s.Name)
}

// Close releases the stack.
func (o *Opened) Close() {
	if o.Machine != nil {
		o.Machine.Finish()
	}
	if o.Engine != nil {
		o.Engine.Close()
	}
	if o.scratch != "" {
		os.RemoveAll(o.scratch)
	}
}

func (o *Opened) adapt(file *config.File) (err error) {
	if !o.Stack.InMemory {
		return stackfile.ForMachine(file, o.Stack.Name, o.Stack.HTTPPort)
	}
	o.Notes, err = stackfile.InMemory(file)
	return err
}

func (o *Opened) seed(file *config.File) error {
	assumed, err := stackfile.Seed(o.Account(), file)
	var images, snapshots []string
	if err == nil && o.Stack.InMemory {
		images, err = stackfile.SeedImages(o.Account(), file)
	}
	if err == nil && (o.Stack.InMemory || o.Stack.keepsSnapshot(file)) {
		snapshots, err = stackfile.SeedSnapshot(o.Account(), file)
	}
	for _, line := range slices.Concat(assumed, images, snapshots) {
		o.Notes = append(o.Notes, "assumes "+line)
	}
	return err
}

// keepsSnapshot tells whether the state folder has the data of the snapshot that the stack file restores. On AWS a final snapshot
// outlives its stack; here Down removes the account that knew it, and its data stays.
func (s *Stack) keepsSnapshot(file *config.File) bool {
	name := file.Text("database.restore.snapshot")
	if name == "" {
		return false
	}
	_, err := os.Stat(data.SnapshotPath(s.State, name))
	return err == nil
}

// inMemory has the state in a temporary folder, unless one is chosen, and the account of the stack that it is shared with.
func (o *Opened) inMemory(cfg *engine.Config) (err error) {
	if o.Stack.SharedWith != nil {
		cfg.SharedWith = o.Stack.SharedWith.Engine
	}
	if cfg.State != "" {
		return nil
	}
	if o.scratch, err = os.MkdirTemp("", "laravel-ecs-"); err != nil {
		return err
	}
	cfg.State = filepath.Join(o.scratch, "state")
	return nil
}

func (o *Opened) backend(a *account.Account) (engine.Backend, error) {
	machine, err := o.Stack.newRuntime(a)
	if err != nil {
		return nil, err
	}
	o.Machine = machine
	return &backend{Runtime: machine, log: o.Stack.Out, buildLogs: filepath.Join(o.Stack.State, "logs")}, nil
}

// filesFrom is the folder of the stack file: the repository, or the copy that the last run left if the file was removed.
func (s *Stack) filesFrom() string {
	if _, err := os.Stat(filepath.Join(s.Root, s.File())); err == nil {
		return s.Root
	}
	workspace := filepath.Join(s.State, "workspace")
	if _, err := os.Stat(filepath.Join(workspace, s.File())); err == nil {
		return workspace
	}
	return s.Root
}

// Reload takes the stack file as it is now, or file in its place, for the runs that follow.
func (o *Opened) Reload(file string) error {
	folder := o.Stack.filesFrom()
	if file != "" {
		var err error
		if folder, err = os.MkdirTemp("", "laravel-ecs-"); err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		for name, source := range map[string]string{"Pulumi.yaml": filepath.Join(o.Stack.Root, "Pulumi.yaml"), o.Stack.File(): file} {
			text, err := os.ReadFile(source)
			if err != nil {
				return fmt.Errorf("reading %s: %w", name, err)
			}
			if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
				return err
			}
		}
	}
	settings, err := config.ReadFile(folder, o.Stack.Name)
	if err != nil {
		return err
	}
	if err := errors.Join(o.adapt(settings), o.seed(settings)); err != nil {
		return err
	}
	return o.Rewrite(func(s *config.File) error { *s = *settings; return nil })
}

// Discard closes the stack, and removes its state folder if nothing was ever deployed.
func (o *Opened) Discard() error {
	var err error
	if !o.Exists() && len(o.Left()) == 0 {
		err = o.Remove()
	}
	o.Close()
	return err
}

func (s *Stack) newRuntime(a *account.Account) (*runtime.Runtime, error) {
	return runtime.New(runtime.Config{
		StateDir: s.State, Root: s.Root, HTTPPort: s.HTTPPort, HTTPSPort: s.HTTPSPort, Account: a, Log: indented{s.Out},
	})
}

// backend makes resources and images real with the Docker engine of this machine.
type backend struct {
	*runtime.Runtime
	log       io.Writer
	buildLogs string // folder
}

// Build builds an image and keeps the builder's output in a file.
func (b *backend) Build(ctx context.Context, image docker.Build) (err error) {
	if err := os.MkdirAll(b.buildLogs, 0o700); err != nil {
		return err
	}
	path := filepath.Join(b.buildLogs, "build.log")
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	// The servers here have no certificate of Amazon's, and Amazon may not be in reach.
	image.Args = maps.Clone(image.Args)
	delete(image.Args, config.CertificatesArg)
	fmt.Fprintf(b.log, "  building the image (output of the builder: %s)\n", path)
	return image.Run(ctx, file)
}
