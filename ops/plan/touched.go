package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/forge"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// program are the files that every environment depends on. Tests and documentation are not among them.
var program = []string{"Pulumi.yaml", "go.mod", "go.sum", "main.go", "infra/", "stacks/"}

// environment is a stack that pipelines deploy.
type environment struct {
	stack string
	image []string // folders and files that go into its image
}

// environments are the stacks that a pipeline deploys: not those of class local or review, and not the account stack, which is deployed
// by hand.
func environments(root string) ([]environment, error) {
	var list []environment
	for _, stack := range config.Stacks(root) {
		settings, err := config.ReadFile(root, stack)
		if err != nil {
			return nil, err
		}
		class := settings.Text("environment.class")
		if class == "local" || class == "review" || settings.Get("account") != nil {
			continue
		}
		app, dockerfile := config.ImageSources(cmp.Or(settings.Text("image.context"), settings.Text("image.app")), settings.Text("image.dockerfile"))
		list = append(list, environment{stack: stack, image: []string{app, path.Dir(dockerfile)}})
	}
	return list, nil
}

// touchedBy returns the environments that a change of these files may change.
func touchedBy(files []string, all []environment) []string {
	var touched []string
	for _, e := range all {
		if slices.ContainsFunc(files, e.has) {
			touched = append(touched, e.stack)
		}
	}
	return touched
}

func (e environment) has(file string) bool {
	if strings.HasSuffix(file, "_test.go") || strings.Contains(file, "/testdata/") {
		return false
	}
	if file == "Pulumi."+e.stack+".yaml" {
		return true
	}
	return slices.ContainsFunc(slices.Concat(program, e.image), func(place string) bool {
		return file == place || strings.HasPrefix(file, strings.TrimSuffix(place, "/")+"/")
	})
}

// revision refuses what Git would take for a flag. No revision begins like one (git-check-ref-format).
func revision(flag, text string) error {
	if strings.HasPrefix(text, "-") {
		return fmt.Errorf("%s: %q is no revision", flag, text)
	}
	return nil
}

// touchedSince asks Git which files differ, counted from where the branch began.
func touchedSince(ctx context.Context, root, since string) ([]string, error) {
	command := exec.CommandContext(ctx, "git", "-C", root, "diff", "--name-only", "--no-renames", "-z", "--end-of-options", since+"...HEAD", "--")
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("this clone cannot compare with %q: fetch the whole history (GitLab: GIT_DEPTH: 0, GitHub: fetch-depth: 0)", since)
	}
	all, err := environments(root)
	if err != nil {
		return nil, err
	}
	return touchedBy(strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), all), nil
}

// began is the revision where the branch left another one, which may have gone on: GitHub's base is its newest. Where Git does not know, it
// is that other one.
func began(ctx context.Context, root, since string) string {
	out, err := exec.CommandContext(ctx, "git", "-C", root, "merge-base", "--end-of-options", since, "HEAD").Output()
	if err != nil {
		return since
	}
	return strings.TrimSpace(string(out))
}

// Touched prints the environments that the changes since a revision touch, one per line.
func Touched(ctx context.Context, root, since string, out io.Writer) error {
	since, _, err := changesOf(since)
	if err != nil {
		return err
	}
	touched, err := touchedSince(ctx, root, since)
	for _, stack := range touched {
		fmt.Fprintln(out, stack)
	}
	return err
}

// changesOf returns the merge request of this job, nil where there is none, and the revision that its changes are counted from, unless
// another one is given.
func changesOf(since string) (string, *forge.Request, error) {
	request, err := forge.Detect(os.Getenv)
	if err != nil {
		return "", nil, err
	}
	if request != nil {
		since = cmp.Or(since, request.Base)
	}
	if err := revision("--since (SINCE=)", since); err != nil {
		return "", nil, err
	}
	if since == "" {
		return "", nil, errors.New("--since: no revision is given (SINCE=main), and this is no job of a merge request")
	}
	return since, request, nil
}
