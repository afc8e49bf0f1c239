package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/creation"
	"github.com/laravel-ecs/laravel-ecs/emulator/rehearsal"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// TestCreationIsNotSerialised: AWS makes staging and prod in hardly more than their critical paths, which are those of docs/creation.md. An
// order that nobody needs, here of the database after the load balancer, is noticed.
func TestCreationIsNotSerialised(t *testing.T) {
	t.Parallel()
	root := repository(t)
	page, err := os.ReadFile(filepath.Join(root, "docs", "creation.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"staging", "prod"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resources, err := rehearsal.Resources(t.Context(), rehearsal.Config{Root: root, Stack: name, Program: stacks.Deploy})
			if err != nil {
				t.Fatal(err)
			}
			s := creation.Stack{Name: name, Graph: creation.New(resources)}
			if err := s.Check(string(page)); err != nil {
				t.Error(err)
			}
			var balancer, database *creation.Node
			for _, n := range s.Graph {
				switch n.Type {
				case "aws:lb/loadBalancer:LoadBalancer":
					balancer = n
				case "aws:rds/instance:Instance":
					database = n
				}
			}
			database.After[balancer.URN] = creation.Edge{}
			if err := s.Check(string(page)); err == nil || !strings.Contains(err.Error(), database.Name+" waits for "+balancer.Name) || !strings.Contains(err.Error(), "another critical path") {
				t.Errorf("with the database after the load balancer: %v", err)
			}
		})
	}
}
