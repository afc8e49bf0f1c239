// Package app has the commands about the application itself: its .env file, the variables it asks for and its own tests.
package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
	"github.com/laravel-ecs/laravel-ecs/ops/exit"
	"github.com/laravel-ecs/laravel-ecs/ops/inmemory"
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

// CheckConfig compares the application's .env.example with what the stack file provides. The emulator deploys the stack file to an
// account in memory for that, so the stack need not exist and no credentials are needed.
func CheckConfig(ctx context.Context, root, stack string, out io.Writer) error {
	settings, err := config.ReadFile(root, stack)
	if err != nil {
		return err
	}
	app, _ := config.ImageSources(settings.Text("image.app"), "")
	example := filepath.Join(app, ".env.example")
	text, err := os.ReadFile(filepath.Join(root, example))
	if err != nil {
		return fmt.Errorf("the application lists what it needs in .env.example: %w", err)
	}
	printed, err := inmemory.Output(ctx, root, "outputs", "--stack", stack, "--json")
	if err != nil {
		return fmt.Errorf("%s: %w", settings.Name(), err)
	}
	var outputs struct {
		AppConfig  map[string]any `json:"appConfig"`
		SecretARNs map[string]any `json:"secretArns"`
	}
	if err := json.Unmarshal(printed, &outputs); err != nil {
		return fmt.Errorf("reading the outputs of %s: %w", settings.Name(), err)
	}
	asked, optional := config.DotenvKeys(string(text))
	asked = buildOnly(out, settings, example, asked)
	provided := slices.AppendSeq(slices.Collect(maps.Keys(outputs.AppConfig)), maps.Keys(outputs.SecretARNs))
	missing, unused := compare(asked, optional, provided)
	fmt.Fprintf(out, "%s provides %d variables, %d of them secret\n", settings.Name(), len(provided), len(outputs.SecretARNs))
	if len(unused) > 0 {
		fmt.Fprintf(out, "not in %s: %s\n", example, strings.Join(unused, ", "))
	}
	if len(missing) == 0 {
		fmt.Fprintf(out, "everything that %s asks for is there\n", example)
		return nil
	}
	fmt.Fprintf(out, "missing, though %s asks for it: %s\n", example, strings.Join(missing, ", "))
	fmt.Fprintf(out, "set env.NAME in %s, or pulumi config set --secret --path secrets.NAME; or comment the line out, if there is a default\n", settings.Name())
	return exit.AfterPrinting(errors.New("variables are missing"))
}

// buildOnly says which variables have no effect in a container, because the bundle has their values, and returns the others.
func buildOnly(out io.Writer, settings *config.File, example string, asked []string) (others []string) {
	set, missing := []string{}, []string{}
	for _, name := range asked {
		switch {
		case !config.AtBuildOnly(name):
			others = append(others, name)
		case settings.Get("image.buildEnv."+name) != nil:
			set = append(set, name)
		default:
			missing = append(missing, name)
		}
	}
	if len(set) > 0 {
		fmt.Fprintf(out, "in the bundle (image.buildEnv): %s\n", strings.Join(set, ", "))
	}
	if len(missing) > 0 {
		fmt.Fprintf(out, "undefined in the bundle, though %s has it: %s; set image.buildEnv.NAME in %s\n", example, strings.Join(missing, ", "), settings.Name())
	}
	variables, _ := settings.Get("env").(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if config.AtBuildOnly(name) {
			fmt.Fprintf(out, "env.%s has no effect on the bundle, which is made before a container starts: use image.buildEnv\n", name)
		}
	}
	return others
}

// compare finds what the stack lacks and what the application does not ask for.
func compare(asked, optional, provided []string) (missing, unused []string) {
	known := slices.Concat(asked, optional)
	missing = slices.DeleteFunc(slices.Sorted(slices.Values(asked)), func(name string) bool { return slices.Contains(provided, name) })
	unused = slices.DeleteFunc(slices.Sorted(slices.Values(provided)), func(name string) bool { return slices.Contains(known, name) })
	return slices.Compact(missing), unused
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
