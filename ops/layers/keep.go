package layers

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// folder is what a pipeline keeps between its jobs, counted from the repository's folder, in which commands run.
var folder = filepath.Join(".cache", "layers")

// slowStages are the stages of docker/Dockerfile that take minutes and change rarely: with a lock file, the assets or the week. The stages
// after them take seconds and change with every commit.
var slowStages = []string{"server", "composer", "node", "assets"}

// Keep builds the slow stages of a stack's image from the layers of earlier jobs. Whatever builds the image in this job then finds them in
// the builder. Local builds for this machine's processor, and from docker.BaseImage where the stack file names no base image.
func Keep(ctx context.Context, root, stack string, local bool, out io.Writer) error {
	settings, err := config.ReadFile(root, stack)
	if err != nil {
		return err
	}
	dockerfile, _, args := config.TestBuild(settings.Text)
	if _, ours := config.ImageSources("", ""); dockerfile != ours {
		fmt.Fprintf(out, "%s: image.dockerfile is %s, and only the stages of %s are known here: no layers are kept\n", settings.Name(), dockerfile, ours)
		return nil
	}
	platform, err := platformOf(root, settings)
	if err != nil {
		return err
	}
	if local {
		platform = "linux/" + runtime.GOARCH
		if settings.Text("image.baseImage") == "" {
			args["BASE_IMAGE"] = docker.BaseImage
		}
	}
	if err := docker.Prepare(ctx, root, args["BASE_IMAGE"], out); err != nil {
		return err
	}
	return Stages{
		Folder: folder, Names: slowStages, Out: out, Now: time.Now(),
		Build: docker.Build{Context: root, Dockerfile: filepath.Join(root, dockerfile), Platform: platform, Args: args},
	}.Run(ctx)
}

// platformOf is what a stack's image is built for. A stack that shares another one's cluster runs on its instances.
func platformOf(root string, settings *config.File) (string, error) {
	if other := settings.Text("environment.shares"); other != "" {
		var err error
		if settings, err = config.ReadFile(root, other); err != nil {
			return "", fmt.Errorf("environment.shares: %w", err)
		}
	}
	platform, err := config.Platform(settings.List("cluster.instanceTypes"))
	if err != nil {
		return "", fmt.Errorf("%s: %w", settings.Name(), err)
	}
	return platform, nil
}
