package config

import (
	"regexp"
	"slices"
)

// maxProcessName leaves room for the stack in the names with the least of it: those of target groups, which have at most 32 characters.
const maxProcessName = 16

var (
	processName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	// taken are names that the program's own resources, containers and alarms have.
	taken = []string{"web-green", "migrate", "users", "exec", "db", "cache", "nat", "queue", "disk"}
)

func (f Further) validate(p *problems, c *Config) {
	key := "processes." + f.Name
	if !processName.MatchString(f.Name) || len(f.Name) > maxProcessName {
		p.add(key, "the name is not 1 to %d lower-case letters and digits, in words joined by single hyphens", maxProcessName)
	}
	if slices.Contains(taken, f.Name) {
		p.add(key, "the program uses this name itself: rename the process")
	}
	f.Process.validate(p, key, 0, maxTasks)
	p.between(key+".startSeconds", f.StartSeconds, 1, 300)
	if f.Role == RoleArtisan && (len(f.Command) < 2 || f.Command[0] != RoleArtisan) {
		p.add(key+".command", "%q is not artisan and a command of the application, such as [artisan, pulse:check]", f.Command)
	} else if len(f.Command) > 0 && f.Command[0] != f.Role && f.Command[0] != RoleArtisan {
		p.add(key+".command", "begins with %q: the first word is the image's role, %s or artisan", f.Command[0], f.Role)
	}
	if slices.Contains(kinds[f.Role].keys, "jobSeconds") {
		f.worker().validateWorker(p, key)
		validateStop(p, key, f.StopSeconds, f.JobSeconds, f.stopMargin())
	}
	if f.Role == RoleHorizon && f.Count > 0 {
		f.validateHorizon(p, key, c)
	}
}

// validateHorizon: Horizon works lists in redis only (laravel/horizon, config/horizon.php: supervisors name a connection of the driver redis).
func (f Further) validateHorizon(p *problems, key string, c *Config) {
	if driverOf(c.Cache.Engine) != DriverRedis {
		p.add(key, "Horizon needs cache.engine valkey or redis, not %s", c.Cache.Engine)
	} else if c.Worker.Queue != "redis" {
		p.add("worker.queue", "%q, but Horizon (%s) works on queues in redis only: jobs would wait for ever; set redis", c.Worker.Queue, key)
	}
}
