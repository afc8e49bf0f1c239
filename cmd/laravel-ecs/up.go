package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime"
	"github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// pageLimit is how long the page may take to answer after everything has been declared: the tasks were healthy then.
const pageLimit = time.Minute

// up deploys the stack to this machine and waits for its page.
func up(ctx context.Context, o options) error {
	begin := time.Now()
	if err := docker.Ensure(ctx, o.out); err != nil {
		return err
	}
	if err := docker.MakeBase(ctx, o.root, o.out); err != nil {
		return err
	}
	e, machine, err := openCloud(ctx, o)
	if err != nil {
		return err
	}
	defer e.Close()
	https := e.Settings().Text("domain.name") != ""
	if err := machine.Preflight(ctx, https); err != nil {
		return err
	}
	if err := rememberPorts(o); err != nil {
		return err
	}
	if err := machine.Reconcile(ctx); err != nil {
		return fmt.Errorf("starting what is deployed already: %w", err)
	}
	report, err := e.Up(ctx)
	if err != nil {
		err = failed(o, report, err)
		tellWhy(o, machine, begin, report)
		return err
	}
	if services, _ := report.Outputs["serviceNames"].(map[string]any); services["web"] == nil {
		fmt.Fprintf(o.out, "%s\n\nrelease %v is deployed, after %.1f seconds; it has no web tasks (web.count)\n", report.Summary(), report.Outputs["release"], time.Since(begin).Seconds())
		return nil
	}
	url := fmt.Sprintf("http://localhost:%d", o.httpPort)
	if err := waitForPage(ctx, url); err != nil {
		return err
	}
	fmt.Fprintln(o.out, report.Summary())
	fmt.Fprintf(o.out, "\n%s answers with release %v, after %.1f seconds\n", url, report.Outputs["release"], time.Since(begin).Seconds())
	if https {
		fmt.Fprintf(o.out, "https://localhost:%d too (self-signed)\n", o.httpsPort)
	}
	if pinned := e.Settings().Text("release.name"); pinned != "" && e.Settings().Text("release.strategy") != "blueGreen" {
		fmt.Fprintf(o.out, "%s pins release %s; make unpin takes that away\n", e.Settings().Name(), pinned)
	}
	return nil
}

// setup makes what the other commands and the tests need, and nothing else.
func setup(ctx context.Context, o options) error {
	if o.cli {
		_, err := engine.FindCLI(ctx, o.root, o.out)
		return err
	}
	if err := docker.Ensure(ctx, o.out); err != nil || o.docker {
		return err
	}
	return docker.MakeBase(ctx, o.root, o.out)
}

// failed says how to go on after a failed deployment. The engine's errors have been printed as they came.
func failed(o options, report engine.Report, err error) error {
	var failure *engine.Failure
	if errors.As(err, &failure) && len(failure.Errors) > 0 {
		fmt.Fprintf(o.out, "\n%s\nthe deployment failed, see the errors above; what was made stays, and the next run carries on\n", report.Summary())
		return errReported
	}
	return err
}

// tellWhy ends the output of a failed deployment with what the tasks said, unless the errors above tell it.
func tellWhy(o options, machine *runtime.Runtime, since time.Time, report engine.Report) {
	failures, err := machine.Failures(since)
	if err != nil {
		fmt.Fprintln(o.out, "looking for what the tasks said:", err)
	}
	for _, f := range failures {
		if f.LastTask == "" || !strings.Contains(strings.Join(report.Errors, "\n"), f.LastTask) {
			fmt.Fprintf(o.out, "\n%s\n%s\n", f.Summary, f.LastTask)
		}
	}
}

// showPreview tells what up would do.
func showPreview(ctx context.Context, o options) error {
	e, _, err := openCloud(ctx, o)
	if err != nil {
		return err
	}
	defer e.Close()
	report, err := e.Preview(ctx)
	if err != nil {
		return failed(o, report, err)
	}
	fmt.Fprintln(o.out, report.Summary())
	return nil
}

// waitForPage returns when the load balancer answers with a page, whatever it redirects to.
func waitForPage(ctx context.Context, url string) error {
	client := &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	ctx, cancel := context.WithTimeout(ctx, pageLimit)
	defer cancel()
	var last string
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err == nil {
			response.Body.Close()
			if response.StatusCode < http.StatusBadRequest {
				return nil
			}
			last = response.Status
		} else {
			last = err.Error()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer as it should: %s (make logs tells what the tasks say)", url, last)
		case <-time.After(300 * time.Millisecond):
		}
	}
}
