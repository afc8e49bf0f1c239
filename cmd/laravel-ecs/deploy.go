package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"errors"
	"fmt"
)

// deploy gives a stack the release that another one runs: the very image, copied by digest, and nothing built.
func deploy(ctx context.Context, o options) error {
	if o.from == "" || o.from == o.stack {
		return errors.New("deploy: FROM=stack is missing: the environment whose release is taken over (make up builds and deploys the working tree)")
	}
	settings, err := promotable(o)
	if err != nil {
		return err
	}
	source := o
	source.stack, source.state = o.from, o.stateOf(o.from)
	from, err := findDeployment(ctx, source)
	if err != nil {
		return fmt.Errorf("looking for what %s runs: %w", o.from, err)
	}
	chosen, err := from.promoted(o, settings)
	if err != nil {
		return err
	}
	to := targetOf(o)
	repository, err := to.repository(ctx)
	if err != nil {
		return err
	}
	tag := config.ReleaseTag(settings.Text("environment.class"), chosen.name)
	fmt.Fprintf(o.out, "release %s of %s, %s\n", chosen.name, o.from, chosen.Digest)
	if err := copyImage(ctx, from, to, chosen, repository, tag); err != nil {
		return err
	}
	if err := to.upWith(ctx, map[string]any{"release.name": chosen.name, "release.build": false}); err != nil {
		return err
	}
	runs, err := to.outputs(ctx)
	if err != nil {
		return err
	}
	if runs.ImageDigest != chosen.Digest {
		return fmt.Errorf("%s runs %s, and %s was promoted: nobody may have pushed in between", o.stack, runs.ImageDigest, chosen.Digest)
	}
	fmt.Fprintf(o.out, "%s runs release %s, the image of %s: %s\n", o.stack, chosen.name, o.from, chosen.Digest)
	return nil
}

// promotable reads the stack file and refuses one that says itself what runs, or that could not run the other's image.
func promotable(o options) (*config.File, error) {
	settings, err := config.ReadFile(o.root, o.stack)
	if err != nil {
		return nil, err
	}
	other, err := config.ReadFile(o.root, o.from)
	if err != nil {
		return nil, err
	}
	if pinned := settings.Text("release.name"); pinned != "" {
		return nil, fmt.Errorf("%s pins release %s, a rollback as a rule: make unpin STACK=%s first", settings.Name(), pinned, o.stack)
	}
	if settings.Text("release.strategy") == "blueGreen" {
		return nil, fmt.Errorf("%s: release.strategy is blueGreen, where make canary and make promote move the requests: make deploy is for rolling", settings.Name())
	}
	if o.onThisMachine() { // everything has the architecture of this machine
		return settings, nil
	}
	platform, err := config.Platform(settings.List("cluster.instanceTypes"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", settings.Name(), err)
	}
	built, err := config.Platform(other.List("cluster.instanceTypes"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", other.Name(), err)
	}
	if platform != built {
		return nil, fmt.Errorf("cluster.instanceTypes: %s has %s, %s has %s: one image cannot run on both", settings.Name(), platform, other.Name(), built)
	}
	return settings, nil
}

// promoted is the release to take over: TO, or the one that runs, which must be that of this checkout. An old pipeline that is started
// again would otherwise bring a new image and old settings together.
func (d *deployment) promoted(o options, settings *config.File) (release, error) {
	if o.to != "" {
		return d.find(o.to)
	}
	tree, err := config.TreeRelease(settings.Text("image.app"), settings.Text("image.dockerfile"))
	if err != nil {
		return release{}, err
	}
	if tree != d.outputs.Release {
		return release{}, fmt.Errorf("%s runs release %s, and this checkout is %s: deploy it to %[1]s first, or say TO=%[2]s", o.from, d.outputs.Release, tree)
	}
	return d.find(tree)
}
