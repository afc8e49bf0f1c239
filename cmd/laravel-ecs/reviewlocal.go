package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
	"github.com/laravel-ecs/laravel-ecs/cmd/laravel-ecs/internal/review"
)

// localReviews are the review environments on this machine: a state folder each.
type localReviews struct{ o options }

// Names are those of the state folders below .local.
func (l localReviews) Names(context.Context) ([]string, error) {
	folders, err := filepath.Glob(filepath.Join(l.o.root, ".local", "*", "version"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, version := range folders {
		names = append(names, filepath.Base(filepath.Dir(version)))
	}
	return names, nil
}

// Look reads the file that the engine keeps its state in.
func (l localReviews) Look(_ context.Context, name string) (review.Stack, error) {
	files, err := filepath.Glob(filepath.Join(l.options(name).state, "state", ".pulumi", "stacks", "*", name+".json"))
	if err != nil || len(files) == 0 { // a rehearsal, or a run that was killed before its first resource
		return review.Stack{Name: name}, err
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		return review.Stack{Name: name}, fmt.Errorf("reading the state of %s: %w", name, err)
	}
	return review.ParseState(name, text)
}

// Destroy removes containers and state, and the stack's file.
func (l localReviews) Destroy(ctx context.Context, s review.Stack) error {
	o := l.options(s.Name)
	if _, err := os.Stat(reviewFile(o, s.Name)); err != nil {
		o.force = true // without its file the engine cannot be asked
	}
	if err := down(ctx, o); err != nil {
		return err
	}
	return removeReviewFile(o, s.Name)
}

// Strays are stack files without a stack, and containers whose state folder is gone.
func (l localReviews) Strays(ctx context.Context, names []string) ([]string, error) {
	lines := filesWithoutStack(l.o, names)
	out, err := read(ctx, docker.Client(), "ps", "--all", "--filter", "label=laravel-ecs.state", "--format", `{{.Names}} {{.Label "laravel-ecs.state"}}`)
	if err != nil {
		return lines, err
	}
	ours := filepath.Join(l.o.root, ".local", review.Prefix)
	for line := range strings.Lines(string(out)) {
		container, state, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(state, ours) && !slices.Contains(names, filepath.Base(state)) {
			lines = append(lines, fmt.Sprintf("container %s of %s: remove it with docker rm --force", container, filepath.Base(state)))
		}
	}
	return lines, nil
}

func (l localReviews) deploy(ctx context.Context, _ *config.File, name string, exists bool) error {
	o := l.options(name)
	if !exists {
		for variable, port := range map[string]*int{"HTTP_PORT": &o.httpPort, "HTTPS_PORT": &o.httpsPort} {
			if os.Getenv(variable) != "" {
				continue
			}
			free, err := freePort()
			if err != nil {
				return err
			}
			*port = free
		}
	}
	return up(ctx, o)
}

// options are those of one stack: its folder, and its ports unless others are asked for.
func (l localReviews) options(name string) options {
	o := l.o
	o.stack, o.state = name, filepath.Join(o.root, ".local", name)
	last := rememberedPorts(o.state)
	if os.Getenv("HTTP_PORT") == "" {
		o.httpPort = last.HTTP
	}
	if os.Getenv("HTTPS_PORT") == "" {
		o.httpsPort = last.HTTPS
	}
	return o
}

// freePort is a port that nobody listens on: environments run side by side.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("looking for a free port (HTTP_PORT=... chooses one): %w", err)
	}
	defer l.Close()
	address, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("looking for a free port: %s is not one", l.Addr())
	}
	return address.Port, nil
}
