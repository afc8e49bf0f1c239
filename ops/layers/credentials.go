package layers

import (
	"context"
	"fmt"
	"io"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Prebuild builds what needs this shell's credentials for Composer, or its proxy, before a deployment builds the image; without any it does
// nothing. docker.Image of pulumi-docker 4 has none to give: its session with the builder offers the logins of registries only
// (https://github.com/pulumi/pulumi-docker, provider/image.go). It uses the layers that are in the builder then: BuildKit's secrets are no part
// of a layer, nor of what a layer is found by. Local is the same as of Keep.
func Prebuild(ctx context.Context, root string, settings *config.File, local bool, out io.Writer) error {
	dockerfile, _, _ := settings.TestBuild()
	if _, ours := config.ImageSources("", ""); len(settings.BuildFlags(root)) == 0 || dockerfile != ours || !settings.Builds() {
		return nil
	}
	build, err := buildOf(ctx, root, settings, local, out)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "installing packages with the credentials and the proxy of this shell, which become part of no layer")
	// The last stages that ask servers, and those that they are made of.
	for _, stage := range []string{"assets", "authorities"} {
		build.Target = stage
		if err := build.Run(ctx, nil); err != nil {
			return fmt.Errorf("building the stage %q of %s: %w", stage, dockerfile, err)
		}
	}
	return nil
}
