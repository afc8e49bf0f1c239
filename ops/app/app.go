// Package app has the commands about the application itself: its .env file and its own tests.
package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Dotenv writes the stack's .env file, secrets included: only its owner can read it. A file that exists is replaced only with force.
func Dotenv(ctx context.Context, s *session.Session, file string, force bool) error {
	path := file
	if !filepath.IsAbs(file) {
		path = filepath.Join(s.Root, file)
	}
	if _, err := os.Lstat(path); err == nil && !force {
		return fmt.Errorf("%s exists already: FORCE=1 replaces it", file)
	}
	values, err := s.AllOutputs(ctx, true)
	if err != nil {
		return err
	}
	text, _ := values["dotenv"].(string) // stacks/dotenv.go
	if text == "" {
		return fmt.Errorf("the stack %s has no output dotenv yet: deploy it first (make up STACK=%[1]s)", s.Stack)
	}
	references, _ := values["secretArns"].(map[string]any)
	if text, err = withOthers(ctx, s, text, references); err != nil {
		return err
	}
	if err := writePrivate(path, text, force); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s has %d variables of %s, secrets among them: only you can read it\n", file, strings.Count(text, "\n"), s.Stack)
	return nil
}

// writePrivate writes a file that only its owner can read, whole or not at all. Without replace, one that exists stays.
func writePrivate(path, text string, replace bool) error {
	partial := path
	if replace {
		partial += ".partial"
		_ = os.Remove(partial) // of a run that was killed
	}
	file, err := os.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err == nil && replace {
		err = os.Rename(partial, path)
	}
	if err != nil {
		_ = os.Remove(partial)
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// noTests is the value of image.test for an application without tests. It has to be set: otherwise a pipeline that tests nothing would
// look like one that passes.
const noTests = "none"

// Test runs the application's own tests in the image of a stack, with the development packages and the tests in it. The image is built
// for the processor of this machine, whatever the stack's instances have, and is not pushed. Local builds from docker.BaseImage where the
// stack file names no base image.
func Test(ctx context.Context, root, stack string, local bool, out io.Writer) error {
	settings, err := config.ReadFile(root, stack)
	if err != nil {
		return err
	}
	dockerfile, app, args := settings.TestBuild()
	command := settings.Text("image.test")
	if command == noTests {
		fmt.Fprintf(out, "%s: image.test is %s, so no test of %s is run\n", settings.Name(), noTests, app)
		return nil
	}
	if local && settings.Text("image.baseImage") == "" {
		args["BASE_IMAGE"] = docker.BaseImage
	}
	if err := docker.Prepare(ctx, root, args["BASE_IMAGE"], out); err != nil {
		return err
	}
	build := docker.Build{
		Name: fmt.Sprintf("laravel-ecs/test-%s:%d", stack, os.Getpid()), Target: "test",
		Context: root, Dockerfile: filepath.Join(root, dockerfile), Args: args, Flags: settings.BuildFlags(root),
	}
	fmt.Fprintf(out, "building %s for the tests of %s\n", build.Name, app)
	if err := build.Run(ctx, nil); err != nil {
		return fmt.Errorf("building the stage \"test\" of %s: %w", dockerfile, err)
	}
	defer docker.RemoveImage(context.WithoutCancel(ctx), build.Name)
	tests := docker.Command(ctx, "run", "--rm", "--env", "TEST_COMMAND="+command, build.Name)
	var output bytes.Buffer
	tests.Stdout, tests.Stderr = io.MultiWriter(out, &output), out
	err = tests.Run()
	report(ctx, app, err, output.String(), out)
	var failed *exec.ExitError
	switch {
	case err == nil:
		fmt.Fprintf(out, "the tests of %s pass\n", app)
		return nil
	case errors.As(err, &failed):
		return fmt.Errorf("the tests of %s failed (exit code %d): see above; image.test in the stack file has the command", app, failed.ExitCode())
	}
	return fmt.Errorf("running the tests of %s: %w", app, err)
}
