package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Target is where a load balancer sends requests: a target group that services register their tasks with.
type Target struct {
	ARN pulumi.StringOutput
	// ARNSuffix is its name in CloudWatch: targetgroup/NAME/ID.
	ARNSuffix pulumi.StringOutput
	// ResourceLabel names load balancer and target group for autoscaling by requests. A shared load balancer has none here.
	ResourceLabel pulumi.StringInput
	// Ready must exist before a service uses the target group: ECS refuses a group that no listener or rule uses.
	Ready []pulumi.Resource
}

// TargetArgs are the settings of target groups.
type TargetArgs struct {
	// ContainerTLS uses HTTPS to the tasks as well. The load balancer does not verify their self-signed certificate.
	ContainerTLS bool
	HealthCheck  HealthCheck
	// DeregistrationSeconds is how long a stopping task keeps its open requests, 0-3600.
	DeregistrationSeconds int
}

// HealthCheck is how the load balancer decides whether a task may get requests. Times are seconds; Timeout must be below Interval.
type HealthCheck struct {
	Path               string
	Interval, Timeout  int
	Healthy, Unhealthy int
}

// targetGroupSuffixes are short, because the name has at most 32 characters.
var targetGroupSuffixes = map[string]string{Blue: "-tg", Green: "-tg2"}

func newTargetGroup(ctx *pulumi.Context, name, color string, vpcID pulumi.StringInput, args TargetArgs, opts ...pulumi.ResourceOption) (*lb.TargetGroup, error) {
	protocol, port := "HTTP", 80
	if args.ContainerTLS {
		protocol, port = "HTTPS", 443
	}
	check := args.HealthCheck
	// AWS changes the path of a health check in place, and the tasks that run do not know the new one. A group of its own is for the
	// tasks that do, as for another protocol, which AWS cannot change (terraform-provider-aws, internal/service/elbv2/target_group.go).
	opts = append(opts, pulumi.ReplaceOnChanges([]string{"healthCheck.path"}))
	// Without a fixed name: a replacement exists beside the group that it replaces (pulumi-aws#4226).
	return lb.NewTargetGroup(ctx, name+targetGroupSuffixes[color], &lb.TargetGroupArgs{
		VpcId:      vpcID.ToStringOutput().ToStringPtrOutput(),
		TargetType: pulumi.String("instance"),
		Protocol:   pulumi.String(protocol),
		Port:       pulumi.Int(port), // ECS registers each task with its own host port instead
		HealthCheck: &lb.TargetGroupHealthCheckArgs{
			Path: pulumi.String(check.Path), Protocol: pulumi.String(protocol), Port: pulumi.String("traffic-port"),
			Matcher: pulumi.String("200"), Interval: pulumi.Int(check.Interval), Timeout: pulumi.Int(check.Timeout),
			HealthyThreshold: pulumi.Int(check.Healthy), UnhealthyThreshold: pulumi.Int(check.Unhealthy),
		},
		DeregistrationDelay:        pulumi.Int(args.DeregistrationSeconds),
		LoadBalancingAlgorithmType: pulumi.String("least_outstanding_requests"),
	}, opts...)
}
