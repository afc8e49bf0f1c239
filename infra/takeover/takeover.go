// Package takeover looks at a database instance that somebody made and an environment takes over, with its data.
package takeover

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// Args are the instance and what the stack file says of it.
type Args struct {
	Identifier, SecurityGroupID, VpcID string
	Engine, Version, UpgradeFrom       string // the version that it has is one of both
	Username, KMSKeyID, InstanceClass  string
	Port, StorageGB, MaxStorageGB      int
	BackupDays                         int
	LogExports                         []string
	ApplyNow                           bool
}

// LookUp reads the instance, and returns every reason why a deployment would replace it, or AWS would refuse the change. What interrupts it
// is a warning in every preview for as long as it is to come. LookUp is called before a resource is registered.
func LookUp(ctx *pulumi.Context, args Args, opts ...pulumi.InvokeOption) (*infra.DatabaseImport, error) {
	instance, err := rds.LookupInstance(ctx, &rds.LookupInstanceArgs{DbInstanceIdentifier: &args.Identifier}, opts...)
	if err != nil {
		return nil, fmt.Errorf("database.import: looking up the RDS instance %s: %w", args.Identifier, err)
	}
	problems := args.problems(instance)
	group, err := rds.LookupSubnetGroup(ctx, &rds.LookupSubnetGroupArgs{Name: instance.DbSubnetGroup}, opts...)
	switch {
	case err != nil:
		problems = append(problems, fmt.Errorf("database.import: looking up the subnet group %s: %w", instance.DbSubnetGroup, err))
	case group.VpcId != args.VpcID:
		problems = append(problems, fmt.Errorf("network.vpcId: %s, but %s is in %s", args.VpcID, args.Identifier, group.VpcId))
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("database.import: %s has %d problem(s):\n%w", args.Identifier, len(problems), errors.Join(problems...))
	}
	for _, text := range args.interruptions(instance) {
		if err := ctx.Log.Warn(text, nil); err != nil {
			return nil, err
		}
	}
	prefix := infra.RDSLogGroups(args.Identifier)
	logs, err := cloudwatch.GetLogGroups(ctx, &cloudwatch.GetLogGroupsArgs{LogGroupNamePrefix: &prefix}, opts...)
	if err != nil {
		return nil, fmt.Errorf("database.import: looking up the log groups %s*: %w", prefix, err)
	}
	return &infra.DatabaseImport{Identifier: args.Identifier, LogGroups: logs.LogGroupNames}, nil
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
	check(instance.StorageEncrypted, "database.import", "its storage is not encrypted, and that cannot change: make an encrypted copy of a snapshot, and restore it")
	check(args.KMSKeyID == "" || args.KMSKeyID == instance.KmsKeyId, "database.kmsKeyId", "%s, but the instance has %s, and that cannot change", args.KMSKeyID, instance.KmsKeyId)
	check(instance.MasterUsername == args.Username, "database.username", "%s, but the master user of the instance is %s", args.Username, instance.MasterUsername)
	// MasterUserPassword "can't be specified if ManageMasterUserPassword is turned on"
	// (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html).
	check(len(instance.MasterUserSecrets) == 0, "database.import", "RDS manages the password of its master user: end that first (aws rds modify-db-instance --no-manage-master-user-password --master-user-password ...)")
	check(instance.ReplicateSourceDb == "", "database.import", "it is a replica of %s: promote it first", instance.ReplicateSourceDb)
	check(instance.Port == args.Port, "database.port", "%d, but the instance has %d", args.Port, instance.Port)
	check(slices.Contains(instance.VpcSecurityGroups, args.SecurityGroupID), "database.securityGroupId", "%s, but the instance has %s", args.SecurityGroupID, strings.Join(instance.VpcSecurityGroups, ", "))
	// With autoscaling the provider leaves the storage that has grown (DiffSuppressFunc of allocated_storage).
	check(args.StorageGB >= instance.AllocatedStorage || args.MaxStorageGB > instance.AllocatedStorage, "database.storageGb", "%d, but the instance has %d, and storage cannot shrink", args.StorageGB, instance.AllocatedStorage)
	return problems
}

// interruptions are changes that stop the instance, or those who use it now
// (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html).
func (args Args) interruptions(instance *rds.LookupInstanceResult) (texts []string) {
	when := "in its next maintenance window"
	if args.ApplyNow {
		when = "at once (database.applyNow)"
	}
	warn := func(is bool, format string, values ...any) {
		if is {
			texts = append(texts, fmt.Sprintf("database.import: "+format, values...))
		}
	}
	warn(instance.DbInstanceClass != args.InstanceClass, "%s has %s, and database.instanceClass is %s: the change interrupts it %s", args.Identifier, instance.DbInstanceClass, args.InstanceClass, when)
	warn((instance.BackupRetentionPeriod == 0) != (args.BackupDays == 0), "%s keeps backups for %d days, and database.backupDays is %d: the change from or to 0 interrupts it %s", args.Identifier, instance.BackupRetentionPeriod, args.BackupDays, when)
	warn(instance.PubliclyAccessible, "%s has a public address, which the deployment takes away: those who use it from outside of the VPC lose it", args.Identifier)
	for _, log := range instance.EnabledCloudwatchLogsExports {
		warn(!slices.Contains(args.LogExports, log), "%s exports its %s log, and database.logExports does not have it: the export ends", args.Identifier, log)
	}
	return texts
}
