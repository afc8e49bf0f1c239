// Package cost estimates what the resources of a stack cost in a month, from a dated table of list prices. What the table has no
// price for is listed, never guessed; what is paid by use is named with its price and not part of the sum.
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
	Component  string // what it is part of, as the tables of notes have it
	Properties map[string]any
}

// Range is an amount of USD per month. Low and High differ where the price is the market's: spot.
type Range struct{ Low, High float64 }

// Estimate is what a set of resources costs in a month.
type Estimate struct {
	// Items has one entry for each kind of thing, such as "NAT gateway".
	Items map[string]Item
	// Components has the same by component.
	Components map[string]map[string]Item
	// Unknown lists what the table has no price for.
	Unknown []string
	// Usage lists what is paid by use, with its price.
	Usage []string
	// Growth is what autoscaling may add.
	Growth []string
	// OnDemand are the instances of Auto Scaling groups by type, that may be spot instances as well.
	OnDemand map[string]float64
	// Asleep is the share of the time in which instances and database are not paid (environment.schedule), and Saved what they would cost then.
	Asleep float64
	Saved  Range
}

// Item is a number of equal things.
type Item struct {
	Count float64
	Range
}

// Of estimates resources. A region that the table does not have makes everything unknown.
func (t Table) Of(region string, resources []Resource) Estimate {
	e := estimator{prices: t.Regions[region], region: region, resources: resources, Estimate: Estimate{
		Items: map[string]Item{}, Components: map[string]map[string]Item{}, OnDemand: map[string]float64{},
	}}
	e.Asleep = number(e.find(nightsType, ""), "asleep")
	for _, r := range resources {
		if price, known := priced[r.Type]; known {
			price(&e, r)
		} else if !slices.ContainsFunc(unpaid, func(prefix string) bool { return strings.HasPrefix(r.Type, prefix) }) {
			e.unknown(r.Type, r)
		}
	}
	slices.Sort(e.Unknown)
	slices.Sort(e.Usage)
	e.Unknown, e.Usage = slices.Compact(e.Unknown), slices.Compact(e.Usage)
	return e.Estimate
}

// Total is the sum of what is priced.
func (e Estimate) Total() Range { return Sum(e.Items) }

// Sum is that of some items.
func Sum(items map[string]Item) (sum Range) {
	for _, what := range slices.Sorted(maps.Keys(items)) { // in one order, or equal things have unequal sums
		sum.Low += items[what].Low
		sum.High += items[what].High
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
	e.priced(what, count, price, r, e.add)
}

// priced passes things with a monthly price on to add, or records that their price is missing.
func (e *estimator) priced(what string, count, price float64, r Resource, add func(string, float64, Range, Resource)) {
	switch {
	case count == 0:
	case price == 0:
		e.unknown(what, r)
	default:
		add(what, count, Range{price * count, price * count}, r)
	}
}

// nightly adds what is not paid while the environment sleeps.
func (e *estimator) nightly(what string, count float64, amount Range, r Resource) {
	e.Saved.Low += amount.Low * e.Asleep
	e.Saved.High += amount.High * e.Asleep
	e.add(what, count, Range{amount.Low * (1 - e.Asleep), amount.High * (1 - e.Asleep)}, r)
}

// nightlyAt is nightly for things with a monthly price, or records that it is missing.
func (e *estimator) nightlyAt(what string, count, price float64, r Resource) {
	e.priced(what, count, price, r, e.nightly)
}

func (e *estimator) add(what string, count float64, amount Range, r Resource) {
	part := e.Components[r.Component]
	if part == nil {
		part = map[string]Item{}
		e.Components[r.Component] = part
	}
	for _, items := range []map[string]Item{e.Items, part} {
		item := items[what]
		items[what] = Item{item.Count + count, Range{item.Low + amount.Low, item.High + amount.High}}
	}
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
	for _, r := range e.resources {
		if r.Type == token && strings.HasPrefix(r.Name, component) {
			return r
		}
	}
	return Resource{}
}

// nightsType is the component that puts an environment to sleep (infra/nights).
const nightsType = "laravel:infra:Nights"

// spotFloor is the most that AWS says a spot instance saves: 90 % (https://aws.amazon.com/ec2/spot/). The ceiling is the on-demand price, which spot does not exceed
// unless a higher limit is set.
const spotFloor = 0.1

// fleet is an Auto Scaling group with its smallest number of instances; what autoscaling may add is listed separately.
func (e *estimator) fleet(r Resource) {
	f := FleetOf(r)
	types, least, most := f.Types, f.Min, f.Max
	if least == 0 && e.tasks() { // managed scaling starts an instance for the first task
		least = 1
	}
	onDemand := f.OnDemand(least)
	if len(types) == 0 {
		e.unknown("EC2 instances of a type only the launch template names", r)
		return
	}
	// On demand the first type is tried first: onDemandAllocationStrategy is prioritized.
	e.nightlyAt("EC2 "+types[0], onDemand, e.prices.EC2[types[0]]*hoursPerMonth, r)
	e.OnDemand[types[0]] += onDemand
	e.spot(types, least-onDemand, r)
	group := r.Name[:strings.LastIndex(r.Name, "-")+1] // what it shares with what belongs to it: laravel-prod-cluster-group, -template
	if mappings := list(e.find("aws:ec2/launchTemplate:LaunchTemplate", group), "blockDeviceMappings"); len(mappings) > 0 {
		mapping, _ := mappings[0].(map[string]any)
		e.disk(least, get[map[string]any](mapping, "ebs"), r, e.nightlyAt)
	}
	if price := e.prices.EC2[types[0]]; most > least && price != 0 {
		e.Growth = append(e.Growth, fmt.Sprintf("autoscaling may add EC2 %s: %.0f more cost %.2f", types[0], most-least, (most-least)*price*hoursPerMonth))
	}
}

// count is how many resources of a type there are.
func (e *estimator) count(token string) (n int) {
	for _, r := range e.resources {
		if r.Type == token {
			n++
		}
	}
	return n
}

// tasks tells whether a service is to have tasks.
func (e *estimator) tasks() bool {
	return slices.ContainsFunc(e.resources, func(r Resource) bool { return r.Type == "aws:ecs/service:Service" && number(r, "desiredCount") > 0 })
}

// spot adds spot instances: of any of the types, at a price that is not known in advance.
func (e *estimator) spot(types []string, count float64, r Resource) {
	if count == 0 {
		return
	}
	low, high := math.Inf(1), 0.0
	for _, class := range types {
		price := e.prices.EC2[class]
		if price == 0 {
			e.unknown("EC2 spot "+class, r)
			return
		}
		low, high = math.Min(low, price*spotFloor), math.Max(high, price)
	}
	e.nightly("EC2 spot "+strings.Join(types, " or "), count, Range{low * count * hoursPerMonth, high * count * hoursPerMonth}, r)
}

// Fleet is an Auto Scaling group.
type Fleet struct {
	Types         []string
	Min, Max      float64 // instances
	base, percent float64 // onDemandBaseCapacity, onDemandPercentageAboveBaseCapacity
}

// FleetOf reads the group's instance types, and how many of them are on demand.
func FleetOf(r Resource) Fleet {
	f := Fleet{Min: number(r, "minSize"), Max: number(r, "maxSize")}
	policy := get[map[string]any](r.Properties, "mixedInstancesPolicy")
	for _, one := range get[[]any](get[map[string]any](policy, "launchTemplate"), "overrides") {
		override, _ := one.(map[string]any)
		if class := get[string](override, "instanceType"); class != "" {
			f.Types = append(f.Types, class)
		}
	}
	distribution := get[map[string]any](policy, "instancesDistribution")
	f.base = get[float64](distribution, "onDemandBaseCapacity")
	percent, given := distribution["onDemandPercentageAboveBaseCapacity"].(float64)
	if !given {
		percent = 100
	}
	f.percent = percent
	return f
}

// OnDemand is how many of a number of instances are on demand; the others are spot.
func (f Fleet) OnDemand(count float64) float64 {
	return math.Min(f.base, count) + math.Ceil(math.Max(0, count-f.base)*f.percent/100)
}
