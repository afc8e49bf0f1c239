package infra

import (
	"fmt"
	"slices"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ReleaseAlarms are the alarms that take a rolling release back: deployment alarms of ECS
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html).
type ReleaseAlarms struct {
	pulumi.ResourceState

	// Names are those of the alarms. Where they are off, there is one name that no alarm has: the SDK demands a list, and the provider sends no
	// empty one (terraform-provider-aws, internal/service/ecs/service.go, expandAlarms). ECS takes names of alarms that are not there yet
	// (https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_ecs.AlarmBehavior.html: an alarm that is made after the service).
	Names pulumi.StringArray
	// BakeMinutes is how long ECS goes on watching them when the new tasks run; 0 where they are off.
	BakeMinutes int
}

// NewReleaseAlarms makes alarms as those of the same names for visitors, of the web service's target group, which look at so many minutes. ECS
// has no bake time to set for rolling deployments ("You can't set this value"): it is as long as the alarms' evaluation, the longest
// counts (https://github.com/aws/copilot-cli/pull/4294). A name that is none of these is another alarm's. No names at all turn the alarms of a
// service off: without the block, the provider leaves them as they are (terraform-provider-aws, internal/service/ecs/service.go, Update).
func NewReleaseAlarms(ctx *pulumi.Context, name string, balancer *Balancer, names []string, minutes int, opts ...pulumi.ResourceOption) (*ReleaseAlarms, error) {
	r := &ReleaseAlarms{Names: pulumi.StringArray{}}
	if len(names) > 0 {
		r.BakeMinutes = minutes
	}
	if err := ctx.RegisterComponentResource("laravel:infra:ReleaseAlarms", name, r, opts...); err != nil {
		return nil, err
	}
	own := (&Observability{args: ObservabilityArgs{Balancer: balancer, Serving: []string{Blue}}}).balancerAlarms()
	for _, wanted := range names {
		i := slices.IndexFunc(own, func(a alarm) bool { return a.name == wanted })
		if i < 0 {
			r.Names = append(r.Names, pulumi.String(wanted))
			continue
		}
		args := own[i].args()
		args.AlarmDescription = pulumi.String("While a release is rolled out: " + own[i].why)
		args.EvaluationPeriods, args.DatapointsToAlarm = pulumi.Int(minutes), pulumi.Int(min(own[i].periods, minutes))
		made, err := cloudwatch.NewMetricAlarm(ctx, name+"-"+wanted, args, pulumi.Parent(r))
		if err != nil {
			return nil, fmt.Errorf("creating alarm %s: %w", wanted, err)
		}
		r.Names = append(r.Names, made.Name)
	}
	if len(r.Names) == 0 {
		r.Names = append(r.Names, pulumi.String("none"))
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{"alarmNames": r.Names})
}

// bakePoll is how often a release is looked at while ECS watches its alarms.
const bakePoll = 10 * time.Second

// bake waits while ECS watches the alarms of a release whose tasks run, and ends when ECS takes it back: runningRevision says so then, and the
// services that follow stay as they are. The provider does not wait for it: for it a service with one deployment whose tasks run is
// steady (terraform-provider-aws, internal/service/ecs/service.go, statusServiceWaitForStable).
func (s *Service) bake(ctx *pulumi.Context, minutes int) pulumi.ResourceHookFunction {
	return func(service *pulumi.ResourceHookArgs) error {
		registered := service.NewInputs["taskDefinition"]
		if old := service.OldInputs["taskDefinition"]; !registered.IsString() || old.IsString() && old.StringValue() == registered.StringValue() {
			return nil // no release
		}
		limit := time.Duration(minutes) * time.Minute
		_ = ctx.Log.Info(fmt.Sprintf("%s runs %s, and ECS watches release.judge.alarms for %s", service.Name, lastPart(registered.StringValue()), limit), nil)
		return waitWhile(limit, bakePoll, func() (bool, error) {
			found, err := ecs.LookupService(ctx, &ecs.LookupServiceArgs{
				ClusterArn: service.NewInputs["cluster"].StringValue(), ServiceName: serviceName(service.ID),
			}, pulumi.Parent(s))
			return err == nil && found.TaskDefinition == registered.StringValue(), err
		})
	}
}

// waitWhile waits while something is true, up to a limit.
func waitWhile(limit, every time.Duration, is func() (bool, error)) error {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(min(every, time.Until(end))) {
		if yes, err := is(); !yes || err != nil {
			return err
		}
	}
	return nil
}

// databaseWidgets are the two of the dashboard that show the database.
func (o *Observability) databaseWidgets(widget func(i int, title, stat string, metrics ...any) any) []any {
	watch := o.args.Database.Watch()
	rds := func(metric string) any {
		entry := []any{"AWS/RDS", metric}
		for _, name := range sortedKeys(watch.Dimensions) {
			entry = append(entry, name, watch.Dimensions[name])
		}
		return entry
	}
	second := widget(5, "Free storage", "Minimum", rds("FreeStorageSpace"))
	if watch.Serverless != nil {
		second = widget(5, "Capacity of the database", "Average", []any{"AWS/RDS", "ServerlessDatabaseCapacity", "DBClusterIdentifier", watch.Serverless})
	}
	return []any{widget(4, "Database", "Average", rds("CPUUtilization"), rds("DatabaseConnections")), second}
}

// capacityAlarms are those of a cluster of Aurora, one for the writer and one for the readers: the cluster's own value is the average of all.
// ServerlessDatabaseCapacity and ACUUtilization: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.viewing.monitoring.html.
// By role: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/creating_alarms.html. A cluster that pauses may report nothing.
func (w DatabaseWatch) capacityAlarms() (list []alarm) {
	silence, gone := bad, ", or gone"
	if w.Pauses {
		silence, gone = quiet, ""
	}
	add := func(name, who string, role pulumi.StringMap) {
		why := who + " at 90 % of database.serverless.maxCapacity" + gone
		list = append(list, alarm{name, why, "AWS/RDS", "ACUUtilization", "Maximum", role, true, 90, 15, silence, 0})
	}
	add("db-capacity", "The database is", w.Dimensions)
	if w.Readers != nil {
		add("db-readers", "A reader of the database is", w.Readers)
	}
	return list
}
