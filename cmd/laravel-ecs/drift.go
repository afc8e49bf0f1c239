package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

// moving are the properties that something else than a deployment changes, or that follow a release.
var moving = map[string][]string{
	"aws:ecs/service:Service":               {"desiredCount", "taskDefinition"},
	"aws:autoscaling/group:Group":           {"desiredCapacity"},
	"aws:appautoscaling/target:Target":      {"roleArn"},
	"aws:ecs/taskDefinition:TaskDefinition": {"revision", "arn"},
	// The comparison builds nothing: the image that was built is no part of it.
	"docker:index/image:Image": nil,
}

// notCompared are resources that a comparison does not look at: the role of previews may read everything but the values of secrets.
var notCompared = []string{"**aws:secretsmanager/secretVersion:SecretVersion::**"}

// drift compares what is really there with the program, at the release that runs: an image that waits for its turn is no drift.
func drift(ctx context.Context, o options) error {
	to := targetOf(o)
	runs, err := to.outputs(ctx)
	if err != nil {
		return err
	}
	text, err := to.refreshed(ctx, map[string]any{"release.name": runs.Release, "release.build": false})
	found, unreadable := preview.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("the comparison of %s failed: %w: %s", o.stack, err, strings.Join(found.Errors, "; "))
	case unreadable != nil:
		return unreadable
	case len(found.Errors) > 0:
		return fmt.Errorf("the comparison of %s failed: %s", o.stack, strings.Join(found.Errors, "; "))
	}
	lines := drifted(found)
	if len(lines) == 0 {
		fmt.Fprintf(o.out, "%s is as it was deployed (release %s)\n", o.stack, runs.Release)
		return nil
	}
	for _, line := range lines {
		fmt.Fprintln(o.out, "  "+line)
	}
	return fmt.Errorf("%s has drifted: %d resources differ from Pulumi.%[1]s.yaml; make up STACK=%[1]s puts them back, unless the file was changed and not deployed yet", o.stack, len(lines))
}

// drifted lists what a deployment would put back, one resource per line.
func drifted(p preview.Preview) []string {
	var lines []string
	for _, step := range p.Steps {
		if !slices.Contains([]string{"create", "update", "replace", "delete"}, step.Op) || !step.State().Custom {
			continue
		}
		noise, known := moving[step.State().Type]
		paths := slices.DeleteFunc(slices.Clone(step.Paths), func(path string) bool { return slices.Contains(noise, path) })
		switch {
		case known && noise == nil:
			continue
		case known && step.Op == "update" && len(step.Paths) > 0 && len(paths) == 0:
			continue
		}
		line := fmt.Sprintf("%s %s %s", step.Op, preview.ShortType(step.State().Type), step.Name())
		if len(paths) > 0 {
			line += ": " + strings.Join(paths, ", ")
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func (t localTarget) refreshed(ctx context.Context, values map[string]any) ([]byte, error) {
	t.o.overrides, t.o.out = values, io.Discard
	e, _, err := openCloud(ctx, t.o)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return e.PreviewJSON(ctx, "--refresh", "--exclude", notCompared[0])
}

func (t awsTarget) refreshed(ctx context.Context, values map[string]any) ([]byte, error) {
	path, err := readyForAWS(ctx, t.o.root, t.o.stack)
	if err != nil {
		return nil, err
	}
	file, done, err := overridden(t.o, values)
	if err != nil {
		return nil, err
	}
	defer done()
	args := append([]string{"preview", "--refresh", "--non-interactive", "--stack", t.o.stack, "--config-file", file}, engine.PreviewArguments...)
	for _, resources := range notCompared {
		args = append(args, "--exclude", resources)
	}
	command := exec.CommandContext(ctx, path, args...)
	command.Stderr = os.Stderr
	text, err := command.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = fmt.Errorf("pulumi preview --refresh: %w", err)
	}
	return text, err
}
