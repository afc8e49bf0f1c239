package config

import (
	"errors"
	"slices"
	"strings"
)

// Drivers of Laravel for sessions, cached values and jobs, by their names in config/session.php, config/cache.php and config/queue.php.
const (
	DriverDatabase = "database"
	DriverRedis    = "redis" // Valkey, too
	DriverCookie   = "cookie"
	DriverSQS      = "sqs"
)

// Drivers are where Laravel keeps what is no file.
type Drivers struct{ Session, Cache, Queue string }

// DriversOn are the drivers with a cache of this engine, the stack's own or a shared one. Without other words in the stack file, sessions and
// cached values are in the cache or, without one, in the database.
func (c *Config) DriversOn(engine string) Drivers {
	here := driverOf(engine)
	d := Drivers{Session: c.Session.Driver, Cache: c.Cache.Store, Queue: c.Worker.Queue}
	if d.Session == "" {
		d.Session = here
	}
	if d.Cache == "" {
		d.Cache = here
	}
	return d
}

// driverOf is what Laravel calls an engine.
func driverOf(engine string) string {
	switch engine {
	case Memcached:
		return Memcached
	case None:
		return DriverDatabase
	}
	return DriverRedis
}

// CheckDrivers refuses drivers that a shared cache of this engine does not have.
func (c *Config) CheckDrivers(engine string) error {
	var p problems
	c.validateEngine(&p, engine)
	return errors.Join(p...)
}

func (c *Config) validateDrivers(p *problems) {
	if d := c.Session.Driver; d != "" {
		p.oneOf("session.driver", d, DriverRedis, Memcached, DriverDatabase, DriverCookie)
	}
	if d := c.Cache.Store; d != "" {
		p.oneOf("cache.store", d, DriverRedis, Memcached, DriverDatabase)
	}
	p.oneOf("worker.queue", c.Worker.Queue, DriverDatabase, DriverRedis, DriverSQS)
	if c.Worker.Queue == DriverSQS {
		c.validateSQS(p)
	}
	if c.Environment.Shares == "" { // else the engine is that of the shared cache
		c.validateEngine(p, c.Cache.Engine)
	}
}

// validateSQS: the queue has a name that AWS makes unique, so no job can be sent to another one by its name.
func (c *Config) validateSQS(p *problems) {
	if c.Environment.Class == "local" {
		p.add("worker.queue", "sqs is a service of AWS, and environment.class local has none: use database or redis here")
	}
	if c.Network.NAT == NATNone && !slices.Contains(c.Network.Endpoints, "sqs") {
		p.add("network.endpoints", "sqs is missing: without it, and without NAT, no task reaches the queue of worker.queue sqs; add it")
	}
	if names := c.WorkedQueues(); len(names) > 0 {
		p.add("worker.queue", "sqs has one queue, and workers name others, %s: take queues and --queue away, or use database or redis", strings.Join(names, ", "))
	}
}

// validateEngine refuses drivers whose server is not there.
func (c *Config) validateEngine(p *problems, engine string) {
	there := driverOf(engine)
	needs := map[string]string{DriverRedis: "valkey or redis", Memcached: Memcached}
	d := c.DriversOn(engine)
	for _, one := range []struct{ key, driver string }{{"session.driver", d.Session}, {"cache.store", d.Cache}, {"worker.queue", d.Queue}} {
		if engines := needs[one.driver]; engines != "" && one.driver != there {
			p.add(one.key, "%s needs cache.engine %s, not %s", one.driver, engines, engine)
		}
	}
}
