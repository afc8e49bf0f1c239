package note

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

// writer writes the sections of a note. Empty sections are left out.
type writer struct {
	stack  string
	failed bool
	text   strings.Builder
}

func (w *writer) line(format string, values ...any) { fmt.Fprintf(&w.text, format+"\n", values...) }

func (w *writer) heading(p preview.Preview) {
	if w.failed {
		w.line("### %s: the preview failed", w.stack)
		return
	}
	var parts []string
	for _, op := range order {
		if n := p.Count(op, true); n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, op))
		}
	}
	w.line("### %s: %s", w.stack, cmp.Or(strings.Join(parts, ", "), "no changes"))
}

func (w *writer) risks(list []risk) {
	for i, r := range list {
		if i == 0 {
			w.line("")
		}
		if r.allowed {
			w.line("- allowed: %s", r.what)
		} else {
			w.line("- **BLOCKING** %s (if it is meant: `ALLOW_REPLACE=%s`)", r.what, r.token)
		}
	}
}

func (w *writer) errors(list []string) {
	if len(list) == 0 {
		return
	}
	w.line("\n```")
	for _, text := range list {
		w.line("%s", strings.ReplaceAll(strings.TrimSpace(text), "```", "'''"))
	}
	w.line("```")
}

// mostKeys is how many keys of the stack file are listed.
const mostKeys = 20

// keys lists what changes in the stack file.
func (w *writer) keys(list []Key) {
	if len(list) == 0 {
		return
	}
	w.line("\n**Stack file** Pulumi.%s.yaml\n", w.stack)
	for i, key := range list {
		if i == mostKeys {
			w.line("- and %d more", len(list)-i)
			return
		}
		w.line("- %s", key)
	}
}

func (w *writer) components(rows []row) {
	if len(rows) == 0 {
		return
	}
	w.line("\n| component | | what |\n|---|---|---|")
	for _, r := range rows {
		separator := "; "
		if r.op == "create" || r.op == "delete" {
			separator = ", "
		}
		w.line("| %s | %s | %s |", r.component, r.op, strings.Join(counted(r.what), separator))
	}
}

// counted replaces equal entries of a sorted list by one, with their number.
func counted(list []string) (result []string) {
	for start, i := 0, 0; i < len(list); i++ {
		if i+1 < len(list) && list[i+1] == list[i] {
			continue
		}
		each := list[i]
		if n := i + 1 - start; n > 1 {
			each = fmt.Sprintf("%d %s", n, each)
		}
		result, start = append(result, each), i+1
	}
	return result
}

// releases is one line for everything that a release changes.
func (w *writer) releases(services []service) {
	moves := map[string][]string{}
	for _, each := range services {
		move := "Restart** with a new task definition"
		switch {
		case !each.revised:
			continue
		case !each.existed:
			move = "Release** " + each.to
		case each.to != "" && each.from != each.to:
			move = fmt.Sprintf("Release** %s -> %s", each.from, each.to)
		}
		moves[move] = append(moves[move], each.name)
	}
	for _, move := range slices.Sorted(maps.Keys(moves)) {
		w.line("\n**%s (%s)", move, strings.Join(moves[move], ", "))
	}
}

// environment lists the variables that change, with the processes if it is not all of them.
func (w *writer) environment(services []service) {
	processes, existing := map[string][]string{}, 0
	for _, each := range services {
		if each.existed {
			existing++
		}
		for name, what := range each.changes {
			processes[name+"\x00"+what] = append(processes[name+"\x00"+what], each.name)
		}
	}
	for i, key := range slices.Sorted(maps.Keys(processes)) {
		if i == 0 {
			w.line("\n**Environment**\n")
		}
		name, what, _ := strings.Cut(key, "\x00")
		where := ""
		if len(processes[key]) < existing {
			where = " (" + strings.Join(processes[key], ", ") + ")"
		}
		w.line("- `%s` %s%s", name, what, where)
	}
}

// cost is a line "before -> after", what makes the difference, and what is not in it.
func (w *writer) cost(p preview.Preview, table cost.Table) {
	region := cost.Region(p)
	if _, known := table.Regions[region]; !known {
		w.line("\n**Cost** not estimated: ops/plan/cost/prices.yaml has no prices of %s", region)
		return
	}
	if !p.Complete {
		w.line("\n**Cost** not estimated: the preview was made without --show-sames, so it does not list what stays")
		return
	}
	old, fresh := cost.Resources(p)
	before, after := table.Of(region, old), table.Of(region, fresh)
	w.line("\n**Cost** %s", line(before, after))
	for _, change := range itemChanges(before, after) {
		w.line("- %s", change)
	}
	for _, remark := range table.Remarks(region, after, time.Now()) {
		w.line("- %s", remark)
	}
	if len(after.Items) > 0 {
		w.line("\n<details><summary>By component</summary>\n\n```\n%s```\n</details>", after.Bars())
	}
}

// line is the sum before and after. A sum that lacks a price is a lower bound, and says what it lacks.
func line(before, after cost.Estimate) string {
	text := fmt.Sprintf("%s -> %s USD per month", before.Amount(), after.Amount())
	switch {
	case before.Amount() == after.Amount() && slices.Equal(before.Unknown, after.Unknown):
		text = after.Amount() + " USD per month, unchanged"
	case len(before.Unknown) > 0: // the difference is not known
	case len(after.Unknown) > 0:
		text += fmt.Sprintf(" (at least %s)", difference(before.Total(), after.Total()))
	default:
		text += fmt.Sprintf(" (%s)", difference(before.Total(), after.Total()))
	}
	return text + after.Missing()
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
