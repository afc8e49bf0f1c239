package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
	"github.com/laravel-ecs/laravel-ecs/ops/inmemory"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// CheckConfig compares the application's .env.example with what the stack file provides. The emulator deploys the stack file to an
// account in memory for that, so the stack need not exist and no credentials are needed.
func CheckConfig(ctx context.Context, root, stack string, out io.Writer) error {
	settings, err := config.ReadFile(root, stack)
	if err != nil {
		return err
	}
	app, _ := config.ImageSources(settings.Text("image.app"), "")
	example := filepath.Join(app, ".env.example")
	text, err := os.ReadFile(filepath.Join(root, example))
	if err != nil {
		return fmt.Errorf("the application lists what it needs in .env.example: %w", err)
	}
	printed, err := inmemory.Output(ctx, root, "outputs", "--stack", stack, "--json")
	if err != nil {
		return fmt.Errorf("%s: %w", settings.Name(), err)
	}
	var outputs struct {
		AppConfig  map[string]any `json:"appConfig"`
		SecretARNs map[string]any `json:"secretArns"`
	}
	if err := json.Unmarshal(printed, &outputs); err != nil {
		return fmt.Errorf("reading the outputs of %s: %w", settings.Name(), err)
	}
	asked, optional := config.DotenvKeys(string(text))
	c := compare(asked, optional, slices.Sorted(maps.Keys(outputs.AppConfig)), slices.Sorted(maps.Keys(outputs.SecretARNs)))
	c.print(out, example, settings.Name())
	if len(c.missing) > 0 {
		return exit.AfterPrinting(errors.New("variables are missing"))
	}
	return nil
}

// check is a comparison of names.
type check struct {
	provided, secrets int
	missing, unused   []string
}

// compare finds what the stack lacks and what the application does not ask for.
func compare(asked, optional, plain, secrets []string) check {
	c := check{provided: len(plain) + len(secrets), secrets: len(secrets)}
	provided := slices.Concat(plain, secrets)
	for _, name := range asked {
		if !slices.Contains(provided, name) && !slices.Contains(c.missing, name) {
			c.missing = append(c.missing, name)
		}
	}
	for _, name := range provided {
		if !slices.Contains(asked, name) && !slices.Contains(optional, name) {
			c.unused = append(c.unused, name)
		}
	}
	slices.Sort(c.missing)
	slices.Sort(c.unused)
	return c
}

func (c check) print(out io.Writer, example, stackFile string) {
	fmt.Fprintf(out, "%s provides %d variables, %d of them secret\n", stackFile, c.provided, c.secrets)
	if len(c.unused) > 0 {
		fmt.Fprintf(out, "not in %s: %s\n", example, strings.Join(c.unused, ", "))
	}
	if len(c.missing) == 0 {
		fmt.Fprintf(out, "everything that %s asks for is there\n", example)
		return
	}
	fmt.Fprintf(out, "missing, though %s asks for it: %s\n", example, strings.Join(c.missing, ", "))
	fmt.Fprintf(out, "set env.NAME in %s, or pulumi config set --secret --path secrets.NAME; or comment the line out, if there is a default\n", stackFile)
}
