package review

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"github.com/laravel-ecs/laravel-ecs/ops/deploy"
	"github.com/laravel-ecs/laravel-ecs/ops/run"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Every is the time between two looks at the task that drops a database. A test on an account in memory makes it short.
var Every = time.Second

// backend are the stacks of the Pulumi backend, over the session of the template: Pulumi.review.yaml.
type backend struct{ *session.Session }

// Names lists the project's stacks.
func (b backend) Names(ctx context.Context) ([]string, error) {
	text, err := b.pulumi(ctx, "stack", "ls", "--json", "--non-interactive")
	if err != nil {
		return nil, err
	}
	var list []struct{ Name string }
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("pulumi stack ls: %w", err)
	}
	var names []string
	for _, s := range list {
		names = append(names, s.Name[strings.LastIndex(s.Name, "/")+1:]) // some backends print organization and project before it
	}
	return names, nil
}

// Read reads the state. Stacks with another name than a review environment's are not read: the role of reviews may not.
func (b backend) Read(ctx context.Context, name string) (Stack, error) {
	if !strings.HasPrefix(name, config.ReviewPrefix) {
		return Stack{Name: name}, nil
	}
	text, err := b.pulumi(ctx, "stack", "export", "--stack", name, "--non-interactive")
	if err != nil {
		return Stack{Name: name}, err
	}
	return ParseState(name, text)
}

// Deploy implements stacks.
func (b backend) Deploy(ctx context.Context, settings *config.File, name string, exists bool) error {
	if !exists {
		args := []string{"stack", "init", name, "--no-select", "--non-interactive"}
		if provider := settings.SecretsProvider(); provider != "" {
			args = append(args, "--secrets-provider", provider)
		}
		if _, err := b.pulumi(ctx, args...); err != nil {
			return err
		}
	}
	s, err := session.Open(b.Root, name, b.Out, b.Err)
	if err != nil {
		return err
	}
	return deploy.Up(ctx, s, deploy.Options{Yes: true})
}

// Destroy drops the database on a shared server, destroys what the stack declares, then the stack. None of it needs the stack's file, which
// may be on another machine: the region for the drop is the template's, and the key of the secrets is in the state. An environment that
// cannot be destroyed gets its tasks back.
func (b backend) Destroy(ctx context.Context, s Stack) (left string, err error) {
	pulumi, err := b.Pulumi(ctx)
	if err != nil {
		return "", err
	}
	var stopped run.Stopped
	if s.Schema != "" {
		var why error
		stack := &session.Session{Root: b.Root, Stack: s.Name, File: b.File, Out: b.Out, Err: b.Err}
		if stopped, why = run.DropSchema(ctx, stack, s.Schema, Every); why != nil {
			left = fmt.Sprintf("the database %[1]s and its users on the server of %[2]s, unless they are gone already; as its master user: "+
				"drop database if exists %[1]s; drop user if exists %[3]s, %[4]s (%[5]v)",
				s.Schema, cmp.Or(s.Shares, b.File.Text("environment.shares"), sharedByDefault), config.DatabaseUser(s.Schema, 1), config.DatabaseUser(s.Schema, 2), why)
			fmt.Fprintf(b.Err, "the database %s is not dropped: %v\n", s.Schema, why)
		}
	}
	if err := pulumi.Run(ctx, "destroy", "--yes", "--stack", s.Name); err != nil {
		stopped.Restart(ctx, b.Err)
		return left, err
	}
	if _, err := pulumi.Output(ctx, "stack", "rm", "--yes", "--stack", s.Name); err != nil {
		return left, fmt.Errorf("its resources are destroyed, the stack is not removed: %w", err)
	}
	return left, removeFile(b.Root, s.Name)
}

func (b backend) pulumi(ctx context.Context, args ...string) ([]byte, error) {
	pulumi, err := b.Pulumi(ctx)
	if err != nil {
		return nil, err
	}
	return pulumi.Output(ctx, args...)
}

// Leftovers are stack files without a stack, and resources on AWS with the tag of review environments whose stack does not exist.
func (b backend) Leftovers(ctx context.Context, names []string) ([]string, error) {
	var lines []string
	for _, stack := range config.Stacks(b.Root) {
		if strings.HasPrefix(stack, config.ReviewPrefix) && !slices.Contains(names, stack) {
			lines = append(lines, filepath.Base(file(b.Root, stack))+" has no stack: remove the file")
		}
	}
	configuration, err := b.AWS(ctx)
	if err != nil {
		return lines, err
	}
	client, filter := tagging.NewFromConfig(configuration), types.TagFilter{Key: aws.String(config.ClassTag), Values: []string{config.ClassReview}}
	found, err := session.All(ctx, "listing the resources",
		tagging.NewGetResourcesPaginator(client, &tagging.GetResourcesInput{TagFilters: []types.TagFilter{filter}}),
		func(page *tagging.GetResourcesOutput) []types.ResourceTagMapping { return page.ResourceTagMappingList })
	for _, resource := range found {
		arn := aws.ToString(resource.ResourceARN)
		if strings.Contains(arn, ":task-definition/") {
			continue // old revisions cost nothing and stay on purpose (infra/service.go)
		}
		for _, tag := range resource.Tags {
			if environment := aws.ToString(tag.Value); aws.ToString(tag.Key) == "Environment" && !slices.Contains(names, environment) {
				lines = append(lines, arn+" of "+environment+", which has no stack")
			}
		}
	}
	return lines, err
}

func file(root, stack string) string { return filepath.Join(root, "Pulumi."+stack+".yaml") }

func removeFile(root, stack string) error {
	if err := os.Remove(file(root, stack)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the stack's file: %w", err)
	}
	return nil
}

// template reads the stack file that those of branches are made of.
func template(root string) (*config.File, error) {
	settings, err := config.ReadFile(root, config.ReviewStack)
	if err != nil {
		return nil, fmt.Errorf("review environments are made of the template Pulumi.%s.yaml: %w", config.ReviewStack, err)
	}
	if class := settings.Text("environment.class"); class != config.ClassReview {
		return nil, fmt.Errorf("%s: environment.class is %q; the template of review environments needs %s", settings.Name(), class, config.ClassReview)
	}
	return settings, nil
}

// writeFile writes the stack file of a branch, where nothing may be deployed yet. In one that exists, only the expiry changes. A ttl of 0 is
// the one in the file.
func writeFile(root string, deployed Stack, branch string, ttl time.Duration) (*config.File, error) {
	name := deployed.Name
	var settings *config.File
	var err error
	if _, missing := os.Stat(file(root, name)); missing == nil {
		settings, err = config.ReadFile(root, name)
	} else {
		settings, err = newFile(root, name)
	}
	if err != nil {
		return nil, err
	}
	if err := keepShares(settings, deployed); err != nil {
		return nil, err
	}
	if err := sameBranch(name, settings.Text("environment.branch"), branch); err != nil {
		return nil, fmt.Errorf("%s: %w", settings.Name(), err)
	}
	if ttl == 0 {
		hours, given := settings.Get("environment.ttlHours").(int)
		if !given {
			hours = config.DefaultTTLHours
		}
		ttl = time.Duration(hours) * time.Hour
	}
	for path, value := range map[string]any{"environment.branch": branch, "environment.expiresAt": expiry(time.Now(), ttl)} {
		if err := settings.Set(path, value); err != nil {
			return nil, err
		}
	}
	return settings, settings.Save(root)
}

// sharedByDefault is the environment that new review environments share. It takes a host name of their own, by which its load balancer sends
// them their requests. A template with a zone or a certificate means load balancers of their own, and without a host name there is nothing else.
const sharedByDefault = "staging"

// newFile is made of the template.
func newFile(root, name string) (*config.File, error) {
	settings, err := template(root)
	if err != nil {
		return nil, err
	}
	slug, values := strings.TrimPrefix(name, config.ReviewPrefix), map[string]any{}
	if host := settings.Text("domain.name"); host != "" {
		values["domain.name"] = slug + "." + host
		if settings.Get("environment.shares") == nil && settings.Text("domain.zone")+settings.Text("domain.certificateArn") == "" {
			values["environment.shares"] = sharedByDefault
		}
	}
	settings.Rename(name, "Made of Pulumi."+config.ReviewStack+".yaml by make review-up; not for Git.")
	settings.SetSecretsProvider(strings.ReplaceAll(settings.SecretsProvider(), "NAME", slug))
	return settings, session.Apply(settings, values)
}

// keepShares leaves an environment that is deployed as it is, whatever template and file say by now: sharing, or with resources of its own. A
// change would delete its database.
func keepShares(settings *config.File, deployed Stack) error {
	switch {
	case deployed.Shares != "":
		return settings.Set("environment.shares", deployed.Shares)
	case deployed.Own:
		settings.Unset("environment.shares")
	}
	return nil
}

// expiry is a full hour: all resources of the stack have it as a tag, and a second push within the hour does not change the tags again.
func expiry(now time.Time, ttl time.Duration) string {
	return now.Add(ttl).Add(time.Hour - 1).UTC().Truncate(time.Hour).Format(time.RFC3339)
}

// TTL reads a time to live, such as 48h. An empty text is 0: the stack file decides.
func TTL(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	ttl, err := time.ParseDuration(text)
	if err != nil || ttl < time.Hour || ttl > 30*24*time.Hour {
		return 0, fmt.Errorf("TTL=%q: a time from 1h to 720h is expected, such as 48h", text)
	}
	return ttl, nil
}
