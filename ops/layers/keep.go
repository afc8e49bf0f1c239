package layers

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// folder is what a pipeline keeps between its jobs, counted from the repository's folder, in which commands run.
var folder = filepath.Join(".cache", "layers")

// slowStages are the stages of docker/Dockerfile that take minutes and change rarely: with a lock file, the assets or the week. The stages
// after them take seconds and change with every commit.
var slowStages = []string{"server", "tools", "composer", "node", "assets"}

// Keep builds the slow stages of a stack's image from the layers of earlier jobs. Whatever builds the image in this job then finds them in
// the builder. Local builds for this machine's processor, and from docker.BaseImage where the stack file names no base image.
func Keep(ctx context.Context, root, stack string, local bool, out io.Writer) error {
	settings, err := config.ReadFile(root, stack)
	if err != nil {
		return err
	}
	dockerfile, _, _ := settings.TestBuild()
	if _, ours := config.ImageSources("", ""); dockerfile != ours {
		fmt.Fprintf(out, "%s: image.dockerfile is %s, and only the stages of %s are known here: no layers are kept\n", settings.Name(), dockerfile, ours)
		return nil
	}
	build, err := buildOf(ctx, root, settings, local, out)
	if err != nil {
		return err
	}
	return Stages{Folder: folder, Names: slowStages, Out: out, Now: time.Now(), Build: build}.Run(ctx)
}

// buildOf is a build of a stack's image by docker/Dockerfile, with its base image there. Name and target are the caller's.
func buildOf(ctx context.Context, root string, settings *config.File, local bool, out io.Writer) (docker.Build, error) {
	dockerfile, _, args := settings.TestBuild()
	platform, err := platformOf(root, settings)
	if err != nil {
		return docker.Build{}, err
	}
	if local {
		platform = "linux/" + runtime.GOARCH
		if settings.Text("image.baseImage") == "" {
			args["BASE_IMAGE"] = docker.BaseImage
		}
	}
	build := docker.Build{Context: root, Dockerfile: filepath.Join(root, dockerfile), Platform: platform, Args: args, Flags: settings.BuildFlags(root)}
	return build, docker.Prepare(ctx, root, args["BASE_IMAGE"], out)
}

// platformOf is what a stack's image is built for. A stack that shares another one's cluster runs on its instances.
func platformOf(root string, settings *config.File) (string, error) {
	if other := settings.Text("environment.shares"); other != "" {
		var err error
		if settings, err = config.ReadFile(root, other); err != nil {
			return "", fmt.Errorf("environment.shares: %w", err)
		}
	}
	platform, err := settings.Platform()
	if err != nil {
		return "", fmt.Errorf("%s: %w", settings.Name(), err)
	}
	return platform, nil
}

// Stages are those of a Dockerfile whose layers are kept.
type Stages struct {
	// Folder is where, for this job and the next.
	Folder string
	Names  []string
	// Build says what they are built from; its name and target are each stage's own.
	Build docker.Build
	// Out gets a line for each stage, and the errors of the folder: these cost time, and stop nothing.
	Out io.Writer
	Now time.Time
}

// Run builds the stages from the layers of earlier jobs, and keeps their layers for the next one. Afterwards the builder has them, and
// uses them when the image is built. Where nothing can be kept the stages are built all the same: a deployment finds them in the builder, and
// with them the private packages, for which it has no credentials.
func (s Stages) Run(ctx context.Context) error {
	build, cache := s.Build, s.open(ctx)
	if cache != nil {
		defer cache.Close()                                          // everything it holds is in the folder
		build.Args = map[string]string{"BUILDKIT_INLINE_CACHE": "1"} // the stage's image records what its layers are made from
		maps.Copy(build.Args, s.Build.Args)
		var err error
		if build.CacheFrom, err = cache.Kept(ctx); err != nil {
			s.say("no layers of earlier jobs are found: %v", err)
		}
		s.say("%s has %d stages of earlier jobs", s.Folder, len(build.CacheFrom))
	}
	for _, stage := range s.Names {
		begin := time.Now()
		if build.Target = stage; cache != nil {
			build.Name = cache.Reference(stage)
		}
		if err := build.Run(ctx, nil); err != nil {
			return fmt.Errorf("building the stage %q of %s: %w", stage, build.Dockerfile, err)
		}
		s.say("stage %s is in the builder, after %.1f s", stage, time.Since(begin).Seconds())
		if cache == nil {
			continue
		}
		if err := keep(ctx, cache, stage); err != nil {
			s.say("the layers of %s are not kept: %v", stage, err)
		}
	}
	if cache == nil {
		return nil
	}
	size, err := cache.Size()
	s.say("%s holds %d MB of layers for the next job", s.Folder, size/1_000_000)
	return err
}

// open is the cache, or nil where nothing can be kept.
func (s Stages) open(ctx context.Context) *LayerCache {
	cache, err := Open(ctx, s.Folder, s.Now)
	if err != nil {
		s.say("no layers are kept: %v", err)
		return nil
	}
	if reaches(ctx, cache) {
		return cache
	}
	s.say("no layers are kept: the Docker engine is on another machine, which does not reach this one; if it stays, it has the layers of earlier jobs itself")
	_ = cache.Close()
	return nil
}

// reaches tells whether the Docker engine reaches the cache, which listens on loopback. One on another machine or in another container has a
// loopback of its own. Its address does not tell: tcp://127.0.0.1 may be a tunnel. So the engine is sent there, for an image that is not there.
func reaches(ctx context.Context, cache *LayerCache) bool {
	cache.asked.Store(false)
	_ = docker.Command(ctx, "pull", cache.Reference("none")).Run()
	return cache.asked.Load()
}

func (s Stages) say(format string, values ...any) { fmt.Fprintf(s.Out, format+"\n", values...) }

func keep(ctx context.Context, cache *LayerCache, stage string) error {
	reference := cache.Reference(stage)
	defer docker.RemoveImage(context.WithoutCancel(ctx), reference)
	// BuildKit records something else for a stage that it found in a cache than for one that it built, and from those records the next
	// job builds the stage again (TestJobs). So the first records stay.
	kept, err := cache.Layers(stage)
	if err != nil {
		return err
	}
	text, err := docker.Output(ctx, "image", "inspect", "--format", `{{join .RootFS.Layers " "}}`, reference)
	if err != nil || slices.Equal(strings.Fields(text), kept) {
		return err
	}
	if _, err := docker.Output(ctx, "push", reference); err != nil {
		return err
	}
	return cache.Keep(ctx, stage)
}
