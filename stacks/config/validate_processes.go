package config

import (
	"hash/fnv"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxProcessName leaves room for the stack in the names with the least of it: those of target groups, which have at most 32 characters.
const maxProcessName = 16

// RouteName is the beginning of the name of a process's target group. It has NAME-STACK, on which the permissions of pipelines depend; where
// there is no room for the process's name as well, it has letters that are made of it.
func RouteName(prefix, process string) string {
	prefix = Shorten(prefix, MaxPrefix) + "-"
	room := 32 - len(prefix) - len("-tg") - 8 // 8 for autonaming
	if len(process) <= room {
		return prefix + process
	}
	sum := fnv.New64a()
	sum.Write([]byte(process))
	letters := strconv.FormatUint(sum.Sum64(), 36) // up to 13
	return prefix + letters[:min(len(letters), room)]
}

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
	if f.Role == RoleSSR {
		f.validateSSR(p, key, c)
	}
	f.Process.validate(p, key, maxTasks)
	p.between(key+".startSeconds", f.StartSeconds, 1, 300)
	if f.Role == RoleArtisan && (len(f.Command) < 2 || f.Command[0] != RoleArtisan) {
		p.add(key+".command", "%q is not artisan and a command of the application, such as [artisan, pulse:check]", f.Command)
	} else if len(f.Command) > 0 && f.Command[0] != f.Role && f.Command[0] != RoleArtisan {
		p.add(key+".command", "begins with %q: the first word is the image's role, %s or artisan", f.Command[0], f.Role)
	}
	if slices.Contains(kinds[f.Role].keys, "jobSeconds") {
		f.worker().validateWorker(p, key)
		if f.Role == RoleWorker && f.Count > 0 {
			f.worker().validateScaling(p, key, c)
		}
		validateStop(p, key, f.StopSeconds, f.JobSeconds, f.stopMargin())
	}
	if f.Count == 0 {
		return
	}
	switch f.Role {
	case RoleHorizon:
		f.validateHorizon(p, key, c)
	case RoleReverb:
		f.validateReverb(p, key, c)
	}
	if f.Routed() {
		f.validateRoute(p, key, c)
	}
}

var routedPath = regexp.MustCompile(`^/([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?$`)

// validateRoute: each request has one process.
func (f Further) validateRoute(p *problems, key string, c *Config) {
	p.between(key+".port", f.Port, 1024, 65535) // the container may not use those below
	if f.Path != "" && (len(f.Path) > 100 || !routedPath.MatchString(f.Path) || f.Path == "/" && f.Role != RoleReverb) {
		p.add(key+".path", "%q is not the beginning of paths such as /ws", f.Path)
	}
	if f.Host != "" {
		switch {
		case c.Domain.Name == "":
			p.add(key+".host", "%s needs domain.name: without one there is the load balancer's own name only; set that, or path instead of host", f.Host)
		case !hostName.MatchString(f.Host) || strings.HasPrefix(f.Host, "*."):
			p.add(key+".host", "%q is not a host name such as ws.example.com", f.Host)
		case len(f.Host) > maxRuleHost:
			p.add(key+".host", "%q has %d characters; a rule of the load balancer takes %d", f.Host, len(f.Host), maxRuleHost)
		case f.Host == c.Domain.Name && f.Path == "":
			p.add(key+".host", "%s is domain.name, whose requests web gets: choose another host, or set path", f.Host)
		}
	}
	if c.Environment.Shares != "" {
		p.add(key, "host and path are not for an environment with environment.shares: the load balancer is that of %s", c.Environment.Shares)
	}
	for _, other := range c.Further() {
		if other.Name >= f.Name || !other.Routed() {
			continue
		}
		if other.Host != "" && f.Host != "" && other.Host != f.Host {
			continue
		}
		if other.Host == f.Host && (other.Path == "" || f.Path == "") || overlap(other.Paths(), f.Paths()) {
			p.add(key, "host %q and path %q get requests that processes.%s gets, too: one path begins with the other", f.Host, f.Path, other.Name)
		}
	}
}

// overlap tells whether two processes' patterns, such as /ws/*, have a path in common.
func overlap(some, others []string) bool {
	for _, one := range some {
		for _, other := range others {
			one, other := strings.TrimSuffix(one, "*"), strings.TrimSuffix(other, "*")
			if strings.HasPrefix(one, other) && strings.HasSuffix(other, "/") || strings.HasPrefix(other, one) && strings.HasSuffix(one, "/") || one == other {
				return true
			}
		}
	}
	return false
}

// reverbIdle is the least idle time: a client of Reverb that has heard nothing for 30 seconds pings (activity_timeout, which Reverb tells it,
// laravel/reverb, Protocols/Pusher/EventHandler.php and ConfigApplicationProvider.php).
const reverbIdle = 45

// validateReverb: without these, Reverb runs, and refuses every client.
func (f Further) validateReverb(p *problems, key string, c *Config) {
	if !f.Routed() {
		p.add(key, "host and path are missing, so no browser reaches it: set host (ws.example.com), or path (/, which is /app/* and /apps/* of the site's own host)")
	}
	for _, name := range []string{"REVERB_APP_ID", "REVERB_APP_KEY", "REVERB_APP_SECRET"} {
		if c.Env[name] == "" && c.Secrets[name] == "" {
			p.add(key, "%s is missing in env and secrets: Reverb would refuse every client; REVERB_APP_SECRET is for secrets (pulumi config set --secret --path laravel-ecs:secrets.REVERB_APP_SECRET)", name)
		}
	}
	if c.LoadBalancer.IdleSeconds < reverbIdle {
		p.add("loadBalancer.idleSeconds", "%d is less than the %d s that a websocket of %s needs: clients ping when they have heard nothing for 30 s", c.LoadBalancer.IdleSeconds, reverbIdle, key)
	}
	if !c.Cache.SpeaksRedis() && f.Count > 1 {
		p.add(key+".count", "%d tasks of Reverb tell each other of messages by redis: set cache.engine valkey or redis, or count 1", f.Count)
	}
	if c.Domain.Name == "" && !slices.Contains(c.Access.EgressPorts, 80) {
		p.add("access.egressPorts", "80 is missing: without domain.name, the application sends its messages to %s by the load balancer's port 80", key)
	}
}

// validateSSR: the name is the host by which the web container reaches it.
func (f Further) validateSSR(p *problems, key string, c *Config) {
	if f.Name != RoleSSR {
		p.add(key, "only the process ssr has the role ssr: rename it")
	}
	if f.Count > 1 {
		p.add(key+".count", "%d, but ssr runs once in each task of web: set web.count, and 0 here for none", f.Count)
	}
	if f.Count > 0 && c.Web.Count == 0 {
		p.add(key, "it renders the pages of web, and web.count is 0")
	}
}

// validateHorizon: Horizon works lists in redis only (laravel/horizon, config/horizon.php: supervisors name a connection of the driver redis).
func (f Further) validateHorizon(p *problems, key string, c *Config) {
	if !c.Cache.SpeaksRedis() {
		p.add(key, "Horizon needs cache.engine valkey or redis, not %s", c.Cache.Engine)
	} else if c.Worker.Queue != "redis" {
		p.add("worker.queue", "%q, but Horizon (%s) works on queues in redis only: jobs would wait for ever; set redis", c.Worker.Queue, key)
	}
}

// Routed tells whether the load balancer sends requests to it.
func (f Further) Routed() bool { return f.Host != "" || f.Path != "" }

// prefix is Path without a slash at its end.
func (f Further) prefix() string { return strings.TrimSuffix(f.Path, "/") }

// Paths are the patterns of paths whose requests it gets; none stands for all of its host. Reverb's are those of the Pusher protocol: /app for
// websockets, and /apps for events (laravel/reverb, Servers/Reverb/Factory.php).
func (f Further) Paths() []string {
	switch {
	case f.Path == "":
		return nil
	case f.Role == RoleReverb:
		return []string{f.prefix() + "/app/*", f.prefix() + "/apps/*"}
	}
	return []string{f.prefix(), f.prefix() + "/*"}
}

// MessagePath is the beginning of the paths by which an application sends messages to Reverb.
func (f Further) MessagePath() string { return f.prefix() + "/apps/" }

// HealthPath is what the load balancer asks it for.
func (c *Config) HealthPath(f Further) string {
	if f.Role == RoleReverb {
		return f.prefix() + "/up" // the same file of Reverb has it
	}
	return c.LoadBalancer.HealthCheck.Path
}

// reverbDrain is how long a stopping Reverb keeps its connections. They end in any case, and clients connect again at once.
const reverbDrain = 10

// DrainSeconds is how long a stopping task keeps the requests that the load balancer has sent it.
func (c *Config) DrainSeconds(f Further) int {
	if f.Role == RoleReverb {
		return reverbDrain
	}
	return c.LoadBalancer.DeregistrationSeconds
}

// addHosts makes the hosts of processes names of the environment, with its certificate and in its zone, where none of its names covers them.
func (c *Config) addHosts() {
	for _, f := range c.Further() {
		_, parent, _ := strings.Cut(f.Host, ".")
		if f.Host != "" && c.Domain.Name != "" && !slices.Contains(c.Hosts(), f.Host) && !slices.Contains(c.Hosts(), "*."+parent) {
			c.Domain.Aliases = append(c.Domain.Aliases, f.Host)
		}
	}
}

const defaultJobsPerTask = 10

// derive makes tasks start before the alarm of maxWaitSeconds.
func (s *QueueScaling) derive(maxWaitSeconds int) {
	if s.Max > 0 && s.WaitSeconds == 0 {
		s.WaitSeconds = maxWaitSeconds / 2
	}
}

// most is how many tasks there may be; none where the worker is turned off.
func (w Worker) most() int {
	if w.Count == 0 {
		return 0
	}
	return max(w.Count, w.Scaling.Max)
}

// validateScaling: the scheduler reports the jobs of all queues together, and SQS has one queue, so they tell how many tasks one worker needs.
func (w Worker) validateScaling(p *problems, key string, c *Config) {
	s, key := w.Scaling, key+".scaling"
	if s.Max == 0 {
		if s.Min != 0 || s.WaitSeconds != 0 || s.JobsPerTask != defaultJobsPerTask {
			p.add(key+".max", "0 turns scaling off, but %s has other keys: set max, or remove them", key)
		}
		return
	}
	p.between(key+".max", s.Max, 1, maxTasks)
	p.between(key+".jobsPerTask", s.JobsPerTask, 1, 1_000_000)
	p.between(key+".waitSeconds", s.WaitSeconds, 1, 7*24*3600)
	if s.Min < 1 || s.Max < s.Min || w.Count != s.Min {
		p.add(key, "min %d and max %d are not in this order, or min is below 1 or is not count, %d, with which the service starts", s.Min, s.Max, w.Count)
	}
	if len(c.Workers()) > 1 || c.Runs(RoleHorizon) {
		p.add(key, "needs one worker, because the jobs of all queues are counted together: give one worker all queues, or set the counts of several")
	}
	if c.Worker.Queue == DriverSQS {
		return // it reports them itself
	}
	if c.Scheduler.Count == 0 || len(c.Scheduler.Command) > 0 && c.Scheduler.Command[0] != RoleScheduler || !c.Observability.Alarms || c.Environment.Shares != "" {
		p.add(key, "needs scheduler.count 1 and observability.alarms true, with which the scheduler reports the jobs that wait, and no environment.shares")
	}
}
