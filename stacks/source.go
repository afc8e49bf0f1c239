package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumiconfig "github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
	"go.yaml.in/yaml/v3"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// source reads the stack's configuration from the Pulumi engine: it is what package config calls a Source.
type source struct{ ctx *pulumi.Context }

func (s source) Stack() string { return s.ctx.Stack() }

func (s source) Region() string {
	region, err := pulumiconfig.New(s.ctx, "aws").Try("region")
	if err != nil {
		return ""
	}
	return region
}

// Section returns secrets decrypted. They become secret again where they are used (secretInputs).
func (s source) Section(key string) (text string, found bool, err error) {
	for _, namespace := range []string{config.Namespace, s.ctx.Project()} {
		raw, err := pulumiconfig.New(s.ctx, namespace).Try(key)
		if err != nil && !errors.Is(err, pulumiconfig.ErrMissingVar) {
			return "", false, err
		}
		if err == nil && (!found || text == "{}") { // the project's may be empty, see config.Sections
			text, found = raw, true
		}
	}
	return text, found, nil
}

func (s source) Encrypted(key string) bool {
	return s.ctx.IsConfigSecret(config.Namespace+":"+key) || s.ctx.IsConfigSecret(s.ctx.Project()+":"+key)
}

// Sections reads what the SDK itself reads, because the SDK answers for single keys only: the Go language host puts the whole
// configuration into PULUMI_CONFIG. The Automation API does not, and there the stack file is read.
func (s source) Sections() (map[string]any, error) {
	keys := map[string]any{}
	name := "Pulumi." + s.Stack() + ".yaml"
	if raw := os.Getenv("PULUMI_CONFIG"); raw != "" {
		if err := json.Unmarshal([]byte(raw), &keys); err != nil {
			return nil, fmt.Errorf("PULUMI_CONFIG: %w", err)
		}
	} else if raw, err := os.ReadFile(filepath.Join(s.ctx.RootDirectory(), name)); err == nil {
		var file struct{ Config map[string]any }
		if err := yaml.Unmarshal(raw, &file); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		keys = file.Config
	}
	return config.Sections(s.ctx.Project(), keys)
}
