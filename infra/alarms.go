package infra

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// alarm is one line of the tables below. It fires when the value is beyond the threshold for so many periods.
type alarm struct {
	name, why         string
	namespace, metric string
	statistic         string
	dimensions        pulumi.StringMap
	above             bool
	threshold         float64
	periods           int
	// silence is what no data means: quiet where a night without requests has none, bad where AWS reports a value every minute for as
	// long as the thing is there, and unchanged where AWS reports rarely.
	silence silence
	seconds int // of a period; 0 is 60
}

type silence string

const (
	quiet     silence = "notBreaching"
	bad       silence = "breaching"
	unchanged silence = "ignore"
)

const gigabyte = 1 << 30

// Sleeps tells whether the environment has nights.
func (o *Observability) Sleeps() bool { return o.args.Sleeps }

// awake are the namespaces of what an environment with nights never stops: cache and NAT.
var awake = []string{"AWS/ElastiCache", "AWS/EC2"}

// nightly are the alarms of an environment that sleeps. A night is no fault, so missing data is none, and alarms of something that is gone are
// left out. So is the age of the jobs in SQS: they may wait all night. The load balancer's page of the night is a 503 of its own, so no-answer
// counts its 502 only, which it answers for a task that does not
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html).
func nightly(list []alarm) (kept []alarm) {
	for _, a := range list {
		switch absence := !a.above && a.threshold == 1; {
		case slices.Contains(awake, a.namespace):
		case absence, a.metric == "ApproximateAgeOfOldestMessage":
			continue
		case a.metric == "HTTPCode_ELB_5XX_Count":
			a.metric, a.why = "HTTPCode_ELB_502_Count", "The load balancer answers 502: tasks do not answer"
		case a.silence == bad:
			a.silence = quiet
			a.why, _, _ = strings.Cut(a.why, ", or ") // nothing reports it
		}
		kept = append(kept, a)
	}
	return kept
}

// balancerAlarms are symptoms that visitors notice. Metrics and dimensions:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html.
func (o *Observability) balancerAlarms() []alarm {
	const elb = "AWS/ApplicationELB"
	balancer := pulumi.StringMap{"LoadBalancer": o.args.Balancer.ARNSuffix}
	list := []alarm{
		{"no-answer", "The load balancer answers 5xx itself: no healthy task", elb, "HTTPCode_ELB_5XX_Count", "Sum", balancer, true, 5, 5, quiet, 0},
	}
	if len(o.args.Balancer.hosts) > 0 {
		list = nil // of a guest: see Balancer.metrics
	}
	targets := func(color string) pulumi.StringMap {
		return pulumi.StringMap{"LoadBalancer": o.args.Balancer.ARNSuffix, "TargetGroup": o.args.Balancer.Target(color).ARNSuffix}
	}
	suffixes := map[string]string{Blue: "", Green: "-green"}
	for _, color := range o.args.Balancer.Colors() {
		suffix := suffixes[color]
		list = append(list,
			alarm{"errors" + suffix, "The application answers 5xx", elb, "HTTPCode_Target_5XX_Count", "Sum", targets(color), true, 10, 5, quiet, 0},
			alarm{"unhealthy" + suffix, "A task fails its health check", elb, "UnHealthyHostCount", "Maximum", targets(color), true, 0, 5, quiet, 0},
			alarm{"slow" + suffix, "Answers take longer than 2 seconds on average", elb, "TargetResponseTime", "Average", targets(color), true, 2, 10, quiet, 0},
		)
	}
	for _, color := range o.args.Serving {
		list = append(list, alarm{"no-task" + suffixes[color], "No task is healthy", elb, "HealthyHostCount", "Maximum", targets(color), false, 1, 3, bad, 0})
	}
	if o.args.CertificateARN != nil {
		// ACM reports twice a day until the certificate expires: https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html.
		certificate := pulumi.StringMap{"CertificateArn": o.args.CertificateARN.ToStringOutput()}
		list = append(list, alarm{"certificate", "The certificate expires within 30 days: its renewal fails", "AWS/CertificateManager", "DaysToExpiry", "Minimum", certificate, false, 30, 1, unchanged, 86400})
	}
	return list
}

// databaseAlarms: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html. RDS reports every minute.
func (o *Observability) databaseAlarms() []alarm {
	if o.args.Database == nil {
		return nil
	}
	const rds = "AWS/RDS"
	watch := o.args.Database.Watch()
	database := watch.Dimensions
	if watch.Serverless != nil {
		return watch.capacityAlarms()
	}
	list := []alarm{
		{"db-cpu", "The database is out of CPU, or gone", rds, "CPUUtilization", "Average", database, true, 85, 15, bad, 0},
		{"db-storage", "The database's disk is nearly full", rds, "FreeStorageSpace", "Minimum", database, false, float64(o.args.StorageGB) * gigabyte / 10, 5, bad, 0},
	}
	if limit := o.args.Connections; limit > 0 {
		list = append(list, alarm{"db-connections", "The database has most of the connections that its class admits", rds, "DatabaseConnections", "Maximum", database, true, float64(limit * 3 / 4), 5, bad, 0})
	}
	return list
}

// backupAlarms are for what should have happened within a day, and some hours for when it happens: a window of exactly a day would have
// none where today's is a little later than yesterday's. RDS has no metric of its backups: EventBridge counts the events. Copies have
// the name of their vault (https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html), and none is reported where there is
// none. A new stack has neither: they are quiet after its first night.
func (o *Observability) backupAlarms() (list []alarm) {
	const sixHours, periods = 6 * 3600, 5
	if o.backups != nil {
		list = append(list, alarm{"db-backup", "RDS finished no backup of the database within 30 hours", "AWS/Events", "TriggeredRules", "Sum",
			pulumi.StringMap{"RuleName": o.backups.Name}, false, 1, periods, bad, sixHours})
	}
	if o.args.Copies == nil {
		return list
	}
	for i, vault := range o.args.Copies.Vaults {
		suffix := ""
		if i > 0 {
			suffix = "-" + string(rune('1'+i))
		}
		list = append(list, alarm{"db-copy" + suffix, "AWS Backup copied no snapshot of the database within 30 hours", "AWS/Backup", "NumberOfCopyJobsCompleted", "Sum",
			pulumi.StringMap{"BackupVaultName": vault}, false, 1, periods, bad, sixHours})
	}
	return list
}

// cacheAlarms: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.html. What a cache evicts may be somebody's session.
func (o *Observability) cacheAlarms() (list []alarm) {
	const elasticache = "AWS/ElastiCache"
	for i, node := range o.args.Cache.NodeIDs() {
		suffix := ""
		if i > 0 {
			suffix = "-" + string(rune('1'+i))
		}
		dimensions := pulumi.StringMap{"CacheClusterId": node}
		list = append(list,
			alarm{"cache-evictions" + suffix, "The cache is full and drops entries, sessions among them", elasticache, "Evictions", "Sum", dimensions, true, 0, 5, quiet, 0},
			alarm{"cache-cpu" + suffix, "The cache is out of CPU, or gone", elasticache, "CPUUtilization", "Average", dimensions, true, 90, 10, bad, 0})
		if o.args.Cache.args.Engine != Memcached {
			list = append(list, alarm{"cache-memory" + suffix, "The cache is nearly full", elasticache, "DatabaseMemoryUsagePercentage", "Maximum", dimensions, true, 85, 5, bad, 0})
		}
	}
	return list
}

// serviceAlarms: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html. Every running task reports its use
// once a minute, so the number of reports is the number of tasks, and a service without tasks reports nothing.
func (o *Observability) serviceAlarms() (list []alarm) {
	const ecs = "AWS/ECS"
	of := " of their instances"
	if o.args.Cluster.Tasks != nil {
		of = ""
	}
	for _, process := range sortedKeys(o.args.Services) {
		service := o.args.Services[process]
		dimensions := pulumi.StringMap{"ClusterName": o.args.Cluster.Name, "ServiceName": service.Name}
		list = append(list,
			alarm{process + "-cpu", "The " + process + " tasks use all the CPU" + of, ecs, "CPUUtilization", "Average", dimensions, true, float64(service.CPUPercent * 9 / 10), 15, quiet, 0},
			alarm{process + "-memory", "The " + process + " tasks are close to their memory limit", ecs, "MemoryUtilization", "Average", dimensions, true, 90, 15, quiet, 0},
		)
		if service.Target != nil {
			targets := pulumi.StringMap{"LoadBalancer": o.args.Balancer.ARNSuffix, "TargetGroup": service.Target.ARNSuffix}
			list = append(list, alarm{process + "-unhealthy", "A " + process + " task fails its health check", "AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", targets, true, 0, 5, quiet, 0})
		}
		if !service.Idle {
			list = append(list, alarm{process + "-gone", "No " + process + " task runs", ecs, "CPUUtilization", "SampleCount", dimensions, false, 1, 5, bad, 0})
		}
	}
	return list
}

// natAlarms are for a NAT instance. That it forwards, no metric of its own tells: one that drops everything still has packets of its agent
// and those that come in. What tells is that something arrives through it: the ECS agents report every minute what the tasks use.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html#status-check-metrics
func (o *Observability) natAlarms() []alarm {
	if o.args.NATInstanceID == nil {
		return nil
	}
	instance := pulumi.StringMap{"InstanceId": o.args.NATInstanceID}
	down := alarm{"nat-down", "The NAT instance fails its status checks, or is gone", "AWS/EC2", "StatusCheckFailed", "Maximum", instance, true, 0, 5, bad, 0}
	if o.args.Cluster.Tasks != nil {
		// A cluster has this metric of "tasks using the EC2 launch type" only
		// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html), and AWS reports those of Fargate without the NAT.
		return []alarm{down}
	}
	return []alarm{
		down,
		{"nat-forwards", "No ECS agent reports: the NAT instance does not forward, or no task runs", "AWS/ECS", "CPUUtilization", "SampleCount", o.cluster(), false, 1, 5, bad, 0},
	}
}

func (o *Observability) watch(ctx *pulumi.Context, name string, a alarm, opts ...pulumi.ResourceOption) error {
	args := a.args()
	args.AlarmActions, args.OkActions = pulumi.Array{o.topic.Arn}, pulumi.Array{o.topic.Arn}
	made, err := cloudwatch.NewMetricAlarm(ctx, name+"-"+a.name, args, append(opts, pulumi.Parent(o))...)
	if err == nil {
		o.AlarmNames[a.name] = made.Name
	}
	return err
}

func (a alarm) args() *cloudwatch.MetricAlarmArgs {
	comparison := "LessThanThreshold"
	if a.above {
		comparison = "GreaterThanThreshold"
	}
	seconds := a.seconds
	if seconds == 0 {
		seconds = 60
	}
	return &cloudwatch.MetricAlarmArgs{
		AlarmDescription:   pulumi.String(a.why),
		Namespace:          pulumi.String(a.namespace),
		MetricName:         pulumi.String(a.metric),
		Statistic:          pulumi.String(a.statistic),
		Dimensions:         a.dimensions,
		ComparisonOperator: pulumi.String(comparison),
		Threshold:          pulumi.Float64(a.threshold),
		Period:             pulumi.Int(seconds),
		EvaluationPeriods:  pulumi.Int(a.periods),
		TreatMissingData:   pulumi.String(a.silence),
	}
}

// Metrics of the image: CloudWatch makes them of lines that the containers print (docs/adr/0020). The names stand in docker/lib as well, and
// a test of the image compares them.
const (
	metricNamespace   = "LaravelECS"
	metricDisk        = "DiskUtilization" // by cluster
	metricOldestJob   = "OldestJobAge"    // by stack
	metricWaitingJobs = "WaitingJobs"     // by stack

	// What the containers read the values of the dimensions from.
	MetricsClusterVariable = "METRICS_CLUSTER"
	MetricsStackVariable   = "METRICS_STACK"
	MetricsQueuesVariable  = "METRICS_QUEUES"
)

// Reported is what the containers of a stack report.
type Reported struct {
	Disk bool
	// Stack is the value of the dimension of the queue's metrics; empty where nothing reports them.
	Stack string
	// MaxWaitSeconds is how long a job may wait for a worker.
	MaxWaitSeconds int
}

// reportedAlarms are on metrics that containers print every minute, so no line is an alarm as well. AWS reports no disk of an EC2
// instance: Container Insights does with the CloudWatch agent on each instance, or of managed instances
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html, "instance_filesystem_utilization";
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/additional-metrics-managed-instances.html).
// The alarms look at several minutes: a line may come late
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Alarms.html), and a release of the
// scheduler skips one.
func (o *Observability) reportedAlarms() (list []alarm) {
	if o.args.Reported.Disk {
		list = append(list, alarm{"disk", "The disk of an instance is more than 80 percent full, or no task reports it", metricNamespace, metricDisk, "Maximum", o.cluster(), true, 80, 15, bad, 0})
	}
	if o.args.Reported.Stack != "" {
		list = append(list, alarm{"queue-age", "A job waits longer than worker.maxWaitSeconds, or the scheduler does not report it", metricNamespace, metricOldestJob, "Maximum",
			pulumi.StringMap{"Stack": pulumi.String(o.args.Reported.Stack)}, true, float64(o.args.Reported.MaxWaitSeconds), 5, bad, 0})
	}
	return list
}

// afterServices makes an alarm wait for tasks that report. An alarm that is there before them has no data, which is bad.
func (o *Observability) afterServices() pulumi.ResourceOption {
	var services []pulumi.Resource
	for _, process := range sortedKeys(o.args.Services) {
		services = append(services, o.args.Services[process].Service)
	}
	return pulumi.DependsOn(services)
}

func (o *Observability) cluster() pulumi.StringMap {
	return pulumi.StringMap{"ClusterName": o.args.Cluster.Name}
}
