package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"text/tabwriter"
)

// release is an image of the registry under the name that people use.
type release struct {
	image
	name string
}

// deployment is a stack with what it runs and what it could run.
type deployment struct {
	target   target
	outputs  outputs
	releases []release // newest first
}

func findDeployment(ctx context.Context, o options) (*deployment, error) {
	d := &deployment{target: targetOf(o)}
	var err error
	if d.outputs, err = d.target.outputs(ctx); err != nil {
		return nil, err
	}
	_, repository, _ := strings.Cut(d.outputs.RepositoryURL, "/")
	pushed, err := d.target.images(ctx, repository)
	if err != nil {
		return nil, err
	}
	for _, one := range pushed {
		if name, ok := config.ReleaseOfTag(one.Tag); ok {
			d.releases = append(d.releases, release{one, name})
		}
	}
	return d, nil
}

// find returns a release of the registry, or says what is there.
func (d *deployment) find(name string) (release, error) {
	i := slices.IndexFunc(d.releases, func(r release) bool { return r.name == name })
	if i < 0 {
		return release{}, fmt.Errorf("there is no release %s in the registry; it has %s", name, d.names())
	}
	return d.releases[i], nil
}

// before returns the release that was pushed before the one that runs.
func (d *deployment) before(name string) (release, error) {
	i := slices.IndexFunc(d.releases, func(r release) bool { return r.name == name })
	if i < 0 || i+1 == len(d.releases) {
		return release{}, fmt.Errorf("there is no release before %s in the registry; it has %s", name, d.names())
	}
	return d.releases[i+1], nil
}

func (d *deployment) names() string {
	var names []string
	for _, r := range d.releases {
		names = append(names, r.name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// runs tells what a release does at the moment.
func (d *deployment) runs(name string) string {
	var roles []string
	for _, color := range config.Colors {
		share, there := d.outputs.Traffic[color]
		switch {
		case !there || share.Release != name:
		case len(d.outputs.Traffic) == 1:
			roles = append(roles, "runs")
		default:
			roles = append(roles, fmt.Sprintf("runs, %s, %d %%", color, share.Percent))
		}
	}
	return strings.Join(roles, "; ")
}

// listReleases prints what a rollback can return to.
func listReleases(ctx context.Context, o options) error {
	d, err := findDeployment(ctx, o)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(o.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RELEASE\tPUSHED\tDIGEST\t")
	for _, r := range d.releases {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.name, r.Pushed.Local().Format("2006-01-02 15:04:05"), r.Digest[:min(19, len(r.Digest))], d.runs(r.name))
	}
	return table.Flush()
}

// rollback returns to an earlier release without building: the stack file pins it, and up deploys it through the same gates.
func rollback(ctx context.Context, o options) error {
	d, err := findDeployment(ctx, o)
	if err != nil {
		return err
	}
	to, err := d.before(d.outputs.Release)
	if o.to != "" {
		to, err = d.find(o.to)
	}
	if err != nil {
		return err
	}
	if to.name == d.outputs.Release {
		return fmt.Errorf("release %s runs already", to.name)
	}
	settings, err := config.ReadFile(o.root, o.stack)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "rolling back from release %s to %s (%s)\n", d.outputs.Release, to.name, to.Digest)
	warnOfMigrations(ctx, o, settings, to.name, d.outputs.Release)
	if settings.Text("release.strategy") == "blueGreen" {
		return rollBackColor(ctx, o, d, to.name)
	}
	if err := pin(o, map[string]any{"release.name": to.name, "release.build": false}); err != nil {
		return err
	}
	fmt.Fprintf(o.out, "%s pins it from now on; make unpin STACK=%s takes that away, and the next make up deploys the working tree\n", settings.Name(), o.stack)
	return d.target.up(ctx)
}

// rollBackColor starts the old release beside the one that serves, then moves all requests at once.
func rollBackColor(ctx context.Context, o options, d *deployment, to string) error {
	if err := startCandidate(ctx, o, d, to, 0); err != nil {
		return err
	}
	return promote(ctx, o)
}

// unpin takes back what a rollback wrote into the stack file.
func unpin(_ context.Context, o options) error {
	settings, err := config.ReadFile(o.root, o.stack)
	if err != nil {
		return err
	}
	if settings.Get("release.name") == nil {
		return fmt.Errorf("%s pins no release", settings.Name())
	}
	if settings.Text("release.candidate") != "" {
		return fmt.Errorf("%s has a candidate: promote or abort it first", settings.Name())
	}
	if err := pin(o, map[string]any{"release.name": nil, "release.build": nil}); err != nil {
		return err
	}
	fmt.Fprintf(o.out, "%s pins no release any more: make up deploys the working tree\n", settings.Name())
	return nil
}

// pin writes keys of the stack file; nil takes one away.
func pin(o options, values map[string]any) error {
	settings, err := config.ReadFile(o.root, o.stack)
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(values)) {
		if values[path] == nil {
			settings.Unset(path)
		} else if err := settings.Set(path, values[path]); err != nil {
			return err
		}
	}
	return settings.Save(o.root)
}

// warnOfMigrations says when the schema is newer than the code will be: a rollback does not migrate back.
func warnOfMigrations(ctx context.Context, o options, settings *config.File, to, from string) {
	files, err := migrationsBetween(ctx, settings, to, from)
	switch {
	case err != nil:
		fmt.Fprintf(o.out, "warning: whether migrations ran since cannot be told: %v\n", err)
	case len(files) > 0:
		fmt.Fprintf(o.out, "warning: %d migrations ran since, and stay: the old code must get along with them\n  %s\n", len(files), strings.Join(files, "\n  "))
	}
}

// migrationsBetween lists the migrations that one release has and an earlier one has not.
func migrationsBetween(ctx context.Context, settings *config.File, to, from string) ([]string, error) {
	app := settings.Text("image.app")
	if app == "" {
		app = "examples/laravel"
	}
	// An application that is a repository of its own puts its commit behind -app. (docs/adr/0007).
	repository, folder := ".", app+"/database/migrations"
	if strings.Contains(to, "-app.") {
		repository, folder = app, "database/migrations"
	}
	var commits []string
	for _, name := range []string{to, from} {
		commit := name
		if _, own, ok := strings.Cut(name, "-app."); ok {
			commit = own
		}
		commit, _, _ = strings.Cut(commit, "-dirty.")
		if err := exec.CommandContext(ctx, "git", "-C", repository, "rev-parse", "--quiet", "--verify", commit+"^{commit}").Run(); err != nil {
			return nil, errors.New("release " + name + " is no commit that this clone has")
		}
		commits = append(commits, commit)
	}
	out, err := exec.CommandContext(ctx, "git", "-C", repository, "diff", "--name-only", commits[0], commits[1], "--", folder).Output()
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(out)), nil
}
