package tasks

import (
	"fmt"
	"slices"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

func TestBounds(t *testing.T) {
	for _, c := range []struct{ desired, minimum, maximum, floor, ceiling int }{
		{1, 100, 200, 1, 2}, {2, 100, 200, 2, 4}, {2, 75, 100, 2, 2}, {3, 100, 125, 3, 3}, {4, 50, 100, 2, 4}, {1, 0, 100, 0, 1}, {3, 50, 150, 2, 4}, {0, 100, 200, 0, 0},
	} {
		if floor, ceiling := bounds(c.desired, c.minimum, c.maximum); floor != c.floor || ceiling != c.ceiling {
			t.Errorf("%d tasks, %d%%-%d%%: %d to %d, want %d to %d", c.desired, c.minimum, c.maximum, floor, ceiling, c.floor, c.ceiling)
		}
	}
}

func TestFailureThreshold(t *testing.T) {
	for desired, want := range map[int]int{0: 3, 1: 3, 5: 3, 6: 3, 7: 4, 10: 5, 399: 200, 400: 200, 1000: 200} {
		if got := failureThreshold(desired); got != want {
			t.Errorf("%d tasks: %d, want %d", desired, got, want)
		}
	}
}

func TestPlan(t *testing.T) {
	oldOne, newOne := member{healthy: true}, member{current: true, healthy: true}
	oldPending, newPending := member{}, member{current: true}
	leaving := member{healthy: true, stopping: true}
	unhealthy := member{current: true, unhealthy: true}
	for _, c := range []struct {
		name                    string
		members                 []member
		desired, floor, ceiling int
		start                   int
		stop                    []int
	}{
		{"first deployment", nil, 2, 2, 4, 2, nil},
		{"release begins", []member{oldOne, oldOne}, 2, 2, 4, 2, nil},
		{"new ones are not healthy yet", []member{oldOne, oldOne, newPending, newPending}, 2, 2, 4, 0, nil},
		{"one new is healthy", []member{oldOne, oldOne, newOne, newPending}, 2, 2, 4, 0, []int{0}},
		{"all new are healthy", []member{oldOne, oldOne, newOne, newOne}, 2, 2, 4, 0, []int{0, 1}},
		{"draining tasks take up room", []member{leaving, leaving, oldOne, oldOne}, 2, 2, 4, 0, nil},
		{"exactly one: stop first", []member{oldOne}, 1, 0, 1, 0, []int{0}},
		{"exactly one: wait for the stop", []member{leaving}, 1, 0, 1, 0, nil},
		{"no room above", []member{oldOne, oldOne, oldOne, oldOne}, 4, 2, 4, 0, []int{0, 1}},
		{"room for one more", []member{oldOne, oldOne, oldOne}, 3, 3, 4, 1, nil},
		{"a broken old release goes", []member{oldPending, oldOne}, 2, 2, 4, 2, []int{0}},
		{"scale out", []member{newOne, newOne}, 5, 5, 10, 3, nil},
		{"scale in: the youngest", []member{newOne, newOne, newOne}, 2, 2, 4, 0, []int{2}},
		{"scale in: pending first", []member{newOne, newPending, newOne}, 2, 2, 4, 0, []int{1}},
		{"scale to zero", []member{newOne, newOne}, 0, 0, 0, 0, []int{1, 0}},
		{"rollback: the old deployment is current again", []member{newOne, newOne, oldPending}, 2, 2, 4, 0, []int{2}},
		{"an unhealthy task stays until it is replaced", []member{newOne, unhealthy}, 2, 2, 4, 1, nil},
		{"and goes when it is", []member{newOne, unhealthy, newOne}, 2, 2, 4, 0, []int{1}},
		{"or when there is no room for a replacement", []member{newOne, unhealthy}, 2, 2, 2, 0, []int{1}},
	} {
		start, stop := plan(c.members, c.desired, c.floor, c.ceiling)
		if start != c.start || !slices.Equal(stop, c.stop) {
			t.Errorf("%s: start %d, stop %v; want %d, %v", c.name, start, stop, c.start, c.stop)
		}
	}
}

// TestRollingKeepsItsBounds plays whole deployments: the healthy tasks never fall below the floor, the tasks never exceed
// the ceiling, and it ends steady.
func TestRollingKeepsItsBounds(t *testing.T) {
	for _, percents := range [][2]int{{100, 200}, {50, 100}, {50, 150}, {0, 100}, {75, 125}, {100, 150}} {
		for desired := 1; desired <= 7; desired++ {
			floor, ceiling := bounds(desired, percents[0], percents[1])
			if floor >= desired && ceiling <= desired {
				continue // no step is possible; see stuck
			}
			t.Run(fmt.Sprintf("%d tasks %v", desired, percents), func(t *testing.T) { playDeployment(t, desired, floor, ceiling) })
		}
	}
}

func playDeployment(t *testing.T, desired, floor, ceiling int) {
	members := make([]member, desired)
	for i := range members {
		members[i].healthy = true
	}
	for round := 0; !steady(members, desired); round++ {
		if round > 100 {
			t.Fatalf("no end: %+v", members)
		}
		start, stop := plan(members, desired, floor, ceiling)
		for _, i := range stop {
			members[i].stopping = true
		}
		members = append(members, make([]member, start)...)
		for i := len(members) - start; i < len(members); i++ {
			members[i].current = true
		}
		healthy := 0
		for _, m := range members {
			if m.healthy && !m.stopping {
				healthy++
			}
		}
		if healthy < floor || len(members) > ceiling {
			t.Fatalf("round %d: %d healthy (floor %d), %d tasks (ceiling %d)", round, healthy, floor, len(members), ceiling)
		}
		// One pending task becomes healthy and one stopping task goes, per round.
		if i := slices.IndexFunc(members, func(m member) bool { return m.current && !m.healthy }); i >= 0 {
			members[i].healthy = true
		}
		if i := slices.IndexFunc(members, func(m member) bool { return m.stopping }); i >= 0 {
			members = slices.Delete(members, i, i+1)
		}
	}
}

func TestStuck(t *testing.T) {
	running := []member{{healthy: true}}
	if !stuck(running, 1, 1, 1) {
		t.Error("1 task at 100%-100% can move")
	}
	if stuck(running, 1, 1, 2) || stuck(running, 1, 0, 1) {
		t.Error("a deployment with room is stuck")
	}
}

// TestWell: one failed check of a target that serves is none of a deployment's business. It once had both old tasks stopped.

// TestWhatServedStays: an old task that looks unhealthy when a release begins goes when a new one serves, not before.
func TestWhatServedStays(t *testing.T) {
	record := state.Service{Deployments: []state.Deployment{{ID: "new", RolloutState: state.InProgress}, {ID: "old", RolloutState: state.Completed}, {ID: "bad", RolloutState: state.Failed}}}
	roll := rollout{primary: record.Deployment("new")}
	for _, deployment := range []string{"old", "bad", "new", "unknown"} {
		roll.tasks = append(roll.tasks, &task{deployment: deployment, phase: running, proven: record.Completed(deployment)})
	}
	members := roll.members()
	if !members[0].unhealthy || members[1].unhealthy || members[2].unhealthy || members[3].unhealthy {
		t.Errorf("%+v", members)
	}
	if _, stop := plan(members, 2, 2, 8); !slices.Equal(stop, []int{1, 3}) {
		t.Errorf("stops %v, want only those that never served", stop)
	}
}
