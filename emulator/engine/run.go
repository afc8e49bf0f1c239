package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"time"
)

// parallel is how many resources are worked on at a time. The work is cheap here, so only the program's own
// dependencies limit it.
const parallel = "64"

// PreviewArguments make `pulumi preview` print JSON: the changes, and what stays as it is.
var PreviewArguments = []string{"--json", "--show-sames"}

var ownProcessGroup = &syscall.SysProcAttr{Setpgid: true}

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
	return f.Run + ": " + f.Text()
}

// Text is what the engine reported.
func (f *Failure) Text() string { return strings.Join(f.Errors, "\n") }

// Unwrap returns the error of the CLI.
func (f *Failure) Unwrap() error { return f.Cause }

// Preview reports what Up would do.
func (e *Engine) Preview(ctx context.Context) (Report, error) {
	return e.run(ctx, "preview", true, "preview")
}

// Up deploys the program in the two steps of `pulumi up`: a preview, which ends it if it fails, and the update.
func (e *Engine) Up(ctx context.Context) (Report, error) {
	args := []string{"up", "--yes"}
	lost, err := e.lost()
	if err != nil {
		return Report{}, err
	}
	if lost {
		fmt.Fprintln(e.cfg.Log, "the account lost resources that the state has; refreshing first")
		args = append(args, "--refresh")
	}
	return e.run(ctx, "up", false, args...)
}

// Refresh compares the state with the account and records the differences in the state.
func (e *Engine) Refresh(ctx context.Context) (Report, error) {
	return e.run(ctx, "refresh", false, "refresh", "--yes", "--skip-preview")
}

// Destroy removes everything the program declared.
func (e *Engine) Destroy(ctx context.Context) (Report, error) {
	return e.run(ctx, "destroy", false, "destroy", "--yes", "--skip-preview")
}

// PreviewDestroy reports whether Destroy would be refused: a protected resource ends it before anything is deleted.
func (e *Engine) PreviewDestroy(ctx context.Context) (Report, error) {
	return e.run(ctx, "destroy", true, "destroy", "--preview-only")
}

// PreviewJSON returns what `pulumi preview --json` prints. It prints the JSON of a preview that fails, too.
func (e *Engine) PreviewJSON(ctx context.Context, more ...string) ([]byte, error) {
	if err := e.Init(ctx); err != nil {
		return nil, err
	}
	return e.output(ctx, slices.Concat([]string{"preview", "--parallel", parallel}, PreviewArguments, more)...)
}

// Outputs are the outputs of the last Up. Secret ones are in plain text.
func (e *Engine) Outputs(ctx context.Context) (map[string]any, error) {
	out, err := e.output(ctx, "stack", "output", "--json", "--show-secrets")
	if err != nil {
		return nil, fmt.Errorf("reading the outputs: %w", err)
	}
	values := map[string]any{}
	if err := json.Unmarshal(out, &values); err != nil {
		return nil, fmt.Errorf("reading the outputs: %w", err)
	}
	return values, nil
}

// run runs the CLI, which prints the engine's events as JSON, and reports them.
func (e *Engine) run(ctx context.Context, name string, preview bool, args ...string) (Report, error) {
	if err := e.Init(ctx); err != nil {
		return Report{}, err
	}
	var complaint bytes.Buffer
	command := e.command(ctx, append(args, "--json", "--color", "never", "--parallel", parallel)...)
	command.Env = append(command.Env, "PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true")
	command.Stderr = &complaint
	events, err := command.StdoutPipe()
	if err != nil {
		return Report{}, err
	}
	begin := time.Now()
	if err := command.Start(); err != nil {
		return Report{}, fmt.Errorf("starting %s: %w", e.cfg.CLI, err)
	}
	r := &recorder{log: e.cfg.Log, preview: preview, started: map[string]time.Time{}}
	rest := r.listen(events)
	err = command.Wait()
	r.report.Took = time.Since(begin)
	switch {
	case err == nil:
		return r.report, nil
	case ctx.Err() != nil:
		return r.report, fmt.Errorf("%s was interrupted; the next run carries on: %w", name, ctx.Err())
	}
	cause := errors.New(strings.TrimSpace(strings.Join([]string{err.Error(), complaint.String(), rest}, "\n")))
	return r.report, &Failure{Run: name, Errors: r.report.Errors, Cause: cause}
}

// drain reads what is left, so that the writer does not wait.
func drain(in io.Reader) string {
	text, _ := io.ReadAll(in)
	return string(text)
}
