// Package config is the typed stack file: its types, defaults and validation, what follows from them (times, colours, releases),
// and an edit of the file that keeps its comments. It needs no Pulumi SDK: a Source hands it the values.
package config

// Config is everything that may differ between environments. Each field is one key of the stack file; what a stack file leaves
// out keeps the value of defaults. Sizes are MiB or GB by name, times are seconds or days by name.
type Config struct {
	App           App
	Environment   Environment
	Network       Network
	Access        Access
	Registry      Registry
	Image         Image
	Release       Release
	Domain        Domain
	LoadBalancer  LoadBalancer
	Cluster       Cluster
	Web           Web
	Worker        Worker
	Scheduler     Scheduler
	Database      Database
	Cache         Cache
	Observability Observability
	// Env are further plain environment variables; Secrets are secret ones (pulumi config set --secret --path secrets.NAME).
	Env     map[string]string
	Secrets map[string]string
	Tags    map[string]string

	// Region is aws:region.
	Region string
}

// sections maps the keys of a stack file to where they are decoded. Scalars have no key of their own: everything is a section.
func (c *Config) sections() map[string]any {
	return map[string]any{
		"app": &c.App, "environment": &c.Environment, "network": &c.Network, "access": &c.Access, "registry": &c.Registry,
		"image": &c.Image, "release": &c.Release, "domain": &c.Domain, "loadBalancer": &c.LoadBalancer, "cluster": &c.Cluster,
		"web": &c.Web, "worker": &c.Worker, "scheduler": &c.Scheduler, "database": &c.Database, "cache": &c.Cache,
		"observability": &c.Observability, "env": &c.Env, "secrets": &c.Secrets, "tags": &c.Tags,
	}
}
