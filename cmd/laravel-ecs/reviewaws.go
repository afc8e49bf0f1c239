package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/cmd/laravel-ecs/internal/review"
)

// awsReviews are the review environments on AWS: stacks of the backend that pulumi is logged in to.
type awsReviews struct{ o options }

// Names lists the project's stacks.
func (a awsReviews) Names(ctx context.Context) ([]string, error) {
	path, err := readyForAWS(ctx, a.o.root, config.ReviewStack)
	if err != nil {
		return nil, err
	}
	text, err := read(ctx, path, "stack", "ls", "--json", "--non-interactive")
	if err != nil {
		return nil, err
	}
	var list []struct{ Name string }
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("pulumi stack ls: %w", err)
	}
	var names []string
	for _, s := range list {
		names = append(names, s.Name[strings.LastIndex(s.Name, "/")+1:]) // some backends put organization and project before it
	}
	return names, nil
}

// Look reads the state. The role of reviews may read no other stack's, and nobody needs them to: what has another name is not touched.
func (a awsReviews) Look(ctx context.Context, name string) (review.Stack, error) {
	if !strings.HasPrefix(name, review.Prefix) {
		return review.Stack{Name: name}, nil
	}
	path, _ := pulumiOnPath(ctx, a.o.root)
	text, err := read(ctx, path, "stack", "export", "--stack", name, "--non-interactive")
	if err != nil {
		return review.Stack{Name: name}, err
	}
	return review.ParseState(name, text)
}

// Destroy destroys what the stack declares, then the stack. Neither needs the stack's file, which another machine may have: the state
// knows region and key.
func (a awsReviews) Destroy(ctx context.Context, s review.Stack) error {
	path, err := readyForAWS(ctx, a.o.root, config.ReviewStack)
	if err != nil {
		return err
	}
	if err := awsTarget(a).run(ctx, path, "destroy", "--yes", "--stack", s.Name); err != nil {
		return err
	}
	if _, err := read(ctx, path, "stack", "rm", "--yes", "--stack", s.Name); err != nil {
		return fmt.Errorf("its resources are gone, the stack is not: %w", err)
	}
	return removeReviewFile(a.o, s.Name)
}

// Strays are stack files without a stack, and what AWS finds by the tag of review environments.
func (a awsReviews) Strays(ctx context.Context, names []string) ([]string, error) {
	lines := filesWithoutStack(a.o, names)
	t := awsTarget(a)
	t.o.stack = config.ReviewStack // its region
	text, err := t.aws(ctx, "resourcegroupstaggingapi", "get-resources", "--tag-filters", "Key="+config.ClassTag+",Values="+review.Class, "--output", "json")
	if err != nil {
		return lines, err
	}
	found, err := strayResources(text, names)
	return append(lines, found...), err
}

// strayResources lists resources whose environment is none of the stacks.
func strayResources(text []byte, names []string) ([]string, error) {
	var answer struct {
		ResourceTagMappingList []struct {
			ResourceARN string
			Tags        []struct{ Key, Value string }
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("aws resourcegroupstaggingapi get-resources: %w", err)
	}
	var lines []string
	for _, r := range answer.ResourceTagMappingList {
		for _, tag := range r.Tags {
			// Old revisions of task definitions cost nothing and are meant to stay (infra/service.go).
			if tag.Key == "Environment" && !slices.Contains(names, tag.Value) && !strings.Contains(r.ResourceARN, ":task-definition/") {
				lines = append(lines, r.ResourceARN+" of "+tag.Value+", which has no stack")
			}
		}
	}
	return lines, nil
}

func (a awsReviews) deploy(ctx context.Context, s *config.File, name string, exists bool) error {
	path, err := readyForAWS(ctx, a.o.root, name)
	if err != nil {
		return err
	}
	if !exists {
		args := []string{"stack", "init", name, "--no-select", "--non-interactive"}
		if provider := s.SecretsProvider(); provider != "" {
			args = append(args, "--secrets-provider", provider)
		}
		if _, err := read(ctx, path, args...); err != nil {
			return err
		}
	}
	return awsTarget(a).run(ctx, path, "up", "--yes", "--stack", name)
}
