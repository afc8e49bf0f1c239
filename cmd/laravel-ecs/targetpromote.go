package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
)

// What a promotion asks of a stack, on this machine and on AWS.

func (t localTarget) repository(ctx context.Context) (string, error) {
	if !deployed(t.o) {
		return "", firstDeployment(t.o.stack)
	}
	return repositoryOf(ctx, t, t.o.stack)
}

func (t awsTarget) repository(ctx context.Context) (string, error) {
	return repositoryOf(ctx, t, t.o.stack)
}

func repositoryOf(ctx context.Context, t target, stack string) (string, error) {
	values, err := t.values(ctx)
	if err != nil {
		return "", err
	}
	if url, ok := values["repositoryUrl"].(string); ok && url != "" {
		return url, nil
	}
	return "", firstDeployment(stack)
}

// firstDeployment explains why a promotion cannot be the first thing that happens to a stack.
func firstDeployment(stack string) error {
	return fmt.Errorf("%s has no registry yet to copy an image into: its first deployment is make up STACK=%[1]s, by hand, once", stack)
}

func (t localTarget) place(ctx context.Context, repositoryURL string) (place, error) {
	machine, err := running(t.o)
	if err != nil {
		return place{}, err
	}
	address, err := machine.Registry(ctx)
	if err != nil {
		return place{}, err
	}
	_, path, _ := strings.Cut(repositoryURL, "/")
	return place{address + "/" + path, authn.Anonymous}, nil
}

func (t awsTarget) place(ctx context.Context, repositoryURL string) (place, error) {
	password, err := t.aws(ctx, "ecr", "get-login-password")
	if err != nil {
		return place{}, err
	}
	return place{repositoryURL, &authn.Basic{Username: "AWS", Password: strings.TrimSpace(string(password))}}, nil
}

// copied tells the account of the embedded cloud, whose registry keeps no book.
func (t localTarget) copied(_ context.Context, pushed image, repositoryURL string, size int64) error {
	a, err := openAccount(t.o)
	if err != nil {
		return err
	}
	_, path, _ := strings.Cut(repositoryURL, "/")
	return a.PutImage(path, pushed.Tag, pushed.Digest, size, pushed.Pushed)
}

func (t awsTarget) copied(context.Context, image, string, int64) error { return nil }

func (t localTarget) upWith(ctx context.Context, values map[string]any) error {
	t.o.overrides = values
	return up(ctx, t.o)
}

func (t awsTarget) upWith(ctx context.Context, values map[string]any) error {
	path, err := readyForAWS(ctx, t.o.root, t.o.stack)
	if err != nil {
		return err
	}
	file, done, err := overridden(t.o, values)
	if err != nil {
		return err
	}
	defer done()
	return t.run(ctx, path, "up", "--stack", t.o.stack, "--config-file", file)
}

// overridden writes a copy of the stack file with other values, for one run.
func overridden(o options, values map[string]any) (file string, done func(), err error) {
	settings, err := config.ReadFile(o.root, o.stack)
	if err != nil {
		return "", nil, err
	}
	for path, value := range values {
		if err := settings.Set(path, value); err != nil {
			return "", nil, err
		}
	}
	folder, err := os.MkdirTemp("", "laravel-ecs-")
	if err != nil {
		return "", nil, err
	}
	if err := settings.Save(folder); err != nil {
		os.RemoveAll(folder)
		return "", nil, err
	}
	return filepath.Join(folder, settings.Name()), func() { os.RemoveAll(folder) }, nil
}

// unattended are the flags of a run that nobody can answer: both GitLab and GitHub set CI.
func unattended() []string {
	if os.Getenv("CI") == "" {
		return nil
	}
	return []string{"--yes", "--non-interactive"}
}
