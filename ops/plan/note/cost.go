package note

import (
	"fmt"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

// cost is a line "before -> after", what makes the difference, and what is not in it.
func (w *writer) cost(p preview.Preview, table cost.Table) {
	region := region(p)
	if _, known := table.Regions[region]; !known {
		w.line("\n**Cost** not estimated: ops/plan/cost/prices.yaml has no prices of %s", region)
		return
	}
	if !p.Complete {
		w.line("\n**Cost** not estimated: the preview was made without --show-sames, so it does not list what stays")
		return
	}
	old, fresh := states(p)
	before, after := table.Of(region, old), table.Of(region, fresh)
	w.line("\n**Cost** %s", line(before.Total(), after.Total()))
	for _, change := range itemChanges(before, after) {
		w.line("- %s", change)
	}
	if total := after.Total(); total.Low != total.High {
		w.line("- two numbers: spot costs what the market says, from a tenth of the on-demand price up to all of it")
	}
	for _, growth := range after.Growth {
		w.line("- %s", growth)
	}
	if len(after.Unknown) > 0 {
		w.line("- not in the table, so not in the sum: %s", strings.Join(after.Unknown, ", "))
	}
	if len(after.Usage) > 0 {
		w.line("- paid by use, on top: %s", strings.Join(after.Usage, ", "))
	}
	w.line("- list prices of %s as of %s, before tax", region, table.Date)
}

func line(before, after cost.Range) string {
	if before.String() == after.String() {
		return after.String() + " USD per month, unchanged"
	}
	return fmt.Sprintf("%s -> %s USD per month (%s)", before, after, difference(before, after))
}

func difference(before, after cost.Range) string {
	low, high := after.Low-before.Low, after.High-before.High
	if text := fmt.Sprintf("%+.2f", low); text == fmt.Sprintf("%+.2f", high) {
		return text
	}
	return fmt.Sprintf("%+.2f to %+.2f", min(low, high), max(low, high))
}

// itemChanges lists the items whose number changes.
func itemChanges(before, after cost.Estimate) []string {
	if len(before.Items) == 0 {
		return nil // a first deployment: the sum is enough
	}
	var list []string
	for _, what := range preview.Keys(before.Items, after.Items) {
		was, is := before.Items[what], after.Items[what]
		if was.Count != is.Count {
			list = append(list, fmt.Sprintf("%s: %g -> %g (%s)", what, was.Count, is.Count, difference(was.Range, is.Range)))
		}
	}
	return list
}

// states are all resources before and after.
func states(p preview.Preview) (before, after []cost.Resource) {
	for _, step := range p.Steps {
		if step.Old != nil && step.Op != "create" {
			before = append(before, cost.Resource{Type: step.Old.Type, Name: step.Name(), Properties: step.Old.Inputs})
		}
		if step.New != nil && step.Op != "delete" {
			after = append(after, cost.Resource{Type: step.New.Type, Name: step.Name(), Properties: step.New.Inputs})
		}
	}
	return before, after
}

// region is the provider's, else that of the configuration.
func region(p preview.Preview) string {
	for _, step := range p.Steps {
		if state := step.State(); state.Type == "pulumi:providers:aws" {
			if text, ok := state.Property("region").(string); ok && text != "" {
				return text
			}
		}
	}
	return p.Config["aws:region"]
}
