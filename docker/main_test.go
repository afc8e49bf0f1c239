// Package docker_test runs the image, with the example application in it, the way the task definition does: another
// user, a read-only root, no capabilities. It needs a Docker engine; IMAGE names an image to test instead of building
// one, SKIP_CONTAINERS=1 skips everything.
package docker_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	client "github.com/laravel-ecs/laravel-ecs/ops/docker"
)

const (
	root  = ".."
	base  = "laravel-ecs/base:trixie"
	label = "laravel-ecs.test=image"

	// patience is the time limit of a docker command; only the first build of a service's image takes that long.
	patience = 10 * time.Minute
)

// Set by TestMain, for all tests.
var (
	image   string
	network string
)

func TestMain(m *testing.M) {
	if os.Getenv("SKIP_CONTAINERS") == "1" {
		fmt.Println("image tests skipped: SKIP_CONTAINERS=1")
		os.Exit(0)
	}
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintf(os.Stderr, "image tests: %v\n", err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (code int, err error) {
	if _, err := docker("version", "--format", "{{.Server.Version}}"); err != nil {
		return 0, fmt.Errorf("docker does not answer: start it, or set SKIP_CONTAINERS=1: %w", err)
	}
	if image = os.Getenv("IMAGE"); image == "" {
		if image, err = buildImage(); err != nil {
			return 0, err
		}
	}
	network = fmt.Sprintf("laravel-ecs-image-test-%d", os.Getpid())
	if _, err := docker("network", "create", "--label", label, network); err != nil {
		return 0, fmt.Errorf("creating the network: %w", err)
	}
	defer func() {
		stopServices()
		_, removeErr := docker("network", "rm", network)
		err = errors.Join(err, removeErr)
	}()
	return m.Run(), nil
}

// buildImage builds the image of these sources, or finds it: its tag carries their hash.
func buildImage() (string, error) {
	sum, err := hashOf("docker", "examples/laravel")
	if err != nil {
		return "", fmt.Errorf("hashing the sources: %w", err)
	}
	tag := "laravel-ecs/test:" + sum
	if _, err := docker("image", "inspect", tag); err == nil {
		return tag, nil
	}
	if out, err := exec.Command("sh", filepath.Join(root, "docker", "base.sh")).CombinedOutput(); err != nil {
		return "", fmt.Errorf("making the base image: %w\n%s", err, out)
	}
	fmt.Println("building", tag)
	_, err = build(root, tag)
	return tag, err
}

// build builds the image of a tree that contains docker/, under a tag, and returns the builder's output.
func build(dir, tag string, more ...string) (progress string, err error) {
	args := []string{"build", "--progress", "plain", "--build-arg", "BASE_IMAGE=" + base, "--build-arg", "RELEASE=test",
		"--file", filepath.Join(dir, "docker", "Dockerfile"), "--tag", tag}
	if slices.ContainsFunc(more, func(arg string) bool { return strings.HasPrefix(arg, "APP=") }) {
		args = append(args, "--build-arg", "UNLOCKED=1") // the applications of the tests are made for one day
	}
	args = append(args, more...)
	cmd := exec.Command(client.Client(), append(args, dir)...)
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		err = fmt.Errorf("building the image: %w\n%s", err, strings.Join(lines[max(0, len(lines)-30):], "\n"))
	}
	return string(out), err
}

// hashOf hashes what may go into the image from the given folders of the repository.
func hashOf(folders ...string) (string, error) {
	skip := map[string]bool{"bench": true, "testdata": true, "node_modules": true, "vendor": true, "cache": true, "storage": true}
	hash := sha256.New()
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && skip[d.Name()]:
				return filepath.SkipDir
			case d.IsDir() || strings.HasSuffix(path, ".go"):
				return nil
			}
			data, err := os.ReadFile(path)
			fmt.Fprintf(hash, "%s %d\n%s\n", path, len(data), data)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)[:6]), nil
}

// docker runs a docker command and returns what it prints, both streams: a container logs to both.
func docker(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, client.Client(), args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if ctx.Err() != nil {
		return text, fmt.Errorf("docker %s: still not done after %s", strings.Join(args, " "), patience)
	}
	if err != nil {
		return text, fmt.Errorf("docker %s: %w: %s", args[0], err, text)
	}
	return text, nil
}
