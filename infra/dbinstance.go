package infra

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// generation is one instance of the database. A restore makes the next one, beside the one before: an instance is never replaced.
type generation struct {
	number        int
	suffix        string // of logical names and of the identifier: none for the first
	identifier    pulumi.StringOutput
	before        pulumi.StringOutput // the identifier of the generation before
	protected     bool
	finalSnapshot bool
	imported      bool // somebody made it
}

func (db *Database) generation(name string, number int) generation {
	suffix := func(number int) string {
		if number == 1 {
			return ""
		}
		return fmt.Sprintf("-%d", number)
	}
	identifier := func(number int) pulumi.StringOutput {
		if db.args.Import != nil && number == 1 {
			return pulumi.String(db.args.Import.Identifier).ToStringOutput()
		}
		return pulumi.Sprintf("%s-%s%s", name, db.suffix, suffix(number))
	}
	g := generation{
		number: number, suffix: suffix(number), protected: db.args.Protected, finalSnapshot: db.args.FinalSnapshot,
		identifier: identifier(number), before: identifier(number - 1), imported: db.args.Import != nil && number == 1,
	}
	if g.imported {
		g.suffix = db.args.Import.importedSuffix()
	}
	return g
}

// generations registers the instance that the application uses, which it returns, and the one before while that is kept.
func (db *Database) generations(ctx *pulumi.Context, name string) (*rds.Instance, error) {
	current := db.generation(name, 1)
	if r := db.args.Restore; r != nil {
		if r.KeepOld {
			old := db.generation(name, r.Generation-1)
			old.protected = old.protected && !r.ReleaseOld
			old.finalSnapshot = true // what is deleted by mistake can be restored
			if _, err := db.instance(ctx, name, old); err != nil {
				return nil, err
			}
		}
		current = db.generation(name, r.Generation)
	}
	db.Identifier = current.identifier
	return db.instance(ctx, name, current)
}

func (db *Database) instance(ctx *pulumi.Context, name string, g generation) (*rds.Instance, error) {
	logs, err := db.logGroups(ctx, name, g)
	if err != nil {
		return nil, fmt.Errorf("creating database log group: %w", err)
	}
	after := logs
	if db.monitors != nil { // RDS refuses a role that has no permissions yet
		after = append(after, db.monitors)
	}
	stays, err := ctx.RegisterResourceHook(name+"-stays"+g.suffix, db.stays, &pulumi.ResourceHookOptions{OnDryRun: true})
	if err != nil {
		return nil, err
	}
	args, imported := db.importArgs(g, db.instanceArgs(g))
	instance, err := rds.NewInstance(ctx, name+"-instance"+g.suffix, args, imported,
		pulumi.Parent(db), pulumi.Protect(g.protected), pulumi.DependsOn(after), pulumi.ResourceHooks(&pulumi.ResourceHookBinding{BeforeUpdate: []*pulumi.ResourceHook{stays}}),
		// A copy of a large database takes hours, for a restore or a blue/green update (mitodl/ol-infrastructure#3487).
		pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "3h", Update: "3h"}),
		// AWS never changes the life cycle of an instance, but accepts the call: it would be planned for ever. Where an instance
		// came from is in its past, and another value would replace it. So would another key, and another engine, which stays refuses.
		pulumi.IgnoreChanges(append([]string{"engine", "engineLifecycleSupport", "snapshotIdentifier", "restoreToPointInTime", "kmsKeyId"}, db.ignored(g)...)))
	if err != nil {
		return nil, fmt.Errorf("creating database instance: %w", err)
	}
	return instance, nil
}

// stays refuses another engine for an instance that exists. The provider would replace it by an empty one.
func (db *Database) stays(instance *pulumi.ResourceHookArgs) error {
	engine := instance.OldInputs["engine"]
	if !engine.IsString() || engine.StringValue() == db.args.Engine {
		return nil
	}
	return fmt.Errorf("database.engine: the database is %s, and AWS never makes an instance %s: its data would be gone. Set the engine and the version back, and move the data to a new environment (docs/choices.md)",
		engine.StringValue(), db.args.Engine)
}

// origin says what the instance is made from. A restored one has the databases, the master user and the key of its source: the provider
// reads them, and another name in the program would replace what was restored.
func (g generation) origin(db *Database, instance *rds.InstanceArgs) {
	r := db.args.Restore
	switch {
	case g.imported: // as of a restored one, and it is what it is
	case g.number == 1:
		instance.DbName, instance.Username = pulumi.String(db.args.Name), pulumi.String(db.args.Username)
		if db.args.KMSKeyID != "" {
			instance.KmsKeyId = pulumi.String(db.args.KMSKeyID)
		}
	case r.Snapshot != "":
		instance.SnapshotIdentifier = pulumi.String(r.Snapshot)
	default:
		before := &rds.InstanceRestoreToPointInTimeArgs{SourceDbInstanceIdentifier: g.before}
		if r.PointInTime == "latest" {
			before.UseLatestRestorableTime = pulumi.Bool(true)
		} else {
			before.RestoreTime = pulumi.String(r.PointInTime)
		}
		instance.RestoreToPointInTime = before
	}
}

// dbEvents are the events that a person must hear of, by the type of their source (FSBP RDS.20 and RDS.21).
var dbEvents = []struct {
	source     string
	categories []string
}{
	{"db-instance", []string{"availability", "configuration change", "failover", "failure", "low storage", "maintenance"}},
	{"db-parameter-group", []string{"configuration change"}},
}

// Notify has RDS send the events of the instance and of its parameter group to the topic of the alarms. It does not wait for the policy of
// the topic: RDS may publish by the one that SNS gives a new topic, and by ours
// (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.GrantingPermissions.html).
func (db *Database) Notify(ctx *pulumi.Context, name string, watch *Observability) error {
	for _, e := range dbEvents {
		if watch.args.Sleeps { // each stop and start is an event of availability: RDS-EVENT-0004 and 0006 (USER_Events.Messages.html)
			e.categories = slices.DeleteFunc(slices.Clone(e.categories), func(c string) bool { return c == "availability" })
		}
		id := db.Identifier
		if e.source == "db-parameter-group" {
			id = db.parameters.Name
		}
		_, err := rds.NewEventSubscription(ctx, name+"-events-"+strings.TrimPrefix(e.source, "db-"), &rds.EventSubscriptionArgs{
			SnsTopic: watch.TopicARN, SourceType: pulumi.String(e.source), SourceIds: pulumi.StringArray{id}, EventCategories: pulumi.ToStringArray(e.categories),
		}, pulumi.Parent(db), pulumi.DependsOn([]pulumi.Resource{db.current}))
		if err != nil {
			return fmt.Errorf("subscribing to events of %s: %w", e.source, err)
		}
	}
	return nil
}

// monitoringRole lets RDS write the metrics of enhanced monitoring.
func (db *Database) monitoringRole(ctx *pulumi.Context, name string) (err error) {
	if db.args.MonitoringSeconds == 0 {
		return nil
	}
	if db.monitoring, err = NewServiceRole(ctx, name+"-monitoring", MonitoringService, "RDS writes enhanced monitoring", AccountID(ctx, db), pulumi.Parent(db)); err != nil {
		return err
	}
	db.monitors, err = iam.NewRolePolicyAttachment(ctx, name+"-monitoring-policy", &iam.RolePolicyAttachmentArgs{
		Role: db.monitoring.Name, PolicyArn: ManagedPolicy(ctx, monitoringPolicy, db),
	}, pulumi.Parent(db))
	return err
}

// logGroups are made before the instance. RDS would make them itself, and keep the logs for ever.
func (db *Database) logGroups(ctx *pulumi.Context, name string, g generation) ([]pulumi.Resource, error) {
	var groups []pulumi.Resource
	for _, export := range db.args.LogExports {
		group, err := cloudwatch.NewLogGroup(ctx, name+"-log-"+export+g.suffix, &cloudwatch.LogGroupArgs{
			Name:            pulumi.Sprintf("/aws/rds/instance/%s/%s", g.identifier, export),
			RetentionInDays: pulumi.Int(db.args.LogDays),
		}, pulumi.Parent(db), db.importedLog(g, export))
		if err != nil {
			return nil, err
		}
		groups = append(groups, group)
	}
	return groups, nil
}

func (db *Database) instanceArgs(g generation) *rds.InstanceArgs {
	a := db.args
	instance := &rds.InstanceArgs{
		Identifier:              g.identifier,
		Engine:                  pulumi.String(a.Engine),
		EngineVersion:           pulumi.String(a.Version),
		InstanceClass:           pulumi.String(a.InstanceClass),
		Password:                a.Password.ToStringOutput().ToStringPtrOutput(),
		Port:                    pulumi.Int(a.Port),
		ParameterGroupName:      db.parameters.Name,
		VpcSecurityGroupIds:     pulumi.StringArray{a.SecurityGroupID},
		PubliclyAccessible:      pulumi.Bool(false),
		StorageType:             pulumi.String("gp3"),
		StorageEncrypted:        pulumi.Bool(true),
		AllocatedStorage:        pulumi.Int(a.StorageGB),
		MultiAz:                 pulumi.Bool(a.MultiAZ),
		BackupRetentionPeriod:   pulumi.Int(a.BackupDays),
		BackupWindow:            pulumi.String(cmp.Or(a.BackupWindow, "02:00-03:00")),
		MaintenanceWindow:       pulumi.String(cmp.Or(a.MaintenanceWindow, "sun:03:30-sun:04:30")),
		CopyTagsToSnapshot:      pulumi.Bool(true),
		AutoMinorVersionUpgrade: pulumi.Bool(true),
		// An upgrade that waits would leave the old parameter group in use, and the deployment would fail when it deletes it.
		ApplyImmediately:   pulumi.Bool(a.ApplyNow || a.Upgrade),
		DeletionProtection: pulumi.Bool(g.protected),
		SkipFinalSnapshot:  pulumi.Bool(!g.finalSnapshot),
	}
	if db.subnets != nil {
		instance.DbSubnetGroupName = db.subnets.Name
	}
	if a.Upgrade {
		instance.AllowMajorVersionUpgrade = pulumi.Bool(true)
	}
	if a.BlueGreenUpdate {
		instance.BlueGreenUpdate = &rds.InstanceBlueGreenUpdateArgs{Enabled: pulumi.Bool(true)}
	}
	if engines[a.Engine].extended && !a.ExtendedSupport {
		instance.EngineLifecycleSupport = pulumi.String("open-source-rds-extended-support-disabled")
	}
	if a.MonitoringSeconds > 0 {
		instance.MonitoringInterval = pulumi.Int(a.MonitoringSeconds)
		instance.MonitoringRoleArn = db.monitoring.Arn
	}
	g.origin(db, instance)
	if a.MaxStorageGB > 0 {
		instance.MaxAllocatedStorage = pulumi.Int(a.MaxStorageGB)
	}
	if g.finalSnapshot {
		instance.FinalSnapshotIdentifier = pulumi.Sprintf("%s-final", g.identifier)
	}
	if len(a.LogExports) > 0 {
		instance.EnabledCloudwatchLogsExports = pulumi.ToStringArray(a.LogExports)
	}
	if a.PerformanceInsights {
		instance.PerformanceInsightsEnabled = pulumi.Bool(true)
		instance.PerformanceInsightsRetentionPeriod = pulumi.Int(7) // the free tier
	}
	return instance
}

// DatabaseServer is a server that the program makes: an instance of RDS, or a cluster of Aurora (infra/aurora).
type DatabaseServer interface {
	Ref() DatabaseRef
	ARN() pulumi.StringOutput
	KMSKeyID() string // that it is meant to have
	CurrentKey() pulumi.StringOutput
	Watch() DatabaseWatch
	Nights() DatabaseNights
	Notify(ctx *pulumi.Context, name string, watch *Observability) error
}

// DatabaseWatch is what alarms and the dashboard look at.
type DatabaseWatch struct {
	Dimensions pulumi.StringMap   // of the metrics
	Instance   pulumi.StringInput // that makes a backup a day, and has a disk that may be full; nil with Aurora
	Serverless pulumi.StringInput // the cluster that has a capacity; nil with an instance
	Readers    pulumi.StringMap   // dimensions of the instances that only read; nil without any
	Pauses     bool               // when nobody uses it
}

// DatabaseNights are the calls that stop and start the server, as EventBridge Scheduler names them.
type DatabaseNights struct {
	Stop, Start string
	Input       pulumi.Map
	Actions     []string // that they need in IAM
}

// Watch is the instance that the application uses.
func (db *Database) Watch() DatabaseWatch {
	return DatabaseWatch{Dimensions: pulumi.StringMap{"DBInstanceIdentifier": db.Identifier}, Instance: db.Identifier}
}

// Nights are of the instance that the application uses.
func (db *Database) Nights() DatabaseNights {
	return DatabaseNights{Stop: "rds:stopDBInstance", Start: "rds:startDBInstance", Input: pulumi.Map{"DbInstanceIdentifier": db.Identifier},
		Actions: []string{"rds:StartDBInstance", "rds:StopDBInstance"}}
}
