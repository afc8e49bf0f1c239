package runtime

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/runtimetest"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/tasks"
)

// running is a container of a service's task.
type running struct {
	machine.Container
	essential bool
	release   string // APP_RELEASE
	target    string // healthy, initial, unhealthy, draining; empty without a load balancer
}

// containers returns those of all tasks, by their start.
func (s *system) containers(t *testing.T) []running {
	t.Helper()
	found, err := s.r.Docker.Containers(t.Context(), s.r.StateLabel(), machine.LabelRole+"=task")
	if err != nil {
		t.Fatal(err)
	}
	targets, err := s.r.Targets(t.Context(), runtimetest.GroupARN)
	if err != nil {
		t.Fatal(err)
	}
	var all []running
	for _, c := range found {
		one := running{Container: c, essential: c.Config.Labels[tasks.LabelEssential] == "true"}
		for _, env := range c.Config.Env {
			if release, ok := strings.CutPrefix(env, "APP_RELEASE="); ok {
				one.release = release
			}
		}
		address, _ := c.Address(s.r.Name)
		if i := slices.IndexFunc(targets, func(t state.Target) bool { return t.ID == address.String() }); i >= 0 {
			one.target = targets[i].State
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b running) int { return a.State.StartedAt.Compare(b.State.StartedAt) })
	return all
}
