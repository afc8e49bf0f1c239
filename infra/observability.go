package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ObservabilityArgs names what the alarms watch and who gets their mail.
type ObservabilityArgs struct {
	Emails   []string
	Region   string
	Balancer *Balancer
	Cluster  ClusterRef
	Services map[string]*Service // by process
	Database *Database
	// StorageGB is the size of the database's disk: the alarm is at a tenth of it.
	StorageGB int
	Dashboard bool
}

// Observability is the alarms, their SNS topic, and a dashboard.
type Observability struct {
	pulumi.ResourceState

	TopicARN pulumi.StringOutput `pulumi:"topicArn"`

	args  ObservabilityArgs
	topic *sns.Topic
}

// alarm is one line of the table below. It fires when the value is beyond the threshold for so many minutes.
type alarm struct {
	name, why         string
	namespace, metric string
	statistic         string
	dimensions        pulumi.StringMap
	above             bool
	threshold         float64
	minutes           int
}

// NewObservability registers the topic, its subscriptions, the alarms and the dashboard.
func NewObservability(ctx *pulumi.Context, name string, args ObservabilityArgs, opts ...pulumi.ResourceOption) (*Observability, error) {
	o := &Observability{args: args}
	if err := ctx.RegisterComponentResource("laravel:infra:Observability", name, o, opts...); err != nil {
		return nil, err
	}
	var err error
	if o.topic, err = sns.NewTopic(ctx, name+"-alarms", &sns.TopicArgs{}, pulumi.Parent(o)); err != nil {
		return nil, fmt.Errorf("creating alarm topic: %w", err)
	}
	for _, email := range args.Emails {
		_, err := sns.NewTopicSubscription(ctx, name+"-"+email, &sns.TopicSubscriptionArgs{
			Topic: o.topic.Arn, Protocol: pulumi.String("email"), Endpoint: pulumi.String(email),
		}, pulumi.Parent(o))
		if err != nil {
			return nil, fmt.Errorf("subscribing %s: %w", email, err)
		}
	}
	for _, a := range o.alarms() {
		if err := o.watch(ctx, name, a); err != nil {
			return nil, fmt.Errorf("creating alarm %s: %w", a.name, err)
		}
	}
	if args.Dashboard {
		if err := o.dashboard(ctx, name); err != nil {
			return nil, fmt.Errorf("creating dashboard: %w", err)
		}
	}
	o.TopicARN = o.topic.Arn
	return o, ctx.RegisterResourceOutputs(o, pulumi.Map{"topicArn": o.TopicARN})
}

// alarms are symptoms that visitors notice, or will notice within hours.
func (o *Observability) alarms() []alarm {
	balancer := pulumi.StringMap{"LoadBalancer": o.args.Balancer.ARNSuffix}
	database := pulumi.StringMap{"DBInstanceIdentifier": o.args.Database.Identifier}
	const gigabyte = 1 << 30
	list := []alarm{
		{"no-answer", "The load balancer answers 5xx itself: no healthy task", "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", balancer, true, 5, 5},
		{"db-cpu", "The database is out of CPU", "AWS/RDS", "CPUUtilization", "Average", database, true, 85, 15},
		{"db-storage", "The database's disk is nearly full", "AWS/RDS", "FreeStorageSpace", "Minimum", database, false, float64(o.args.StorageGB) * gigabyte / 10, 5},
		{"db-connections", "The database has unusually many connections", "AWS/RDS", "DatabaseConnections", "Maximum", database, true, 80, 10},
	}
	for _, color := range o.args.Balancer.Colors() {
		suffix := map[string]string{Blue: "", Green: "-green"}[color]
		targets := pulumi.StringMap{"LoadBalancer": o.args.Balancer.ARNSuffix, "TargetGroup": o.args.Balancer.Target(color).ARNSuffix}
		list = append(list,
			alarm{"errors" + suffix, "The application answers 5xx", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", targets, true, 10, 5},
			alarm{"unhealthy" + suffix, "A task fails its health check", "AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", targets, true, 0, 5},
			alarm{"slow" + suffix, "Answers take longer than 2 seconds on average", "AWS/ApplicationELB", "TargetResponseTime", "Average", targets, true, 2, 10},
		)
	}
	for _, process := range sortedKeys(o.args.Services) {
		dimensions := pulumi.StringMap{"ClusterName": o.args.Cluster.Name, "ServiceName": o.args.Services[process].Name}
		list = append(list,
			alarm{process + "-cpu", "The " + process + " tasks are out of CPU", "AWS/ECS", "CPUUtilization", "Average", dimensions, true, 90, 15},
			alarm{process + "-memory", "The " + process + " tasks are close to their memory limit", "AWS/ECS", "MemoryUtilization", "Average", dimensions, true, 90, 15},
		)
	}
	return list
}

func (o *Observability) watch(ctx *pulumi.Context, name string, a alarm) error {
	comparison := "LessThanThreshold"
	if a.above {
		comparison = "GreaterThanThreshold"
	}
	_, err := cloudwatch.NewMetricAlarm(ctx, name+"-"+a.name, &cloudwatch.MetricAlarmArgs{
		AlarmDescription:   pulumi.String(a.why),
		Namespace:          pulumi.String(a.namespace),
		MetricName:         pulumi.String(a.metric),
		Statistic:          pulumi.String(a.statistic),
		Dimensions:         a.dimensions,
		ComparisonOperator: pulumi.String(comparison),
		Threshold:          pulumi.Float64(a.threshold),
		Period:             pulumi.Int(60),
		EvaluationPeriods:  pulumi.Int(a.minutes),
		TreatMissingData:   pulumi.String("notBreaching"), // a night without requests is no outage
		AlarmActions:       pulumi.Array{o.topic.Arn},
		OkActions:          pulumi.Array{o.topic.Arn},
	}, pulumi.Parent(o))
	return err
}

// dashboard is one screen: requests first, then the tasks, then the database.
func (o *Observability) dashboard(ctx *pulumi.Context, name string) error {
	widget := func(i int, title, stat string, metrics ...any) any {
		return map[string]any{
			"type": "metric", "x": (i % 2) * 12, "y": (i / 2) * 6, "width": 12, "height": 6,
			"properties": map[string]any{"title": title, "stat": stat, "period": 60, "region": o.args.Region, "metrics": metrics},
		}
	}
	elb := func(metric string) any {
		return []any{"AWS/ApplicationELB", metric, "LoadBalancer", o.args.Balancer.ARNSuffix}
	}
	rds := func(metric string) any {
		return []any{"AWS/RDS", metric, "DBInstanceIdentifier", o.args.Database.Identifier}
	}
	var cpu, memory []any
	for _, process := range sortedKeys(o.args.Services) {
		ecs := func(metric string) any {
			return []any{"AWS/ECS", metric, "ClusterName", o.args.Cluster.Name, "ServiceName", o.args.Services[process].Name}
		}
		cpu, memory = append(cpu, ecs("CPUUtilization")), append(memory, ecs("MemoryUtilization"))
	}
	body := pulumi.JSONMarshal(map[string]any{"widgets": []any{
		widget(0, "Requests", "Sum", elb("RequestCount"), elb("HTTPCode_Target_5XX_Count"), elb("HTTPCode_ELB_5XX_Count")),
		widget(1, "Response time", "p95", elb("TargetResponseTime")),
		widget(2, "CPU of the tasks", "Average", cpu...),
		widget(3, "Memory of the tasks", "Average", memory...),
		widget(4, "Database", "Average", rds("CPUUtilization"), rds("DatabaseConnections")),
		widget(5, "Free storage", "Minimum", rds("FreeStorageSpace")),
	}})
	_, err := cloudwatch.NewDashboard(ctx, name+"-dashboard", &cloudwatch.DashboardArgs{
		DashboardName: pulumi.String(name), DashboardBody: body,
	}, pulumi.Parent(o))
	return err
}
