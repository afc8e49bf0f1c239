package config

import "strings"

// Hosts are those that people may use.
func (c *Config) Hosts() []string {
	if c.Domain.Name == "" {
		return []string{}
	}
	return append([]string{c.Domain.Name}, c.Domain.Aliases...)
}

// Schema is the database of a stack on an instance that it shares. Nothing else begins so: a stack file cannot name another one's.
func Schema(stack string) string { return strings.ReplaceAll(stack, "-", "_") }

func (c *Config) validateShares(p *problems, stack string) {
	from := c.Environment.Shares
	if from == "" {
		return
	}
	if c.Environment.Class != ClassReview {
		p.add("environment.shares", "only environment.class review shares another environment, and this is %s", c.Environment.Class)
		return
	}
	if !name.MatchString(from) || from == stack {
		p.add("environment.shares", "%q is not the name of another stack, such as staging", from)
	}
	if c.Domain.Name == "" {
		p.add("domain.name", "missing: the load balancer of %s tells its environments apart by their hosts; set domain.name in Pulumi.%s.yaml (review.example.com), "+
			"and domain.aliases in Pulumi.%s.yaml (*.review.example.com), or take environment.shares away", from, ReviewStack, from)
	}
	if !c.Release.Migrate {
		p.add("release.migrate", "false: with environment.shares the migration makes the database first")
	}
	if c.Release.Strategy != Rolling {
		p.add("release.strategy", "%s: with environment.shares it is rolling", c.Release.Strategy)
	}
	if c.Web.Scaling.RequestsPerTask > 0 {
		p.add("web.scaling.requestsPerTask", "with environment.shares, cpuPercent only: the load balancer's requests are not all ours")
	}
}
