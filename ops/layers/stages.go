package layers

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
)

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
// uses them when the image is built.
func (s Stages) Run(ctx context.Context) error {
	cache, err := Open(ctx, s.Folder, s.Now)
	if err != nil {
		s.say("no layers are kept: %v", err)
		return nil
	}
	defer cache.Close() // everything it holds is in the folder
	build := s.Build
	build.Args = map[string]string{"BUILDKIT_INLINE_CACHE": "1"} // the stage's image records what its layers are made from
	for name, value := range s.Build.Args {
		build.Args[name] = value
	}
	if build.CacheFrom, err = cache.Kept(ctx); err != nil {
		s.say("no layers of earlier jobs are found: %v", err)
	}
	s.say("%s has %d stages of earlier jobs", s.Folder, len(build.CacheFrom))
	for _, stage := range s.Names {
		begin := time.Now()
		build.Target, build.Name = stage, cache.Reference(stage)
		if err := build.Run(ctx, nil); err != nil {
			return fmt.Errorf("building the stage %q of %s: %w", stage, build.Dockerfile, err)
		}
		s.say("stage %s is in the builder, after %.1f s", stage, time.Since(begin).Seconds())
		if err := keep(ctx, cache, stage); err != nil {
			s.say("the layers of %s are not kept: %v", stage, err)
		}
	}
	size, err := cache.Size()
	s.say("%s holds %d MB of layers for the next job", s.Folder, size/1_000_000)
	return err
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
	if err := cache.Keep(ctx, stage); err != nil {
		return err
	}
	return cache.Sweep()
}
