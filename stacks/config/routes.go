package config

// maxRuleHost is how long a host in a listener's rule may be
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_HostHeaderConditionConfig.html).
const maxRuleHost = 128

// validateRoutes compares the names and the numbers that are made for the processes behind the load balancer.
func (c *Config) validateRoutes(p *problems, prefix string) {
	names := map[string]string{RouteName(prefix, "lb"): "the load balancer"}
	for _, f := range c.Further() {
		if !f.Routed() {
			continue
		}
		name := RouteName(prefix, f.Name)
		if other := names[name]; other != "" {
			p.add("processes."+f.Name, "its target group would have the name of %s, %s: rename the process", other, name)
		}
		names[name] = "processes." + f.Name
	}
}
