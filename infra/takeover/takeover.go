// Package takeover looks at a database instance that somebody made and an environment takes over, with its data.
package takeover

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// Args are the instance and what the stack file says of it.
type Args struct {
	Name                               string            // of the component, with which the names of its parameter groups begin
	Tags                               map[string]string // of everything in the environment
	Region                             string
	Identifier, SecurityGroupID, VpcID string
	Engine, Version, UpgradeFrom       string // the version that it has is one of both
	Username, KMSKeyID, InstanceClass  string
	Port, StorageGB, MaxStorageGB      int
	BackupDays, LogDays                int
	MonitoringSeconds                  int
	LogExports                         []string
	ApplyNow, MultiAZ                  bool
	PerformanceInsights                bool
}

// LookUp reads the instance, and returns every reason why a deployment would replace it, or AWS would refuse the change. What interrupts it
// is a warning in every preview for as long as it is to come. LookUp is called before a resource is registered.
func LookUp(ctx *pulumi.Context, args Args, opts ...pulumi.InvokeOption) (*infra.DatabaseImport, error) {
	instance, err := rds.LookupInstance(ctx, &rds.LookupInstanceArgs{DbInstanceIdentifier: &args.Identifier}, opts...)
	if err != nil {
		return nil, fmt.Errorf("database.import: looking up the RDS instance %s in %s (aws rds describe-db-instances --region %[2]s lists those that the account of the stack has): %w", args.Identifier, args.Region, err)
	}
	problems := args.problems(instance)
	group, err := rds.LookupSubnetGroup(ctx, &rds.LookupSubnetGroupArgs{Name: instance.DbSubnetGroup}, opts...)
	switch {
	case err != nil:
		problems = append(problems, fmt.Errorf("database.import: looking up the subnet group %s: %w", instance.DbSubnetGroup, err))
	case group.VpcId != args.VpcID:
		problems = append(problems, fmt.Errorf("network.vpcId: %s, but %s is in %s: write that, with its subnets", args.VpcID, args.Identifier, group.VpcId))
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("database.import: %s has %d problem(s):\n%w", args.Identifier, len(problems), errors.Join(problems...))
	}
	prefix := infra.RDSLogGroups(args.Identifier)
	logs, err := cloudwatch.GetLogGroups(ctx, &cloudwatch.GetLogGroupsArgs{LogGroupNamePrefix: &prefix}, opts...)
	if err != nil {
		return nil, fmt.Errorf("database.import: looking up the log groups %s*: %w", prefix, err)
	}
	for _, text := range append(args.warnings(instance), args.firstWarnings(instance, logs.LogGroupNames)...) {
		if err := ctx.Log.Warn("database.import: "+args.Identifier+" "+text, nil); err != nil {
			return nil, err
		}
	}
	return &infra.DatabaseImport{
		Identifier: args.Identifier, LogGroups: logs.LogGroupNames, OurParameters: args.ourParameters(instance), MinorUpgrades: instance.AutoMinorVersionUpgrade,
	}, nil
}

// taken tells whether the environment has the instance already: it has its tags then.
func (args Args) taken(instance *rds.LookupInstanceResult) bool {
	same := func(key string) bool { return instance.Tags[key] == args.Tags[key] }
	return same("Application") && same("Environment")
}

func (args Args) ourParameters(instance *rds.LookupInstanceResult) bool {
	return slices.ContainsFunc(instance.DbParameterGroups, func(group string) bool { return strings.HasPrefix(group, args.Name+"-") })
}

// problems are where the instance is not what the stack file says. Engine, encryption and key cannot change (ForceNew in
// terraform-provider-aws, internal/service/rds/instance.go), and storage does not shrink. The program does not change the others of an
// imported instance: the application would not find it, or not get in.
func (args Args) problems(instance *rds.LookupInstanceResult) (problems []error) {
	check := func(ok bool, key, format string, values ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(key+": "+format, values...))
		}
	}
	is := func(version string) bool { return strings.HasPrefix(instance.EngineVersion, version+".") }
	check(instance.Engine == args.Engine, "database.engine", "%s, but the instance has %s", args.Engine, instance.Engine)
	check(is(args.Version) || args.UpgradeFrom != "" && is(args.UpgradeFrom), "database.version", "%s, but the instance has %s: write that, and upgrade later (docs/database-upgrade.md)", args.Version, instance.EngineVersion)
	check(args.UpgradeFrom == "" || args.taken(instance), "database.upgradeFrom", "%s, but the environment does not have the instance yet: take it over with the version that it has, and upgrade later (docs/database-upgrade.md)", args.UpgradeFrom)
	check(instance.DbClusterIdentifier == "", "database.import", "it belongs to the cluster %s, which the program does not change", instance.DbClusterIdentifier)
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DatabaseInsights.Considerations.html
	check(instance.DatabaseInsightsMode != "advanced" || !args.PerformanceInsights, "database.performanceInsights", "true keeps data for 7 days, and the advanced mode of Database Insights, which the instance has, needs 465: remove the key, and the instance keeps them")
	check(instance.StorageEncrypted, "database.import", "its storage is not encrypted, and that cannot change: make an encrypted copy of a snapshot, and restore it")
	check(args.KMSKeyID == "" || args.KMSKeyID == instance.KmsKeyId, "database.kmsKeyId", "%s, but the instance has %s, and that cannot change", args.KMSKeyID, instance.KmsKeyId)
	check(instance.MasterUsername == args.Username, "database.username", "%s, but the master user of the instance is %s", args.Username, instance.MasterUsername)
	// MasterUserPassword "can't be specified if ManageMasterUserPassword is turned on"
	// (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html).
	check(len(instance.MasterUserSecrets) == 0, "database.import", "RDS manages the password of its master user: end that first (aws rds modify-db-instance --no-manage-master-user-password --master-user-password ...)")
	check(instance.ReplicateSourceDb == "", "database.import", "it is a replica of %s: promote it first", instance.ReplicateSourceDb)
	check(instance.Port == args.Port, "database.port", "%d, but the instance has %d: write that", args.Port, instance.Port)
	check(slices.Contains(instance.VpcSecurityGroups, args.SecurityGroupID), "database.securityGroupId", "%s, but the instance has %s: write one of these", args.SecurityGroupID, strings.Join(instance.VpcSecurityGroups, ", "))
	// With autoscaling the provider leaves the storage that has grown (DiffSuppressFunc of allocated_storage).
	check(args.StorageGB >= instance.AllocatedStorage || args.MaxStorageGB > instance.AllocatedStorage, "database.storageGb", "%d, but the instance has %d, and storage cannot shrink: write that, or set database.maxStorageGb to more, with which storage that has grown stays", args.StorageGB, instance.AllocatedStorage)
	return problems
}

// warnings are changes that stop the instance, or those who use it now, or that take something away
// (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html).
func (args Args) warnings(instance *rds.LookupInstanceResult) (texts []string) {
	when := "in its next maintenance window"
	if args.ApplyNow {
		when = "at once (database.applyNow)"
	}
	warn := func(is bool, format string, values ...any) {
		if is {
			texts = append(texts, fmt.Sprintf(format, values...))
		}
	}
	warn(instance.DbInstanceClass != args.InstanceClass, "has %s, and database.instanceClass is %s: the change interrupts it %s", instance.DbInstanceClass, args.InstanceClass, when)
	warn((instance.BackupRetentionPeriod == 0) != (args.BackupDays == 0), "keeps backups for %d days, and database.backupDays is %d: the change from or to 0 interrupts it %s", instance.BackupRetentionPeriod, args.BackupDays, when)
	warn(args.BackupDays < instance.BackupRetentionPeriod, "keeps backups for %d days, and database.backupDays is %d: older ones are deleted", instance.BackupRetentionPeriod, args.BackupDays)
	warn(instance.MultiAz && !args.MultiAZ, "has a standby in another zone, and database.multiAz is false: it goes %s", when)
	warn(args.MaxStorageGB < instance.MaxAllocatedStorage, "grows up to %d GB, and database.maxStorageGb is %d (0: it does not grow)", instance.MaxAllocatedStorage, args.MaxStorageGB)
	warn(instance.MonitoringInterval > 0 && args.MonitoringSeconds == 0, "has enhanced monitoring, and database.monitoringSeconds is 0: it ends")
	warn(instance.PubliclyAccessible, "has a public address, which the deployment takes away: those who use it from outside of the VPC lose it")
	for _, log := range instance.EnabledCloudwatchLogsExports {
		warn(!slices.Contains(args.LogExports, log), "exports its %s log, and database.logExports does not have it: the export ends", log)
	}
	groups := strings.Join(instance.DbParameterGroups, ", ")
	warn(!args.ourParameters(instance) && args.UpgradeFrom == "", "keeps its parameter group %s: the slow query log and database.requireTls are as that says, until you give it the program's (docs/operations.md)", groups)
	warn(!args.ourParameters(instance) && args.UpgradeFrom != "", "gets the program's parameter group with the new version: what %s sets is gone", groups)
	return texts
}

// firstWarnings are about what the take-over itself takes away. The provider leaves tags of AWS alone.
func (args Args) firstWarnings(instance *rds.LookupInstanceResult, logGroups []string) (texts []string) {
	if args.taken(instance) {
		return nil
	}
	var lost []string
	for _, key := range slices.Sorted(maps.Keys(instance.Tags)) {
		if _, stays := args.Tags[key]; !stays && !strings.HasPrefix(key, "aws:") {
			lost = append(lost, key)
		}
	}
	if len(lost) > 0 {
		texts = append(texts, fmt.Sprintf("loses the tags %s, and what selects it by them, such as backups: write them into tags to keep them", strings.Join(lost, ", ")))
	}
	for _, log := range args.LogExports {
		if group := infra.RDSLogGroups(args.Identifier) + log; slices.Contains(logGroups, group) {
			texts = append(texts, fmt.Sprintf("has the log group %s: events that are older than observability.logDays, %d days, are deleted", group, args.LogDays))
		}
	}
	return texts
}
