package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/deploy"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// GradualOptions say what is released, and whether to ask.
type GradualOptions struct {
	To  string // a release of the registry; empty: the working tree
	Yes bool   // does not ask
	// In is where the answer comes from, and Terminal tells whether somebody is there to give one.
	In       io.Reader
	Terminal bool
	Clock    Clock
}

// rollout is one run of Gradual.
type rollout struct {
	*session.Session
	Clock
	settings      config.Release
	watcher       *watcher
	live, release string // of the live colour and of the candidate
	color         string // the live one
	replaced      string // another candidate, which has some of the visitors
	found         standing
	unjudged      []string
}

// Gradual releases by steps: it gives the candidate the shares of release.steps one after the other, watches each for release.bakeMinutes,
// and goes on, or takes the release back by itself. How far it is stands in the rules of the load balancer, so a run that was cut off is
// carried on by the next one.
func Gradual(ctx context.Context, s *session.Session, o GradualOptions) error {
	r := &rollout{Session: s, Clock: o.Clock}
	steps, err := r.plan(ctx, o)
	if err != nil || len(steps) == 0 {
		return err
	}
	if !o.Yes && os.Getenv("CI") == "" { // in CI Pulumi's questions are answered with yes, too
		if !o.Terminal {
			return errors.New("release asks before it changes anything, and there is no terminal to ask on: --yes (YES=1) answers")
		}
		if err := deploy.Preview(ctx, s, r.share(steps[0])); err != nil {
			return err
		}
		if err := deploy.Ask(ctx, o.In, s.Err, fmt.Sprintf("Release %s to %s, in steps of %s %%?", r.release, s.Stack, list(steps))); err != nil {
			return err
		}
	}
	if err := r.replace(ctx); err != nil {
		return err
	}
	for _, step := range steps {
		if err := r.step(ctx, step); err != nil {
			return err
		}
	}
	return r.promote(ctx)
}

// plan finds out what is to be released and which steps are left, and that the figures can be read: nothing is changed.
func (r *rollout) plan(ctx context.Context, o GradualOptions) (steps []int, err error) {
	if err := blueGreen(r.Session); err != nil {
		return nil, err
	}
	if r.settings, err = r.File.ReleaseSettings(); err != nil {
		return nil, err
	}
	if err := deploy.Writable(r.Session); err != nil {
		return nil, err
	}
	st, err := opened(ctx, r.Session)
	if err != nil {
		return nil, err
	}
	groups, err := st.groups(ctx)
	if err != nil {
		return nil, err
	}
	running, percent, err := st.candidateNow(ctx, groups)
	if err != nil {
		return nil, err
	}
	r.live, r.color = st.Outputs.Release, st.liveColor()
	if r.release, err = st.next(ctx, r.Session, o.To, running, percent); err != nil {
		return nil, err
	}
	if r.release == r.live {
		fmt.Fprintf(r.Out, "%s runs release %s already, for all visitors\n", r.Stack, r.live)
		return nil, nil
	}
	if r.release != running {
		if percent > 0 {
			r.replaced = running
		}
		percent = 0
	}
	r.watcher = st.watcher(groups, r.settings.Judge.Alarms)
	if _, _, err := r.watcher.read(ctx, r.Now().Add(-period).Truncate(period), r.Now().Truncate(period)); err != nil {
		return nil, err
	}
	firing, err := r.watcher.firing(ctx)
	switch {
	case err != nil:
		return nil, err
	case percent > 0:
		fmt.Fprintf(r.Err, "release %s has %d %% of the visitors already: carrying on from there\n", r.release, percent)
	case len(firing) > 0:
		return nil, fmt.Errorf("in ALARM before the release: %s: nothing was changed; a release could not be judged now", strings.Join(firing, "; "))
	}
	return slices.DeleteFunc(slices.Clone(r.settings.Steps), func(step int) bool { return step < percent }), nil
}

// next is the release to move the requests to: one that was named, the candidate that has some of them already, else the working tree.
func (st *state) next(ctx context.Context, s *session.Session, name, running string, percent int) (string, error) {
	tree, treeErr := s.File.TreeRelease()
	switch {
	case name == "" && percent > 0 && treeErr == nil && tree != running:
		return "", fmt.Errorf("release %s has %d %% of the visitors, and the working tree is %s: --to %[1]s (TO=) goes on with the first, --to %[3]s replaces it, abort takes it back",
			running, percent, tree)
	case name == "" && percent > 0:
		return running, nil
	case name == "" && treeErr != nil:
		return "", treeErr
	case name == "":
		return tree, nil
	case name != running && name != st.Outputs.Release && (treeErr != nil || name != tree): // neither running nor to be built: it must be in the registry
		images, err := images(ctx, s, st.Outputs.RepositoryURL)
		if err == nil {
			_, err = images.find(name)
		}
		return name, err
	}
	return name, nil
}

// share are the keys of the stack file with which the candidate has a share. The live colour is among them, because a pipeline's copy of
// the file may be from before the last promotion.
func (r *rollout) share(percent int) values {
	return r.shareOf(r.release, percent)
}

func (r *rollout) shareOf(release string, percent int) values {
	return inColor(r.File, r.color, candidate(r.live, release, percent))
}

// inColor adds the live colour where the file has another one.
func inColor(file *config.File, color string, keys values) values {
	if color != cmp.Or(file.Text("release.live"), config.Blue) {
		keys["release.live"] = color
	}
	return keys
}

// replace takes the visitors from another candidate. Its tasks are replaced by those of the release, which would have its share at once.
func (r *rollout) replace(ctx context.Context) error {
	if r.replaced == "" {
		return nil
	}
	fmt.Fprintf(r.Err, "release %s loses its visitors to %s, before %s replaces it\n", r.replaced, r.live, r.release)
	return deploy.Apply(ctx, r.Session, deploy.Options{Yes: true}, r.shareOf(r.replaced, 0))
}

// step moves a share of the visitors and watches them.
func (r *rollout) step(ctx context.Context, percent int) error {
	fmt.Fprintf(r.Err, "release %s gets %d %% of the visitors of %s\n", r.release, percent, r.live)
	message := fmt.Sprintf("release %s gets %d %% of the visitors", r.release, percent)
	if err := deploy.Apply(ctx, r.Session, deploy.Options{Yes: true, Message: message}, r.share(percent)); err != nil {
		return fmt.Errorf("%w\nmake release STACK=%s carries on, make abort takes the release back", err, r.Stack)
	}
	if err := r.lookAgain(ctx, percent); err != nil {
		return r.stays(percent, err)
	}
	found, report, err := r.watch(ctx, percent)
	switch {
	case errors.Is(err, errOthers):
		return fmt.Errorf("%w: make releases STACK=%s shows what runs; this release ends here", err, r.Stack)
	case err != nil:
		return r.stays(percent, err)
	case found.ruling == takeBack:
		return r.back(ctx, percent, found.why, report)
	case found.ruling == unjudged:
		r.unjudged = append(r.unjudged, fmt.Sprintf("%d %%", percent))
	}
	fmt.Fprintln(r.Out, report)
	return nil
}

// stays is the end of a run that could not judge: the next one carries on.
func (r *rollout) stays(percent int, err error) error {
	return fmt.Errorf("%w\nrelease %s keeps %d %% of the visitors: make release STACK=%s carries on, make abort takes it back", err, r.release, percent, r.Stack)
}

// back takes all requests from the candidate. Its tasks stay, for whoever wants to know why.
func (r *rollout) back(ctx context.Context, percent int, why, report string) error {
	fmt.Fprintf(r.Err, "release %s is worse than %s and is taken back\n", r.release, r.live)
	message := fmt.Sprintf("release %s %s %d %%: %s", r.release, wasTakenBack, percent, why)
	apply := func() error {
		return deploy.Apply(ctx, r.Session, deploy.Options{Yes: true, Message: message}, r.share(0))
	}
	err := apply()
	for attempts := 10; attempts > 0 && errors.Is(err, session.ErrLocked); attempts-- {
		fmt.Fprintf(r.Err, "%v: the next attempt is in %s\n", err, period)
		if wait := r.Wait(ctx, period); wait != nil {
			break
		}
		if moved := r.undisturbed(ctx); errors.Is(moved, errOthers) {
			return fmt.Errorf("release %s was to be taken back at %d %%: %w\n%s", r.release, percent, moved, report)
		}
		err = apply()
	}
	if err != nil {
		return fmt.Errorf("release %s must be taken back at %d %%, and that failed: make abort STACK=%s\n%s\n%w", r.release, percent, r.Stack, report, err)
	}
	return fmt.Errorf("release %s %s %d %%, release %s serves all visitors of %s:\n%s\nIts tasks run until the next release: make logs STACK=%[5]s shows what they wrote",
		r.release, wasTakenBack, percent, r.live, r.Stack, report)
}

// How the stack's history tells of releases in steps, for make releases.
const (
	wasTakenBack = "was taken back at"
	getsAll      = "gets 100 % of the visitors"
)

// promote makes the candidate, which has all requests, the live release.
func (r *rollout) promote(ctx context.Context) error {
	keys := promoted(r.File, r.release)
	keys["release.live"] = config.OtherColor(r.color)
	if err := deploy.Apply(ctx, r.Session, deploy.Options{Yes: true}, keys); err != nil {
		return r.stays(100, err)
	}
	if len(r.unjudged) > 0 {
		fmt.Fprintf(r.Out, "Not judged, for want of requests: the step of %s\n", strings.Join(r.unjudged, ", "))
	}
	fmt.Fprintf(r.Out, "%s runs release %s. %s pins it from now on: make up deploys it again; make unpin STACK=%[1]s takes that away, and the next make up deploys the working tree\n",
		r.Stack, r.release, r.File.Name())
	return nil
}

func list(steps []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(steps), " ", ", "), "[]")
}
