// Package engine runs a Pulumi program on the real Pulumi engine with the embedded cloud in place of AWS: the CLI is
// driven through the Automation API with the program in this process, the state lies in a local folder, and the
// provider plugins are those of package plugin.
package engine

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/plugin"
)

// passphrase encrypts secrets in the local state. It protects nothing and need not: the state holds passwords of
// containers that listen on this machine only, in a folder that only its user can read, and the account beside it keeps
// the same values in plain text. It is a constant so that the state can be read again without asking anybody.
const passphrase = "embedded-cloud"

// Config says what to run and where.
type Config struct {
	// Root is the folder of Pulumi.yaml and of the stack's file. Nothing in it is written, unless State lies there.
	Root string
	// State is the folder that holds the state, which the engine creates and owns.
	State string
	// Stack is the name of the stack.
	Stack string
	// Program is the Pulumi program.
	Program pulumi.RunFunc
	// CLI is the Pulumi CLI, as FindCLI returns it.
	CLI auto.PulumiCommand
	// Beside is the engine of another stack of the same project, whose account and backend this one uses too: what that one declared
	// is there for this one, and its outputs can be referred to. It must stay open for as long.
	Beside *Engine
	// Throwaway runs are not continued after an interruption, so checkpoints are written only at the end.
	Throwaway bool
	// Edit changes the copy of the stack's file before it is used; nil leaves it as it is.
	Edit func(*config.File) error
	// Backend makes resources real; it is asked for when the account is open. Nil keeps the account a control plane.
	Backend func(*account.Account) (Backend, error)
	// Log receives progress in short lines.
	Log io.Writer
}

// Backend makes what the account declares real: resources and images.
type Backend interface {
	account.Backend
	plugin.Images
}

// Engine is one stack, ready to be previewed, deployed and destroyed.
type Engine struct {
	cfg      Config
	folder   *folder
	settings *config.File
	account  *account.Account
	plugins  *plugin.Servers
	stack    auto.Stack
	// environment is that of the CLI.
	environment map[string]string
}

// Open prepares the state folder, opens the account and starts the plugins. Close must follow.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	folder, err := openFolder(cfg.State)
	if err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, folder: folder}
	if err := e.start(ctx); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *Engine) start(ctx context.Context) error {
	settings, err := config.ReadFile(e.cfg.Root, e.cfg.Stack)
	if err != nil {
		return err
	}
	e.settings = settings
	if e.cfg.Edit != nil {
		if err := e.cfg.Edit(settings); err != nil {
			return err
		}
	}
	region, err := settings.Region()
	if err != nil {
		return err
	}
	if e.cfg.Beside != nil && (!e.cfg.Throwaway || !e.cfg.Beside.cfg.Throwaway) {
		// What is not in a stack's own state is removed after an interruption, and would be the other one's here.
		return fmt.Errorf("two stacks share an account in throwaway runs only")
	}
	if e.account, err = e.openAccount(region); err != nil {
		return err
	}
	plugins := plugin.Config{Account: e.account, Root: e.cfg.Root}
	if e.cfg.Backend != nil {
		backend, err := e.cfg.Backend(e.account)
		if err != nil {
			return err
		}
		e.account.SetBackend(backend)
		plugins.Images = backend
	}
	if e.plugins, err = plugin.Serve(plugins); err != nil {
		return err
	}
	if err := e.openStack(ctx); err != nil {
		return fmt.Errorf("opening the stack: %w", err)
	}
	return e.recover(ctx)
}

func (e *Engine) openAccount(region string) (*account.Account, error) {
	switch {
	case e.cfg.Beside != nil && e.cfg.Beside.account.Region() != region:
		return nil, fmt.Errorf("%s is in %s, and the stack beside it in %s", e.settings.Name(), region, e.cfg.Beside.account.Region())
	case e.cfg.Beside != nil:
		return e.cfg.Beside.account, nil
	case e.cfg.Throwaway:
		return account.Open("", region)
	}
	return account.Open(e.folder.path("account.json"), region)
}

// backend is the folder that the CLI keeps the states in.
func (e *Engine) backend() string {
	if e.cfg.Beside != nil {
		return e.cfg.Beside.backend()
	}
	return e.folder.path("state")
}

// openStack writes the workspace and creates the stack where it does not exist yet.
func (e *Engine) openStack(ctx context.Context) error {
	workspace := e.folder.path("workspace")
	if err := e.settings.WriteWorkspace(workspace); err != nil {
		return err
	}
	if err := e.folder.mkdir("state"); err != nil {
		return err
	}
	env := map[string]string{
		// Without metadata: the sidecar files that hold it are not written atomically, and a run that is killed at the
		// wrong moment would leave a state that nobody can read.
		"PULUMI_BACKEND_URL":                            "file://" + filepath.ToSlash(e.backend()) + "?metadata=skip",
		"PULUMI_CONFIG_PASSPHRASE":                      passphrase,
		"PULUMI_DEBUG_PROVIDERS":                        e.plugins.DebugProviders(),
		"PULUMI_SKIP_UPDATE_CHECK":                      "true",
		"PULUMI_DIY_BACKEND_GZIP":                       "false", // recover reads the checkpoint
		"PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION":   "true", // no network: whatever is missing is an error
		"PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK":      "true", // FindCLI did that
		"PULUMI_DIY_BACKEND_NO_LEGACY_WARNING":          "true",
	}
	if e.cfg.Throwaway {
		env["PULUMI_EXPERIMENTAL"] = "true" // PULUMI_SKIP_CHECKPOINTS needs it
		env["PULUMI_SKIP_CHECKPOINTS"] = "true"
	}
	e.environment = env
	ws, err := e.workspace(ctx, quietCLI{e.cfg.CLI})
	if err != nil {
		return err
	}
	if fileExists(e.checkpoint()) {
		e.stack, err = auto.SelectStack(ctx, e.cfg.Stack, ws)
	} else {
		e.stack, err = auto.NewStack(ctx, e.cfg.Stack, ws)
	}
	return err
}

// workspace is where the CLI runs.
func (e *Engine) workspace(ctx context.Context, cli auto.PulumiCommand) (auto.Workspace, error) {
	return auto.NewLocalWorkspace(ctx, auto.WorkDir(e.folder.path("workspace")), auto.Program(e.cfg.Program), auto.EnvVars(e.environment),
		auto.PulumiHome(e.folder.path("home")), auto.Pulumi(cli))
}

// Account is the account behind the stack.
func (e *Engine) Account() *account.Account { return e.account }

// Settings are the stack's settings as the engine sees them.
func (e *Engine) Settings() *config.File { return e.settings }

// Rewrite changes the stack's settings for the runs that follow.
func (e *Engine) Rewrite(edit func(*config.File) error) error {
	if err := edit(e.settings); err != nil {
		return err
	}
	return e.settings.WriteWorkspace(e.folder.path("workspace"))
}

// Environment is what another pulumi command needs to work on the same backend and account.
func (e *Engine) Environment() map[string]string { return maps.Clone(e.environment) }

// Close stops the plugins and lets go of the state folder.
func (e *Engine) Close() {
	if e.plugins != nil {
		e.plugins.Close()
	}
	e.folder.close()
}
