package cost

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Resource is a resource with its properties in Pulumi's spelling.
type Resource struct {
	Type, Name string
	Properties map[string]any
}

// Range is an amount of USD per month. Low and High differ where the price is the market's: spot.
type Range struct{ Low, High float64 }

// Estimate is what a set of resources costs in a month.
type Estimate struct {
	// Items has one entry for each kind of thing, such as "NAT gateway".
	Items map[string]Item
	// Unknown lists what the table has no price for.
	Unknown []string
	// Usage lists what is paid by use, with its price.
	Usage []string
	// Growth is what autoscaling may add.
	Growth []string
}

// Item is a number of equal things.
type Item struct {
	Count float64
	Range
}

// Of estimates resources. A region that the table does not have makes everything unknown.
func (t Table) Of(region string, resources []Resource) Estimate {
	e := estimator{prices: t.Regions[region], region: region, Estimate: Estimate{Items: map[string]Item{}}, resources: resources}
	for _, r := range resources {
		if price, known := priced[r.Type]; known {
			price(&e, r)
		} else if !free(r.Type) {
			e.unknown(r.Type, r)
		}
	}
	slices.Sort(e.Unknown)
	slices.Sort(e.Usage)
	e.Unknown, e.Usage = slices.Compact(e.Unknown), slices.Compact(e.Usage)
	return e.Estimate
}

// Total is the sum of what is priced.
func (e Estimate) Total() Range {
	var sum Range
	for _, what := range slices.Sorted(maps.Keys(e.Items)) { // in one order, or equal things have unequal sums
		sum.Low += e.Items[what].Low
		sum.High += e.Items[what].High
	}
	return sum
}

// String is the amount with cents, or both ends of it.
func (r Range) String() string {
	if math.Abs(r.High-r.Low) < 0.005 {
		return fmt.Sprintf("%.2f", r.High)
	}
	return fmt.Sprintf("%.2f-%.2f", r.Low, r.High)
}

// estimator collects an estimate.
type estimator struct {
	Estimate
	prices    Prices
	region    string
	resources []Resource
}

// hourly adds things that cost by the hour, or records that their price is missing.
func (e *estimator) hourly(what string, count, price float64, r Resource) {
	e.monthly(what, count, price*hoursPerMonth, r)
}

func (e *estimator) monthly(what string, count, price float64, r Resource) {
	switch {
	case count == 0:
	case price == 0:
		e.unknown(what, r)
	default:
		e.add(what, count, Range{price * count, price * count})
	}
}

func (e *estimator) add(what string, count float64, amount Range) {
	item := e.Items[what]
	e.Items[what] = Item{item.Count + count, Range{item.Low + amount.Low, item.High + amount.High}}
}

func (e *estimator) unknown(what string, r Resource) {
	e.Unknown = append(e.Unknown, fmt.Sprintf("%s (%s)", what, r.Name))
}

func (e *estimator) usage(format string, price float64) {
	if price != 0 {
		e.Usage = append(e.Usage, fmt.Sprintf(format, price))
	}
}

// find returns the resource of a type that has the given name. References cannot be followed instead: a preview of a first deployment has
// no ids.
func (e *estimator) find(token, component string) Resource {
	i := slices.IndexFunc(e.resources, func(r Resource) bool { return r.Type == token && strings.HasPrefix(r.Name, component) })
	if i < 0 {
		return Resource{}
	}
	return e.resources[i]
}
