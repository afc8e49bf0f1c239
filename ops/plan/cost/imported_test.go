package cost_test

import (
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

// TestImported: what is imported is new to the stack, and counts once though an update of it follows.
func TestImported(t *testing.T) {
	state := func(class string) *preview.State {
		return &preview.State{Type: "aws:rds/instance:Instance", Inputs: map[string]any{"instanceClass": class}}
	}
	const urn = "urn:pulumi:prod::laravel-ecs::aws:rds/instance:Instance::db"
	alone := preview.Step{Op: "import", URN: urn, Old: state("db.t4g.small"), New: state("db.t4g.small")}
	for _, steps := range [][]preview.Step{{alone}, {alone, {Op: "update", URN: urn, Old: state("db.t4g.small"), New: state("db.t4g.small")}}} {
		if before, after := cost.Resources(preview.Preview{Steps: steps}); len(before) != 0 || len(after) != 1 {
			t.Errorf("%d steps: %v before and %v after", len(steps), before, after)
		}
	}
}

func TestAge(t *testing.T) {
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	old := cost.Table{Date: "2025-06"}
	for now, want := range map[string]bool{"2025-07-01": false, "2026-06-01": false, "2026-06-02": true} {
		if old.Aged("eu-west-1", day(now)) != want {
			t.Errorf("on %s it is not %v that prices of 2025-06 are aged", now, want)
		}
	}
	if old.AsOf("eu-west-1") != "2025-06" {
		t.Errorf("as of %s", old.AsOf("eu-west-1"))
	}
}
