package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
)

// parallel is how many resources are worked on at a time. The work is cheap here, so the program's own dependencies
// are the only limit.
const parallel = 64

// Failure is a run that the engine ended with an error.
type Failure struct {
	Run    string
	Errors []string // the engine's diagnostics
	Cause  error
}

// Error lists what the engine reported.
func (f *Failure) Error() string {
	if len(f.Errors) == 0 {
		return fmt.Sprintf("%s: %v", f.Run, f.Cause)
	}
	return fmt.Sprintf("%s: %s", f.Run, strings.Join(f.Errors, "\n"))
}

// Unwrap returns the error of the CLI.
func (f *Failure) Unwrap() error { return f.Cause }

// Preview tells what Up would do.
func (e *Engine) Preview(ctx context.Context) (Report, error) {
	return e.run(ctx, "preview", true, func(stream chan<- events.EngineEvent) error {
		_, err := e.stack.Preview(ctx, optpreview.EventStreams(stream), optpreview.Parallel(parallel))
		return err
	})
}

// Up deploys the program.
func (e *Engine) Up(ctx context.Context) (Report, error) {
	lost, err := e.lost()
	if err != nil {
		return Report{}, err
	}
	return e.run(ctx, "up", false, func(stream chan<- events.EngineEvent) error {
		options := []optup.Option{optup.EventStreams(stream), optup.Parallel(parallel)}
		if lost {
			fmt.Fprintln(e.cfg.Log, "the account lost resources that the state has; refreshing first")
			options = append(options, optup.Refresh())
		}
		_, err := e.stack.Up(ctx, options...)
		return err
	})
}

// Refresh compares the state with the account and takes over what differs.
func (e *Engine) Refresh(ctx context.Context) (Report, error) {
	return e.run(ctx, "refresh", false, func(stream chan<- events.EngineEvent) error {
		_, err := e.stack.Refresh(ctx, optrefresh.EventStreams(stream), optrefresh.Parallel(parallel))
		return err
	})
}

// Destroy removes everything the program declared.
func (e *Engine) Destroy(ctx context.Context) (Report, error) {
	return e.run(ctx, "destroy", false, func(stream chan<- events.EngineEvent) error {
		_, err := e.stack.Destroy(ctx, optdestroy.EventStreams(stream), optdestroy.Parallel(parallel))
		return err
	})
}

// Outputs are the outputs of the last Up. Secret ones are there in plain text.
func (e *Engine) Outputs(ctx context.Context) (map[string]any, error) {
	workspace := e.stack.Workspace()
	env := []string{"PULUMI_HOME=" + workspace.PulumiHome()}
	for key, value := range workspace.GetEnvVars() {
		env = append(env, key+"="+value)
	}
	// Not by the Automation API, whose own question quietCLI leaves out.
	out, complaint, _, err := e.cfg.CLI.Run(ctx, workspace.WorkDir(), nil, nil, nil, env, "stack", "output", "--json", "--show-secrets", "--stack", e.cfg.Stack)
	if err != nil {
		return nil, fmt.Errorf("reading the outputs: %w: %s", err, complaint)
	}
	values := map[string]any{}
	if err := json.Unmarshal([]byte(out), &values); err != nil {
		return nil, fmt.Errorf("reading the outputs: %w", err)
	}
	return values, nil
}

// PreviewDestroy tells whether Destroy would be refused. `pulumi destroy` begins with it: a protected resource ends it
// before anything is deleted.
func (e *Engine) PreviewDestroy(ctx context.Context) (Report, error) {
	return e.run(ctx, "destroy", true, func(stream chan<- events.EngineEvent) error {
		_, err := e.stack.PreviewDestroy(ctx, optdestroy.EventStreams(stream), optdestroy.Parallel(parallel))
		return err
	})
}

func (e *Engine) run(ctx context.Context, name string, preview bool, operation func(chan<- events.EngineEvent) error) (Report, error) {
	r := &recorder{log: e.cfg.Log, preview: preview, started: map[string]time.Time{}}
	stream, stop, done := make(chan events.EngineEvent), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		r.listen(stream, stop)
	}()
	begin := time.Now()
	err := operation(stream)
	// The Automation API closes the stream when the CLI has sent its last event; a CLI that failed early sent none.
	close(stop)
	<-done
	r.report.Took = time.Since(begin)
	if err == nil {
		return r.report, nil
	}
	if ctx.Err() != nil {
		return r.report, fmt.Errorf("%s was interrupted; the next run carries on: %w", name, errors.Join(ctx.Err()))
	}
	failure := &Failure{Run: name, Errors: r.report.Errors, Cause: err}
	return r.report, failure
}
