package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// target is a deployed stack, on this machine or on AWS.
type target interface {
	// outputs are the stack's outputs.
	outputs(ctx context.Context) (outputs, error)
	// images are the tagged images of its registry, newest first.
	images(ctx context.Context, repository string) ([]image, error)
	// preview returns what `pulumi preview --json` prints, also beside an error.
	preview(ctx context.Context) ([]byte, error)
	// dotenv is the stack's .env file, with its secrets.
	dotenv(ctx context.Context) (string, error)
	// values are all outputs of the stack.
	values(ctx context.Context, more ...string) (map[string]any, error)
	// refreshed is preview, after a look at what is really there.
	refreshed(ctx context.Context, values map[string]any) ([]byte, error)
	// url is where visitors find it.
	url(ctx context.Context) (string, error)
	// up deploys what the stack file says.
	up(ctx context.Context) error
	// repository is the URL of its registry.
	repository(ctx context.Context) (string, error)
	// place is where its images can be fetched and pushed.
	place(ctx context.Context, repositoryURL string) (place, error)
	// copied is told of an image that was pushed past the provider.
	copied(ctx context.Context, pushed image, repositoryURL string, size int64) error
	// upWith deploys the stack file with other values in it, and leaves the file alone.
	upWith(ctx context.Context, values map[string]any) error
}

// outputs are those of the stack's outputs that releases are about.
type outputs struct {
	Release       string
	RepositoryURL string
	ImageDigest   string
	ClusterName   string
	ServiceNames  map[string]string
	Traffic       map[string]share // by colour
}

// share is what a colour runs and how many percent of the requests it gets.
type share struct {
	Release string
	Percent int
}

// image is a pushed image.
type image struct {
	Tag, Digest string
	Pushed      time.Time
}

// onThisMachine tells whether the stack belongs to the embedded cloud: the local one always, and every other one with CLOUD=local.
func (o options) onThisMachine() bool { return o.stack == "local" || o.embedded }

func targetOf(o options) target {
	if o.onThisMachine() {
		return localTarget{o}
	}
	return awsTarget{o}
}

// localTarget is the embedded cloud.
type localTarget struct{ o options }

func (t localTarget) outputs(ctx context.Context) (outputs, error) {
	values, err := t.values(ctx)
	if err != nil {
		return outputs{}, err
	}
	return decodeOutputs(values)
}

func (t localTarget) dotenv(ctx context.Context) (string, error) {
	values, err := t.values(ctx)
	if err != nil {
		return "", err
	}
	return dotenvOf(values)
}

// values are all outputs of the stack, secret ones too.
func (t localTarget) values(ctx context.Context, _ ...string) (map[string]any, error) {
	if !deployed(t.o) {
		return nil, fmt.Errorf("nothing is deployed in %s: run make up", t.o.state)
	}
	e, _, err := openCloud(ctx, t.o)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return e.Outputs(ctx)
}

func (t localTarget) images(_ context.Context, repository string) ([]image, error) {
	a, err := openAccount(t.o)
	if err != nil {
		return nil, err
	}
	var list []image
	for _, pushed := range a.Images(repository) {
		for _, tag := range pushed.Tags {
			list = append(list, image{Tag: tag, Digest: pushed.Digest, Pushed: pushed.At})
		}
	}
	return newestFirst(list), nil
}

// url is the front door: the load balancer's own name leads nowhere on this machine.
func (t localTarget) url(context.Context) (string, error) {
	machine, err := running(t.o)
	if err != nil {
		return "", err
	}
	if url := machine.URL(); url != "" {
		return url, nil
	}
	return "", fmt.Errorf("the stack %s has no listener", t.o.stack)
}

func (t localTarget) up(ctx context.Context) error { return up(ctx, t.o) }

// awsTarget is AWS, by way of the pulumi and aws commands.
type awsTarget struct{ o options }

func (t awsTarget) outputs(ctx context.Context) (outputs, error) {
	values, err := t.values(ctx)
	if err != nil {
		return outputs{}, err
	}
	return decodeOutputs(values)
}

func (t awsTarget) dotenv(ctx context.Context) (string, error) {
	values, err := t.values(ctx, "--show-secrets")
	if err != nil {
		return "", err
	}
	return dotenvOf(values)
}

func (t awsTarget) values(ctx context.Context, more ...string) (map[string]any, error) {
	path, err := readyForAWS(ctx, t.o.root, t.o.stack)
	if err != nil {
		return nil, err
	}
	text, err := read(ctx, path, append([]string{"stack", "output", "--json", "--stack", t.o.stack}, more...)...)
	if err != nil {
		return nil, err
	}
	var values map[string]any
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("pulumi stack output: %w", err)
	}
	return values, nil
}

func (t awsTarget) images(ctx context.Context, repository string) ([]image, error) {
	args := []string{"ecr", "describe-images", "--repository-name", repository, "--filter", "tagStatus=TAGGED", "--output", "json"}
	text, err := t.aws(ctx, args...)
	if err != nil {
		return nil, err
	}
	var answer struct {
		ImageDetails []struct {
			ImageDigest   string
			ImageTags     []string
			ImagePushedAt time.Time
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("aws ecr describe-images: %w", err)
	}
	var list []image
	for _, detail := range answer.ImageDetails {
		for _, tag := range detail.ImageTags {
			list = append(list, image{Tag: tag, Digest: detail.ImageDigest, Pushed: detail.ImagePushedAt})
		}
	}
	return newestFirst(list), nil
}

func (t awsTarget) url(ctx context.Context) (string, error) {
	values, err := t.values(ctx)
	if err != nil {
		return "", err
	}
	url, ok := values["url"].(string)
	if !ok || url == "" {
		return "", fmt.Errorf("the stack %s has no output url: deploy it first (make up STACK=%[1]s)", t.o.stack)
	}
	return url, nil
}

func (t awsTarget) up(ctx context.Context) error {
	path, err := readyForAWS(ctx, t.o.root, t.o.stack)
	if err != nil {
		return err
	}
	return t.run(ctx, path, "up", "--stack", t.o.stack)
}

// run lets pulumi do its work, and after a failure adds what ECS says of it. An interrupt reaches pulumi from the terminal: it is
// not killed here, so that it can leave a state that is whole.
func (t awsTarget) run(ctx context.Context, pulumi string, args ...string) error {
	command := exec.Command(pulumi, append(args, unattended()...)...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		t.o.stack = stackArgument(args)
		t.explain(ctx)
		return fmt.Errorf("pulumi %s: %w", args[0], err)
	}
	return nil
}

// aws runs AWS's command line with the region and profile of the stack file.
func (t awsTarget) aws(ctx context.Context, args ...string) ([]byte, error) {
	if !onPath("aws") {
		return nil, fmt.Errorf("the AWS command line is not installed (https://aws.amazon.com/cli/); it answers: aws %s", strings.Join(args, " "))
	}
	flags, err := t.awsFlags()
	if err != nil {
		return nil, err
	}
	return read(ctx, "aws", append(args, flags...)...)
}

func (t awsTarget) awsFlags() ([]string, error) {
	settings, err := config.ReadFile(t.o.root, t.o.stack)
	if err != nil {
		return nil, err
	}
	region, err := settings.Region()
	if err != nil {
		return nil, err
	}
	flags := []string{"--region", region}
	if profile := settings.Text("aws:profile"); profile != "" {
		flags = append(flags, "--profile", profile)
	}
	return flags, nil
}

// read runs a command and returns what it prints; its complaint is part of the error.
func read(ctx context.Context, name string, args ...string) ([]byte, error) {
	var complaint strings.Builder
	command := exec.CommandContext(ctx, name, args...)
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", name, args[0], err, strings.TrimSpace(complaint.String()))
	}
	return out, nil
}

func decodeOutputs(values map[string]any) (outputs, error) {
	var o outputs
	text, err := json.Marshal(values)
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		return o, fmt.Errorf("reading the outputs of the stack: %w", err)
	}
	if o.Release == "" {
		return o, fmt.Errorf("the stack has no release yet: deploy it first (make up)")
	}
	return o, nil
}

func newestFirst(list []image) []image {
	slices.SortStableFunc(list, func(a, b image) int { return b.Pushed.Compare(a.Pushed) })
	return list
}
