package deploy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/ops/why"
)

const (
	// clockSkew is how far this machine's clock may be ahead of AWS's.
	clockSkew = time.Minute
	// explainLimit is how long the explanation of a failure may take.
	explainLimit = 20 * time.Second
)

// explain prints what went wrong in the services since the deployment began: their events and why tasks stopped. It says nothing where
// the stack has no services yet, where ECS reports no fault, and after an interrupt: the error before it stands for itself.
func explain(ctx context.Context, s *session.Session, since time.Time) {
	if ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, explainLimit)
	defer cancel()
	c, err := cluster.Found(ctx, s)
	if err != nil {
		return
	}
	lines, err := why.Since(ctx, c, since.Add(-clockSkew))
	if err != nil {
		fmt.Fprintln(s.Err, "asking ECS why:", session.Explain(err))
	} else if len(lines) > 0 {
		fmt.Fprintf(s.Err, "\nAmazon ECS says:\n  %s\nThe log lines of these tasks: make why STACK=%s\n", strings.Join(lines, "\n  "), s.Stack)
	}
}
