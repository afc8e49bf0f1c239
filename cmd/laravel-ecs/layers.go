package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
	"github.com/laravel-ecs/laravel-ecs/ops/layers"
)

// layersFolder is what a pipeline keeps between its jobs.
var layersFolder = filepath.Join(".cache", "layers")

// slowStages are the stages of docker/Dockerfile that take minutes and change with a lock file, the assets or a week. What follows
// them is made in seconds, and again with every change.
var slowStages = []string{"server", "composer", "node", "assets"}

// keepLayers builds the slow stages of a stack's image from the layers that earlier jobs have left. What follows in the job finds them
// in the builder, whoever builds; the image itself is made as it always is.
func keepLayers(ctx context.Context, o options) error {
	settings, err := buildSettings(o)
	if err != nil {
		return err
	}
	dockerfile, _, args := config.TestBuild(settings.Text)
	if _, ours := config.ImageSources("", ""); dockerfile != ours {
		fmt.Fprintf(o.out, "%s: image.dockerfile is %s, and only the stages of %s are known here: no layers are kept\n", settings.Name(), dockerfile, ours)
		return nil
	}
	platform, err := platformOf(o, settings)
	if err != nil {
		return err
	}
	if err := prepareBuild(ctx, o); err != nil {
		return err
	}
	return layers.Stages{
		Folder: layersFolder, Names: slowStages, Out: o.out, Now: time.Now(),
		Build: docker.Build{Context: o.root, Dockerfile: filepath.Join(o.root, dockerfile), Platform: platform, Args: args},
	}.Run(ctx)
}

// platformOf is what a stack's image is built for: the instances may be those of the stack that it shares.
func platformOf(o options, s *config.File) (string, error) {
	if other := s.Text("environment.shares"); other != "" {
		var err error
		if s, err = config.ReadFile(o.root, other); err != nil {
			return "", fmt.Errorf("environment.shares: %w", err)
		}
	}
	platform, err := config.Platform(s.List("cluster.instanceTypes"))
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.Name(), err)
	}
	return platform, nil
}
