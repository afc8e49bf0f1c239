package config

import (
	"hash/fnv"
	"slices"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/guests"
)

// maxGroups is how many target groups an action of a listener may name, and the default action names all: those of web and of the processes
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html, "Target Groups per Action").
const maxGroups = 5

// Rules of listeners have a number each, and the lowest that matches counts. Those of processes come after the rules of review environments
// (infra/sharedbalancer.go), and before a maintenance page (from 49999 down) and the rule for everything else, which has 50000. A host counts
// before a path.
const (
	firstHostRule = 49100
	firstPathRule = 49500
	ruleNumbers   = 400
)

// RulePriority is the number of its rule. It is made of host and path, so that a further process does not move the others' rules, and that a
// process with another name keeps the rule.
func (f Further) RulePriority() int {
	sum := fnv.New32a()
	sum.Write([]byte(f.Host + f.Path))
	first := firstPathRule
	if f.Host != "" {
		first = firstHostRule
	}
	return first + int(sum.Sum32()%ruleNumbers)
}

// RuleHosts are the host names in rules of the load balancer: those of the environment, and of processes those that a wildcard of these covers.
func (c *Config) RuleHosts() []string {
	hosts := c.Hosts()
	for _, f := range c.Further() {
		if f.Host != "" && !slices.Contains(hosts, f.Host) {
			hosts = append(hosts, f.Host)
		}
	}
	return hosts
}

// maxRuleHost is how long a host in a listener's rule may be
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_HostHeaderConditionConfig.html).
const maxRuleHost = 128

// validateRoutes compares the names and the numbers that are made for the processes behind the load balancer.
func (c *Config) validateRoutes(p *problems, prefix string) {
	names := map[string]string{RouteName(prefix, "lb"): "the load balancer"}
	numbers := map[int]string{}
	for _, f := range c.Further() {
		if !f.Routed() {
			continue
		}
		name := RouteName(prefix, f.Name)
		if other := names[name]; other != "" {
			p.add("processes."+f.Name, "its target group would have the name of %s, %s: rename the process", other, name)
		}
		names[name] = "processes." + f.Name
		number := f.RulePriority()
		if c.Environment.IsGuest() { // whose rules are among those of other guests
			number = guests.PrioritiesOf(1).Route(f.Host, f.Path)
		}
		if other := numbers[number]; other != "" {
			p.add("processes."+f.Name, "its rule of the load balancer would get the number of processes.%s, %d, which is made of host and path: change one of these", other, number)
		}
		numbers[number] = f.Name
	}
	if most := maxGroups - len(c.ColorNames()); len(names)-1 > most {
		p.add("processes", "%d have a host or a path, and with release.strategy %s the load balancer has room for %d: an action of a listener names %d target groups, and those of web are among them",
			len(names)-1, c.Release.Strategy, most, maxGroups)
	}
}
