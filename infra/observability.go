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
	Database DatabaseServer     // nil: it is not the program's, and not watched
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
	// Sleeps is an environment with nights, of which no alarm may tell.
	Sleeps    bool
	Reported  Reported
	Dashboard bool
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
	Web    bool // of either colour
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
	// AlarmNames are the full names of the alarms, by the names in the tables.
	AlarmNames map[string]pulumi.StringOutput

	args    ObservabilityArgs
	topic   *sns.Topic
	backups *cloudwatch.EventRule // what RDS says of its backups; nil where it makes none
}

// NewObservability registers the topic, its subscriptions, the alarms and the dashboard.
func NewObservability(ctx *pulumi.Context, name string, args ObservabilityArgs, opts ...pulumi.ResourceOption) (*Observability, error) {
	o := &Observability{args: args, AlarmNames: map[string]pulumi.StringOutput{}}
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
	alarms, reported := slices.Concat(o.balancerAlarms(), o.databaseAlarms(), o.backupAlarms(), o.cacheAlarms(), o.queueAlarms(), o.serviceAlarms(), o.natAlarms()), o.reportedAlarms()
	if args.Sleeps {
		alarms, reported = nightly(alarms), nightly(reported)
	}
	for _, a := range alarms {
		if err := o.watch(ctx, name, a); err != nil {
			return nil, fmt.Errorf("creating alarm %s: %w", a.name, err)
		}
	}
	for _, a := range reported {
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

// dashboard is one screen: requests first, then the tasks, the database, the disk and the queue. A vertical line is where the release of web
// changed: when ECS started a deployment of it, also to go back. The vertical annotations of a dashboard
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html) are fixed times in its body: each
// release would change the dashboard, and the time of the next one is not known. So the line is a metric, EventBridge's count of ECS's events,
// which is 0 in all minutes but that one.
func (o *Observability) dashboard(ctx *pulumi.Context, name string) error {
	started, err := o.startedReleases(ctx, name)
	if err != nil {
		return err
	}
	widget := func(i int, title, stat string, metrics ...any) any {
		metrics = append(metrics, []any{"AWS/Events", "TriggeredRules", "RuleName", started.Name, map[string]any{"id": "started", "stat": "Sum", "visible": false}},
			[]any{map[string]any{"id": "release", "expression": "FILL(started, 0)", "label": "release", "yAxis": "right", "color": "#7f7f7f"}})
		return map[string]any{
			"type": "metric", "x": (i % 2) * 12, "y": (i / 2) * 6, "width": 12, "height": 6,
			"properties": map[string]any{
				"title": title, "stat": stat, "period": 60, "region": o.args.Region, "metrics": metrics,
				"yAxis": map[string]any{"right": map[string]any{"min": 0, "max": 1, "showUnits": false}},
			},
		}
	}
	var cpu, memory []any
	for _, process := range sortedKeys(o.args.Services) {
		ecs := func(metric string) any {
			return []any{"AWS/ECS", metric, "ClusterName", o.args.Cluster.Name, "ServiceName", o.args.Services[process].Name}
		}
		cpu, memory = append(cpu, ecs("CPUUtilization")), append(memory, ecs("MemoryUtilization"))
	}
	widgets := []any{
		widget(0, "Requests", "Sum", o.args.Balancer.metrics("RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count")...),
		widget(1, "Response time", "p95", o.args.Balancer.metrics("TargetResponseTime")...),
		widget(2, "CPU of the tasks", "Average", cpu...),
		widget(3, "Memory of the tasks", "Average", memory...),
	}
	if o.args.Database != nil {
		widgets = append(widgets, o.databaseWidgets(widget)...)
	}
	if o.args.Reported.Disk {
		widgets = append(widgets, widget(len(widgets), "Disk of the fullest instance, percent", "Maximum", []any{metricNamespace, metricDisk, "ClusterName", o.args.Cluster.Name}))
	}
	if stack := o.args.Reported.Stack; stack != "" {
		widgets = append(widgets, widget(len(widgets), "Waiting jobs", "Maximum", []any{metricNamespace, metricWaitingJobs, "Stack", stack}))
		widgets = append(widgets, widget(len(widgets), "Age of the oldest job, seconds", "Maximum", []any{metricNamespace, metricOldestJob, "Stack", stack}))
	}
	body := pulumi.JSONMarshal(map[string]any{"widgets": widgets})
	_, err = cloudwatch.NewDashboard(ctx, name+"-dashboard", &cloudwatch.DashboardArgs{
		DashboardName: pulumi.String(name), DashboardBody: body,
	}, pulumi.Parent(o))
	return err
}

// failure is an event that is reported to the topic.
type failure struct {
	name, why string
	pattern   map[string]any
}

// failures are events that no metric tells of: ECS gives a deployment of a service up, also one that nobody waits for, after an instance
// was replaced or after the pipeline's job was cut off; a snapshot is not made, or not copied.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
func (o *Observability) failures() (list []failure) {
	if len(o.args.Services) > 0 {
		var services []any
		for _, process := range sortedKeys(o.args.Services) {
			services = append(services, o.args.Services[process].ARN)
		}
		list = append(list, failure{"deployments", "ECS gave up a deployment and rolled back", deploymentEvents(services, "SERVICE_DEPLOYMENT_FAILED")})
	}
	if o.args.Copies != nil {
		list = append(list, failure{"copies", "AWS Backup failed to make or to copy a snapshot of the database", map[string]any{
			"source": []string{"aws.backup"}, "detail-type": []string{"Backup Job State Change", "Copy Job State Change"},
			"detail": map[string]any{"iamRoleArn": []any{o.args.Copies.RoleARN}, "state": []string{"ABORTED", "EXPIRED", "FAILED"}},
		}})
	}
	return list
}

// reportFailures has EventBridge send the failures to the topic.
func (o *Observability) reportFailures(ctx *pulumi.Context, name string) error {
	var rules []*cloudwatch.EventRule
	var arns []any
	failures := o.failures()
	for _, f := range failures {
		rule, err := o.rule(ctx, name, f)
		if err != nil {
			return err
		}
		rules, arns = append(rules, rule), append(arns, rule.Arn)
	}
	if len(rules) == 0 {
		return nil
	}
	policy, err := o.topicPolicy(ctx, name, arns)
	if err != nil {
		return fmt.Errorf("creating topic policy: %w", err)
	}
	for i, f := range failures {
		_, err := cloudwatch.NewEventTarget(ctx, name+"-"+f.name, &cloudwatch.EventTargetArgs{Rule: rules[i].Name, Arn: o.topic.Arn},
			pulumi.Parent(o), pulumi.DependsOn([]pulumi.Resource{policy}))
		if err != nil {
			return fmt.Errorf("creating event target %s: %w", f.name, err)
		}
	}
	return nil
}

// finishedBackups has EventBridge count the backups that RDS finishes. Nobody gets the events: db-backup is an alarm on their number.
// The rule has no target: TriggeredRules counts matches, and aws-cdk counts in this way, too (@aws-cdk/aws-glue-alpha, lib/jobs/job.ts, metricSuccess).
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html,
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
func (o *Observability) finishedBackups(ctx *pulumi.Context, name string) (err error) {
	if o.args.BackupDays == 0 || o.args.Database == nil || o.args.Database.Watch().Instance == nil {
		return nil
	}
	o.backups, err = o.rule(ctx, name, failure{"backups", "RDS finished a backup of the database", map[string]any{
		"source": []string{"aws.rds"}, "detail-type": []string{"RDS DB Instance Event"},
		"detail": map[string]any{"SourceIdentifier": []any{o.args.Database.Watch().Instance}, "EventID": []string{"RDS-EVENT-0002"}},
	}})
	return err
}

// startedReleases has EventBridge count the deployments of web that ECS starts. Nobody gets the events.
func (o *Observability) startedReleases(ctx *pulumi.Context, name string) (*cloudwatch.EventRule, error) {
	var web []any
	for _, process := range sortedKeys(o.args.Services) {
		if service := o.args.Services[process]; service.Web {
			web = append(web, service.ARN)
		}
	}
	return o.rule(ctx, name, failure{"releases", "ECS starts a deployment of web", deploymentEvents(web, "SERVICE_DEPLOYMENT_IN_PROGRESS")})
}

// deploymentEvents: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html.
func deploymentEvents(services []any, event string) map[string]any {
	return map[string]any{
		"source": []string{"aws.ecs"}, "detail-type": []string{"ECS Deployment State Change"},
		"resources": services, "detail": map[string]any{"eventName": []string{event}},
	}
}

func (o *Observability) rule(ctx *pulumi.Context, name string, f failure) (*cloudwatch.EventRule, error) {
	rule, err := cloudwatch.NewEventRule(ctx, name+"-"+f.name, &cloudwatch.EventRuleArgs{
		Description: pulumi.String(f.why), EventPattern: pulumi.JSONMarshal(f.pattern),
	}, pulumi.Parent(o))
	if err != nil {
		return nil, fmt.Errorf("creating event rule %s: %w", f.name, err)
	}
	return rule, nil
}

// topicPolicy lets CloudWatch's alarms, the rules and RDS's events publish. EventBridge is not let in by the policy that SNS gives a topic:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions.
func (o *Observability) topicPolicy(ctx *pulumi.Context, name string, rules []any) (*sns.TopicPolicy, error) {
	allow := func(id, service string, condition map[string]any) map[string]any {
		return map[string]any{
			"Sid": id, "Effect": "Allow", "Principal": map[string]any{"Service": service}, "Action": "sns:Publish", "Resource": o.topic.Arn, "Condition": condition,
		}
	}
	return sns.NewTopicPolicy(ctx, name+"-alarms", &sns.TopicPolicyArgs{
		Arn: o.topic.Arn,
		Policy: pulumi.JSONMarshal(map[string]any{
			"Version": "2012-10-17",
			"Statement": []any{
				allow("Alarms", "cloudwatch.amazonaws.com", map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": o.topic.Owner}}),
				allow("Database", "events.rds.amazonaws.com", map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": o.topic.Owner}}),
				allow("Deployments", "events.amazonaws.com", map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": rules}}),
			},
		}),
	}, pulumi.Parent(o))
}
