package layers

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/plugin"
)

// Stages are those of a Dockerfile whose layers are kept.
type Stages struct {
	// Folder is where, for this job and the next.
	Folder string
	Names  []string
	// Build says what they are built from; its name and target are each stage's own.
	Build plugin.Build
	// Out gets a line for each, and what goes wrong with the folder, which costs time only.
	Out io.Writer
	Now time.Time
}

// Run builds the stages from the layers that earlier jobs have left, and leaves its own. Afterwards they are in the builder, for
// whatever builds the image.
func (s Stages) Run(ctx context.Context) error {
	shelf, err := Open(ctx, s.Folder, s.Now)
	if err != nil {
		s.say("no layers are kept: %v", err)
		return nil
	}
	defer shelf.Close() // it holds nothing that is not in the folder
	build := s.Build
	build.Args = map[string]string{"BUILDKIT_INLINE_CACHE": "1"} // the stage's image says what its layers are made from
	for name, value := range s.Build.Args {
		build.Args[name] = value
	}
	if build.CacheFrom, err = shelf.Kept(ctx); err != nil {
		s.say("no layers of earlier jobs are found: %v", err)
	}
	s.say("%s has %d stages of earlier jobs", s.Folder, len(build.CacheFrom))
	for _, stage := range s.Names {
		begin := time.Now()
		build.Target, build.Name = stage, shelf.Reference(stage)
		if err := (plugin.Builder{}).Build(ctx, build); err != nil {
			return fmt.Errorf("building the stage %q of %s: %w", stage, build.Dockerfile, err)
		}
		s.say("stage %s is in the builder, after %.1f s", stage, time.Since(begin).Seconds())
		if err := keep(ctx, shelf, stage); err != nil {
			s.say("the layers of %s are not kept: %v", stage, err)
		}
	}
	size, err := shelf.Size()
	s.say("%s holds %d MB of layers for the next job", s.Folder, size/1_000_000)
	return err
}

func (s Stages) say(format string, values ...any) { fmt.Fprintf(s.Out, format+"\n", values...) }

func keep(ctx context.Context, shelf *Shelf, stage string) error {
	reference := shelf.Reference(stage)
	defer exec.Command(plugin.DockerCLI(), "rmi", reference).Run() //nolint:errcheck // the builder keeps its layers
	// BuildKit's records of a stage that was found are not those of one that was built: with them the next job builds it again (TestJobs).
	// So the first ones stay.
	kept, err := shelf.Layers(stage)
	if err != nil {
		return err
	}
	text, err := docker(ctx, "image", "inspect", "--format", `{{join .RootFS.Layers " "}}`, reference)
	if err != nil || slices.Equal(strings.Fields(text), kept) {
		return err
	}
	if _, err := docker(ctx, "push", reference); err != nil {
		return err
	}
	if err := shelf.Keep(ctx, stage); err != nil {
		return err
	}
	return shelf.Sweep()
}

func docker(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, plugin.DockerCLI(), args...).CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, lines[len(lines)-1])
	}
	return string(out), nil
}
