// Package status shows the services of a stack, their tasks, and whether everything is steady.
package status

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// ErrNotSteady is the end of a status that is not steady. Its text names the reasons.
var ErrNotSteady = errors.New("not steady")

// Options are the flags of the command.
type Options struct {
	// Watch draws again until everything is steady or the context ends.
	Watch bool
	// Every is the pause between two drawings.
	Every time.Duration
}

// clear moves the cursor to the top of a terminal and clears what is below (ECMA-48, CUP and ED).
const clear = "\x1b[H\x1b[J"

// Show prints the services, the tasks and the URL. The error is ErrNotSteady while something is not as it should be.
func Show(ctx context.Context, s *session.Session, o Options) error {
	c, err := cluster.Open(ctx, s)
	if err != nil {
		return err
	}
	for first := true; ; first = false {
		found, err := read(ctx, c)
		if err != nil && ctx.Err() != nil && !first {
			return fmt.Errorf("%w when it was interrupted", ErrNotSteady)
		}
		if err != nil {
			return err
		}
		var text strings.Builder
		found.write(&text, c.Outputs.URL)
		if o.Watch && isTerminal(s.Out) {
			fmt.Fprint(s.Out, clear)
		} else if !first {
			fmt.Fprintln(s.Out)
		}
		fmt.Fprint(s.Out, text.String())
		problems := found.problems()
		if len(problems) == 0 {
			return nil
		}
		if !o.Watch {
			return fmt.Errorf("%w: %s", ErrNotSteady, strings.Join(problems, "; "))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %s", ErrNotSteady, strings.Join(problems, "; "))
		case <-time.After(o.Every):
		}
	}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
