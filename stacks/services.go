package stacks

import (
	"fmt"
	"maps"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

const (
	databasePort = 3306
	httpPort     = 8080 // of the container, which has no right to ports below 1024
	httpsPort    = 8443
	// drainSeconds is how long a web container goes on answering after its stop signal.
	drainSeconds = 5
	// requestSeconds is the longest request that the image lets run: max_execution_time.
	requestSeconds = 30
	// migrateReservationMiB is what placement keeps for the migration that runs before each web container.
	migrateReservationMiB = 64
)

// process is one service of the application: what runs in it and how many.
type process struct {
	name                   string
	size                   Process
	minPercent, maxPercent int
	containers             []infra.Container
	behindBalancer         bool
	scaling                *infra.Scaling
}

// processes lists the services that the configuration asks for.
func (c *Config) processes() []process {
	list := []process{{
		name: "web", size: c.Web.Process, minPercent: c.Web.MinPercent, maxPercent: c.Web.MaxPercent,
		containers: c.webContainers(), behindBalancer: true, scaling: c.scaling(),
	}}
	if c.Worker.Count > 0 {
		worker := container("worker", c.Worker.Process, 60)
		list = append(list, process{name: "worker", size: c.Worker.Process, minPercent: 100, maxPercent: 200, containers: []infra.Container{worker}})
	}
	if c.Scheduler.Count > 0 {
		scheduler := container("scheduler", c.Scheduler.Process, 60)
		// Never two, or commands run twice: the old one goes before the new one comes.
		list = append(list, process{name: "scheduler", size: c.Scheduler.Process, minPercent: 0, maxPercent: 100, containers: []infra.Container{scheduler}})
	}
	return list
}

// webContainers puts the migration in front of the server, in the same task: nothing depends on which task starts first, and a
// migration that fails keeps the release from serving. The server comes last; the load balancer looks there.
func (c *Config) webContainers() []infra.Container {
	web := container("web", c.Web.Process, c.Web.StartSeconds)
	web.Port = httpPort
	web.Environment = map[string]string{"DRAIN_SECONDS": fmt.Sprint(drainSeconds)}
	if c.LoadBalancer.ContainerTLS {
		web.Port = httpsPort
		web.Environment["CONTAINER_TLS"] = "1"
	}
	if !c.Release.Migrate {
		return []infra.Container{web}
	}
	migrate := container("migrate", Process{
		CPU: 64, MemoryMiB: c.Web.MemoryMiB, ReservationMiB: migrateReservationMiB, StopSeconds: c.Web.StopSeconds,
	}, 0)
	migrate.Essential = false
	web.After = migrate.Name
	return []infra.Container{migrate, web}
}

func container(role string, size Process, startSeconds int) infra.Container {
	return infra.Container{
		Name: role, Command: size.Command, CPU: size.CPU, MemoryMiB: size.MemoryMiB, ReservationMiB: size.ReservationMiB,
		StopSeconds: size.StopSeconds, StartSeconds: startSeconds, Essential: true,
	}
}

func (c *Config) scaling() *infra.Scaling {
	if c.Web.Scaling.Max == 0 {
		return nil
	}
	scaling := infra.Scaling(c.Web.Scaling)
	return &scaling
}

func (s *stack) instanceTypes() []infra.InstanceType {
	var ignored problems // validated before anything was registered
	return s.config.instanceTypes(&ignored)
}

// createServices registers log groups first, then the roles that name them, then the services.
func (s *stack) createServices(ctx *pulumi.Context) error {
	processes := s.config.processes()
	s.logs, s.services = map[string]*cloudwatch.LogGroup{}, map[string]*infra.Service{}
	if err := s.createAccess(ctx, processes); err != nil {
		return wrap("access", err)
	}
	environment := s.environment()
	for _, p := range processes {
		args := infra.ServiceArgs{
			Cluster: s.cluster, Access: s.access, Architecture: s.instanceTypes()[0].CPUArchitecture(), Region: s.config.Region,
			Image: s.image.Reference, Containers: p.containers, Environment: environment, Secrets: s.secrets.References,
			LogGroup: s.logs[p.name], Count: p.size.Count, MinPercent: p.minPercent, MaxPercent: p.maxPercent,
			Exec: s.config.Access.Exec, Scaling: p.scaling,
		}
		if p.behindBalancer {
			check := s.config.LoadBalancer.HealthCheck
			args.Balancer = s.balancer
			// Two more checks than the start takes, or a slow start is taken for a bad release.
			args.GraceSeconds = s.config.Web.StartSeconds + 2*check.Interval
		}
		service, err := infra.NewService(ctx, s.prefix+"-"+p.name, args, s.aws)
		if err != nil {
			return wrap(p.name+" service", err)
		}
		s.services[p.name] = service
	}
	return nil
}

func (s *stack) createAccess(ctx *pulumi.Context, processes []process) (err error) {
	var arns []pulumi.StringInput
	for _, p := range processes {
		s.logs[p.name], err = infra.NewLogGroup(ctx, s.prefix+"-logs-"+p.name, s.config.Observability.LogDays, s.aws)
		if err != nil {
			return err
		}
		arns = append(arns, s.logs[p.name].Arn)
	}
	s.access, err = infra.NewAccess(ctx, s.prefix+"-access", infra.AccessArgs{
		RepositoryARN: s.registry.ARN, SecretARNs: s.secrets.ARNs, LogGroupARNs: arns, Exec: s.config.Access.Exec,
	}, s.aws)
	return err
}

// environment is what every container gets: who it is, and where its data lives.
func (s *stack) environment() map[string]pulumi.StringInput {
	c := s.config
	environment := map[string]pulumi.StringInput{
		"APP_NAME":         pulumi.String(c.App.Name),
		"APP_ENV":          pulumi.String(c.App.Env),
		"APP_DEBUG":        pulumi.String(fmt.Sprint(c.App.Debug)),
		"APP_URL":          s.url(),
		"APP_RELEASE":      pulumi.String(s.release),
		"HEALTH_PATH":      pulumi.String(c.LoadBalancer.HealthCheck.Path),
		"LOG_CHANNEL":      pulumi.String("stderr"),
		"QUEUE_CONNECTION": pulumi.String(c.Worker.Queue),
	}
	maps.Copy(environment, s.database.Env())
	maps.Copy(environment, s.cache.Env())
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
