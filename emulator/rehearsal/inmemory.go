package rehearsal

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/emulator/local"
	"github.com/laravel-ecs/laravel-ecs/emulator/stackfile"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Outputs deploys the stack and returns its outputs, secret ones as [secret].
func Outputs(ctx context.Context, cfg Config) (outputs map[string]any, err error) {
	err = deployed(ctx, cfg, func(_ *local.Opened, report engine.Report) error {
		outputs = report.Outputs
		return nil
	})
	return outputs, err
}

// Resources deploys the stack and returns the resources of its state.
func Resources(ctx context.Context, cfg Config) (resources []apitype.ResourceV3, err error) {
	err = deployed(ctx, cfg, func(o *local.Opened, _ engine.Report) (err error) {
		resources, err = o.Resources()
		return err
	})
	return resources, err
}

// deployed deploys the stack and calls look before it is gone.
func deployed(ctx context.Context, cfg Config, look func(*local.Opened, engine.Report) error) error {
	o, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer o.Close()
	report, err := o.Up(ctx)
	if err != nil {
		return fmt.Errorf("deploying %s on an account in memory: %w", o.Settings().Name(), err)
	}
	return look(o, report)
}

// PreviewSince deploys the stack file of a revision and previews the present one: it returns what `pulumi preview
// --json` prints. It needs no AWS, and sees no drift.
func PreviewSince(ctx context.Context, cfg Config, revision string) ([]byte, error) {
	base, err := fileAt(ctx, cfg, revision)
	if err != nil {
		return nil, err
	}
	o, err := Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	if _, err := stackfile.Seed(o.Account(), base); err != nil {
		return nil, err
	}
	if _, err := stackfile.SeedImages(o.Account(), base); err != nil {
		return nil, err
	}
	head := *o.Settings()
	if err := use(o.Engine, base); err != nil {
		return nil, err
	}
	if _, err := o.Up(ctx); err != nil {
		return nil, fmt.Errorf("deploying %s of %s: %w", base.Name(), revision, err)
	}
	if err := use(o.Engine, &head); err != nil {
		return nil, err
	}
	return o.PreviewJSON(ctx)
}

func use(e *engine.Engine, file *config.File) error {
	return e.Rewrite(func(s *config.File) error { *s = *file; return nil })
}

// fileAt reads the stack file of a revision.
func fileAt(ctx context.Context, cfg Config, revision string) (*config.File, error) {
	folder, err := os.MkdirTemp("", "laravel-ecs-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	for _, name := range []string{"Pulumi.yaml", "Pulumi." + cfg.Stack + ".yaml"} {
		text, err := exec.CommandContext(ctx, "git", "-C", cfg.Root, "show", "--end-of-options", revision+":./"+name).Output()
		if err != nil {
			return nil, fmt.Errorf("--base: this clone has no %s of %s", name, revision)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return nil, err
		}
	}
	file, err := config.ReadFile(folder, cfg.Stack)
	if err != nil {
		return nil, err
	}
	_, err = stackfile.InMemory(file)
	return file, err
}
