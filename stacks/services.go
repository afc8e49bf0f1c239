package stacks

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

const (
	databasePort = 3306
	httpPort     = 8080 // of the container, which has no right to ports below 1024
	httpsPort    = 8443
)

// process is one service of the application: what runs in it and how many.
type process struct {
	name                   string // of the service
	role                   string // what runs in it: web, worker or scheduler
	size                   config.Process
	minPercent, maxPercent int
	containers             []infra.Container
	behindBalancer         bool
	color                  config.Color // of web processes
	scaling                *infra.Scaling
}

// processes lists the services that the configuration asks for, web first.
func processes(c *config.Config) []process {
	var list []process
	if c.Web.Count > 0 {
		for _, each := range c.Colors() {
			list = append(list, webProcess(c, each))
		}
	}
	if c.Worker.Count > 0 {
		worker := container("worker", c.Worker.Process, 60)
		if len(worker.Command) == 0 {
			worker.Command = []string{"worker", fmt.Sprintf("--timeout=%d", c.Worker.JobSeconds)}
		}
		worker.Environment = c.TimeVariables("worker")
		list = append(list, process{name: "worker", role: "worker", size: c.Worker.Process, minPercent: 100, maxPercent: 200, containers: []infra.Container{worker}})
	}
	if c.Scheduler.Count > 0 {
		scheduler := container("scheduler", c.Scheduler.Process, 60)
		// Never two, or commands run twice: the old one goes before the new one comes.
		list = append(list, process{name: "scheduler", role: "scheduler", size: c.Scheduler.Process, minPercent: 0, maxPercent: 100, containers: []infra.Container{scheduler}})
	}
	if c.Web.Count == 0 {
		list[0].containers = migrateFirst(c, list[0].containers[0])
	}
	return list
}

func webProcess(c *config.Config, each config.Color) process {
	web := container("web", c.Web.Process, c.Web.StartSeconds)
	web.Port = httpPort
	web.Environment = c.TimeVariables("web")
	web.Environment["HEALTH_PATH"] = c.LoadBalancer.HealthCheck.Path
	if c.LoadBalancer.ContainerTLS {
		web.Port = httpsPort
		web.Environment["CONTAINER_TLS"] = "1"
	}
	p := process{
		name: "web" + each.Suffix(), role: "web", size: c.Web.Process, minPercent: c.Web.MinPercent, maxPercent: c.Web.MaxPercent,
		containers: migrateFirst(c, web), behindBalancer: true, color: each, scaling: scaling(c),
	}
	if each.Idle() {
		p.size.Count = 0
		if p.scaling != nil {
			p.scaling.Min, p.scaling.Max = 0, 0
		}
	}
	return p
}

// migrateFirst puts the migration in front of a container, in the same task: nothing depends on which task starts first, and a
// migration that fails keeps the release from serving. The main container comes last; the load balancer looks there.
func migrateFirst(c *config.Config, main infra.Container) []infra.Container {
	if !c.Release.Migrate {
		return []infra.Container{main}
	}
	migrate := container("migrate", config.Process{
		CPU: 64, MemoryMiB: main.MemoryMiB, ReservationMiB: config.MigrateReservationMiB, StopSeconds: main.StopSeconds,
	}, 0)
	migrate.Essential = false
	if c.Environment.Shares != "" {
		migrate.Environment = map[string]string{"DB_CREATE": "1"}
	}
	main.After = migrate.Name
	return []infra.Container{migrate, main}
}

func container(role string, size config.Process, startSeconds int) infra.Container {
	return infra.Container{
		Name: role, Command: size.Command, CPU: size.CPU, MemoryMiB: size.MemoryMiB, ReservationMiB: size.ReservationMiB,
		StopSeconds: size.StopSeconds, StartSeconds: startSeconds, Essential: true,
	}
}

func scaling(c *config.Config) *infra.Scaling {
	if c.Web.Scaling.Max == 0 {
		return nil
	}
	scaling := infra.Scaling(c.Web.Scaling)
	return &scaling
}

// createServices registers log groups first, then the roles that name them, then the services. With two colours the one that
// gets no requests comes last: it stops its tasks when the load balancer has turned away from them.
func (s *stack) createServices(ctx *pulumi.Context) error {
	processes := processes(s.config)
	s.logs, s.services = map[string]*cloudwatch.LogGroup{}, map[string]*infra.Service{}
	if err := s.createAccess(ctx, processes); err != nil {
		return wrap("access", err)
	}
	var idle []process
	for _, p := range processes {
		if p.color.Idle() {
			idle = append(idle, p)
		} else if err := s.createService(ctx, p, nil); err != nil {
			return err
		}
	}
	if s.config.Release.Strategy != config.BlueGreen {
		return nil
	}
	traffic, err := s.createTraffic(ctx)
	if err != nil {
		return wrap("traffic", err)
	}
	for _, p := range idle {
		if err := s.createService(ctx, p, traffic.Rules()); err != nil {
			return err
		}
	}
	return nil
}

func (s *stack) createService(ctx *pulumi.Context, p process, after []pulumi.Resource) (err error) {
	release := s.release
	if p.color.Release != "" {
		release = p.color.Release
	}
	args := infra.ServiceArgs{
		Cluster: s.cluster, Access: s.access, Architecture: s.machine().CPUArchitecture(), Region: s.config.Region,
		Image: s.images[release].Reference, Containers: p.containers, Environment: s.environment(release), Secrets: s.secrets.References,
		LogGroup: s.logs[p.role], Count: p.size.Count, MinPercent: p.minPercent, MaxPercent: p.maxPercent,
		Exec: s.config.Access.Exec, Scaling: p.scaling, After: after, RolloutMinutes: s.config.RolloutMinutes(p.size, p.behindBalancer),
	}
	if p.behindBalancer {
		args.Balancer, args.Color, args.GraceSeconds = s.balancer, p.color.Name, s.config.GraceSeconds()
	}
	s.services[p.name], err = infra.NewService(ctx, s.prefix+"-"+p.name, args, s.aws)
	return wrap(p.name+" service", err)
}

func (s *stack) createTraffic(ctx *pulumi.Context) (*infra.Traffic, error) {
	args := infra.TrafficArgs{Balancer: s.balancer, Percent: map[string]int{}}
	for _, each := range s.config.Colors() {
		args.Percent[each.Name] = each.Percent
		if !each.Idle() {
			args.Serving = append(args.Serving, s.services["web"+each.Suffix()])
		}
	}
	return infra.NewTraffic(ctx, s.prefix+"-traffic", args, s.aws)
}

func (s *stack) createAccess(ctx *pulumi.Context, processes []process) (err error) {
	var arns []pulumi.StringInput
	for _, p := range processes {
		if s.logs[p.role] != nil { // two colours write to one
			continue
		}
		s.logs[p.role], err = infra.NewLogGroup(ctx, s.prefix+"-logs-"+p.role, s.config.Observability.LogDays, s.aws)
		if err != nil {
			return err
		}
		arns = append(arns, s.logs[p.role].Arn)
	}
	s.access, err = infra.NewAccess(ctx, s.prefix+"-access", infra.AccessArgs{
		RepositoryARN: s.registry.ARN, SecretARNs: s.secrets.ARNs, LogGroupARNs: arns, Exec: s.config.Access.Exec,
	}, s.aws)
	return err
}

// environment is what every container of a release gets: who it is, and where its data lives.
func (s *stack) environment(release string) map[string]pulumi.StringInput {
	c := s.config
	environment := map[string]pulumi.StringInput{
		"APP_NAME":            pulumi.String(c.App.Name),
		"APP_ENV":             pulumi.String(c.App.Env),
		"APP_DEBUG":           pulumi.String(fmt.Sprint(c.App.Debug)),
		"APP_URL":             s.url(),
		infra.ReleaseVariable: pulumi.String(release),
		"LOG_CHANNEL":         pulumi.String("stderr"),
		"QUEUE_CONNECTION":    pulumi.String(c.Worker.Queue),
		// Of Laravel's stock config/queue.php, for either queue.
		"DB_QUEUE_RETRY_AFTER":    pulumi.String(fmt.Sprint(c.RetrySeconds())),
		"REDIS_QUEUE_RETRY_AFTER": pulumi.String(fmt.Sprint(c.RetrySeconds())),
	}
	maps.Copy(environment, s.database.Env())
	maps.Copy(environment, s.cache.Env())
	if s.lent != nil {
		maps.Copy(environment, s.borrowedEnvironment())
	}
	for key, value := range c.Env {
		environment[key] = pulumi.String(value)
	}
	return environment
}

// url is where visitors go.
func (s *stack) url() pulumi.StringOutput {
	switch c := s.config; {
	case c.App.URL != "":
		return pulumi.String(c.App.URL).ToStringOutput()
	case c.Domain.Name != "":
		return pulumi.Sprintf("https://%s", c.Domain.Name)
	}
	return pulumi.Sprintf("http://%s", s.balancer.DNSName)
}

// secretInputs marks the decrypted values of the configuration as secret again.
func secretInputs(values map[string]string) map[string]pulumi.StringInput {
	inputs := map[string]pulumi.StringInput{}
	for key, value := range values {
		inputs[key] = pulumi.ToSecret(pulumi.String(value)).(pulumi.StringOutput)
	}
	return inputs
}

func wrap(where string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", where, err)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
