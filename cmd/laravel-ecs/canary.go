package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"fmt"
)

// canary starts a release beside the one that serves and gives it a share of the requests. Given again, it changes the share.
func canary(ctx context.Context, o options) error {
	settings, err := blueGreenSettings(o)
	if err != nil {
		return err
	}
	if o.percent < 0 || o.percent > 99 {
		return fmt.Errorf("PERCENT=%d is outside 0-99; make promote gives it everything", o.percent)
	}
	d, err := findDeployment(ctx, o)
	if err != nil {
		return err
	}
	candidate, under := o.to, settings.Text("release.candidate")
	if candidate == "" {
		if candidate, err = config.TreeRelease(settings.Text("image.app"), settings.Text("image.dockerfile")); err != nil {
			return err
		}
		if under != "" && under != candidate {
			return fmt.Errorf("release %s is a candidate already, and the working tree is %s: TO=%[1]s goes on with the first, TO=%[2]s replaces it", under, candidate)
		}
	} else if _, err := d.find(candidate); err != nil && candidate != under {
		if tree, treeErr := config.TreeRelease(settings.Text("image.app"), settings.Text("image.dockerfile")); treeErr != nil || tree != candidate {
			return err
		}
	}
	return startCandidate(ctx, o, d, candidate, o.percent)
}

func startCandidate(ctx context.Context, o options, d *deployment, candidate string, percent int) error {
	if candidate == d.outputs.Release {
		return fmt.Errorf("release %s is live already", candidate)
	}
	if err := pin(o, map[string]any{
		"release.name": d.outputs.Release, "release.build": false, "release.candidate": candidate, "release.percent": percent,
	}); err != nil {
		return err
	}
	fmt.Fprintf(o.out, "release %s keeps %d %% of the requests, %s gets %d %%\n", d.outputs.Release, 100-percent, candidate, percent)
	return d.target.up(ctx)
}

// promote makes the candidate the live release: it gets all requests, then the other colour stops.
func promote(ctx context.Context, o options) error {
	settings, err := candidateSettings(o)
	if err != nil {
		return err
	}
	candidate := settings.Text("release.candidate")
	if err := pin(o, map[string]any{
		"release.name": candidate, "release.build": false, "release.live": config.OtherColor(settings.Text("release.live")), "release.candidate": nil, "release.percent": nil,
	}); err != nil {
		return err
	}
	fmt.Fprintf(o.out, "release %s gets all requests\n", candidate)
	return targetOf(o).up(ctx)
}

// abort takes all requests from the candidate. Its tasks stay, for whoever wants to know why.
func abort(ctx context.Context, o options) error {
	settings, err := candidateSettings(o)
	if err != nil {
		return err
	}
	if err := pin(o, map[string]any{"release.percent": 0}); err != nil {
		return err
	}
	candidate := settings.Text("release.candidate")
	fmt.Fprintf(o.out, "release %s gets no more requests; its tasks run on until the next canary, or until release.candidate is taken out of %s\n", candidate, settings.Name())
	return targetOf(o).up(ctx)
}

func blueGreenSettings(o options) (*config.File, error) {
	settings, err := config.ReadFile(o.root, o.stack)
	if err != nil {
		return nil, err
	}
	if settings.Text("release.strategy") != "blueGreen" {
		return nil, fmt.Errorf("%s: release.strategy is not blueGreen: set it and deploy once (make up STACK=%s); nothing that serves moves by that", settings.Name(), o.stack)
	}
	return settings, nil
}

func candidateSettings(o options) (*config.File, error) {
	settings, err := blueGreenSettings(o)
	if err == nil && settings.Text("release.candidate") == "" {
		err = fmt.Errorf("%s has no release.candidate: make canary STACK=%s starts one", settings.Name(), o.stack)
	}
	return settings, err
}
