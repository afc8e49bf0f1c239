package plan

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/inmemory"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

// Cost prints what the stack file's resources cost in a month, by component. With Base it prints the cost of that revision's stack file
// beside it. picture names a file for bars as SVG; empty: none.
func (o Options) Cost(ctx context.Context, picture string) error {
	before, after, region, err := o.resources(ctx)
	if err != nil {
		return err
	}
	table, err := cost.Load()
	if err != nil {
		return err
	}
	if _, known := table.Regions[region]; !known {
		return fmt.Errorf("ops/plan/cost/prices.yaml has no prices of the region %s", region)
	}
	was, is := table.Of(region, before), table.Of(region, after)
	title := fmt.Sprintf("%s: %s USD per month", o.Stack, is.Amount())
	fmt.Fprintf(o.Out, "%s%s\n\n", title, is.Missing())
	writeParts(o.Out, was, is, o.Base)
	fmt.Fprintln(o.Out)
	for _, remark := range append(table.Remarks(region, is, time.Now()), table.Hints(region, is)...) {
		fmt.Fprintln(o.Out, remark)
	}
	if picture == "" {
		return nil
	}
	if err := os.WriteFile(filepath.Clean(picture), []byte(is.Picture(title, table.Prices(region)+is.Missing())), 0o600); err != nil {
		return fmt.Errorf("writing the picture (FILE=): %w", err)
	}
	return nil
}

// writeParts is the table, with the amounts of another revision where one is given.
func writeParts(out io.Writer, was, is cost.Estimate, base string) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	if base == "" {
		fmt.Fprintln(w, "COMPONENT\tUSD\tOF WHICH")
		for _, part := range is.Parts() {
			fmt.Fprintf(w, "%s\t%s\t%s\n", part, cost.Sum(is.Components[part]), cost.Contents(is.Components[part]))
		}
		fmt.Fprintf(w, "total\t%s\t\n", is.Total())
		return
	}
	fmt.Fprintf(w, "COMPONENT\t%s\tNOW\tOF WHICH\n", base)
	for _, part := range preview.Keys(was.Components, is.Components) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", part, cost.Sum(was.Components[part]), cost.Sum(is.Components[part]), cost.Contents(is.Components[part]))
	}
	fmt.Fprintf(w, "total\t%s\t%s\t\n", was.Total(), is.Total())
}

// resources are those of the stack file on an account in memory, and those of the base's.
func (o Options) resources(ctx context.Context) (before, after []cost.Resource, region string, err error) {
	var p preview.Preview
	if o.Base == "" {
		p, err = inmemory.Resources(ctx, o.Root, o.Stack)
	} else if err = revision("--base (BASE=)", o.Base); err == nil {
		p, err = inmemory.Since(ctx, o.Root, o.Stack, o.Base)
	}
	before, after = cost.Resources(p)
	return before, after, cost.Region(p), err
}
