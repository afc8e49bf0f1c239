package cost

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Remarks say what a sum does not: that spot has no price, what autoscaling may add, what is paid by use, and how old the prices are.
func (t Table) Remarks(region string, e Estimate, now time.Time) (list []string) {
	if total := e.Total(); total.Low != total.High {
		list = append(list, "two numbers: spot costs what the market says, from a tenth of the on-demand price up to all of it")
	}
	list = append(list, e.Growth...)
	if len(e.Usage) > 0 {
		list = append(list, "paid by use, on top: "+strings.Join(e.Usage, ", "))
	}
	aged := ""
	if t.Aged(region, now) {
		aged = "; they are older than 12 months: `make prices` reads today's"
	}
	return append(list, fmt.Sprintf("list prices of %s as of %s, before tax%s", region, t.AsOf(region), aged))
}

// Amount is the sum; one that lacks a price is a lower bound, and says so.
func (e Estimate) Amount() string {
	if len(e.Unknown) > 0 {
		return "at least " + e.Total().String()
	}
	return e.Total().String()
}

// Missing says what the sum lacks; "" where it lacks nothing.
func (e Estimate) Missing() string {
	if len(e.Unknown) == 0 {
		return ""
	}
	return fmt.Sprintf("; %d without a price: %s", len(e.Unknown), strings.Join(e.Unknown, ", "))
}

// arm is the family of AWS's own processors that takes the place of one of Intel's or AMD's: a type of the same size has as many processors and
// as much memory (TestARM). Classes of RDS and nodes of ElastiCache have the names of these types behind db. and cache.
var arm = map[string]string{"t3": "t4g", "t3a": "t4g", "m5": "m7g", "m6a": "m7g", "m6i": "m7g", "c5": "c7g", "c6i": "c7g", "r5": "r6g", "r6i": "r6g"}

// Hints name classes that cost less, where the table has both prices.
func (t Table) Hints(region string, e Estimate) (list []string) {
	p := t.Regions[region]
	for _, what := range slices.Sorted(maps.Keys(e.Items)) {
		kind, class, _ := strings.Cut(what, " ")
		prices := map[string]map[string]float64{"EC2": p.EC2, "RDS": p.RDS}[kind]
		if engine, node, isCache := strings.Cut(class, " "); kind == "ElastiCache" && isCache {
			prices, class = p.Elasticache[engine], node
		}
		parts := strings.Split(class, ".") // [db|cache] family size
		if len(parts) < 2 {
			continue
		}
		parts[len(parts)-2] = arm[parts[len(parts)-2]]
		other := strings.Join(parts, ".")
		if now, then := prices[class], prices[other]; then != 0 && then < now {
			text := fmt.Sprintf("%s instead of %s: %.0f %%, %+.2f", other, class, 100*(then-now)/now, (then-now)*e.Items[what].Count*hoursPerMonth)
			if kind == "EC2" {
				text += "; images for arm64 (docs/pipelines.md)"
			}
			list = append(list, text)
		}
	}
	return list
}
