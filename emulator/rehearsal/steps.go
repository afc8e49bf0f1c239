package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account/ec2"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/rds"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/emulator/stackfile"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

const imageToken = "docker:index/image:Image"

// released are the types that a new release may touch, with what happens to them.
var released = map[string]string{
	imageToken:                              "update",
	"aws:ecs/taskDefinition:TaskDefinition": "replace",
	"aws:ecs/service:Service":               "update",
}

// step is one run of the engine and what is expected of it.
type step struct {
	name   string
	run    func(context.Context) (engine.Report, error)
	expect func(engine.Report) []string // what happened beside that, or did not happen
	// refused is what the engine must say when the step has to fail; empty: it must succeed, and as expected.
	refused string
}

// outcome is a step that was taken.
type outcome struct {
	step       string
	report     engine.Report
	unexpected []string
}

// steps is the life of a stack: made, unchanged, released or, where nothing runs, changed, and torn down.
func steps(e *engine.Engine) []step {
	set := func(path string, value any) func(context.Context) (engine.Report, error) {
		return func(ctx context.Context) (engine.Report, error) {
			if err := e.Rewrite(func(s *config.File) error { return s.Set(path, value) }); err != nil {
				return engine.Report{}, err
			}
			return e.Up(ctx)
		}
	}
	list := []step{
		{name: "preview", run: e.Preview, expect: only("create")},
		{name: "up", run: e.Up, expect: only("create")},
		{name: "preview again", run: e.Preview, expect: only()},
		{name: "refresh", run: e.Refresh, expect: only()},
		{name: "preview after refresh", run: e.Preview, expect: only()},
		{name: "months later", run: months(e), expect: func(r engine.Report) []string { return append(only("update")(r), ec2.Ageing(e.Account())...) }},
		{name: "preview then", run: e.Preview, expect: only()},
	}
	if stackfile.IsAccount(e.Settings()) {
		list = append(list, step{name: "longer history", run: set("account.stateDays", 365), expect: only("update")})
	} else {
		list = append(list, release(e, set("release.name", "rehearsed-release")))
	}
	if protected, _ := e.Settings().Get("environment.protect").(bool); protected {
		list = append(list,
			step{name: "destroy (protected)", run: e.PreviewDestroy, refused: "protected"},
			step{name: "teardown", run: set("environment.teardown", true), expect: only("update")},
		)
	}
	return append(list, step{name: "destroy", run: e.Destroy, expect: func(r engine.Report) []string {
		return append(only("delete")(r), left(e)...)
	}})
}

// months has AWS do what it does by itself in months, and reads it.
func months(e *engine.Engine) func(context.Context) (engine.Report, error) {
	return func(ctx context.Context) (engine.Report, error) {
		if err := errors.Join(rds.Age(ctx, e.Account()), ec2.Age(ctx, e.Account())); err != nil {
			return engine.Report{}, err
		}
		return e.Refresh(ctx)
	}
}

// release is the step of a new release. Its image is in the registry already where the stack file pins a release.
func release(e *engine.Engine, run func(context.Context) (engine.Report, error)) step {
	s := step{name: "new release", run: run, expect: onlyRelease(released)}
	if stackfile.Builds(e.Settings()) {
		return s
	}
	pulled := maps.Clone(released)
	delete(pulled, imageToken)
	s.expect = onlyRelease(pulled)
	s.run = func(ctx context.Context) (engine.Report, error) {
		if err := e.Account().AssumeImage(config.ReleaseTag(e.Settings().Text("environment.class"), "rehearsed-release")); err != nil {
			return engine.Report{}, err
		}
		return run(ctx)
	}
	return s
}

// only allows changes of these operations.
func only(operations ...string) func(engine.Report) []string {
	return func(r engine.Report) []string {
		var list []string
		for _, change := range r.Changes {
			if !slices.Contains(operations, change.Op) {
				list = append(list, change.String())
			}
		}
		return list
	}
}

// onlyRelease allows what a release changes, and requires all of it.
func onlyRelease(released map[string]string) func(engine.Report) []string {
	return func(r engine.Report) []string {
		var list []string
		seen := map[string]bool{}
		for _, change := range r.Changes {
			if released[change.Type] != change.Op {
				list = append(list, change.String())
				continue
			}
			seen[change.Type] = true
		}
		for token := range released {
			if !seen[token] {
				list = append(list, fmt.Sprintf("no %s of %s", released[token], token))
			}
		}
		slices.Sort(list)
		return list
	}
}

// left lists what is still in the account after a destroy.
func left(e *engine.Engine) []string {
	var list []string
	for _, r := range e.Left() {
		list = append(list, fmt.Sprintf("left behind: %s %s", r.Type, r.Name))
	}
	return list
}

// take takes the steps one after the other and stops at one that fails when it should not.
func take(ctx context.Context, list []step) []outcome {
	var outcomes []outcome
	for _, s := range list {
		report, err := s.run(ctx)
		one := outcome{step: s.name, report: report}
		switch {
		case err != nil && s.refused == "":
			one.unexpected = append(one.unexpected, reason(err))
		case err == nil && s.refused != "":
			one.unexpected = append(one.unexpected, "it was not refused")
		case err != nil && !strings.Contains(err.Error(), s.refused):
			one.unexpected = append(one.unexpected, "it was refused for another reason: "+reason(err))
		}
		if s.refused == "" {
			one.unexpected = append(one.unexpected, s.expect(report)...)
		} else {
			one.report.Changes = nil // planned, not done
		}
		outcomes = append(outcomes, one)
		if err != nil && s.refused == "" || err == nil && s.refused != "" || ctx.Err() != nil {
			break
		}
	}
	return outcomes
}
