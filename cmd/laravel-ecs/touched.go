package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/forge"
)

// program is what decides about every environment. Tests and documentation are no part of it.
var program = []string{"Pulumi.yaml", "go.mod", "go.sum", "main.go", "infra/", "stacks/"}

// environment is a stack that pipelines deploy.
type environment struct {
	stack string
	image []string // folders and files that go into its image
}

// environments are the stacks whose files say that a pipeline deploys them: not this machine, not what lives as long as a merge
// request, and not the account, which is deployed by hand.
func environments(root string) ([]environment, error) {
	var list []environment
	for _, stack := range config.Stacks(root) {
		settings, err := config.ReadFile(root, stack)
		if err != nil {
			return nil, err
		}
		class := settings.Text("environment.class")
		if class == "local" || class == "review" || isAccount(settings) {
			continue
		}
		app, dockerfile := config.ImageSources(settings.Text("image.app"), settings.Text("image.dockerfile"))
		list = append(list, environment{stack: stack, image: []string{app, path.Dir(dockerfile)}})
	}
	return list, nil
}

// touchedBy returns the environments that a change of these files may change.
func touchedBy(files []string, all []environment) []string {
	var touched []string
	for _, e := range all {
		if slices.ContainsFunc(files, e.has) {
			touched = append(touched, e.stack)
		}
	}
	return touched
}

func (e environment) has(file string) bool {
	if strings.HasSuffix(file, "_test.go") || strings.Contains(file, "/testdata/") {
		return false
	}
	if file == "Pulumi."+e.stack+".yaml" {
		return true
	}
	return slices.ContainsFunc(append(program, e.image...), func(place string) bool {
		return file == place || strings.HasPrefix(file, strings.TrimSuffix(place, "/")+"/")
	})
}

// touchedSince asks Git which files differ, counted from where the branch began.
func touchedSince(ctx context.Context, o options) ([]string, error) {
	command := exec.CommandContext(ctx, "git", "-C", o.root, "diff", "--name-only", "--no-renames", "-z", o.since+"...HEAD", "--")
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("this clone cannot compare with %q: fetch the whole history (GitLab: GIT_DEPTH: 0, GitHub: fetch-depth: 0)", o.since)
	}
	all, err := environments(o.root)
	if err != nil {
		return nil, err
	}
	return touchedBy(strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), all), nil
}

// listTouched prints one stack per line.
func listTouched(ctx context.Context, o options) error {
	if _, err := requestOf(&o); err != nil {
		return err
	}
	touched, err := touchedSince(ctx, o)
	for _, stack := range touched {
		fmt.Fprintln(o.out, stack)
	}
	return err
}

// requestOf returns the merge request of this job, nil where there is none, and sees to it that --since has a value.
func requestOf(o *options) (*forge.Request, error) {
	request, err := forge.Detect(os.Getenv)
	if err != nil {
		return nil, err
	}
	if request != nil {
		o.since = cmp.Or(o.since, request.Base)
	}
	if o.since == "" {
		return nil, errors.New("--since: no revision is given (SINCE=main), and this is no job of a merge request")
	}
	return request, nil
}
