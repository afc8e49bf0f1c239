// Package engine runs a Pulumi program on the real Pulumi engine with the emulator in place of AWS: it runs the Pulumi
// CLI with the program in this process (language.go), the state in a local folder, and the provider plugins of package
// plugin.
package engine

import (
	"context"
	"fmt"
	"path/filepath"

	"io"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/aws"
	"github.com/laravel-ecs/laravel-ecs/emulator/plugin"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// passphrase encrypts secrets in the local state. It protects nothing and need not: the state holds passwords of
// containers that listen on this machine only, in a folder that only its user can read, and the account's file in the
// same folder has the same values in plain text. It is a constant, so that states of earlier versions can be read.
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
	// CLI is the path of the Pulumi CLI, as FindCLI returns it.
	CLI string
	// SharedWith is the engine of another stack of the same project. This stack uses its account and backend, so it
	// sees what that one declared and can refer to its outputs. The other engine must stay open for as long.
	SharedWith *Engine
	// Throwaway runs are not continued after an interruption, so checkpoints are written only at the end.
	Throwaway bool
	// Edit changes the copy of the stack's file before it is used; nil leaves it as it is.
	Edit func(*config.File) error
	// Backend returns what makes resources real, for the account that was opened. With nil nothing is made real.
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
	language *languageHost
	keys     *keyService // of a throwaway run
	exists   bool        // the stack, in the backend
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
	if e.cfg.SharedWith != nil && (!e.cfg.Throwaway || !e.cfg.SharedWith.cfg.Throwaway) {
		// After an interruption, recover removes what is not in the stack's own state: here that could be the other stack's.
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
	if e.language, err = serveLanguage(e.cfg.Program); err != nil {
		return err
	}
	if e.cfg.Throwaway {
		if err := withoutLog(e.folder.path("home")); err != nil {
			return err
		}
		if e.keys, err = serveKeys(); err != nil {
			return fmt.Errorf("serving the key of the secrets: %w", err)
		}
	}
	if err := settings.WriteWorkspace(e.Workspace()); err != nil {
		return err
	}
	if err := e.folder.mkdir("state"); err != nil {
		return err
	}
	e.exists = fileExists(e.checkpoint())
	return e.recover(ctx)
}

func (e *Engine) openAccount(region string) (*account.Account, error) {
	switch {
	case e.cfg.SharedWith != nil && e.cfg.SharedWith.account.Region() != region:
		return nil, fmt.Errorf("%s is in %s, and the stack that shares its account is in %s", e.settings.Name(), region, e.cfg.SharedWith.account.Region())
	case e.cfg.SharedWith != nil:
		return e.cfg.SharedWith.account, nil
	case e.cfg.Throwaway:
		return aws.Open("", region)
	}
	return aws.Open(e.folder.path("account.json"), region)
}

// backend is the folder that the CLI keeps the states in.
func (e *Engine) backend() string {
	if e.cfg.SharedWith != nil {
		return e.cfg.SharedWith.backend()
	}
	return e.folder.path("state")
}

// Exists tells whether the stack is in the backend.
func (e *Engine) Exists() bool { return e.exists }

// Init creates the stack in the backend if it is not there. Every run of the program begins with it.
func (e *Engine) Init(ctx context.Context) error {
	if e.exists {
		return nil
	}
	args := []string{"stack", "init", "--no-select"}
	if e.cfg.Throwaway {
		args = append(args, "--secrets-provider", throwawayKey)
	}
	if _, err := e.output(ctx, args...); err != nil {
		return fmt.Errorf("creating the stack: %w", err)
	}
	e.exists = true
	return nil
}

// Forget removes the stack from the backend, with what its state says.
func (e *Engine) Forget(ctx context.Context) error {
	_, err := e.output(ctx, "stack", "rm", "--yes", "--force", "--preserve-config")
	e.exists = e.exists && err != nil
	return err
}

// CLI is the path of the Pulumi CLI.
func (e *Engine) CLI() string { return e.cfg.CLI }

// Environment is what a pulumi command needs to work on this stack, beside the environment of this process.
func (e *Engine) Environment() []string {
	list := append(stateEnvironment(e.backend(), e.folder.path("home")),
		"PULUMI_DEBUG_PROVIDERS="+e.plugins.DebugProviders(), "PULUMI_DEBUG_LANGUAGES="+e.language.debugLanguages())
	if e.cfg.Throwaway {
		list = append(list, "PULUMI_EXPERIMENTAL=true", "PULUMI_SKIP_CHECKPOINTS=true", // the second needs the first
			"GOGC=400") // a command ends before its garbage matters
		list = append(list, e.keys.environment()...)
	}
	return list
}

// ReadEnvironment is what a pulumi command needs to read the state in a folder: outputs, history, configuration.
func ReadEnvironment(dir string) []string {
	return stateEnvironment(filepath.Join(dir, "state"), filepath.Join(dir, "home"))
}

// Workspace is the folder, in a state folder, with the copies of the project's and the stack's file.
func Workspace(dir string) string { return filepath.Join(dir, "workspace") }

func stateEnvironment(backend, home string) []string {
	return []string{
		// Without metadata: the sidecar files that hold it are not written atomically, and a run that is killed at the
		// wrong moment would leave a state that cannot be read.
		"PULUMI_BACKEND_URL=file://" + filepath.ToSlash(backend) + "?metadata=skip",
		"PULUMI_HOME=" + home,
		"PULUMI_CONFIG_PASSPHRASE=" + passphrase,
		"PULUMI_SKIP_UPDATE_CHECK=true",
		"PULUMI_DIY_BACKEND_GZIP=false", // recover reads the checkpoint
		"PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS=true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true", // no network: whatever is missing is an error
		"PULUMI_DIY_BACKEND_NO_LEGACY_WARNING=true",
	}
}

// Workspace is the folder in which the CLI runs.
func (e *Engine) Workspace() string { return Workspace(e.folder.dir) }

// Account is the account behind the stack.
func (e *Engine) Account() *account.Account { return e.account }

// Settings are the stack's settings as the engine sees them.
func (e *Engine) Settings() *config.File { return e.settings }

// Rewrite changes the stack's settings for the runs that follow.
func (e *Engine) Rewrite(edit func(*config.File) error) error {
	if err := edit(e.settings); err != nil {
		return err
	}
	return e.settings.WriteWorkspace(e.Workspace())
}

// Close stops the plugins and releases the state folder.
func (e *Engine) Close() {
	if e.language != nil {
		e.language.close()
		e.language = nil // closing again does no harm
	}
	if e.plugins != nil {
		e.plugins.Close()
		e.plugins = nil
	}
	if e.keys != nil {
		e.keys.Close()
	}
	e.folder.close()
}
