package release

import (
	"context"
	"errors"
	"fmt"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// standing is what a step rests on.
type standing struct {
	live, color, candidate string
	percent                int
}

// errOthers is the end of a release that somebody else has aborted, promoted, rolled back or replaced. Its next step would undo that.
var errOthers = errors.New("changed meanwhile by somebody else")

// stand reads what runs, and who gets the visitors.
func (r *rollout) stand(ctx context.Context) (now standing, g groups, err error) {
	s, err := session.Open(r.Root, r.Stack, r.Out, r.Err) // a session reads the outputs once
	if err != nil {
		return now, g, err
	}
	st, err := opened(ctx, s)
	if err != nil {
		return now, g, err
	}
	if g, err = st.groups(ctx); err != nil {
		return now, g, err
	}
	now.live, now.color = st.Outputs.Release, st.liveColor()
	now.candidate, now.percent, err = st.candidateNow(ctx, g)
	return now, g, err
}

// lookAgain finds the target groups after a deployment, which may have replaced them.
func (r *rollout) lookAgain(ctx context.Context, percent int) error {
	now, g, err := r.stand(ctx)
	if err != nil {
		return err
	}
	// The outputs name the live colour; nothing else of the watcher depends on the deployment.
	r.watcher.live, r.watcher.candidate = g.live, g.candidate
	r.found = now
	r.found.percent = percent
	return nil
}

// undisturbed is an error where what runs is not what this release has left.
func (r *rollout) undisturbed(ctx context.Context) error {
	now, _, err := r.stand(ctx)
	switch {
	case err != nil || now == r.found:
		return err
	case now.live != r.found.live || now.color != r.found.color:
		return fmt.Errorf("%s was %w: the live release is %s, not %s", r.Stack, errOthers, now.live, r.live)
	case now.candidate != r.found.candidate && now.percent > 0:
		return fmt.Errorf("%s was %w: the candidate is %s, not %s", r.Stack, errOthers, now.candidate, r.release)
	}
	return fmt.Errorf("%s was %w: release %s has %d %% of the visitors, not %d %%", r.Stack, errOthers, r.release, now.percent, r.found.percent)
}
