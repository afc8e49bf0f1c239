package config

import "strings"

// Hosts are the host names of the environment.
func (c *Config) Hosts() []string {
	if c.Domain.Name == "" {
		return []string{}
	}
	return append([]string{c.Domain.Name}, c.Domain.Aliases...)
}

// Schema is the name of a stack's database on a shared server. It is derived from the stack's name, so no two stacks have the same.
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
		p.add("domain.name", "missing: the load balancer of %s sends requests by host name; set domain.name in Pulumi.%s.yaml (review.example.com), "+
			"and domain.aliases in Pulumi.%s.yaml (*.review.example.com), or remove environment.shares", from, ReviewStack, from)
	}
	if !c.Release.Migrate {
		p.add("release.migrate", "false: with environment.shares the migration creates the database")
	}
	if _, given := c.Secrets[MasterPassword]; given || c.Generation(MasterPassword) > 0 {
		p.add("secrets."+MasterPassword, "with environment.shares the master password is that of %s: remove it, and rotation.%s", from, MasterPassword)
	}
	if c.Release.Strategy != Rolling {
		p.add("release.strategy", "%s: with environment.shares it must be rolling", c.Release.Strategy)
	}
	if c.Web.Scaling.RequestsPerTask > 0 {
		p.add("web.scaling.requestsPerTask", "not with environment.shares: the load balancer has requests of other environments too; use cpuPercent")
	}
}
