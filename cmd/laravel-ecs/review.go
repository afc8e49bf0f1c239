package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/laravel-ecs/laravel-ecs/cmd/laravel-ecs/internal/review"
)

// reviewCloud is where review environments run, and can also make one.
type reviewCloud interface {
	review.Cloud
	// deploy makes the stack where there is none and runs up.
	deploy(ctx context.Context, s *config.File, name string, exists bool) error
}

func reviewCloudOf(o options) reviewCloud {
	if o.embedded {
		return localReviews{o}
	}
	return awsReviews{o}
}

// reviewUp makes the environment of a branch, or releases the working tree to it and lets it live longer. Its URL is the last line, and in
// a job of a merge request stands there, too.
func reviewUp(ctx context.Context, o options) error {
	deployed, err := upIn(ctx, o, reviewCloudOf(o))
	if err != nil {
		return err
	}
	tellRequest(ctx, deployed.Name, fmt.Sprintf("Review environment: <%s>, until %s\n", deployed.URL, cmp.Or(deployed.ExpiresAt, "further notice")), true)
	return nil
}

func upIn(ctx context.Context, o options, cloud reviewCloud) (deployed review.Stack, err error) {
	name, err := reviewStack(o)
	if err != nil {
		return deployed, err
	}
	ttl, err := timeToLive()
	if err != nil {
		return deployed, err
	}
	names, err := cloud.Names(ctx)
	if err != nil {
		return deployed, err
	}
	exists := slices.Contains(names, name)
	if exists {
		if _, err := ours(ctx, cloud, name, o.branch); err != nil {
			return deployed, err
		}
	}
	settings, err := writeReviewFile(o, name, ttl)
	if err != nil {
		return deployed, err
	}
	fmt.Fprintf(o.out, "%s is the environment of %s until %s\n", name, o.branch, settings.Text("environment.expiresAt"))
	if err := cloud.deploy(ctx, settings, name, exists); err != nil {
		return deployed, err
	}
	if deployed, err = cloud.Look(ctx, name); err != nil {
		return deployed, err
	}
	fmt.Fprintln(o.out, deployed.URL)
	return deployed, nil
}

// reviewDown takes the environment of a branch away, whatever there is of it.
func reviewDown(ctx context.Context, o options) error {
	if err := downIn(ctx, o, reviewCloudOf(o)); err != nil {
		return err
	}
	name, err := reviewStack(o)
	if err != nil {
		return err
	}
	tellRequest(ctx, name, "The review environment is gone.\n", false)
	return nil
}

func downIn(ctx context.Context, o options, cloud reviewCloud) error {
	name, err := reviewStack(o)
	if err != nil {
		return err
	}
	names, err := cloud.Names(ctx)
	if err != nil {
		return err
	}
	s := review.Stack{Name: name}
	switch _, err := os.Stat(reviewFile(o, name)); {
	case slices.Contains(names, name):
		if s, err = ours(ctx, cloud, name, o.branch); err != nil {
			return err
		}
		if err := cloud.Destroy(ctx, s); err != nil {
			return err
		}
	case err != nil:
		fmt.Fprintf(o.out, "%s has no environment (%s)\n", o.branch, name)
	default:
		if err := removeReviewFile(o, name); err != nil {
			return err
		}
	}
	return tellLeft(ctx, o, cloud, s)
}

// tellLeft ends with what a person has to look after.
func tellLeft(ctx context.Context, o options, cloud reviewCloud, s review.Stack) error {
	names, err := cloud.Names(ctx)
	if err != nil {
		return err
	}
	strays, err := cloud.Strays(ctx, names)
	if err != nil {
		fmt.Fprintf(o.out, "what is left of %s cannot be told: %v\n", s.Name, err)
	}
	left := slices.DeleteFunc(strays, func(line string) bool { return !strings.Contains(line, s.Name) })
	if s.Left != "" {
		left = append(left, s.Left)
	}
	if len(left) == 0 && err == nil {
		fmt.Fprintf(o.out, "nothing is left of %s\n", s.Name)
	}
	for _, line := range left {
		fmt.Fprintln(o.out, "left:", line)
	}
	return nil
}

// reviewReap takes away what has expired.
func reviewReap(ctx context.Context, o options) error {
	return review.Reaper{Cloud: reviewCloudOf(o), Now: time.Now, DryRun: o.dryRun, Out: o.out}.Run(ctx)
}

// listReviews prints the review environments, those that will go first on top.
func listReviews(ctx context.Context, o options) error {
	cloud := reviewCloudOf(o)
	names, err := cloud.Names(ctx)
	if err != nil {
		return err
	}
	var list []review.Stack
	for _, name := range names {
		s, err := cloud.Look(ctx, name)
		if err != nil {
			return err
		}
		if s.Class == review.Class {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		fmt.Fprintln(o.out, "there are no review environments")
		return nil
	}
	slices.SortFunc(list, func(a, b review.Stack) int { return cmp.Compare(a.ExpiresAt, b.ExpiresAt) })
	table := tabwriter.NewWriter(o.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "STACK\tBRANCH\tEXPIRES\tURL")
	for _, s := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.Name, s.Branch, cmp.Or(s.ExpiresAt, "never"), s.URL)
	}
	return table.Flush()
}

// reviewStack is the name of a branch's stack.
func reviewStack(o options) (string, error) {
	template, err := reviewTemplate(o)
	if err != nil {
		return "", err
	}
	longest := config.LongestReviewStack(cmp.Or(template.Text("app.name"), "laravel")) - len(review.Prefix)
	slug, err := review.Slug(o.branch, longest)
	return review.Prefix + slug, err
}

// ours refuses a stack of another branch, and one that is no review environment.
func ours(ctx context.Context, cloud reviewCloud, name, branch string) (review.Stack, error) {
	s, err := cloud.Look(ctx, name)
	if err != nil {
		return s, err
	}
	if s.Class != "" && s.Class != review.Class {
		return s, fmt.Errorf("%s is a stack of class %s, and not a review environment", name, s.Class)
	}
	return s, sameBranch(name, s.Branch, branch)
}

func sameBranch(name, owner, branch string) error {
	if owner != "" && owner != branch {
		return fmt.Errorf("%s is the environment of branch %q, and %q has the same short name: rename one of them, or take the other one away (make review-down BRANCH='%s')",
			name, owner, branch, owner)
	}
	return nil
}

// timeToLive is TTL, or 0 for what the stack file says.
func timeToLive() (time.Duration, error) {
	text := os.Getenv("TTL")
	if text == "" {
		return 0, nil
	}
	ttl, err := time.ParseDuration(text)
	if err != nil || ttl < time.Hour || ttl > 30*24*time.Hour {
		return 0, fmt.Errorf("TTL=%q: a time from 1h to 720h is expected, such as 48h", text)
	}
	return ttl, nil
}

func reviewFile(o options, name string) string {
	return filepath.Join(o.root, "Pulumi."+name+".yaml")
}

func removeReviewFile(o options, name string) error {
	if err := os.Remove(reviewFile(o, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the stack's file: %w", err)
	}
	return nil
}
