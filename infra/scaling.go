package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Scaling is target tracking of what the service uses, or of the jobs that wait for it.
type Scaling struct {
	Min, Max int
	// CPUPercent is the average CPU to keep.
	CPUPercent int
	// RequestsPerTask is the requests per minute and task to keep; 0 tracks the CPU only. It needs a Target with a ResourceLabel.
	RequestsPerTask int
	// Queue replaces the other two.
	Queue *QueueScaling
}

// QueueScaling keeps so many waiting jobs per task, and the oldest of them below an age. More tasks start when one of the two is above its
// target, and tasks end when both are below (Application Auto Scaling user guide, "Target tracking scaling policies").
type QueueScaling struct {
	Stack       string             // the dimension that the scheduler reports them with
	SQS         pulumi.StringInput // the name of the queue of SQS, which reports them itself; nil where they are not there
	JobsPerTask int
	WaitSeconds int
}

func (s *Service) scale(ctx *pulumi.Context, name string, args ServiceArgs, service *ecs.Service) error {
	const namespace, dimension = "ecs", "ecs:service:DesiredCount"
	opts := []pulumi.ResourceOption{pulumi.Parent(s)}
	if args.Sleeps {
		opts = append(opts, pulumi.IgnoreChanges([]string{"minCapacity", "maxCapacity"}))
	}
	target, err := appautoscaling.NewTarget(ctx, name+"-scaling", &appautoscaling.TargetArgs{
		MinCapacity: pulumi.Int(args.Scaling.Min), MaxCapacity: pulumi.Int(args.Scaling.Max),
		ResourceId:        pulumi.Sprintf("service/%s/%s", args.Cluster.Name, service.Name),
		ScalableDimension: pulumi.String(dimension), ServiceNamespace: pulumi.String(namespace),
	}, opts...)
	if err != nil {
		return err
	}
	s.ScalingARN = target.Arn
	if args.Scaling.Queue != nil {
		return s.scaleByQueue(ctx, name, args, service, target)
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

type (
	customMetric  = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationArgs
	metricQuery   = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricArgs
	metricQueries = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricArray
	metricStat    = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatArgs
	metricName    = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricArgs
	metricPlace   = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricDimensionArgs
	metricPlaces  = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricDimensionArray
)

// scaleByQueue divides the waiting jobs by the tasks that run, as AWS does it with a queue of SQS
// (https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking-metric-math.html). Each running
// task reports its CPU once a minute, so the number of reports is the number of tasks (serviceAlarms).
func (s *Service) scaleByQueue(ctx *pulumi.Context, name string, args ServiceArgs, service *ecs.Service, target *appautoscaling.Target) error {
	queue := args.Scaling.Queue
	read := func(id, namespace, metric, stat string, places metricPlaces) *metricQuery {
		return &metricQuery{Id: pulumi.String(id), ReturnData: pulumi.Bool(false), MetricStat: &metricStat{
			Metric: &metricName{Namespace: pulumi.String(namespace), MetricName: pulumi.String(metric), Dimensions: places}, Stat: pulumi.String(stat),
		}}
	}
	place := func(name string, value pulumi.StringInput) *metricPlace {
		return &metricPlace{Name: pulumi.String(name), Value: value}
	}
	namespace, waiting, where := metricNamespace, metricWaitingJobs, place("Stack", pulumi.String(queue.Stack))
	if queue.SQS != nil {
		namespace, waiting, where = sqsMetrics, sqsWaiting, place("QueueName", queue.SQS)
	}
	perTask := metricQueries{
		read("jobs", namespace, waiting, "Maximum", metricPlaces{where}),
		read("tasks", "AWS/ECS", "CPUUtilization", "SampleCount", metricPlaces{place("ClusterName", args.Cluster.Name), place("ServiceName", service.Name)}),
		&metricQuery{Id: pulumi.String("each"), Expression: pulumi.String("jobs / FILL(tasks, 1)"), ReturnData: pulumi.Bool(true)},
	}
	type policy struct {
		suffix  string
		value   int
		queries metricQueries
	}
	policies := []policy{{"jobs", queue.JobsPerTask, perTask}}
	// SQS's age is also that of a job that a worker has, or that was released for later: more tasks do nothing for these
	// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html).
	if queue.SQS == nil {
		oldest := read("oldest", metricNamespace, metricOldestJob, "Maximum", metricPlaces{where})
		oldest.ReturnData = pulumi.Bool(true)
		policies = append(policies, policy{"wait", queue.WaitSeconds, metricQueries{oldest}})
	}
	for _, policy := range policies {
		_, err := appautoscaling.NewPolicy(ctx, name+"-"+policy.suffix, &appautoscaling.PolicyArgs{
			PolicyType: pulumi.String("TargetTrackingScaling"),
			ResourceId: target.ResourceId, ScalableDimension: target.ScalableDimension, ServiceNamespace: target.ServiceNamespace,
			TargetTrackingScalingPolicyConfiguration: &appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs{
				TargetValue: pulumi.Float64(policy.value), CustomizedMetricSpecification: &customMetric{Metrics: policy.queries},
				ScaleOutCooldown: pulumi.Int(60), ScaleInCooldown: pulumi.Int(300), // up fast, down slowly
			},
		}, pulumi.Parent(s))
		if err != nil {
			return err
		}
	}
	return nil
}
