package infra

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"
)

// ServiceArgs describes one process of the application as an ECS service.
type ServiceArgs struct {
	Cluster ClusterRef
	Roles   *TaskRoles
	// Architecture is X86_64 or ARM64.
	Architecture string
	Region       string
	Image        pulumi.StringInput // repository@sha256:digest
	Task         Task
	Environment  map[string]pulumi.StringInput
	Secrets      map[string]pulumi.StringOutput
	// SetupSecrets are for the containers that run before the main one.
	SetupSecrets map[string]pulumi.StringOutput
	LogGroup     *cloudwatch.LogGroup

	Count                  int
	MinPercent, MaxPercent int
	GraceSeconds           int // how long failing health checks of the load balancer do not count
	Exec                   bool
	Target                 *Target // of the load balancer; nil for a process that gets no requests
	Routed                 bool    // a Route sends the requests
	// After must be done before the service changes.
	After []pulumi.Resource
	// AfterReleases are services that must run what was registered for them before this one changes. When ECS rolls one of them back, this
	// one stays as it is, on the release and the credentials that still serve.
	AfterReleases []*Service
	// RolloutMinutes is how long to wait for a steady service, DrainMinutes how long for the end of a deleted one.
	RolloutMinutes, DrainMinutes int
	// Scaling moves the number of tasks; nil keeps Count.
	Scaling *Scaling
	// Alarms take a deployment back; nil for none.
	Alarms *ReleaseAlarms
	// SetCount is for a colour: every deployment sets the number to Count, even with Scaling.
	SetCount bool
	// Sleeps leaves the number of tasks, and the limits of Scaling, to the schedules of package nights.
	Sleeps bool
}

// Service runs a number of identical tasks and replaces them without an interruption.
type Service struct {
	pulumi.ResourceState

	Name pulumi.StringOutput `pulumi:"serviceName"`
	ARN  pulumi.StringOutput
	// ScalingARN is the scalable target of Application Auto Scaling; only with Scaling.
	ScalingARN pulumi.StringOutput
	// TaskDefinitionARN is the revision that runs. It is an error when that is not the one that was registered.
	TaskDefinitionARN pulumi.StringOutput `pulumi:"taskDefinitionArn"`

	inECS   *ecs.Service
	created atomic.Bool // in this update; only with SetCount, or Routed
}

// NewLogGroup registers the log group of a service. It is made before the roles, whose policies name it.
func NewLogGroup(ctx *pulumi.Context, name string, days int, opts ...pulumi.ResourceOption) (*cloudwatch.LogGroup, error) {
	group, err := cloudwatch.NewLogGroup(ctx, name, &cloudwatch.LogGroupArgs{RetentionInDays: pulumi.Int(days)}, opts...)
	if err != nil {
		return nil, fmt.Errorf("creating log group: %w", err)
	}
	return group, nil
}

// NewService registers the task definition, the service and its scaling.
func NewService(ctx *pulumi.Context, name string, args ServiceArgs, opts ...pulumi.ResourceOption) (*Service, error) {
	s := &Service{}
	if err := ctx.RegisterComponentResourceV2("laravel:infra:Service", name, args.inputs(), s, opts...); err != nil {
		return nil, err
	}
	definition, err := s.taskDefinition(ctx, name, args)
	if err != nil {
		return nil, fmt.Errorf("creating task definition: %w", err)
	}
	service, err := s.service(ctx, name, args, definition)
	if err != nil {
		return nil, fmt.Errorf("creating service: %w", err)
	}
	if args.Scaling != nil {
		if err := s.scale(ctx, name, args, service); err != nil {
			return nil, fmt.Errorf("creating autoscaling: %w", err)
		}
	}
	s.inECS, s.ARN = service, service.ID().ToStringOutput()
	s.Name, s.TaskDefinitionARN = service.Name, runningRevision(ctx, args.Cluster.ARN, service, definition, s)
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"serviceName": s.Name, "taskDefinitionArn": s.TaskDefinitionARN})
}

// inputs are the settings of the containers without the release. The task definition has them too, in one text that is unknown until
// the image is built; a preview of a release shows here what else changes in it.
func (args ServiceArgs) inputs() pulumi.Map {
	containers := pulumi.Map{}
	for _, c := range args.Task.containers() {
		secrets := referenceMap(args.Secrets)
		switch {
		case slices.ContainsFunc(args.Task.Before, func(before Container) bool { return before.Name == c.Name }):
			maps.Copy(secrets, referenceMap(args.SetupSecrets))
		case c.Name != args.Task.Main.Name:
			secrets = pulumi.StringMap{}
		}
		environment := pulumi.StringMap{}
		maps.Copy(environment, args.Environment)
		maps.Copy(environment, pulumi.ToStringMap(c.Environment))
		delete(environment, ReleaseVariable)
		containers[c.Name] = pulumi.Map{
			"command": pulumi.ToStringArray(c.Command), "cpu": pulumi.Int(c.CPU), "memory": pulumi.Int(c.MemoryMiB),
			"memoryReservation": pulumi.Int(c.ReservationMiB), "stopTimeout": pulumi.Int(c.StopSeconds),
			"environment": environment, "secrets": secrets,
		}
	}
	return pulumi.Map{"containers": containers}
}

func (s *Service) taskDefinition(ctx *pulumi.Context, name string, args ServiceArgs) (*ecs.TaskDefinition, error) {
	render := func(image, logGroup string, environment, secrets, setup map[string]string) (string, error) {
		return containerDefinitions(args.Task, taskSettings{
			Image: image, LogGroup: logGroup, Region: args.Region, Environment: environment, Secrets: secrets, SetupSecrets: setup, Exec: args.Exec, Fargate: args.Cluster.Tasks != nil,
		})
	}
	containers := pulumix.Apply5Err(args.Image.ToStringOutput(), args.LogGroup.Name, pulumi.StringMap(args.Environment).ToStringMapOutput(),
		referenceMap(args.Secrets).ToStringMapOutput(), referenceMap(args.SetupSecrets).ToStringMapOutput(), render)
	definition := &ecs.TaskDefinitionArgs{
		Family:                  pulumi.String(name),
		NetworkMode:             pulumi.String("bridge"), // a network interface per task would limit a t3.small to two tasks
		RequiresCompatibilities: pulumi.StringArray{pulumi.String("EC2")},
		RuntimePlatform: &ecs.TaskDefinitionRuntimePlatformArgs{
			CpuArchitecture: pulumi.String(args.Architecture), OperatingSystemFamily: pulumi.String("LINUX"),
		},
		ExecutionRoleArn:     args.Roles.ExecutionRoleARN,
		TaskRoleArn:          args.Roles.TaskRoleARN,
		ContainerDefinitions: pulumix.Cast[pulumi.StringOutput](containers),
		// Old revisions stay active: ECS rolls back to them, and so do people.
		SkipDestroy: pulumi.Bool(true),
	}
	if args.Cluster.Tasks != nil {
		args.Task.onFargate(definition)
	}
	return ecs.NewTaskDefinition(ctx, name+"-task", definition, pulumi.Parent(s))
}

func (s *Service) service(ctx *pulumi.Context, name string, args ServiceArgs, definition *ecs.TaskDefinition) (*ecs.Service, error) {
	wait := slices.Concat(args.Cluster.Ready, args.Roles.Ready(), args.After)
	var released []pulumi.ResourceOption
	for _, other := range args.AfterReleases {
		wait = append(wait, other.inECS) // a preview, which does not look at what runs, has this order too
		released = append(released, pulumi.DependsOnInputs(other.released()))
	}
	service := &ecs.ServiceArgs{
		Cluster:                         args.Cluster.ARN.ToStringPtrOutput(),
		TaskDefinition:                  definition.Arn,
		SchedulingStrategy:              pulumi.String("REPLICA"),
		DesiredCount:                    pulumi.Int(args.Count),
		DeploymentMinimumHealthyPercent: pulumi.Int(args.MinPercent),
		DeploymentMaximumPercent:        pulumi.Int(args.MaxPercent),
		DeploymentCircuitBreaker:        &ecs.ServiceDeploymentCircuitBreakerArgs{Enable: pulumi.Bool(true), Rollback: pulumi.Bool(true)},
		// ECS refuses a launch type together with a strategy, and without a strategy managed scaling does nothing.
		CapacityProviderStrategies: ecs.ServiceCapacityProviderStrategyArray{&ecs.ServiceCapacityProviderStrategyArgs{
			CapacityProvider: args.Cluster.CapacityProvider, Weight: pulumi.Int(1),
		}},
		EnableExecuteCommand: pulumi.Bool(args.Exec),
		EnableEcsManagedTags: pulumi.Bool(true),
		PropagateTags:        pulumi.String("SERVICE"),
		WaitForSteadyState:   pulumi.Bool(true),
	}
	args.Cluster.place(service)
	if args.Target != nil {
		service.LoadBalancers = ecs.ServiceLoadBalancerArray{&ecs.ServiceLoadBalancerArgs{
			TargetGroupArn: args.Target.ARN.ToStringPtrOutput(),
			ContainerName:  pulumi.String(args.Task.Main.Name), ContainerPort: pulumi.Int(args.Task.Main.Port),
		}}
		service.HealthCheckGracePeriodSeconds = pulumi.Int(args.GraceSeconds)
		wait = append(wait, args.Target.Ready...)
	}
	if args.Alarms != nil {
		watched := args.Alarms.BakeMinutes > 0
		service.Alarms = &ecs.ServiceAlarmsArgs{AlarmNames: args.Alarms.Names, Enable: pulumi.Bool(watched), Rollback: pulumi.Bool(watched)}
	}
	limit := fmt.Sprintf("%dm", args.RolloutMinutes)
	opts := []pulumi.ResourceOption{
		pulumi.Parent(s), pulumi.DependsOn(wait),
		pulumi.Timeouts(&pulumi.CustomTimeouts{Create: limit, Update: limit, Delete: fmt.Sprintf("%dm", args.DrainMinutes)}),
		// Another target group gets a service of its own. ECS would move this one, stop its tasks in the old group, and leave the requests
		// that the load balancer still sends there without an answer (ECS API reference, UpdateService, loadBalancers).
		pulumi.ReplaceOnChanges([]string{"loadBalancers"}),
	}
	if args.MaxPercent == 100 && args.Target == nil {
		// One that never has two tasks has none while another service of it takes its place, either.
		opts = append(opts, pulumi.DeleteBeforeReplace(true))
	}
	opts = append(opts, released...)
	if args.Alarms != nil && args.Alarms.BakeMinutes > 0 {
		baked, err := ctx.RegisterResourceHook(name+"-baked", s.bake(ctx, args.Alarms.BakeMinutes), nil)
		if err != nil {
			return nil, fmt.Errorf("registering hook: %w", err)
		}
		opts = append(opts, pulumi.ResourceHooks(&pulumi.ResourceHookBinding{AfterUpdate: []*pulumi.ResourceHook{baked}}))
	}
	if (args.SetCount || args.Routed) && args.Target != nil {
		created, err := ctx.RegisterResourceHook(name+"-created", func(*pulumi.ResourceHookArgs) error { s.created.Store(true); return nil }, nil)
		if err != nil {
			return nil, fmt.Errorf("registering hook: %w", err)
		}
		opts = append(opts, pulumi.ResourceHooks(&pulumi.ResourceHookBinding{AfterCreate: []*pulumi.ResourceHook{created}}))
	}
	if args.Sleeps || args.Scaling != nil && !args.SetCount {
		// Autoscaling owns the number: a release at the peak must not reset it (terraform-provider-aws#335).
		opts = append(opts, pulumi.IgnoreChanges([]string{"desiredCount"}))
	}
	return ecs.NewService(ctx, name+"-service", service, opts...)
}

// released is the service in ECS when it runs the revision that was registered for it, else the error that says so. It is not the component:
// nobody needs its autoscaling.
func (s *Service) released() pulumi.ResourceArrayOutput {
	itself := func(string) []pulumi.Resource { return []pulumi.Resource{s.inECS} }
	return s.TaskDefinitionARN.ApplyT(itself).(pulumi.ResourceArrayOutput)
}

func referenceMap(references map[string]pulumi.StringOutput) pulumi.StringMap {
	inputs := pulumi.StringMap{}
	for variable, reference := range references {
		inputs[variable] = reference
	}
	return inputs
}

// runningRevision returns the ARN of the task definition that the service runs, and fails the update when it is not the one
// that this program registered. The provider waits for a steady service, and a service that the circuit breaker rolled back is
// steady too (terraform-provider-aws#20858, pulumi-awsx#1848). Looking again also notices it in a later, unchanged update.
//
// The name of the service is taken from its ID. Pulumi chooses service.Name itself, so a preview knows it before the service exists,
// and the lookup would fail with ServiceNotFoundException. The ID is unknown until the service is there, and steady.
//
// A preview does not look. After a run that was cut off between a task definition and its service, it would compare the registered revision
// with one that the update is about to replace, and fail.
func runningRevision(ctx *pulumi.Context, cluster pulumi.StringInput, service *ecs.Service, definition *ecs.TaskDefinition, parent pulumi.Resource) pulumi.StringOutput {
	if ctx.DryRun() {
		return definition.Arn
	}
	name := pulumix.Apply(pulumix.Cast[pulumix.Output[pulumi.ID]](service.ID()), serviceName)
	found := ecs.LookupServiceOutput(ctx, ecs.LookupServiceOutputArgs{
		ClusterArn:  cluster,
		ServiceName: pulumix.Cast[pulumi.StringOutput](name),
	}, pulumi.Parent(parent))
	return pulumix.Cast[pulumi.StringOutput](pulumix.Apply3Err(name, found.TaskDefinition(), definition.Arn, sameRevision))
}

// serviceName returns the last part of a service's ID, which is its ARN: arn:PARTITION:ecs:REGION:ACCOUNT:service/CLUSTER/NAME
// (https://www.pulumi.com/registry/packages/aws/api-docs/ecs/service/ and https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html).
func serviceName(id pulumi.ID) string { return lastPart(string(id)) }

func sameRevision(service, running, registered string) (string, error) {
	if running == registered {
		return running, nil
	}
	return "", fmt.Errorf("service %[1]s runs %[2]s, and this release registered %[3]s: ECS rolled the release back, and %[2]s keeps serving. "+
		"Why: aws ecs describe-services --services %[1]s (events), and the logs of the stopped tasks. Then release a version that works, or repeat this one with pulumi up --refresh",
		service, lastPart(running), lastPart(registered))
}

// lastPart shortens the ARN of a task definition to FAMILY:REVISION, and that of a service to its name.
func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
