package review

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Prefix is how the names of review stacks begin.
const Prefix = "review-"

// Cloud is where review environments run.
type Cloud interface {
	// Names lists all stacks of the backend.
	Names(ctx context.Context) ([]string, error)
	// Look reads one stack. One that is not there is returned with its name only.
	Look(ctx context.Context, name string) (Stack, error)
	// Destroy takes a stack away with everything that it declares.
	Destroy(ctx context.Context, s Stack) error
	// Strays lists, one a line, what belongs to review environments whose stack is none of names.
	Strays(ctx context.Context, names []string) ([]string, error)
}

// Verdict is what the reaper does with a stack.
type Verdict string

// The verdicts. Only Expired is touched.
const (
	Kept    Verdict = "kept"    // it has time left
	Expired Verdict = "expired" // it goes
	Other   Verdict = "other"   // another class: none of the reaper's business
	Orphan  Verdict = "orphan"  // a review environment that nobody will ever take away, unless a person does
)

// Judge decides about one stack, and says why.
func Judge(s Stack, now time.Time) (Verdict, string) {
	expiry, known := s.Expiry()
	switch {
	case s.Class == "" && !strings.HasPrefix(s.Name, Prefix):
		return Other, "has no class"
	case s.Class == "" && s.Resources == 0:
		return Orphan, "is empty: its first deployment did not get far; pulumi stack rm " + s.Name
	case s.Class == "":
		return Orphan, fmt.Sprintf("has %d resources and no class: it is not from make review-up", s.Resources)
	case s.Class != Class:
		return Other, "is of class " + s.Class
	case s.ExpiresAt == "":
		return Orphan, "has no expiry: make review-up gives it one, make review-down takes it away"
	case !known:
		return Orphan, fmt.Sprintf("expires at %q, which is no time: make review-up gives it one, make review-down takes it away", s.ExpiresAt)
	case now.Before(expiry):
		return Kept, fmt.Sprintf("expires in %s, %s", ago(expiry.Sub(now)), expiry.UTC().Format(time.RFC3339))
	}
	return Expired, fmt.Sprintf("expired %s ago, %s", ago(now.Sub(expiry)), expiry.UTC().Format(time.RFC3339))
}

// Reaper destroys review environments whose time has passed.
type Reaper struct {
	Cloud  Cloud
	Now    func() time.Time
	DryRun bool // says what it would do
	Out    io.Writer
}

// Run looks at every stack right before it decides about it, because somebody may just have renewed it. A stack that fails does not
// stop the others; the error names all that did.
func (r Reaper) Run(ctx context.Context) error {
	names, err := r.Cloud.Names(ctx)
	if err != nil {
		return fmt.Errorf("listing the stacks: %w", err)
	}
	slices.Sort(names)
	var failed, orphans []string
	reaped := 0
	for _, name := range names {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s, err := r.Cloud.Look(ctx, name)
		if err != nil {
			failed = append(failed, name)
			r.say("%s: cannot be read: %v", name, err)
			continue
		}
		verdict, why := Judge(s, r.Now())
		switch verdict {
		case Kept:
			r.say("%s %s", name, why)
		case Orphan:
			orphans = append(orphans, name+" "+why)
		case Other:
			if strings.HasPrefix(name, Prefix) {
				r.say("%s %s: left alone", name, why)
			}
		case Expired:
			r.say("%s %s", name, why)
			if err := r.destroy(ctx, s); err != nil {
				failed = append(failed, name)
				r.say("%s: not destroyed: %v", name, err)
				continue
			}
			reaped++
			if s.Left != "" {
				r.say("left: %s", s.Left)
			}
		}
	}
	strays, err := r.Cloud.Strays(ctx, names)
	if err != nil {
		r.say("what has no stack cannot be told: %v", err)
	}
	for _, line := range append(orphans, strays...) {
		r.say("orphan: %s", line)
	}
	r.say("%d %s, %d failed, %d orphans", reaped, map[bool]string{false: "destroyed", true: "would be destroyed"}[r.DryRun], len(failed), len(orphans)+len(strays))
	if len(failed) > 0 {
		return errors.New("these review environments are still there: " + strings.Join(failed, ", "))
	}
	return nil
}

func (r Reaper) destroy(ctx context.Context, s Stack) error {
	if r.DryRun {
		return nil
	}
	return r.Cloud.Destroy(ctx, s)
}

func (r Reaper) say(format string, args ...any) { fmt.Fprintf(r.Out, format+"\n", args...) }

// ago is a duration in the largest unit that tells it: 3 d, 5 h, 40 min.
func ago(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d d", int(d.Hours())/24)
	case d >= time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d min", int(d.Minutes()))
}
