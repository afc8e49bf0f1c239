package cost

import (
	"fmt"
	"math"
	"strings"
)

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
	template := e.find("aws:ec2/launchTemplate:LaunchTemplate", component(r.Name))
	if mappings := list(template, "blockDeviceMappings"); len(mappings) > 0 {
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

// component is the part of a name that a resource shares with what it belongs to: laravel-prod-cluster-group, -template.
func component(name string) string { return name[:strings.LastIndex(name, "-")+1] }
