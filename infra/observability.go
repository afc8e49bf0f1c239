package infra

import (
	"fmt"
	"slices"

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
	// CertificateARN is that of the HTTPS listener; nil without HTTPS.
	CertificateARN pulumi.StringInput
	// Serving are the colours that have tasks.
	Serving  []string
	Services map[string]Watched // by process
	Database *Database
	// StorageGB is the size of the database's disk: the alarm is at a tenth of it.
	StorageGB int
	// Connections is how many the database admits; 0 where it is not known.
	Connections int
	Cache       *Cache
	Queue       *Queue // nil where Laravel's queue is not in SQS
	// BackupDays is how long RDS keeps its backups; with 0 it makes none.
	BackupDays int
	// Copies is nil where snapshots are not copied.
	Copies *CopiesWatched
	// NATInstanceID is nil where there is none.
	NATInstanceID pulumi.StringInput
	Reported      Reported
	Dashboard     bool
}

// Watched is a service and what its alarms compare with.
type Watched struct {
	*Service
	// CPUPercent is the utilization at which a task has all of an instance's processor. Above what a task reserves it may use what is free:
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_utilization.html.
	CPUPercent int
	// Idle is a colour without tasks.
	Idle bool
	// Target is that of a process with a Route.
	Target *Target
}

// CopiesWatched are copies of snapshots by AWS Backup: the role of its jobs, and the names of the vaults that copies go to.
type CopiesWatched struct {
	RoleARN pulumi.StringInput
	Vaults  []pulumi.StringInput
}

// Observability is the alarms, their SNS topic, and a dashboard.
type Observability struct {
	pulumi.ResourceState

	TopicARN pulumi.StringOutput `pulumi:"topicArn"`

	args    ObservabilityArgs
	topic   *sns.Topic
	backups *cloudwatch.EventRule // what RDS says of its backups; nil where it makes none
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
	if err := o.finishedBackups(ctx, name); err != nil {
		return nil, fmt.Errorf("counting backups: %w", err)
	}
	for _, a := range slices.Concat(o.balancerAlarms(), o.databaseAlarms(), o.backupAlarms(), o.cacheAlarms(), o.queueAlarms(), o.serviceAlarms(), o.natAlarms()) {
		if err := o.watch(ctx, name, a); err != nil {
			return nil, fmt.Errorf("creating alarm %s: %w", a.name, err)
		}
	}
	for _, a := range o.reportedAlarms() {
		if err := o.watch(ctx, name, a, o.afterServices()); err != nil {
			return nil, fmt.Errorf("creating alarm %s: %w", a.name, err)
		}
	}
	if err := o.reportFailures(ctx, name); err != nil {
		return nil, fmt.Errorf("reporting failures: %w", err)
	}
	if args.Dashboard {
		if err := o.dashboard(ctx, name); err != nil {
			return nil, fmt.Errorf("creating dashboard: %w", err)
		}
	}
	o.TopicARN = o.topic.Arn
	return o, ctx.RegisterResourceOutputs(o, pulumi.Map{"topicArn": o.TopicARN})
}

// dashboard is one screen: requests first, then the tasks, the database, the disk and the queue.
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
	widgets := []any{
		widget(0, "Requests", "Sum", elb("RequestCount"), elb("HTTPCode_Target_5XX_Count"), elb("HTTPCode_ELB_5XX_Count")),
		widget(1, "Response time", "p95", elb("TargetResponseTime")),
		widget(2, "CPU of the tasks", "Average", cpu...),
		widget(3, "Memory of the tasks", "Average", memory...),
		widget(4, "Database", "Average", rds("CPUUtilization"), rds("DatabaseConnections")),
		widget(5, "Free storage", "Minimum", rds("FreeStorageSpace")),
	}
	if o.args.Reported.Disk {
		widgets = append(widgets, widget(len(widgets), "Disk of the fullest instance, percent", "Maximum", []any{metricNamespace, metricDisk, "ClusterName", o.args.Cluster.Name}))
	}
	if stack := o.args.Reported.Stack; stack != "" {
		widgets = append(widgets, widget(len(widgets), "Waiting jobs", "Maximum", []any{metricNamespace, metricWaitingJobs, "Stack", stack},
			[]any{metricNamespace, metricOldestJob, "Stack", stack, map[string]any{"yAxis": "right"}}))
	}
	body := pulumi.JSONMarshal(map[string]any{"widgets": widgets})
	_, err := cloudwatch.NewDashboard(ctx, name+"-dashboard", &cloudwatch.DashboardArgs{
		DashboardName: pulumi.String(name), DashboardBody: body,
	}, pulumi.Parent(o))
	return err
}
