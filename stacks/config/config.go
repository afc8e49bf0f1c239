// Package config is the typed stack file: types, defaults and validation, what is derived from them (times, colours, releases), and
// changes of the file that keep its comments. It does not import the Pulumi SDK: the program implements Source with it.
package config

// Config is everything that may differ between environments. Each field is one key of the stack file; a key that is not there keeps
// its default. Names tell the units: MiB or GB, seconds or days.
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
	// Rotation is the generation of the generated secrets (rotation.go). make rotate-secret writes it.
	Rotation map[string]int
	// Env are further plain environment variables; Secrets are secret ones (pulumi config set --secret --path secrets.NAME).
	Env     map[string]string
	Secrets map[string]string
	Tags    map[string]string

	// Region is aws:region.
	Region string
}

// sections maps the keys of a stack file to where they are decoded.
func (c *Config) sections() map[string]any {
	return map[string]any{
		"app": &c.App, "environment": &c.Environment, "network": &c.Network, "access": &c.Access, "registry": &c.Registry,
		"image": &c.Image, "release": &c.Release, "domain": &c.Domain, "loadBalancer": &c.LoadBalancer, "cluster": &c.Cluster,
		"web": &c.Web, "worker": &c.Worker, "scheduler": &c.Scheduler, "database": &c.Database, "cache": &c.Cache,
		"observability": &c.Observability, "rotation": &c.Rotation, "env": &c.Env, "secrets": &c.Secrets, "tags": &c.Tags,
	}
}
