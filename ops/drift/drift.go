// Package drift compares what is on AWS with what was deployed.
package drift

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// ignored are the properties that autoscaling or a release changes, by type. A type without properties is not compared at all.
var ignored = map[string][]string{
	"aws:ecs/service:Service":               {"desiredCount", "taskDefinition"},
	"aws:autoscaling/group:Group":           {"desiredCapacity"},
	"aws:appautoscaling/target:Target":      {"roleArn"},
	"aws:ecs/taskDefinition:TaskDefinition": {"revision", "arn"},
	// The comparison does not build, so the program does not declare the image.
	"docker:index/image:Image": nil,
}

// Excluded are the resources that the comparison does not read: the role of previews may read everything except the values of secrets.
const Excluded = "**aws:secretsmanager/secretVersion:SecretVersion::**"

// Check fails where a resource differs from the program at the release that runs. A release that is not deployed yet is no difference.
func Check(ctx context.Context, s *session.Session) error {
	outputs, err := s.Outputs(ctx)
	if err != nil {
		return err
	}
	found, err := compare(ctx, s, outputs.Release)
	if err != nil {
		return err
	}
	lines := Lines(found)
	if len(lines) == 0 {
		fmt.Fprintf(s.Out, "%s is as it was deployed (release %s)\n", s.Stack, outputs.Release)
		return nil
	}
	for _, line := range lines {
		fmt.Fprintln(s.Out, "  "+line)
	}
	return fmt.Errorf("%s has drifted: %d resources differ from Pulumi.%[1]s.yaml; make up STACK=%[1]s puts them back, unless the file was changed and not deployed yet", s.Stack, len(lines))
}

// compare is a preview after a refresh, with a release that is not built.
func compare(ctx context.Context, s *session.Session, release string) (preview.Preview, error) {
	var found preview.Preview
	pulumi, err := s.Pulumi(ctx)
	if err != nil {
		return found, err
	}
	file, done, err := s.With(map[string]any{"release.name": release, "release.build": false})
	if err != nil {
		return found, err
	}
	defer done()
	args := []string{"preview", "--refresh", "--non-interactive", "--stack", s.Stack, "--config-file", file, "--exclude", Excluded}
	text, err := pulumi.Output(ctx, append(args, preview.Arguments...)...)
	found, unreadable := preview.Parse(text)
	switch {
	case len(found.Errors) > 0:
		return found, fmt.Errorf("the comparison of %s failed: %s", s.Stack, strings.Join(found.Errors, "; "))
	case err != nil:
		return found, fmt.Errorf("the comparison of %s failed: %w", s.Stack, err)
	}
	return found, unreadable
}

// Lines lists what a deployment would put back, one resource per line.
func Lines(p preview.Preview) []string {
	var lines []string
	for _, step := range p.Steps {
		if !slices.Contains([]string{"create", "update", "replace", "delete"}, step.Op) || !step.State().Custom {
			continue
		}
		expected, known := ignored[step.State().Type]
		paths := slices.DeleteFunc(slices.Clone(step.Paths), func(path string) bool { return slices.Contains(expected, path) })
		if known && (expected == nil || step.Op == "update" && len(step.Paths) > 0 && len(paths) == 0) {
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
