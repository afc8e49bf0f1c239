package stacks

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/infra/vpc"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/engines"
)

const (
	httpPort  = 8080 // of the container, which may not use ports below 1024
	httpsPort = 8443
)

// process is one service of the application: what runs in it, and how many tasks.
type process struct {
	name                   string // of the service
	group                  string // of the services that write to one log and prepare the database alike: name, or web for both colours
	size                   config.Process
	minPercent, maxPercent int
	task                   infra.Task
	behindBalancer         bool
	color                  config.Color // of web processes
	scaling                *infra.Scaling
	further                *config.Further // nil for web, worker and scheduler
}

// processes lists the services that the configuration has, web first. master is the database's master user.
func processes(c *config.Config, master string) []process {
	var list []process
	if c.Web.Count > 0 {
		for _, color := range c.Colors() {
			list = append(list, webProcess(c, color))
		}
	}
	if c.Worker.Count > 0 {
		list = append(list, workerProcess(c))
	}
	if c.Scheduler.Count > 0 {
		list = append(list, schedulerProcess(c))
	}
	for _, f := range c.Further() {
		list = append(list, furtherProcess(c, f))
	}
	for i := range list {
		if list[i].group == list[0].group { // without web tasks, those of the next process prepare the database
			list[i].task.Before = []infra.Container{preparation(c, list[i].task.Main, list[i].size.Limits, master)}
		}
	}
	return list
}

func webProcess(c *config.Config, color config.Color) process {
	web := container("web", c.Web.Process, c.Web.StartSeconds)
	web.Port = httpPort
	maps.Copy(web.Environment, c.TimeVariables(config.RoleWeb, 0))
	web.Environment["HEALTH_PATH"] = c.LoadBalancer.HealthCheck.Path
	if c.Release.KeepAssetsHours > 0 {
		web.Environment["KEEP_ASSETS"] = "1"
	}
	if ranges := balancerRanges(c); len(ranges) > 0 {
		web.Environment["TRUSTED_PROXIES"] = strings.Join(ranges, ",")
	}
	if c.LoadBalancer.ContainerTLS {
		web.Port = httpsPort
		web.Environment["CONTAINER_TLS"] = "1"
	}
	task := infra.Task{Main: web}
	if ssr := c.SSR(); ssr != nil {
		task.Beside = []infra.Container{ssrContainer(ssr)}
		task.Main.Environment["INERTIA_SSR_ENABLED"] = "true"
		host := ssr.Name
		if c.Cluster.Fargate() { // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html: "over the localhost interface"
			host = "127.0.0.1"
		}
		task.Main.Environment["INERTIA_SSR_URL"] = fmt.Sprintf("http://%s:%d", host, ssr.Port) // inertia-laravel, config/inertia.php
	}
	p := process{
		name: "web" + color.Suffix(), group: config.RoleWeb, size: c.Web.Process, minPercent: c.Web.MinPercent, maxPercent: c.Web.MaxPercent,
		task: task, behindBalancer: true, color: color, scaling: scaling(c),
	}
	if color.Idle() {
		p.size.Count = 0
		if p.scaling != nil {
			p.scaling.Min, p.scaling.Max = 0, 0
		}
	}
	return p
}

// ssrContainer answers the web container only. As web waits for it at the start, ECS stops it after web
// (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html: "for container shutdown it is reversed").
func ssrContainer(ssr *config.Further) infra.Container {
	beside := container(ssr.Name, ssr.Process, ssr.StartSeconds)
	beside.Command = ssr.Arguments()
	beside.Environment["PORT"] = fmt.Sprint(ssr.Port)
	return beside
}

func workerProcess(c *config.Config) process {
	worker := container("worker", c.Worker.Process, 60)
	worker.Command = c.Worker.TimedCommand()
	maps.Copy(worker.Environment, c.TimeVariables(config.RoleWorker, c.Worker.JobSeconds))
	return process{name: config.RoleWorker, group: config.RoleWorker, size: c.Worker.Process, minPercent: 100, maxPercent: 200, task: infra.Task{Main: worker}, scaling: queueScaling(c.Worker.Scaling)}
}

// schedulerProcess never has two tasks, because both would run the same commands: the old one stops before the new one starts.
func schedulerProcess(c *config.Config) process {
	scheduler := container("scheduler", c.Scheduler.Process, 60)
	return process{name: config.RoleScheduler, group: config.RoleScheduler, size: c.Scheduler.Process, minPercent: 0, maxPercent: 100, task: infra.Task{Main: scheduler}}
}

// furtherProcess is one of the section processes. Old and new tasks run beside each other during a release, those of Horizon too: each of its
// masters has a name of its own, the host's with random letters, and takes jobs as workers do (laravel/horizon, MasterSupervisor::name).
func furtherProcess(c *config.Config, f config.Further) process {
	main := container(f.Name, f.Process, f.StartSeconds)
	main.Command = f.Arguments()
	maps.Copy(main.Environment, c.TimeVariables(f.Role, f.JobSeconds))
	p := process{name: f.Name, group: f.Name, size: f.Process, minPercent: 100, maxPercent: 200, further: &f, scaling: queueScaling(f.Scaling)}
	if f.Routed() {
		main.Port, p.behindBalancer = f.Port, true
		main.Environment["PORT"] = fmt.Sprint(f.Port)
		main.Environment["HEALTH_PATH"] = c.HealthPath(f)
	}
	if f.Role == config.RoleReverb && !c.Cache.SpeaksRedis() { // two tasks would not tell each other of messages
		p.minPercent, p.maxPercent = 0, 100
	}
	p.task = infra.Task{Main: main}
	return p
}

// routed tells whether the load balancer sends it requests besides the web service.
func (p process) routed() bool { return p.further != nil && p.further.Routed() }

// startSeconds is how long a task of the process may take until it passes its health checks.
func (p process) startSeconds() int { return p.task.Main.StartSeconds }

// preparation is the container that makes the application's user of the database, and runs the migrations, before the main one starts, in
// the same task. So the order in which tasks start does not matter, and a migration that fails keeps the release from serving.
func preparation(c *config.Config, main infra.Container, limits config.Limits, master string) infra.Container {
	role := "migrate"
	if !c.Release.Migrate {
		role = "users"
	}
	before := container(role, config.Process{
		CPU: config.MigrateCPU, MemoryMiB: main.MemoryMiB, ReservationMiB: config.MigrateReservationMiB, StopSeconds: main.StopSeconds, Limits: limits,
	}, 0)
	if !c.Environment.IsGuest() { // whose users its host makes
		before.Environment["DB_MASTER_USERNAME"] = master
	}
	if d := c.Database; d.Engine == engines.Postgres && !d.Existing() && !d.Imported() && c.Environment.Shares == "" && !c.Environment.IsGuest() {
		before.Environment["DB_OWN_SERVER"] = "1" // nobody else has a user there, who may need a right that the container takes away
	}
	if guests := databaseGuests(c); guests != "" {
		before.Environment["DB_GUESTS"] = guests
	}
	if c.Release.Migrate {
		maps.Copy(before.Environment, c.WorkerArguments())
	}
	return before
}

// balancerRanges are the subnets of the load balancer, whose word on the client the image takes (docker/lib/web.sh), and CloudFront's addresses:
// each of both adds the address that it has the request from to X-Forwarded-For. Those of another
// environment's load balancer are not known here: the image then takes that of private addresses. TRUSTED_PROXIES in env goes before.
func balancerRanges(c *config.Config) (ranges []string) {
	if _, given := c.Env["TRUSTED_PROXIES"]; given || c.Environment.Shares != "" {
		return nil
	}
	ranges = c.Network.PublicRanges
	if c.Environment.IsGuest() { // of its host's load balancer
		return ranges
	}
	for zone := range c.Network.Zones {
		if !c.Network.Existing() {
			ranges = append(ranges, vpc.SubnetBlock(netip.MustParsePrefix(c.Network.CIDR), 0, zone).String())
		}
	}
	return slices.Concat(ranges, c.CDN.Ranges)
}

func container(name string, size config.Process, startSeconds int) infra.Container {
	return infra.Container{
		TempMiB: size.Limits.TempMiB, Environment: size.Limits.Variables(),
		Name: name, Command: size.Command, CPU: size.CPU, MemoryMiB: size.MemoryMiB, ReservationMiB: size.ReservationMiB,
		StopSeconds: size.StopSeconds, StartSeconds: startSeconds,
	}
}

func scaling(c *config.Config) *infra.Scaling {
	if c.Web.Scaling.Max == 0 {
		return nil
	}
	s := c.Web.Scaling
	return &infra.Scaling{Min: s.Min, Max: s.Max, CPUPercent: s.CPUPercent, RequestsPerTask: s.RequestsPerTask}
}

// queueScaling is that of a worker; nil without one. serviceArgs knows the name by which the jobs are reported.
func queueScaling(s config.QueueScaling) *infra.Scaling {
	if s.Max == 0 {
		return nil
	}
	return &infra.Scaling{Min: s.Min, Max: s.Max, Queue: &infra.QueueScaling{JobsPerTask: s.JobsPerTask, WaitSeconds: s.WaitSeconds}}
}
