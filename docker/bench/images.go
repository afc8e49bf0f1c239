package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	client "github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// image is one of the images under comparison, and what was measured of it.
type image struct {
	name, tag      string
	context        string   // folder that is built
	app            string   // the application in it
	dockerfile     string   // in the context
	buildArgs      []string // of docker build
	runFlags       []string // of docker run
	limit          string   // of memory
	port           string   // in the container
	migrates       bool     // at every start, by itself
	partly         bool     // measured without idle connections
	database       string
	disk, packed   int64
	diskWithoutGD  int64
	rebuild, start time.Duration
	unchanged      time.Duration // a build with nothing to do
	steps          []step        // of a rebuild
	migration      time.Duration // in a container of its own, with nothing to do
	loads          map[measurement]load
	tight          load  // with the other image's memory
	memory         int64 // at its highest
	stop           tally
}

// withoutPreload is the same image with an empty list of files to preload.
func (i *image) withoutPreload() *image {
	plain := *i
	plain.name += ", no preload"
	plain.partly = true
	plain.runFlags = append(append([]string{}, i.runFlags...), "--volume", "/dev/null:/var/www/bootstrap/cache/preload.list:ro")
	plain.loads = map[measurement]load{}
	return &plain
}

type bench struct {
	ctx     context.Context
	dir     string // temporary
	network string
	seconds int
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

// docker runs a docker command and returns what it prints.
func (b *bench) docker(args ...string) (string, error) {
	cmd := exec.CommandContext(b.ctx, client.Client(), args...)
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=1")
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(problem.String()), "\n")
		return "", fmt.Errorf("docker %s: %w\n%s", args[0], err, strings.Join(lines[max(0, len(lines)-20):], "\n"))
	}
	return strings.TrimSpace(out.String()), nil
}

// prepare copies what is tracked, so that a rebuild may change it, and makes the tools.
func (b *bench) prepare() (article, ours *image, err error) {
	our, their := filepath.Join(b.dir, "ours"), filepath.Join(b.dir, "article")
	err = errors.Join(
		b.copyTracked(our, "docker", "examples/laravel"),
		os.Rename(filepath.Join(our, "docker/bench/article"), their),
		os.CopyFS(their, os.DirFS(filepath.Join(our, "examples/laravel"))),
		os.Rename(filepath.Join(their, "htaccess"), filepath.Join(their, "public/.htaccess")),
	)
	if err != nil {
		return nil, nil, err
	}
	for _, tool := range []string{"composer", "node", "wrk"} {
		say("making the tool image %s", tool)
		if _, err := b.docker("build", "--build-arg", "BASE_IMAGE="+base, "--target", tool, "--tag", toolTag(tool),
			"--file", filepath.Join(our, "docker/bench/tools.Dockerfile"), filepath.Join(our, "docker/build")); err != nil {
			return nil, nil, err
		}
	}
	article = &image{
		name: "article", tag: "laravel-ecs/bench:article", context: their, app: their, dockerfile: "Dockerfile",
		buildArgs: []string{"BASE_IMAGE=" + base, "COMPOSER_IMAGE=" + toolTag("composer"), "NODE_IMAGE=" + toolTag("node")},
		// The article sets no hard limit, and advises a soft one of 300 to 500 MB. This is where its host would be full.
		limit: "4g", port: "80", migrates: true, database: "article", loads: map[measurement]load{},
	}
	ours = &image{
		name: "ours", tag: "laravel-ecs/bench:ours", context: our, app: filepath.Join(our, "examples/laravel"), dockerfile: "docker/Dockerfile",
		buildArgs: []string{"BASE_IMAGE=" + base, "RELEASE=bench"},
		// As the task definition runs it.
		runFlags: []string{"--user", "33:33", "--read-only", "--tmpfs", "/tmp", "--tmpfs", "/run", "--cap-drop", "ALL",
			"--security-opt", "no-new-privileges"},
		limit: "512m", port: "8080", database: "ours", loads: map[measurement]load{},
	}
	return article, ours, nil
}

func toolTag(name string) string { return "laravel-ecs/bench-" + name }

// copyTracked copies what Git knows, and what it would add, of some folders.
func (b *bench) copyTracked(target string, folders ...string) error {
	list, err := exec.CommandContext(b.ctx, "git", append([]string{"ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"}, folders...)...).Output()
	if err != nil {
		return fmt.Errorf("listing %v: %w", folders, err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		content, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, but not yet for Git
		}
		var info fs.FileInfo
		if err == nil {
			info, err = os.Stat(name)
		}
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(target, name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(target, name), content, info.Mode())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) build(image *image, tag string, more ...string) error {
	_, err := b.docker(buildArguments(image, tag, append(more, "--quiet")...)...)
	return err
}

func buildArguments(image *image, tag string, more ...string) []string {
	args := []string{"build", "--file", filepath.Join(image.context, image.dockerfile), "--tag", tag}
	for _, arg := range image.buildArgs {
		args = append(args, "--build-arg", arg)
	}
	return append(append(args, more...), image.context)
}

// touch changes one line of a PHP file.
func touch(file string, n int) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("// changed %d, %d\n", n, time.Now().UnixNano())
	return os.WriteFile(file, append(content, line...), 0o644)
}

// sizes are an image's bytes on disk, and in a registry.
func (b *bench) sizes(tag string) (disk, packed int64, err error) {
	text, err := b.docker("image", "inspect", "--format", "{{.Size}}", tag)
	if err != nil {
		return 0, 0, err
	}
	if disk, err = strconv.ParseInt(text, 10, 64); err != nil {
		return 0, 0, err
	}
	cmd := exec.CommandContext(b.ctx, client.Client(), "save", tag)
	stream, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	var size counter
	zip := gzip.NewWriter(&size)
	_, err = io.Copy(zip, stream)
	return disk, int64(size), errors.Join(err, zip.Close(), cmd.Wait())
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
