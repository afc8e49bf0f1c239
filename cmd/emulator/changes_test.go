package main_test

import (
	"context"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/emulator/rehearsal"
	"github.com/laravel-ecs/laravel-ecs/stacks"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestRehearsals takes every stack file through its life.
func TestRehearsals(t *testing.T) {
	root := repository(t)
	list := config.Stacks(root)
	if len(list) < 5 {
		t.Fatalf("the stacks are %v", list)
	}
	t.Chdir(root)
	for _, stack := range list {
		t.Run(stack, func(t *testing.T) {
			var out strings.Builder
			err := rehearsal.Run(t.Context(), rehearsal.Config{Root: root, Stack: stack, Program: stacks.Deploy}, &out)
			t.Log(out.String())
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestChangedEdge narrows who may connect: rules come and go, the groups they belong to stay.
func TestChangedEdge(t *testing.T) {
	e := newLife(t, "staging", nil, nil)
	if _, err := e.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.set(map[string]any{"access.web": []string{"198.51.100.0/24"}})
	if planned, err := e.Preview(t.Context()); err != nil || len(planned.Changes) == 0 {
		t.Errorf("the preview: %v, %v", planned.Changes, err)
	}
	report, err := e.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Changes) == 0 {
		t.Error("nothing changed")
	}
	for _, change := range report.Changes {
		if change.Type != "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule" {
			t.Errorf("unexpected: %v", change)
		}
	}
}

// TestDrift changes a resource behind the program's back: a refresh sees it, and the next deployment puts it right.
func TestDrift(t *testing.T) {
	const token = "aws:lb/loadBalancer:LoadBalancer"
	e := newLife(t, "staging", nil, nil)
	if _, err := e.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	balancers := e.Account().List(token)
	if len(balancers) != 1 {
		t.Fatalf("%d load balancers", len(balancers))
	}
	if err := e.Account().Tamper(token, balancers[0].ID, "idleTimeout", 4000.0); err != nil {
		t.Fatal(err)
	}
	for _, run := range []func(context.Context) (engine.Report, error){e.Refresh, e.Up} {
		report, err := run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Changes) != 1 || report.Changes[0].Type != token || report.Changes[0].Op != "update" {
			t.Errorf("changes are %v", report.Changes)
		}
	}
	restored, _ := e.Account().Read(token, balancers[0].ID)
	if restored.Outputs["idleTimeout"] != balancers[0].Outputs["idleTimeout"] {
		t.Errorf("idleTimeout is %v", restored.Outputs["idleTimeout"])
	}
}
