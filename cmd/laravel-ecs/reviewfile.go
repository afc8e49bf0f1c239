package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/cmd/laravel-ecs/internal/review"
)

// reviewTemplate is the stack file that those of branches are made of.
func reviewTemplate(o options) (*config.File, error) {
	template, err := config.ReadFile(o.root, config.ReviewStack)
	if err != nil {
		return nil, fmt.Errorf("review environments are made of the template Pulumi.%s.yaml: %w", config.ReviewStack, err)
	}
	if class := template.Text("environment.class"); class != review.Class {
		return nil, fmt.Errorf("%s: environment.class is %q; a review environment is made of it, and that needs %s", template.Name(), class, review.Class)
	}
	return template, nil
}

// writeReviewFile writes the stack file of a branch. One that is there keeps what people have set in it; only the time is new.
func writeReviewFile(o options, name string, ttl time.Duration) (*config.File, error) {
	var settings *config.File
	var err error
	if _, missing := os.Stat(reviewFile(o, name)); missing == nil {
		settings, err = config.ReadFile(o.root, name)
	} else {
		settings, err = newReviewFile(o, name)
	}
	if err != nil {
		return nil, err
	}
	if err := sameBranch(name, settings.Text("environment.branch"), o.branch); err != nil {
		return nil, fmt.Errorf("%s: %w", settings.Name(), err)
	}
	if ttl == 0 {
		hours, given := settings.Get("environment.ttlHours").(int)
		if !given {
			hours = config.DefaultTTLHours
		}
		ttl = time.Duration(hours) * time.Hour
	}
	for path, value := range map[string]any{"environment.branch": o.branch, "environment.expiresAt": expiry(time.Now(), ttl)} {
		if err := settings.Set(path, value); err != nil {
			return nil, err
		}
	}
	return settings, settings.Save(o.root)
}

func newReviewFile(o options, name string) (*config.File, error) {
	settings, err := reviewTemplate(o)
	if err != nil {
		return nil, err
	}
	slug := strings.TrimPrefix(name, review.Prefix)
	provider := settings.SecretsProvider()
	settings.Rename(name, "Made of Pulumi."+config.ReviewStack+".yaml by make review-up; not for Git.")
	if o.embedded {
		provider = "" // the embedded cloud has a key of its own
	}
	settings.SetSecretsProvider(strings.ReplaceAll(provider, "NAME", slug))
	if host := settings.Text("domain.name"); host != "" {
		return settings, settings.Set("domain.name", slug+"."+host)
	}
	return settings, nil
}

// expiry is a full hour: everything of the stack carries it as a tag, and a second push within the hour need not write them all again.
func expiry(now time.Time, ttl time.Duration) string {
	return now.Add(ttl).Add(time.Hour - 1).UTC().Truncate(time.Hour).Format(time.RFC3339)
}

// filesWithoutStack are stack files of branches that have no environment any more.
func filesWithoutStack(o options, names []string) []string {
	var lines []string
	for _, stack := range config.Stacks(o.root) {
		if strings.HasPrefix(stack, review.Prefix) && !slices.Contains(names, stack) {
			lines = append(lines, filepath.Base(reviewFile(o, stack))+" has no stack: remove the file")
		}
	}
	return lines
}
