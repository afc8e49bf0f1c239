package review

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// stacks are the stacks of a Pulumi backend.
type stacks interface {
	// Names lists all of them.
	Names(ctx context.Context) ([]string, error)
	// Read reads one. A stack without a state is returned with its name only.
	Read(ctx context.Context, name string) (Stack, error)
	// Deploy creates the stack if it does not exist yet, and deploys its file.
	Deploy(ctx context.Context, settings *config.File, name string, exists bool) error
	// Destroy removes a stack, everything that it declares, and its database on a shared server. left is what stays there, with the reason;
	// it keeps nothing from being removed.
	Destroy(ctx context.Context, s Stack) (left string, err error)
	// Leftovers lists, one per line, what belongs to review environments whose stack is not among names.
	Leftovers(ctx context.Context, names []string) ([]string, error)
}

// verdict is what the reaper does with a stack. Only expired ones are destroyed.
type verdict int

const (
	kept    verdict = iota // it has time left
	expired                // it is destroyed
	other                  // it is no review environment
	orphan                 // a review environment that does not expire: a person has to look at it
)

// judge decides about one stack, and says why.
func judge(s Stack, now time.Time) (verdict, string) {
	expiry, unreadable := time.Parse(time.RFC3339, s.ExpiresAt)
	switch {
	case s.Class == "" && !strings.HasPrefix(s.Name, config.ReviewPrefix):
		return other, "has no class"
	case s.Class == "" && s.Resources == 0:
		return orphan, "is empty: its first deployment made nothing; pulumi stack rm " + s.Name
	case s.Class == "":
		return orphan, fmt.Sprintf("has %d resources and no class: it is not from make review-up", s.Resources)
	case s.Class != config.ClassReview:
		return other, "is of class " + s.Class
	case s.ExpiresAt == "":
		return orphan, "has no expiry: make review-up gives it one, make review-down takes it away"
	case unreadable != nil:
		return orphan, fmt.Sprintf("expires at %q, which is no time: make review-up gives it one, make review-down takes it away", s.ExpiresAt)
	case now.Before(expiry):
		return kept, fmt.Sprintf("expires in %s, %s", ago(expiry.Sub(now)), expiry.UTC().Format(time.RFC3339))
	}
	return expired, fmt.Sprintf("expired %s ago, %s", ago(now.Sub(expiry)), expiry.UTC().Format(time.RFC3339))
}

// reaper destroys review environments that have expired.
type reaper struct {
	stacks stacks
	now    func() time.Time
	dryRun bool
	out    io.Writer

	failed, orphans []string
	destroyed       int
}

// run reads every stack right before it decides about it, because it may have been renewed meanwhile. A stack that fails does not stop
// the others; the error names all that failed.
func (r *reaper) run(ctx context.Context) error {
	names, err := r.stacks.Names(ctx)
	if err != nil {
		return fmt.Errorf("listing the stacks: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.reap(ctx, name)
	}
	leftovers, err := r.stacks.Leftovers(ctx, names)
	if err != nil {
		r.say("what is left without a stack cannot be listed: %v", err)
	}
	r.orphans = append(r.orphans, leftovers...)
	for _, line := range r.orphans {
		r.say("orphan: %s", line)
	}
	r.say("%d %s, %d failed, %d orphans", r.destroyed, map[bool]string{false: "destroyed", true: "would be destroyed"}[r.dryRun], len(r.failed), len(r.orphans))
	if len(r.failed) > 0 {
		return errors.New("these review environments are still there: " + strings.Join(r.failed, ", "))
	}
	return nil
}

// reap decides about one stack, and destroys it where it has expired.
func (r *reaper) reap(ctx context.Context, name string) {
	s, err := r.stacks.Read(ctx, name)
	if err != nil {
		r.failed = append(r.failed, name)
		r.say("%s: cannot be read: %v", name, err)
		return
	}
	switch decided, why := judge(s, r.now()); decided {
	case kept:
		r.say("%s %s", name, why)
	case orphan:
		r.orphans = append(r.orphans, name+" "+why)
	case other:
		if strings.HasPrefix(name, config.ReviewPrefix) {
			r.say("%s %s: left alone", name, why)
		}
	case expired:
		r.say("%s %s", name, why)
		left := ""
		if !r.dryRun {
			left, err = r.stacks.Destroy(ctx, s)
		}
		if err != nil {
			r.failed = append(r.failed, name)
			r.say("%s: not destroyed: %v", name, err)
			return
		}
		r.destroyed++
		if left != "" {
			r.say("left: %s", left)
		}
	}
}

func (r *reaper) say(format string, args ...any) { fmt.Fprintf(r.out, format+"\n", args...) }

// ago is a duration in one unit: 3 d, 5 h, 40 min.
func ago(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d d", int(d.Hours())/24)
	case d >= time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d min", int(d.Minutes()))
}
