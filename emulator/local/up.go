package local

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// pageLimit is how long the page may take to answer after the deployment: the tasks were healthy by then.
const pageLimit = time.Minute

// Up deploys the stack to this machine and waits for its page.
func (s *Stack) Up(ctx context.Context) error {
	begin := time.Now()
	if err := prepare(ctx, s); err != nil {
		return err
	}
	o, err := s.Open(ctx)
	if err != nil {
		return err
	}
	defer o.Close()
	if err := o.start(ctx); err != nil {
		return err
	}
	report, err := o.Up(ctx)
	if err != nil {
		err = s.failed(report, err)
		o.TellWhy(begin, strings.Join(report.Errors, "\n"))
		return err
	}
	fmt.Fprintf(s.Out, "%s\n\n", report.Summary())
	return o.waitForPage(ctx, report.Outputs, begin)
}

// BeforeUp does what a deployment needs beside the engine: the Docker engine, the base image, free ports, and the
// containers of what is deployed already.
func (o *Opened) BeforeUp(ctx context.Context) error {
	if err := prepare(ctx, o.Stack); err != nil {
		return err
	}
	return o.start(ctx)
}

func prepare(ctx context.Context, s *Stack) error {
	if err := docker.Ensure(ctx, s.Out); err != nil {
		return err
	}
	return docker.MakeBase(ctx, s.Root, s.Out)
}

func (o *Opened) start(ctx context.Context) error {
	if err := o.Machine.Preflight(ctx, o.https()); err != nil {
		return err
	}
	if err := o.Stack.rememberPorts(); err != nil {
		return err
	}
	if err := o.Machine.Reconcile(ctx); err != nil {
		return fmt.Errorf("starting what is deployed already: %w", err)
	}
	if o.Stack.Prebuild == nil {
		return nil
	}
	return o.Stack.Prebuild(ctx, o.Stack.Root, o.Settings(), o.Stack.Out)
}

// AfterUp waits for the page of what was deployed.
func (o *Opened) AfterUp(ctx context.Context, begin time.Time) error {
	outputs, err := o.Outputs(ctx)
	if err != nil {
		return err
	}
	return o.waitForPage(ctx, outputs, begin)
}

func (o *Opened) https() bool { return o.Settings().Text("domain.name") != "" }

func (o *Opened) waitForPage(ctx context.Context, outputs map[string]any, begin time.Time) error {
	out, release := o.Stack.Out, outputs["release"]
	if services, _ := outputs["serviceNames"].(map[string]any); services["web"] == nil {
		if release != nil { // an account stack has none
			fmt.Fprintf(out, "release %v is deployed, after %.1f seconds; it has no web tasks (web.count)\n", release, time.Since(begin).Seconds())
		}
		return nil
	}
	url := fmt.Sprintf("http://localhost:%d", o.Stack.HTTPPort)
	fixed := fixedResponse(o.Account())
	status, err := waitForPage(ctx, url, fixed)
	if err != nil {
		return err
	}
	if status == fixed {
		fmt.Fprintf(out, "release %v is deployed, after %.1f seconds; %s answers %d\n", release, time.Since(begin).Seconds(), url, status)
	} else {
		fmt.Fprintf(out, "%s answers with release %v, after %.1f seconds\n", url, release, time.Since(begin).Seconds())
	}
	if fixed != 0 {
		fmt.Fprintf(out, "maintenance is on: make maintenance OFF=1%s ends it\n", o.Stack.chosen())
	}
	if o.https() {
		fmt.Fprintf(out, "https://localhost:%d too (self-signed)\n", o.Stack.HTTPSPort)
	}
	if pinned := o.Settings().Text("release.name"); pinned != "" && o.Settings().Text("release.strategy") != "blueGreen" {
		fmt.Fprintf(out, "%s pins release %s; make unpin removes that\n", o.Settings().Name(), pinned)
	}
	return nil
}

// chosen are the variables of the Makefile that choose this stack on this machine.
func (s *Stack) chosen() string {
	if s.Name == "local" {
		return ""
	}
	return " CLOUD=local STACK=" + s.Name
}

// fixedResponse is the status that the load balancer answers to all requests by a listener rule which the program did not make, 0 if
// there is none. `laravel-ecs maintenance on` makes such rules.
func fixedResponse(a *account.Account) int {
	for _, rule := range a.List(account.ListenerRuleToken) {
		conditions, actions := rule.Outputs.Blocks("conditions[*]"), rule.Outputs.Blocks("actions[*]")
		if rule.Name != "" || len(conditions) != 1 || len(actions) != 1 || !slices.Contains(conditions[0].Map("pathPattern").Strings("values"), "/*") {
			continue
		}
		if status, err := strconv.Atoi(actions[0].Map("fixedResponse").Text("statusCode")); err == nil {
			return status
		}
	}
	return 0
}

// failed says how to go on after a failed deployment. The engine's errors have been printed as they came.
func (s *Stack) failed(report engine.Report, err error) error {
	var failure *engine.Failure
	if errors.As(err, &failure) && len(failure.Errors) > 0 {
		fmt.Fprintf(s.Out, "\n%s\nthe deployment failed, see the errors above; what was made stays, and the next run carries on\n", report.Summary())
		return ErrReported
	}
	return err
}

// TellWhy ends the output of a failed deployment with what its tasks printed, except for what the errors say already.
func (o *Opened) TellWhy(since time.Time, errors string) {
	failures, err := o.Machine.Failures(since)
	if err != nil {
		fmt.Fprintln(o.Stack.Out, "reading what the tasks printed:", err)
	}
	for _, f := range failures {
		if f.LastTask == "" || !strings.Contains(errors, f.LastTask) {
			fmt.Fprintf(o.Stack.Out, "\n%s\n%s\n", f.Summary, f.LastTask)
		}
	}
}

// Preview prints what Up would do.
func (s *Stack) Preview(ctx context.Context) error {
	o, err := s.Open(ctx)
	if err != nil {
		return err
	}
	defer o.Close()
	report, err := o.Preview(ctx)
	if err != nil {
		return s.failed(report, err)
	}
	fmt.Fprintln(s.Out, report.Summary())
	return nil
}

// waitForPage returns when the load balancer answers with a page, whatever it redirects to, or with the status of its fixed response. It
// returns the status.
func waitForPage(ctx context.Context, url string, fixed int) (int, error) {
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
			return 0, err
		}
		response, err := client.Do(request)
		if err == nil {
			response.Body.Close()
			if response.StatusCode < http.StatusBadRequest || response.StatusCode == fixed {
				return response.StatusCode, nil
			}
			last = response.Status
		} else {
			last = err.Error()
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("%s does not answer as it should: %s (make logs shows what the tasks print)", url, last)
		case <-time.After(300 * time.Millisecond):
		}
	}
}
