package stacks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// createServices makes the log groups, the roles whose policies name them, and the services. The services that run tasks come first, then
// the rules that send them requests, and last the colour without requests: it stops its tasks when it gets no more.
// Services whose tasks do not prepare the database come after those that do, and only when ECS has not rolled these back: they use its new
// user and its new tables, and run the release that serves.
func (s *stack) createServices(ctx *pulumi.Context, app *application) (map[string]*infra.Service, error) {
	all := processes(s.config, app.database.Master)
	logs, err := s.createLogGroups(ctx, all)
	if err != nil {
		return nil, wrap("log groups", err)
	}
	roles, err := s.createTaskRoles(ctx, app, all, logs)
	if err != nil {
		return nil, wrap("roles", err)
	}
	alarms, err := s.createReleaseAlarms(ctx, app)
	if err != nil {
		return nil, wrap("release alarms", err)
	}
	services := map[string]*infra.Service{}
	add := func(p process, after []pulumi.Resource, released []*infra.Service) (err error) {
		args := s.serviceArgs(app, p, roles, logs[p.group])
		args.After, args.AfterReleases = after, released
		if p.behindBalancer && p.further == nil {
			args.Alarms = alarms
		}
		services[p.name], err = infra.NewService(ctx, s.prefix+"-"+p.name, args, s.aws)
		return wrap(p.name+" service", err)
	}
	var idle []process
	var prepared []*infra.Service
	for _, p := range all {
		if p.color.Idle() {
			idle = append(idle, p)
			continue
		}
		if len(p.task.Before) == 0 {
			if err := add(p, nil, prepared); err != nil {
				return nil, err
			}
			continue
		}
		if err := add(p, nil, nil); err != nil {
			return nil, err
		}
		prepared = append(prepared, services[p.name])
	}
	if app.balancer == nil { // the rules of a shared one are there already
		return services, nil
	}
	routes, err := s.createRoutes(ctx, app, all, services)
	if err != nil {
		return nil, wrap("routes", err)
	}
	traffic, err := s.createTraffic(ctx, app, services)
	if err != nil {
		return nil, wrap("traffic", err)
	}
	app.traffic = slices.Concat(routes, traffic.Ready())
	for _, p := range idle {
		if err := add(p, traffic.Ready(), nil); err != nil {
			return nil, err
		}
	}
	return services, nil
}

// createReleaseAlarms makes the alarms that take a rolling release of the web service back; nil where the stack file does not say which. The other
// services follow the web service, so they need none.
func (s *stack) createReleaseAlarms(ctx *pulumi.Context, app *application) (*infra.ReleaseAlarms, error) {
	release := s.config.Release
	if release.Strategy != config.Rolling || release.Judge.Alarms == nil || app.balancer == nil {
		return nil, nil
	}
	return infra.NewReleaseAlarms(ctx, s.prefix+"-release", app.balancer, release.Judge.Alarms, release.BakeMinutes, s.aws)
}

func (s *stack) serviceArgs(app *application, p process, roles *infra.TaskRoles, logs *cloudwatch.LogGroup) infra.ServiceArgs {
	release := cmp.Or(p.color.Release, s.release)
	environment := s.variables(app, release)
	maps.Copy(environment, s.metricVariables(app, p))
	maps.Copy(environment, s.processVariables(app, p))
	args := infra.ServiceArgs{
		Cluster: app.cluster, Roles: roles, Architecture: app.machine.CPUArchitecture(), Region: s.config.Region,
		Image: app.images.byRelease[release].Reference, Task: p.task, Environment: environment, Secrets: app.secrets.References, SetupSecrets: app.secrets.SetupReferences,
		LogGroup: logs, Count: p.size.Count, MinPercent: p.minPercent, MaxPercent: p.maxPercent,
		Exec: s.config.Access.Exec, Scaling: p.scaling, RolloutMinutes: s.config.RolloutMinutes(p.size, p.startSeconds(), p.behindBalancer),
		DrainMinutes: s.config.DrainMinutes(p.size, p.behindBalancer),
		// The number of tasks turns a colour off, so a deployment sets it although autoscaling moves it.
		SetCount: s.config.Release.Strategy == config.BlueGreen, Sleeps: s.config.Environment.Schedule.Set(),
	}
	if p.scaling != nil && p.scaling.Queue != nil {
		p.scaling.Queue.Stack = s.prefix
		if app.queue != nil {
			p.scaling.Queue.SQS = app.queue.Name
		}
	}
	switch {
	case p.routed():
		target := app.balancer.RouteTarget(s.routeName(p.name))
		args.Target, args.Routed, args.GraceSeconds = &target, true, s.config.GraceSeconds(p.startSeconds())
	case p.behindBalancer:
		target := app.target(p.color.Name)
		args.Target, args.GraceSeconds = &target, s.config.GraceSeconds(p.startSeconds())
	}
	return args
}

// routeTargets are the target groups of the processes that get requests besides the web service.
func (s *stack) routeTargets() map[string]infra.TargetArgs {
	targets := map[string]infra.TargetArgs{}
	for _, f := range s.config.Further() {
		if f.Routed() {
			target := s.targetArgs()
			target.ContainerTLS, target.HealthCheck.Path, target.DeregistrationSeconds = false, s.config.HealthPath(f), s.config.DrainSeconds(f)
			targets[s.routeName(f.Name)] = target
		}
	}
	return targets
}

func (s *stack) routeName(process string) string { return config.RouteName(s.prefix, process) }

// createRoutes makes the rules of the processes that get requests besides the web service, when their tasks run.
func (s *stack) createRoutes(ctx *pulumi.Context, app *application, processes []process, services map[string]*infra.Service) (rules []pulumi.Resource, err error) {
	for _, p := range processes {
		if !p.routed() {
			continue
		}
		number := s.rulePriority(*p.further)
		route, err := infra.NewRoute(ctx, fmt.Sprintf("%s-route-%d", s.prefix, number), infra.RouteArgs{
			Balancer: app.balancer, Group: s.routeName(p.name), Service: services[p.name],
			Host: p.further.Host, Paths: p.further.Paths(), Priority: number, WarmUp: time.Duration(s.config.GraceSeconds(p.startSeconds())) * time.Second,
		}, s.aws)
		if err != nil {
			return nil, err
		}
		rules = append(rules, route.Ready()...)
	}
	return rules, nil
}

func (s *stack) createTraffic(ctx *pulumi.Context, app *application, services map[string]*infra.Service) (*infra.Traffic, error) {
	args := infra.TrafficArgs{
		Balancer: app.balancer, Percent: map[string]int{}, WarmUp: time.Duration(s.config.GraceSeconds(s.config.Web.StartSeconds)) * time.Second,
	}
	for _, color := range s.config.Colors() {
		args.Percent[color.Name] = color.Percent
		if service := services["web"+color.Suffix()]; service != nil { // an idle colour's comes later
			args.Serving = append(args.Serving, service)
		}
	}
	return infra.NewTraffic(ctx, s.prefix+"-traffic", args, s.aws)
}

// createLogGroups makes one log group per process: two colours write to the same one.
func (s *stack) createLogGroups(ctx *pulumi.Context, processes []process) (map[string]*cloudwatch.LogGroup, error) {
	groups := map[string]*cloudwatch.LogGroup{}
	for _, p := range processes {
		if groups[p.group] != nil {
			continue
		}
		group, err := infra.NewLogGroup(ctx, s.prefix+"-logs-"+p.group, s.config.Observability.LogDays, s.aws)
		if err != nil {
			return nil, err
		}
		groups[p.group] = group
	}
	return groups, nil
}

func (s *stack) createTaskRoles(ctx *pulumi.Context, app *application, processes []process, logs map[string]*cloudwatch.LogGroup) (*infra.TaskRoles, error) {
	var arns []pulumi.StringInput
	for i, p := range processes {
		if i == 0 || processes[i-1].group != p.group {
			arns = append(arns, logs[p.group].Arn)
		}
	}
	return infra.NewTaskRoles(ctx, s.prefix+"-access", infra.TaskRolesArgs{
		RepositoryARN: app.images.registry.ARN, SecretARNs: app.secrets.ARNs, LogGroupARNs: arns, Exec: s.config.Access.Exec, ExecLogARN: app.cluster.ExecLogARN,
		Storage: app.storage, Queue: app.queue, Policies: s.config.Access.TaskPolicies,
	}, s.aws)
}
