package release

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// timeFormat is how times are shown, in the zone of this machine.
const timeFormat = "2006-01-02 15:04:05"

// List prints the releases that are in the registry or that ran, and what they did.
func List(ctx context.Context, s *session.Session) error {
	st, err := look(ctx, s)
	if err != nil {
		return err
	}
	updates, err := s.Updates(ctx)
	if err != nil {
		fmt.Fprintln(s.Err, "who deployed what is not known:", err)
	}
	for i := range st.runs {
		if u, known := session.UpdateAt(updates, st.runs[i].began); known {
			st.runs[i].by = u.By()
		}
	}
	table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RELEASE\tPUSHED\tDIGEST\tRAN")
	var shown []string
	for _, r := range st.images {
		shown = append(shown, r.Release)
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.Release, r.Pushed.Local().Format(timeFormat), r.Digest[:min(19, len(r.Digest))], st.ran(r.Release))
	}
	for _, r := range st.runs {
		if !slices.Contains(shown, r.release) {
			shown = append(shown, r.release)
			fmt.Fprintf(table, "%s\tnot in the registry\t\t%s\n", r.release, st.ran(r.release))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "RAN is from %s.\n", st.source)
	if i := slices.IndexFunc(st.runs, func(r run) bool { return r.outcome == takenBack || r.outcome == stopped }); i >= 0 {
		fmt.Fprintf(s.Out, "make why STACK=%s RELEASE=%s shows the evidence of %[2]s.\n", s.Stack, st.runs[i].release)
	}
	i := slices.IndexFunc(updates, func(u session.Update) bool {
		return strings.Contains(u.Message, wasTakenBack) || strings.Contains(u.Message, getsAll)
	})
	if i >= 0 && strings.Contains(updates[i].Message, wasTakenBack) { // and none got through since
		fmt.Fprintf(s.Out, "%s: %s\n", updates[i].End.Local().Format(timeFormat), updates[i].Message)
	}
	if st.running != st.Outputs.Release {
		fmt.Fprintf(s.Out, "Pulumi's last successful deployment is of release %s; ECS runs %s.\n", st.Outputs.Release, st.running)
	}
	return nil
}

// ran tells when a release ran, and what it does at the moment.
func (st *state) ran(name string) string {
	var parts []string
	for _, color := range config.Colors {
		share, there := st.Outputs.Traffic[color]
		switch {
		case !there || share.Release != name:
		case len(st.Outputs.Traffic) > 1:
			parts = append(parts, fmt.Sprintf("runs, %s, %d %%", color, share.Percent))
		}
	}
	if len(parts) == 0 && name == st.running {
		parts = append(parts, "runs")
	}
	for _, span := range st.spans(name) {
		parts = append(parts, span.String())
	}
	if len(parts) == 0 {
		return "never, as far as is known"
	}
	return strings.Join(parts, "; ")
}
