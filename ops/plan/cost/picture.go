package cost

import (
	"cmp"
	"fmt"
	"html"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// Parts are the components that cost something, the dearest first.
func (e Estimate) Parts() []string {
	return slices.SortedFunc(maps.Keys(e.Components), func(a, b string) int {
		return cmp.Or(cmp.Compare(Sum(e.Components[b]).High, Sum(e.Components[a]).High), strings.Compare(a, b))
	})
}

// Contents lists what a part consists of, the dearest first: "2 RDS db.m5.large, 1 secret".
func Contents(items map[string]Item) string {
	var list []string
	for _, what := range slices.SortedFunc(maps.Keys(items), func(a, b string) int {
		return cmp.Or(cmp.Compare(items[b].High, items[a].High), strings.Compare(a, b))
	}) {
		list = append(list, fmt.Sprintf("%g %s", items[what].Count, what))
	}
	return strings.Join(list, ", ")
}

// Bars is Picture in lines of text, for notes: an image there needs an address of its own.
func (e Estimate) Bars() string {
	const width = 40
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	most := 0.01
	for _, part := range e.Parts() {
		sum := Sum(e.Components[part])
		most = max(most, sum.High)
		low, high := int(math.Round(sum.Low/most*width)), int(math.Round(sum.High/most*width))
		fmt.Fprintf(w, "%s\t%s\t%s%s\n", part, sum, strings.Repeat("█", low), strings.Repeat("░", high-low))
	}
	_ = w.Flush() // to memory
	return b.String()
}

// The measures of the picture, in pixels.
const (
	rowHeight, margin     = 26, 16
	labelWidth, barsWidth = 190, 360
	textWidth             = 130
)

// Picture draws a bar for each component, as SVG. The light part of a bar is what spot instances may cost more. The caption says what
// prices these are.
func (e Estimate) Picture(title, caption string) string {
	parts := e.Parts()
	most := 1.0
	for _, part := range parts {
		most = max(most, Sum(e.Components[part]).High)
	}
	width, height := 2*margin+labelWidth+barsWidth+textWidth, 2*margin+rowHeight*(len(parts)+2)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="%d" y="%d" font-weight="bold">%s</text>`+"\n", margin, margin+13, html.EscapeString(title))
	for i, part := range parts {
		sum, y := Sum(e.Components[part]), margin+rowHeight*(i+1)
		bar := func(amount float64, color string) {
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", margin+labelWidth, y+4, max(1, amount/most*barsWidth), rowHeight-8, color)
		}
		bar(sum.High, "#b9d4f1")
		bar(sum.Low, "#2f6fb3")
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", margin+labelWidth-8, y+18, html.EscapeString(part))
		fmt.Fprintf(&b, `<text x="%.1f" y="%d">%s</text>`+"\n", float64(margin+labelWidth+6)+sum.High/most*barsWidth, y+18, sum)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" font-size="11">%s</text>`+"\n", margin, height-margin, html.EscapeString(caption))
	return b.String() + "</svg>\n"
}
