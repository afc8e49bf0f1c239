package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// images are the registry and the images in it that run.
type images struct {
	registry  *infra.Registry
	byRelease map[string]*infra.Image
}

// createImages builds the image of the release for the machine, or looks it up. With a candidate, the live image is looked up, and the
// candidate is built if it is what the working tree holds.
func (s *stack) createImages(ctx *pulumi.Context, machine config.InstanceType) (*images, error) {
	c := s.config
	registry, err := infra.NewRegistry(ctx, s.prefix+"-registry", infra.RegistryArgs{
		UntaggedDays: c.Registry.UntaggedDays, ReleasesKept: c.Registry.ReleasesKept, ReviewDays: c.Registry.ReviewDays,
		ForceDelete: !c.Environment.Protected(),
	}, s.aws)
	if err != nil {
		return nil, wrap("registry", err)
	}
	all := &images{registry: registry, byRelease: map[string]*infra.Image{}}
	add := func(name, release string, build bool) error {
		image, err := infra.NewImage(ctx, s.prefix+name, infra.ImageArgs{
			Registry: registry, Tag: config.ReleaseTag(c.Environment.Class, release), Build: build,
			Context: ".", Dockerfile: c.Image.Dockerfile, Platform: machine.Platform(), BuildArgs: c.BuildArgs(release),
		}, s.aws)
		all.byRelease[release] = image
		return err
	}
	candidate := c.Release.Candidate
	if (c.Release.Build || candidate != "") && !ctx.DryRun() { // once, not in the preview too
		for _, line := range append(c.Image.LeftOut(), c.FileWarnings()...) {
			if err := ctx.Log.Warn(line, nil); err != nil {
				return nil, err
			}
		}
	}
	if candidate == "" {
		return all, wrap("image", add("-image", s.release, c.Release.Build))
	}
	if err := add("-image-live", s.release, false); err != nil {
		return nil, wrap("live image", err)
	}
	tree, err := c.TreeRelease()
	return all, wrap("candidate image", add("-image", candidate, err == nil && tree == candidate))
}
