package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

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
	dockerfile, app, args := config.TestBuild(settings.Text)
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
		Context: root, Dockerfile: filepath.Join(root, dockerfile), Args: args,
	}
	fmt.Fprintf(out, "building %s for the tests of %s\n", build.Name, app)
	if err := build.Run(ctx, nil); err != nil {
		return fmt.Errorf("building the stage \"test\" of %s: %w", dockerfile, err)
	}
	defer docker.RemoveImage(context.WithoutCancel(ctx), build.Name)
	tests := docker.Command(ctx, "run", "--rm", "--env", "TEST_COMMAND="+command, build.Name)
	tests.Stdout, tests.Stderr = out, out
	err = tests.Run()
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
