package infra

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

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
