package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Scaling is target tracking of what the service uses.
type Scaling struct {
	Min, Max int
	// CPUPercent is the average CPU to keep.
	CPUPercent int
	// RequestsPerTask is the requests per minute and task to keep; 0 tracks the CPU only. It needs a Target with a ResourceLabel.
	RequestsPerTask int
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
		ResourceLabel:        args.Target.ResourceLabel,
	})
}
