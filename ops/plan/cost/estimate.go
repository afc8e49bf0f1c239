// Package cost estimates what the resources of a stack cost in a month, from a dated table of list prices. What the table has no
// price for is listed, never guessed; what is paid by use is named with its price and not part of the sum.
package cost

import (
	_ "embed" // the table
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
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
	for _, r := range e.resources {
		if r.Type == token && strings.HasPrefix(r.Name, component) {
			return r
		}
	}
	return Resource{}
}

// spotFloor is the most that AWS says a spot instance saves: 90 %. The ceiling is the on-demand price, which spot does not exceed
// unless a higher limit is set.
const spotFloor = 0.1

// fleet is an Auto Scaling group with its smallest number of instances; what autoscaling may add is listed separately.
func (e *estimator) fleet(r Resource) {
	types, base, percent := instances(r)
	least, most := number(r, "minSize"), number(r, "maxSize")
	onDemand := math.Min(base, least) + math.Ceil(math.Max(0, least-base)*percent/100)
	if len(types) == 0 {
		e.unknown("EC2 instances of a type only the launch template names", r)
		return
	}
	// On demand the first type is tried first: onDemandAllocationStrategy is prioritized.
	e.hourly("EC2 "+types[0], onDemand, e.prices.EC2[types[0]], r)
	e.spot(types, least-onDemand, r)
	group := r.Name[:strings.LastIndex(r.Name, "-")+1] // what it shares with what belongs to it: laravel-prod-cluster-group, -template
	if mappings := list(e.find("aws:ec2/launchTemplate:LaunchTemplate", group), "blockDeviceMappings"); len(mappings) > 0 {
		mapping, _ := mappings[0].(map[string]any)
		e.disk(least, get[map[string]any](mapping, "ebs"), r)
	}
	if price := e.prices.EC2[types[0]]; most > least && price != 0 {
		e.Growth = append(e.Growth, fmt.Sprintf("autoscaling may add EC2 %s: %.0f more cost %.2f", types[0], most-least, (most-least)*price*hoursPerMonth))
	}
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
	e.add("EC2 spot "+strings.Join(types, " or "), count, Range{low * count * hoursPerMonth, high * count * hoursPerMonth})
}

// instances reads a group's instance types, and how many of them are on demand.
func instances(r Resource) (types []string, base, percent float64) {
	policy := get[map[string]any](r.Properties, "mixedInstancesPolicy")
	for _, one := range get[[]any](get[map[string]any](policy, "launchTemplate"), "overrides") {
		override, _ := one.(map[string]any)
		if class := get[string](override, "instanceType"); class != "" {
			types = append(types, class)
		}
	}
	distribution := get[map[string]any](policy, "instancesDistribution")
	base = get[float64](distribution, "onDemandBaseCapacity")
	percent, given := distribution["onDemandPercentageAboveBaseCapacity"].(float64)
	if !given {
		percent = 100
	}
	return types, base, percent
}

// hoursPerMonth is what AWS's own calculator takes.
const hoursPerMonth = 730

//go:embed prices.yaml
var file []byte

// Table is a table of prices by region.
type Table struct {
	// Date is when the prices were current.
	Date    string
	Regions map[string]Prices
}

// Prices are those of one region, in USD. A price that is missing is 0, which no price is.
type Prices struct {
	EC2                                     map[string]float64
	EBS                                     map[string]float64
	RDS                                     map[string]float64
	RDSStorage                              map[string]float64            `yaml:"rdsStorage"`
	Elasticache                             map[string]map[string]float64 // by engine
	NATGateway                              float64                       `yaml:"natGateway"`
	LoadBalancer                            float64                       `yaml:"loadBalancer"`
	PublicIPv4                              float64                       `yaml:"publicIpv4"`
	Endpoint, Secret, Key, Alarm, Dashboard float64
	WebACL                                  float64 `yaml:"webAcl"`
	WebACLRule                              float64 `yaml:"webAclRule"`
	Usage                                   Usage
}

// Usage is what is paid by use: per GB, for load balancer capacity by the hour, for web requests by the million.
type Usage struct{ NAT, Endpoint, Capacity, Logs, Images, Requests float64 }

// Load reads the table of the repository.
func Load() (Table, error) {
	var t Table
	if err := yaml.Unmarshal(file, &t); err != nil {
		return t, fmt.Errorf("ops/plan/cost/prices.yaml: %w", err)
	}
	return t, nil
}
