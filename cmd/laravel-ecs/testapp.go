package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// noTests is the value of image.test for an application without tests. To be without must be said: a pipeline that tests nothing
// would look like one that passes.
const noTests = "none"

// testApp runs the application's own tests in the image of a stack, with the development packages and the tests in it. That image is
// for the processor of this machine, whatever the stack's instances have.
func testApp(ctx context.Context, o options) error {
	settings, err := buildSettings(o)
	if err != nil {
		return err
	}
	dockerfile, app, args := config.TestBuild(settings.Text)
	command := settings.Text("image.test")
	if command == noTests {
		fmt.Fprintf(o.out, "%s: image.test is %s, so no test of %s is run\n", settings.Name(), noTests, app)
		return nil
	}
	if err := prepareBuild(ctx, o); err != nil {
		return err
	}
	build := docker.Build{
		Name: fmt.Sprintf("laravel-ecs/test-%s:%d", o.stack, os.Getpid()), Target: "test",
		Context: o.root, Dockerfile: filepath.Join(o.root, dockerfile), Args: args,
	}
	fmt.Fprintf(o.out, "building %s for the tests of %s\n", build.Name, app)
	if err := build.Run(ctx, io.Discard); err != nil {
		return fmt.Errorf("building the stage \"test\" of %s: %w", dockerfile, err)
	}
	defer docker.RemoveImage(context.WithoutCancel(ctx), build.Name)
	return runTests(ctx, o, build.Name, app, command)
}

// buildSettings is the stack file as its image is built where this command runs.
func buildSettings(o options) (*config.File, error) {
	settings, err := config.ReadFile(o.root, o.stack)
	if err == nil && o.onThisMachine() {
		err = fit(settings, o)
	}
	return settings, err
}

// prepareBuild sees to it that there is a builder, and on this machine the base image.
func prepareBuild(ctx context.Context, o options) error {
	if err := docker.Ensure(ctx, o.out); err != nil || !o.onThisMachine() {
		return err
	}
	return docker.MakeBase(ctx, o.root, o.out)
}

func runTests(ctx context.Context, o options, image, app, command string) error {
	tests := exec.CommandContext(ctx, docker.Client(), "run", "--rm", "--env", "TEST_COMMAND="+command, image)
	tests.Stdout, tests.Stderr = o.out, o.out
	err := tests.Run()
	var failed *exec.ExitError
	switch {
	case err == nil:
		fmt.Fprintf(o.out, "the tests of %s pass\n", app)
		return nil
	case errors.As(err, &failed):
		return fmt.Errorf("the tests of %s failed (exit code %d): see above; image.test in the stack file says how they are run", app, failed.ExitCode())
	}
	return fmt.Errorf("running the tests of %s: %w", app, err)
}
