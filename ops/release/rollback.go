package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/deploy"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// RollbackOptions say where to, and whether to ask.
type RollbackOptions struct {
	To  string // a release of the registry; empty: the one that served before
	Yes bool   // does not ask
	// In is where the answer comes from, and Terminal tells whether somebody is there to give one.
	In       io.Reader
	Terminal bool
}

// Rollback returns to an earlier release without building. It shows what changes and asks; the stack file pins the release once it is
// deployed.
func Rollback(ctx context.Context, s *session.Session, o RollbackOptions) error {
	if !o.Yes && !o.Terminal {
		return errors.New("rollback asks before it changes anything, and there is no terminal to ask on: --yes (YES=1) answers")
	}
	if err := deploy.Writable(s); err != nil {
		return err
	}
	st, err := look(ctx, s)
	if err != nil {
		return err
	}
	to, err := st.target(o.To)
	if err != nil {
		return err
	}
	st.show(ctx, s, to)
	steps := []values{{"release.name": to.image.Release, "release.build": false}}
	if s.File.Text("release.strategy") == config.BlueGreen { // the old release starts beside the one that serves, then gets all requests
		steps = []values{candidate(st.running, to.image.Release, 0), promoted(s.File, to.image.Release)}
	}
	if !o.Yes {
		if err := deploy.Preview(ctx, s, steps[0]); err != nil {
			return err
		}
		if err := deploy.Ask(ctx, o.In, s.Err, fmt.Sprintf("Roll %s back from %s to %s?", s.Stack, st.running, to.image.Release)); err != nil {
			return err
		}
	}
	if err := deploy.Apply(ctx, s, deploy.Options{Yes: true, Previewed: !o.Yes}, steps...); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s runs release %s. %s pins it from now on: make unpin STACK=%[1]s takes that away, and the next make up deploys the working tree\n",
		s.Stack, to.image.Release, s.File.Name())
	return nil
}

// destination is a release to return to, with the run in which it served; none where the operator has named one that never did.
type destination struct {
	image Image
	run   run
}

// target finds the release to return to and its image, before anything is changed.
func (st *state) target(name string) (destination, error) {
	var to destination
	var err error
	if name == "" {
		if to.run, err = st.before(); err != nil {
			return to, err
		}
		name = to.run.release
	} else if i := slices.IndexFunc(st.runs, func(r run) bool { return r.release == name && r.couldServe() }); i >= 0 {
		to.run = st.runs[i]
	}
	if asMeant := st.running == st.Outputs.Release; asMeant && name == st.running {
		return to, fmt.Errorf("release %s runs already", name)
	}
	if to.image, err = st.images.find(name); err != nil {
		return to, err
	}
	if to.run.digest != "" && to.run.digest != to.image.Digest {
		return to, fmt.Errorf("digest mismatch: release %s served as %s, and its tag in the registry is %s now: another image was pushed meanwhile", name, to.run.digest, to.image.Digest)
	}
	return to, nil
}

// show prints what a rollback changes.
func (st *state) show(ctx context.Context, s *session.Session, to destination) {
	known := "it is not known to have served here"
	switch to.run.outcome {
	case served:
		known = "it served from " + to.run.at.Local().Format(timeFormat)
	case registered:
		known = "its task definition was registered on " + to.run.at.Local().Format(timeFormat) + "; whether it served is not on record"
	}
	fmt.Fprintf(s.Err, "Rolling back %s\n  from        %s\n  to          %s (%s)\n  image       %s\n  services    %s\n  migrations  %s\n",
		s.Stack, st.running, to.image.Release, known, to.image.Digest,
		strings.Join(slices.Sorted(maps.Keys(st.Outputs.ServiceNames)), ", "), migrationNote(ctx, s.File, to.image.Release, st.running))
	if st.running != st.Outputs.Release {
		fmt.Fprintf(s.Err, "  note        Pulumi's last successful deployment is of release %s; ECS runs %s\n", st.Outputs.Release, st.running)
	}
}

// values are keys of the stack file; nil takes one away.
type values = deploy.Values

// Unpin takes back what a rollback wrote into the stack file.
func Unpin(s *session.Session) error {
	name := s.File.Name()
	if s.File.Get("release.name") == nil {
		return fmt.Errorf("%s pins no release", name)
	}
	if s.File.Text("release.candidate") != "" {
		return fmt.Errorf("%s has a candidate: promote it, or abort it and take release.candidate out of the file, first", name)
	}
	if err := deploy.Write(s, values{"release.name": nil, "release.build": nil}); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s pins no release any more: the next deployment (make up STACK=%s) is of the working tree\n", name, s.Stack)
	return nil
}
