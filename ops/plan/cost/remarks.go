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
	if e.Asleep > 0 {
		list = append(list, fmt.Sprintf("nights off: asleep %.0f %% of the time, which saves %s a month; cache, load balancer, NAT and storage of the database are paid all the time", 100*e.Asleep, e.Saved))
	}
	list = append(list, e.Growth...)
	if len(e.Usage) > 0 {
		list = append(list, "paid by use, on top: "+strings.Join(e.Usage, ", "))
	}
	aged := ""
	if t.Aged(region, now) {
		aged = "; they are older than 12 months: `make prices` reads today's"
	}
	return append(list, t.Prices(region)+aged)
}

// Prices says what prices those of a region are.
func (t Table) Prices(region string) string {
	return fmt.Sprintf("list prices of %s as of %s, before tax", region, t.AsOf(region))
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

// Hints name what costs less: another class, where the table has both prices; a savings plan, where its rate has been read; spot instances.
func (t Table) Hints(region string, e Estimate) (list []string) {
	p := t.Regions[region]
	for _, what := range slices.Sorted(maps.Keys(e.Items)) {
		class := classOf(what)
		count := e.Items[what].Count * e.share(class.Service)
		now := p.Of(class)
		if now == 0 {
			continue
		}
		less := func(name string, price float64) string {
			return fmt.Sprintf("%s: %.0f %%, %+.2f", name, 100*(price-now)/now, (price-now)*count*hoursPerMonth)
		}
		parts := strings.Split(class.Name, ".") // [db|cache] family size
		parts[len(parts)-2] = arm[parts[len(parts)-2]]
		other := Class{class.Service, class.Engine, strings.Join(parts, ".")}
		if then := p.Of(other); then != 0 && then < now {
			text := less(other.Name+" instead of "+class.Name, then)
			if class.Service == "EC2" {
				text += "; images for arm64 (docs/pipelines.md)"
			}
			list = append(list, text)
		}
		if rate := p.SavingsPlan.Of(class); rate != 0 && rate < now && e.share(class.Service) == 1 { // a plan is paid at night, too
			list = append(list, less(class.Name+" in a savings plan (a year, no upfront payment)", rate))
		}
		if class.Service == "EC2" && e.OnDemand[class.Name] > 0 {
			list = append(list, fmt.Sprintf("spot instead of %s: down to %.0f %%, %+.2f; instances end with two minutes' notice (cluster.onDemandBase, onDemandPercent)",
				class.Name, 100*(spotFloor-1), (spotFloor-1)*now*e.OnDemand[class.Name]*e.share(class.Service)*hoursPerMonth))
		}
	}
	return list
}

// classOf is the class of an item; one that is none has no price.
func classOf(what string) (class Class) {
	class.Service, class.Name, _ = strings.Cut(what, " ")
	if class.Service == "ElastiCache" || strings.HasPrefix(class.Name, postgres+" ") {
		class.Engine, class.Name, _ = strings.Cut(class.Name, " ")
	}
	return class
}

// share is how much of the time things of a kind are paid.
func (e Estimate) share(kind string) float64 {
	if kind == "EC2" || kind == "RDS" {
		return 1 - e.Asleep
	}
	return 1
}
