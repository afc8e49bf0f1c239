// Package nights holds the component that puts an environment to sleep and wakes it (docs/adr/0025).
package nights

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/scheduler"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// Args describes what sleeps, and when.
type Args struct {
	// Times are expressions of EventBridge Scheduler in the time zone Zone.
	Times Times
	Zone  string
	// Schedules begins the names of the schedules, which have at most 64 characters (EventBridge Scheduler API reference, CreateSchedule).
	Schedules string
	// Asleep is the share of the time in which instances and database are not paid; notes of changes read it.
	Asleep   float64
	Cluster  infra.ClusterRef
	Services []Sleeper
	Database infra.DatabaseServer
	Balancer *infra.Balancer
	// Body is the page that the load balancer answers meanwhile: HTML of at most 1024 bytes.
	Body string
}

// Times are the steps in the order of a day.
type Times struct{ Start, Tasks, Open, Close, Stop string }

// Sleeper is a service and how many tasks it has by day.
type Sleeper struct {
	Process string
	Service *infra.Service
	Count   int
	Scaling *infra.Scaling // nil without
}

// Nights is the page, a schedule for every call of AWS's API, and their role. What they change is ignored where it is declared: the number of
// tasks (infra.ServiceArgs.Sleeps) and the condition of the page's rule. The instances go and come by managed scaling.
type Nights struct {
	pulumi.ResourceState

	// Down and Up are the calls in the order in which they are to be made.
	Down, Up pulumi.Array
}

// call is one call of AWS's API at a time of the day.
type call struct {
	name   string // of the schedule, with down or up
	at     string
	action string // SERVICE:OPERATION, as the SDK names them
	input  pulumi.Map
}

// New registers the rules, the role and the schedules.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Nights, error) {
	n := &Nights{}
	if err := ctx.RegisterComponentResourceV2("laravel:infra:Nights", name, pulumi.Map{"asleep": pulumi.Float64(args.Asleep)}, n, opts...); err != nil {
		return nil, err
	}
	pages, err := newPages(ctx, name, args, n)
	if err != nil {
		return nil, fmt.Errorf("creating page: %w", err)
	}
	role, may, err := newRole(ctx, name, args, pages, n)
	if err != nil {
		return nil, fmt.Errorf("creating role: %w", err)
	}
	partition := infra.Partition(ctx, n)
	down, up := args.calls(pages)
	for direction, calls := range map[string][]call{"down": down, "up": up} {
		for _, c := range calls {
			if err := schedule(ctx, args.Schedules+"-"+direction+"-"+c.name, args.Zone, c, partition, role, pulumi.Parent(n), pulumi.DependsOn([]pulumi.Resource{may})); err != nil {
				return nil, fmt.Errorf("creating schedule %s: %w", c.name, err)
			}
		}
	}
	n.Down, n.Up = outputs(down), outputs(up)
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{})
}

// calls are those of an evening and of a morning. Names of members are those of the SDK for Java, in which EventBridge Scheduler checks
// them: DbInstanceIdentifier, Cluster
// (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html).
func (args Args) calls(pages map[string]pulumi.StringOutput) (down, up []call) {
	for _, scheme := range keys(pages) {
		down = append(down, call{"page-" + scheme, args.Times.Close, "elasticloadbalancingv2:modifyRule", shown(pages[scheme], asleepPath)})
	}
	for _, s := range args.Services {
		down = append(down, s.call(args.Times.Close, args.Cluster.Name, 0, 0))
		least, most := s.Count, s.Count
		if s.Scaling != nil {
			least, most = s.Scaling.Min, s.Scaling.Max
		}
		up = append(up, s.call(args.Times.Tasks, args.Cluster.Name, least, most))
	}
	if args.Database != nil {
		server := args.Database.Nights()
		down = append(down, call{"database", args.Times.Stop, server.Stop, server.Input})
		up = append([]call{{"database", args.Times.Start, server.Start, server.Input}}, up...)
	}
	for _, scheme := range keys(pages) {
		up = append(up, call{"page-" + scheme, args.Times.Open, "elasticloadbalancingv2:modifyRule", shown(pages[scheme], awakePath)})
	}
	return down, up
}

// call sets the number of tasks. Application Auto Scaling brings it to its limits whenever a policy is invoked or a target is registered
// (https://docs.aws.amazon.com/autoscaling/application/userguide/getting-started.html), so where a service scales the limits are set.
func (s Sleeper) call(at string, cluster pulumi.StringInput, least, most int) call {
	if s.Scaling == nil {
		return call{s.Process, at, "ecs:updateService", pulumi.Map{"Cluster": cluster, "Service": s.Service.Name, "DesiredCount": pulumi.Int(least)}}
	}
	return call{s.Process, at, "applicationautoscaling:registerScalableTarget", pulumi.Map{
		"ServiceNamespace": pulumi.String("ecs"), "ScalableDimension": pulumi.String("ecs:service:DesiredCount"),
		"ResourceId": pulumi.Sprintf("service/%s/%s", cluster, s.Service.Name), "MinCapacity": pulumi.Int(least), "MaxCapacity": pulumi.Int(most),
	}}
}

// A call that fails is made again for a quarter of an hour: a database in its backup cannot be stopped. It is no longer, because a database
// that was stopped already cannot be, either, and people may have woken it by then.
const (
	retrySeconds = 15 * 60
	retries      = 10
)

func schedule(ctx *pulumi.Context, name, zone string, c call, partition pulumi.StringInput, role *iam.Role, opts ...pulumi.ResourceOption) error {
	_, err := scheduler.NewSchedule(ctx, name, &scheduler.ScheduleArgs{
		ScheduleExpression: pulumi.String(c.at), ScheduleExpressionTimezone: pulumi.String(zone),
		FlexibleTimeWindow: &scheduler.ScheduleFlexibleTimeWindowArgs{Mode: pulumi.String("OFF")},
		Target: &scheduler.ScheduleTargetArgs{
			Arn: pulumi.Sprintf("arn:%s:scheduler:::aws-sdk:%s", partition, c.action), RoleArn: role.Arn, Input: pulumi.JSONMarshal(c.input),
			RetryPolicy: &scheduler.ScheduleTargetRetryPolicyArgs{
				MaximumEventAgeInSeconds: pulumi.Int(retrySeconds), MaximumRetryAttempts: pulumi.Int(retries),
			},
		},
	}, opts...)
	return err
}

func outputs(calls []call) (list pulumi.Array) {
	for _, c := range calls {
		list = append(list, pulumi.Map{"action": pulumi.String(c.action), "input": c.input})
	}
	return list
}
