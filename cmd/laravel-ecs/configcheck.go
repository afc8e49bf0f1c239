package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// checkConfig compares what the application asks for with what the stack file provides. The stack is deployed to an account in
// memory for that: it need not exist anywhere yet, and no credentials are needed.
func checkConfig(ctx context.Context, o options) error {
	e, done, err := openInMemory(ctx, o)
	if err != nil {
		return err
	}
	defer done()
	example := filepath.Join(cmp.Or(e.Settings().Text("image.app"), "examples/laravel"), ".env.example")
	text, err := os.ReadFile(filepath.Join(o.root, example))
	if err != nil {
		return fmt.Errorf("the application says in .env.example what it needs: %w", err)
	}
	report, err := e.Up(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Settings().Name(), err)
	}
	asked, optional := config.DotenvKeys(string(text))
	c := compareConfig(asked, optional, keysOf(report.Outputs["appConfig"]), keysOf(report.Outputs["secretArns"]))
	c.print(o.out, example, e.Settings().Name())
	if len(c.missing) > 0 {
		return errReported
	}
	return nil
}

func keysOf(output any) []string {
	values, _ := output.(map[string]any)
	return slices.Sorted(maps.Keys(values))
}

// configCheck is a comparison of names.
type configCheck struct {
	provided, secrets int
	missing, unused   []string
}

// compareConfig finds what the stack lacks and what the application does not ask for.
func compareConfig(asked, optional, plain, secrets []string) configCheck {
	c := configCheck{provided: len(plain) + len(secrets), secrets: len(secrets)}
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

func (c configCheck) print(out io.Writer, example, stackFile string) {
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
