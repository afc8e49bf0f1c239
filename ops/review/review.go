package review

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/forge"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Environments are the review environments of a project.
type Environments struct {
	root     string
	stacks   stacks
	out, err io.Writer
}

// Open reads the template, whose AWS configuration and Pulumi backend all review environments have.
func Open(root string, out, errOut io.Writer) (*Environments, error) {
	s, err := session.Open(root, config.ReviewStack, out, errOut)
	if err != nil {
		return nil, fmt.Errorf("review environments are made of the template Pulumi.%s.yaml: %w", config.ReviewStack, err)
	}
	return &Environments{s.Root, backend{s}, out, errOut}, nil
}

// Up makes the environment of a branch, or deploys the working tree to it and renews its expiry. Its URL is the last line of the output;
// in a job of a merge request it is posted there, too.
func (e *Environments) Up(ctx context.Context, branch string, ttl time.Duration) error {
	name, names, err := e.stackOf(ctx, branch)
	if err != nil {
		return err
	}
	exists, deployed := slices.Contains(names, name), Stack{Name: name}
	if exists {
		if deployed, err = e.ours(ctx, name, branch); err != nil {
			return err
		}
	}
	settings, err := writeFile(e.root, deployed, branch, ttl)
	if err != nil {
		return err
	}
	e.tellShares(settings, deployed)
	fmt.Fprintf(e.out, "%s is the environment of %s until %s\n", name, branch, settings.Text("environment.expiresAt"))
	if err := e.stacks.Deploy(ctx, settings, name, exists); err != nil {
		if from := settings.Text("environment.shares"); from != "" && !slices.Contains(names, from) {
			return fmt.Errorf("%w\nenvironment.shares is %[2]s, and the project has no such stack: make up STACK=%[2]s, or write shares: \"\" in the section environment "+
				"of Pulumi.%[3]s.yaml and %[4]s for resources of its own", err, from, config.ReviewStack, settings.Name())
		}
		return err
	}
	if deployed, err = e.stacks.Read(ctx, name); err != nil {
		return err
	}
	fmt.Fprintln(e.out, deployed.URL)
	e.post(ctx, fmt.Sprintf("### Review environment\n\n<%s>, until %s (%s)", deployed.URL, cmp.Or(deployed.ExpiresAt, "further notice"), name), true)
	return nil
}

// tellShares says what an environment shares, and how that is changed.
func (e *Environments) tellShares(settings *config.File, deployed Stack) {
	from, own := settings.Text("environment.shares"), "it has a network, a database and a load balancer of its own"
	switch {
	case deployed.Own:
		fmt.Fprintf(e.err, "%s, and keeps them: make review-down before it can share an environment\n", own)
	case from != "":
		fmt.Fprintf(e.err, "it shares %s (environment.shares)\n", from)
	case settings.Text("domain.name") == "":
		fmt.Fprintf(e.err, "%s; with domain.name in Pulumi.%s.yaml it would share %s (docs/pipelines.md, \"Sharing staging\")\n", own, config.ReviewStack, sharedByDefault)
	default:
		fmt.Fprintf(e.err, "%s; without domain.zone and domain.certificateArn in Pulumi.%s.yaml it would share %s\n", own, config.ReviewStack, sharedByDefault)
	}
}

// Down removes the environment of a branch, or what there is of it.
func (e *Environments) Down(ctx context.Context, branch string) error {
	name, names, err := e.stackOf(ctx, branch)
	if err != nil {
		return err
	}
	left := ""
	switch _, err := os.Stat(file(e.root, name)); {
	case slices.Contains(names, name):
		s, err := e.ours(ctx, name, branch)
		if err != nil {
			return err
		}
		if left, err = e.stacks.Destroy(ctx, s); err != nil {
			return err
		}
	case err != nil:
		fmt.Fprintf(e.out, "%s has no environment (%s)\n", branch, name)
	default:
		if err := removeFile(e.root, name); err != nil {
			return err
		}
	}
	if err := e.listLeft(ctx, name, left); err != nil {
		return err
	}
	e.post(ctx, "### The review environment is gone", false)
	return nil
}

// listLeft prints what a person has to remove.
func (e *Environments) listLeft(ctx context.Context, name, onServer string) error {
	names, err := e.stacks.Names(ctx)
	if err != nil {
		return err
	}
	all, err := e.stacks.Leftovers(ctx, names)
	if err != nil {
		fmt.Fprintf(e.out, "what is left of %s cannot be listed: %v\n", name, err)
	}
	left := slices.DeleteFunc(all, func(line string) bool { return !strings.Contains(line, name) })
	if onServer != "" {
		left = append(left, onServer)
	}
	if len(left) == 0 && err == nil {
		fmt.Fprintf(e.out, "nothing is left of %s\n", name)
	}
	for _, line := range left {
		fmt.Fprintln(e.out, "left:", line)
	}
	return nil
}

// Reap removes the environments that have expired; a dry run only lists them.
func (e *Environments) Reap(ctx context.Context, dryRun bool) error {
	r := reaper{stacks: e.stacks, now: time.Now, dryRun: dryRun, out: e.out}
	return r.run(ctx)
}

// List prints the review environments; those that expire first are on top.
func (e *Environments) List(ctx context.Context) error {
	names, err := e.stacks.Names(ctx)
	if err != nil {
		return err
	}
	var list []Stack
	for _, name := range names {
		s, err := e.stacks.Read(ctx, name)
		if err != nil {
			return err
		}
		if s.Class == config.ClassReview {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		fmt.Fprintln(e.out, "there are no review environments")
		return nil
	}
	slices.SortFunc(list, func(a, b Stack) int { return cmp.Compare(a.ExpiresAt, b.ExpiresAt) })
	table := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "STACK\tBRANCH\tEXPIRES\tURL")
	for _, s := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.Name, s.Branch, cmp.Or(s.ExpiresAt, "never"), s.URL)
	}
	return table.Flush()
}

// stackOf is the name of a branch's stack, and those of all stacks.
func (e *Environments) stackOf(ctx context.Context, branch string) (name string, names []string, err error) {
	settings, err := template(e.root)
	if err != nil {
		return "", nil, err
	}
	longest := config.LongestReviewStack(cmp.Or(settings.Text("app.name"), "laravel")) - len(config.ReviewPrefix)
	slug, err := Slug(branch, longest)
	if err != nil {
		return "", nil, err
	}
	names, err = e.stacks.Names(ctx)
	return config.ReviewPrefix + slug, names, err
}

// ours refuses the stack of another branch, and a stack that is no review environment.
func (e *Environments) ours(ctx context.Context, name, branch string) (Stack, error) {
	s, err := e.stacks.Read(ctx, name)
	if err != nil {
		return s, err
	}
	if s.Class != "" && s.Class != config.ClassReview {
		return s, fmt.Errorf("%s is a stack of class %s, and not a review environment", name, s.Class)
	}
	return s, sameBranch(name, s.Branch, branch)
}

func sameBranch(name, owner, branch string) error {
	if owner != "" && owner != branch {
		return fmt.Errorf("%s is the environment of branch %q, and %q has the same short name: rename one of them, or remove the other environment (make review-down BRANCH='%s')",
			name, owner, branch, owner)
	}
	return nil
}

// part is the name of what the note says of the review environment: a merge request has one.
const part = "review"

// post keeps the environment's part of the note on the merge request of this job, where there is one; create makes it. Its errors are
// printed and stop nothing: the environment is deployed or gone either way, and the log has the same text.
func (e *Environments) post(ctx context.Context, text string, create bool) {
	request, err := forge.Detect(os.Getenv)
	if err == nil && request == nil {
		return
	}
	var outcome forge.Outcome
	if request != nil {
		outcome, err = request.Keep(ctx, func(parts map[string]string) {
			if create || parts[part] != "" {
				parts[part] = text
			}
		})
	}
	if err != nil {
		fmt.Fprintln(e.err, "no note on the merge request:", err)
		return
	}
	fmt.Fprintf(e.err, "the note on the merge request is %s\n", outcome)
}
