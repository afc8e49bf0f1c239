package release

import (
	"cmp"
	"context"
	"fmt"

	"github.com/laravel-ecs/laravel-ecs/ops/deploy"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// CanaryOptions say which release gets which share.
type CanaryOptions struct {
	To      string // empty: the working tree
	Percent int
	Yes     bool // answers Pulumi's question
}

// Canary starts a release beside the one that serves and gives it a share of the visitors. Given again, it changes the share.
func Canary(ctx context.Context, s *session.Session, o CanaryOptions) error {
	if err := blueGreen(s); err != nil {
		return err
	}
	if o.Percent < 0 || o.Percent > 99 {
		return fmt.Errorf("--percent %d (PERCENT) is outside 0-99; promote gives it everything", o.Percent)
	}
	st, err := look(ctx, s)
	if err != nil {
		return err
	}
	name, err := st.candidate(s.File, o.To)
	if err != nil {
		return err
	}
	live := st.Outputs.Release
	fmt.Fprintf(s.Err, "release %s keeps %d %% of the visitors, %s gets %d %%; who has one keeps it for an hour after his last request\n", live, 100-o.Percent, name, o.Percent)
	return deploy.Apply(ctx, s, deploy.Options{Yes: o.Yes}, candidate(live, name, o.Percent))
}

// candidate is the release to start: the one that was named, else that of the working tree.
func (st *state) candidate(settings *config.File, name string) (string, error) {
	under := settings.Text("release.candidate")
	ofTree, treeErr := settings.TreeRelease()
	switch {
	case name == "" && treeErr != nil:
		return "", treeErr
	case name == "" && under != "" && under != ofTree:
		return "", fmt.Errorf("release %s is a candidate already, and the working tree is %s: --to %[1]s (TO=) goes on with the first, --to %[2]s replaces it", under, ofTree)
	case name == "":
		name = ofTree
	case name != under && (treeErr != nil || name != ofTree): // neither running nor to be built: it must be in the registry
		if _, err := st.images.find(name); err != nil {
			return "", err
		}
	}
	if name == st.Outputs.Release {
		return "", fmt.Errorf("release %s is live already", name)
	}
	return name, nil
}

// Promote makes the candidate the live release: it gets all requests, then the other colour stops.
func Promote(ctx context.Context, s *session.Session, yes bool) error {
	name, err := candidateOf(s)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "release %s gets all requests\n", name)
	if err := deploy.Apply(ctx, s, deploy.Options{Yes: yes}, promoted(s.File, name)); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s runs release %s. %s pins it from now on: make up deploys it again; make unpin STACK=%[1]s takes that away, and the next make up deploys the working tree\n",
		s.Stack, name, s.File.Name())
	return nil
}

// Abort takes all requests from the candidate. Its tasks stay, for whoever wants to know why. Where the stack file is of another time than what
// runs, as somebody's copy is while a pipeline releases, what runs counts.
func Abort(ctx context.Context, s *session.Session, yes bool) error {
	if err := blueGreen(s); err != nil {
		return err
	}
	name, live, keys, err := aborted(ctx, s)
	if err != nil {
		return err
	}
	if err := deploy.Apply(ctx, s, deploy.Options{Yes: yes}, keys); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "release %s gets no more requests; its tasks run until the next canary, or until release.candidate is taken out of %s\n", name, s.File.Name())
	fmt.Fprintf(s.Out, "%s runs release %s. %s pins it: make up deploys it again, and not the working tree\n", s.Stack, live, s.File.Name())
	return nil
}

// aborted are the candidate and the live release, and the keys of a stack file with which the candidate has no share.
func aborted(ctx context.Context, s *session.Session) (name, live string, keys values, err error) {
	st, err := opened(ctx, s)
	if err != nil {
		return "", "", nil, err
	}
	name, live = s.File.Text("release.candidate"), s.File.Text("release.name")
	color := st.liveColor()
	deployed := cmp.Or(st.Outputs.Traffic[config.OtherColor(color)].Release, name)
	if name != "" && name == deployed && live == st.Outputs.Release && color == cmp.Or(s.File.Text("release.live"), config.Blue) {
		return name, live, values{"release.percent": 0}, nil
	}
	groups, err := st.groups(ctx)
	if err != nil {
		return "", "", nil, err
	}
	running, percent, err := st.candidateNow(ctx, groups)
	switch {
	case err != nil:
		return "", "", nil, err
	case running != "" && (percent > 0 || name == ""):
		live = st.Outputs.Release
		return running, live, inColor(s.File, color, candidate(live, running, 0)), nil
	case name == "":
		_, err = candidateOf(s)
	}
	return name, live, values{"release.percent": 0}, err
}

// candidate are the keys of a stack file with two releases.
func candidate(live, name string, percent int) values {
	return values{"release.name": live, "release.build": false, "release.candidate": name, "release.percent": percent}
}

// promoted are the keys of a stack file whose other colour has become the live one.
func promoted(settings *config.File, name string) values {
	return values{
		"release.name": name, "release.build": false, "release.live": config.OtherColor(settings.Text("release.live")),
		"release.candidate": nil, "release.percent": nil,
	}
}

// blueGreen refuses a stack with one set of tasks.
func blueGreen(s *session.Session) error {
	if s.File.Text("release.strategy") == config.BlueGreen {
		return nil
	}
	return fmt.Errorf("%s: release.strategy is not blueGreen: set it and deploy once (make up STACK=%s); that moves nothing that serves", s.File.Name(), s.Stack)
}

// candidateOf is the candidate of the stack file.
func candidateOf(s *session.Session) (string, error) {
	if err := blueGreen(s); err != nil {
		return "", err
	}
	name := s.File.Text("release.candidate")
	if name == "" {
		return "", fmt.Errorf("%s has no release.candidate: make canary STACK=%s starts one", s.File.Name(), s.Stack)
	}
	return name, nil
}
