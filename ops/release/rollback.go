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
	st, err := Look(ctx, s)
	if err != nil {
		return err
	}
	to, err := st.target(o.To)
	if err != nil {
		return err
	}
	st.show(ctx, s, to)
	steps := []values{{"release.name": to.image.Release, "release.build": false}}
	if s.File.Text("release.strategy") == config.BlueGreen {
		steps = []values{candidate(st.Running, to.image.Release, 0), promoted(s.File, to.image.Release)}
	}
	if !o.Yes {
		if err := deploy.Preview(ctx, s, steps[0]); err != nil {
			return err
		}
		if err := ask(ctx, o.In, s.Err, fmt.Sprintf("Roll %s back from %s to %s?", s.Stack, st.Running, to.image.Release)); err != nil {
			return err
		}
	}
	for _, step := range steps { // blue/green: the old release starts beside the one that serves, then gets all requests at once
		if err := deploy.Up(ctx, s, deploy.Options{Values: step, Yes: true, Previewed: !o.Yes}); err != nil {
			return fmt.Errorf("%w\n%s is as it was", err, s.File.Name())
		}
	}
	if err := write(s, steps[len(steps)-1]); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s runs release %s. %s pins it from now on: make unpin STACK=%[1]s takes that away, and the next make up deploys the working tree\n",
		s.Stack, to.image.Release, s.File.Name())
	return nil
}

// destination is a release to return to, with the run in which it served; none where the operator has named one that never did.
type destination struct {
	image Image
	run   Run
}

// target finds the release to return to and its image, before anything is changed.
func (st *State) target(name string) (destination, error) {
	var to destination
	var err error
	if name == "" {
		if to.run, err = st.Before(); err != nil {
			return to, err
		}
		name = to.run.Release
	} else if i := slices.IndexFunc(st.Runs, func(r Run) bool { return r.Release == name && r.couldServe() }); i >= 0 {
		to.run = st.Runs[i]
	}
	if asMeant := st.Running == st.Outputs.Release; asMeant && name == st.Running {
		return to, fmt.Errorf("release %s runs already", name)
	}
	if to.image, err = st.find(name); err != nil {
		return to, err
	}
	if to.run.Digest != "" && to.run.Digest != to.image.Digest {
		return to, fmt.Errorf("digest mismatch: release %s served as %s, and its tag in the registry is %s now: another image was pushed meanwhile", name, to.run.Digest, to.image.Digest)
	}
	return to, nil
}

// show prints what a rollback changes.
func (st *State) show(ctx context.Context, s *session.Session, to destination) {
	served := "it is not known to have served here"
	switch to.run.Outcome {
	case Served:
		served = "it served from " + to.run.At.Local().Format(timeFormat)
	case Registered:
		served = "its task definition was registered on " + to.run.At.Local().Format(timeFormat) + "; whether it served is not on record"
	}
	fmt.Fprintf(s.Err, "Rolling back %s\n  from        %s\n  to          %s (%s)\n  image       %s\n  services    %s\n  migrations  %s\n",
		s.Stack, st.Running, to.image.Release, served, to.image.Digest,
		strings.Join(slices.Sorted(maps.Keys(st.Outputs.ServiceNames)), ", "), migrationNote(ctx, s.File, to.image.Release, st.Running))
	if st.Running != st.Outputs.Release {
		fmt.Fprintf(s.Err, "  note        Pulumi's last successful deployment is of release %s; ECS runs %s\n", st.Outputs.Release, st.Running)
	}
}
