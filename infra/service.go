package infra

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"
)

// ServiceArgs describes one process of the application as an ECS service.
type ServiceArgs struct {
	Cluster *Cluster
	Access  *Access
	// Architecture is X86_64 or ARM64.
	Architecture string
	Region       string
	Image        pulumi.StringInput // repository@sha256:digest
	Containers   []Container
	Environment  map[string]pulumi.StringInput
	Secrets      map[string]pulumi.StringOutput
	LogGroup     *cloudwatch.LogGroup

	Count                  int
	MinPercent, MaxPercent int
	GraceSeconds           int // health checks of the load balancer do not count before
	Exec                   bool
	Balancer               *Balancer // nil for a process that serves nobody
	Color                  string    // whose target group; Blue when empty
	// After must be done before the service changes.
	After []pulumi.Resource
	// RolloutMinutes is how long to wait for a steady service.
	RolloutMinutes int
	// Scaling moves the number of tasks; nil keeps Count.
	Scaling *Scaling
}

func (args ServiceArgs) color() string { return cmp.Or(args.Color, Blue) }

// Scaling is target tracking on what the service uses.
type Scaling struct {
	Min, Max int
	// CPUPercent is the average CPU to hold.
	CPUPercent int
	// RequestsPerTask is the requests per minute and task to hold; 0 looks at CPU only. For a service behind the balancer.
	RequestsPerTask int
}

// Service runs a number of identical tasks and replaces them without a gap.
type Service struct {
	pulumi.ResourceState

	Name pulumi.StringOutput `pulumi:"serviceName"`
	// TaskDefinitionARN is what runs; it fails when that is not what was registered.
	TaskDefinitionARN pulumi.StringOutput `pulumi:"taskDefinitionArn"`
}

// NewLogGroup registers the log group of a service. It comes before the roles, which name it.
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
	s.Name, s.TaskDefinitionARN = service.Name, runningRevision(ctx, args.Cluster.ARN, service, definition, s)
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"serviceName": s.Name, "taskDefinitionArn": s.TaskDefinitionARN})
}

// inputs say what the containers are, but for the release. The task definition says it too, in one text that is unknown until the
// image is built: a preview of a release would otherwise hide what else changes in it.
func (args ServiceArgs) inputs() pulumi.Map {
	secrets := pulumi.StringMap{}
	for variable, reference := range args.Secrets {
		secrets[variable] = reference
	}
	containers := pulumi.Map{}
	for _, c := range args.Containers {
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
	secrets := pulumi.StringMap{}
	for variable, reference := range args.Secrets {
		secrets[variable] = reference
	}
	render := func(image, logGroup string, environment, secrets map[string]string) (string, error) {
		return containerDefinitions(args.Containers, taskSettings{
			Image: image, LogGroup: logGroup, Region: args.Region, Environment: environment, Secrets: secrets, Exec: args.Exec,
		})
	}
	containers := pulumix.Apply4Err(args.Image.ToStringOutput(), args.LogGroup.Name,
		pulumi.StringMap(args.Environment).ToStringMapOutput(), secrets.ToStringMapOutput(), render)
	return ecs.NewTaskDefinition(ctx, name+"-task", &ecs.TaskDefinitionArgs{
		Family:                  pulumi.String(name),
		NetworkMode:             pulumi.String("bridge"), // a network interface per task would limit a t3.small to two tasks
		RequiresCompatibilities: pulumi.StringArray{pulumi.String("EC2")},
		RuntimePlatform: &ecs.TaskDefinitionRuntimePlatformArgs{
			CpuArchitecture: pulumi.String(args.Architecture), OperatingSystemFamily: pulumi.String("LINUX"),
		},
		ExecutionRoleArn:     args.Access.ExecutionRoleARN,
		TaskRoleArn:          args.Access.TaskRoleARN,
		ContainerDefinitions: pulumix.Cast[pulumi.StringOutput](containers),
		// Old revisions stay active: ECS rolls back to them, and so do people.
		SkipDestroy: pulumi.Bool(true),
	}, pulumi.Parent(s))
}

func (s *Service) service(ctx *pulumi.Context, name string, args ServiceArgs, definition *ecs.TaskDefinition) (*ecs.Service, error) {
	wait := slices.Concat(args.Cluster.Ready(), args.Access.Policies(), args.After)
	service := &ecs.ServiceArgs{
		Cluster:                         args.Cluster.ARN.ToStringPtrOutput(),
		TaskDefinition:                  definition.Arn,
		SchedulingStrategy:              pulumi.String("REPLICA"),
		DesiredCount:                    pulumi.Int(args.Count),
		DeploymentMinimumHealthyPercent: pulumi.Int(args.MinPercent),
		DeploymentMaximumPercent:        pulumi.Int(args.MaxPercent),
		DeploymentCircuitBreaker:        &ecs.ServiceDeploymentCircuitBreakerArgs{Enable: pulumi.Bool(true), Rollback: pulumi.Bool(true)},
		// A launch type beside a strategy is refused by ECS; without a strategy managed scaling does nothing.
		CapacityProviderStrategies: ecs.ServiceCapacityProviderStrategyArray{&ecs.ServiceCapacityProviderStrategyArgs{
			CapacityProvider: args.Cluster.CapacityProvider, Weight: pulumi.Int(1),
		}},
		OrderedPlacementStrategies: ecs.ServiceOrderedPlacementStrategyArray{
			&ecs.ServiceOrderedPlacementStrategyArgs{Type: pulumi.String("spread"), Field: pulumi.String("attribute:ecs.availability-zone")},
			&ecs.ServiceOrderedPlacementStrategyArgs{Type: pulumi.String("binpack"), Field: pulumi.String("memory")},
		},
		EnableExecuteCommand: pulumi.Bool(args.Exec),
		EnableEcsManagedTags: pulumi.Bool(true),
		PropagateTags:        pulumi.String("SERVICE"),
		WaitForSteadyState:   pulumi.Bool(true),
	}
	if args.Balancer != nil {
		web := args.Containers[len(args.Containers)-1]
		service.LoadBalancers = ecs.ServiceLoadBalancerArray{&ecs.ServiceLoadBalancerArgs{
			TargetGroupArn: args.Balancer.targets[args.color()].Arn.ToStringPtrOutput(),
			ContainerName:  pulumi.String(web.Name), ContainerPort: pulumi.Int(web.Port),
		}}
		service.HealthCheckGracePeriodSeconds = pulumi.Int(args.GraceSeconds)
		wait = append(wait, args.Balancer.Listeners()...)
	}
	limit := fmt.Sprintf("%dm", args.RolloutMinutes)
	opts := []pulumi.ResourceOption{pulumi.Parent(s), pulumi.DependsOn(wait), pulumi.Timeouts(&pulumi.CustomTimeouts{Create: limit, Update: limit})}
	if args.Scaling != nil && (args.Balancer == nil || args.Balancer.rolling()) {
		// Autoscaling owns the number; a release at the peak must not reset it (terraform-provider-aws#335). With two colours
		// the number is also how one of them is turned off, so it counts.
		opts = append(opts, pulumi.IgnoreChanges([]string{"desiredCount"}))
	}
	return ecs.NewService(ctx, name+"-service", service, opts...)
}

func (s *Service) scale(ctx *pulumi.Context, name string, args ServiceArgs, service *ecs.Service) error {
	const namespace, dimension = "ecs", "ecs:service:DesiredCount"
	target, err := appautoscaling.NewTarget(ctx, name+"-scaling", &appautoscaling.TargetArgs{
		MinCapacity: pulumi.Int(args.Scaling.Min), MaxCapacity: pulumi.Int(args.Scaling.Max),
		ResourceId:        pulumi.Sprintf("service/%s/%s", args.Cluster.Name, service.Name),
		ScalableDimension: pulumi.String(dimension), ServiceNamespace: pulumi.String(namespace),
	}, pulumi.Parent(s))
	if err != nil {
		return err
	}
	type metric = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs
	track := func(suffix string, value int, m *metric) error {
		_, err := appautoscaling.NewPolicy(ctx, name+"-"+suffix, &appautoscaling.PolicyArgs{
			PolicyType: pulumi.String("TargetTrackingScaling"),
			ResourceId: target.ResourceId, ScalableDimension: target.ScalableDimension, ServiceNamespace: target.ServiceNamespace,
			TargetTrackingScalingPolicyConfiguration: &appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs{
				TargetValue: pulumi.Float64(value), PredefinedMetricSpecification: m,
				ScaleOutCooldown: pulumi.Int(60), ScaleInCooldown: pulumi.Int(300), // up fast, down slowly
			},
		}, pulumi.Parent(s))
		return err
	}
	if err := track("cpu", args.Scaling.CPUPercent, &metric{
		PredefinedMetricType: pulumi.String("ECSServiceAverageCPUUtilization"),
	}); err != nil || args.Scaling.RequestsPerTask == 0 {
		return err
	}
	return track("requests", args.Scaling.RequestsPerTask, &metric{
		PredefinedMetricType: pulumi.String("ALBRequestCountPerTarget"),
		ResourceLabel:        pulumi.Sprintf("%s/%s", args.Balancer.ARNSuffix, args.Balancer.targets[args.color()].ArnSuffix),
	})
}
