// Package backup holds the component that copies the database's snapshots to another region or account.
package backup

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/backup"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// schedule starts the jobs when RDS admits them: they fail in the backup window (02:00-03:00) and in the maintenance window (sun
// 03:30-04:30), and in the hour before (https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html).
const schedule = "cron(0 5 * * ? *)"

// snapshotDays is how long the snapshot stays that the copies are made of: long enough to copy it by hand, if a copy failed. RDS keeps
// its own backups besides.
const snapshotDays = 7

// CopiesArgs describes what is copied, and where to. At least one of Region and VaultARN is set.
type CopiesArgs struct {
	Database infra.DatabaseServer
	// Region is that of a vault in this account, and Elsewhere the provider there.
	Region    string
	Elsewhere pulumi.ProviderResource
	// VaultARN is the vault of another account.
	VaultARN   string
	RetainDays int
	Tags       map[string]string // of the snapshots: the permissions boundary asks for them
}

// Copies is a daily plan of AWS Backup, its vaults and its role.
type Copies struct {
	pulumi.ResourceState

	// RoleARN is the role of the jobs: their events name it.
	RoleARN pulumi.StringOutput `pulumi:"roleArn"`
	// Vaults are the names of the vaults that have the copies.
	Vaults []pulumi.StringInput

	args CopiesArgs
}

// NewCopies registers the vaults, the role, the plan, and the selection of the database.
func NewCopies(ctx *pulumi.Context, name string, args CopiesArgs, opts ...pulumi.ResourceOption) (*Copies, error) {
	c := &Copies{args: args}
	if err := ctx.RegisterComponentResource("laravel:infra:Copies", name, c, opts...); err != nil {
		return nil, err
	}
	// Snapshots of RDS have the key of their instance, so the key of this vault encrypts nothing: it is AWS Backup's own.
	// https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
	source, err := backup.NewVault(ctx, name+"-vault", &backup.VaultArgs{}, pulumi.Parent(c), pulumi.RetainOnDelete(true))
	if err != nil {
		return nil, fmt.Errorf("creating vault: %w", err)
	}
	destinations, err := c.destinations(ctx, name)
	if err != nil {
		return nil, err
	}
	role, may, err := c.role(ctx, name)
	if err != nil {
		return nil, err
	}
	plan, err := c.plan(ctx, name, source, destinations)
	if err != nil {
		return nil, fmt.Errorf("creating plan: %w", err)
	}
	if _, err := backup.NewSelection(ctx, name+"-database", &backup.SelectionArgs{
		PlanId: plan.ID(), IamRoleArn: role.Arn, Resources: pulumi.StringArray{c.database()},
	}, pulumi.Parent(c), pulumi.DependsOn([]pulumi.Resource{may})); err != nil {
		return nil, fmt.Errorf("selecting database: %w", err)
	}
	c.RoleARN = role.Arn
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"roleArn": c.RoleARN})
}

// destinations are the ARNs of the vaults that copies go to. The one in this account has a key of its own, which encrypts the copies.
// Both outlive the stack, and a pipeline may delete neither: a copy is for the day on which everything else is gone. Their names have
// the region, so that another region is another vault, and the first one stays.
func (c *Copies) destinations(ctx *pulumi.Context, name string) (arns []pulumi.StringInput, err error) {
	if c.args.Region != "" {
		name += "-" + c.args.Region
		there := []pulumi.ResourceOption{pulumi.Parent(c), pulumi.Provider(c.args.Elsewhere), pulumi.RetainOnDelete(true)}
		key, err := kms.NewKey(ctx, name+"-key", &kms.KeyArgs{
			Description: pulumi.String("Copies of the database's snapshots"), EnableKeyRotation: pulumi.Bool(true), DeletionWindowInDays: pulumi.Int(30),
		}, there...)
		if err != nil {
			return nil, fmt.Errorf("creating key in %s: %w", c.args.Region, err)
		}
		vault, err := backup.NewVault(ctx, name, &backup.VaultArgs{KmsKeyArn: key.Arn}, there...)
		if err != nil {
			return nil, fmt.Errorf("creating vault in %s: %w", c.args.Region, err)
		}
		arns, c.Vaults = append(arns, vault.Arn), append(c.Vaults, vault.Name)
	}
	if c.args.VaultARN != "" {
		arns, c.Vaults = append(arns, pulumi.String(c.args.VaultARN)), append(c.Vaults, pulumi.String(nameOf(c.args.VaultARN)))
	}
	return arns, nil
}

// role is what AWS Backup makes the snapshots and the copies with. The second result is its permissions.
func (c *Copies) role(ctx *pulumi.Context, name string) (*iam.Role, pulumi.Resource, error) {
	role, err := infra.NewServiceRole(ctx, name+"-role", infra.BackupService, "AWS Backup copies snapshots", nil, pulumi.Parent(c))
	if err != nil {
		return nil, nil, fmt.Errorf("creating role: %w", err)
	}
	may, err := iam.NewRolePolicyAttachment(ctx, name+"-role-policy", &iam.RolePolicyAttachmentArgs{
		Role: role.Name, PolicyArn: infra.ManagedPolicy(ctx, infra.BackupPolicy, c),
	}, pulumi.Parent(c))
	if err != nil {
		return nil, nil, fmt.Errorf("attaching policy to role: %w", err)
	}
	return role, may, nil
}

func (c *Copies) plan(ctx *pulumi.Context, name string, source *backup.Vault, destinations []pulumi.StringInput) (*backup.Plan, error) {
	var copies backup.PlanRuleCopyActionArray
	for _, arn := range destinations {
		copies = append(copies, &backup.PlanRuleCopyActionArgs{
			DestinationVaultArn: arn, Lifecycle: &backup.PlanRuleCopyActionLifecycleArgs{DeleteAfter: pulumi.Int(c.args.RetainDays)},
		})
	}
	return backup.NewPlan(ctx, name+"-plan", &backup.PlanArgs{
		Rules: backup.PlanRuleArray{&backup.PlanRuleArgs{
			RuleName: pulumi.String("daily"), TargetVaultName: source.Name, Schedule: pulumi.String(schedule),
			StartWindow: pulumi.Int(60), CompletionWindow: pulumi.Int(12 * 60),
			Lifecycle:         &backup.PlanRuleLifecycleArgs{DeleteAfter: pulumi.Int(snapshotDays)},
			RecoveryPointTags: pulumi.ToStringMap(c.args.Tags), CopyActions: copies,
		}},
	}, pulumi.Parent(c))
}

// database is the ARN of the instance that is copied. For a vault of another account, the instance must have the key of the stack file:
// one that is there already keeps its key for life, and its copies would fail every day.
func (c *Copies) database() pulumi.StringInput {
	db := c.args.Database
	if c.args.VaultARN == "" {
		return db.ARN()
	}
	return pulumix.Cast[pulumi.StringOutput](pulumix.Apply2Err(db.ARN(), db.CurrentKey(), func(arn, key string) (string, error) {
		switch account := strings.Split(arn, ":")[4]; {
		case strings.Contains(c.args.VaultARN, ":"+account+":"):
			return "", fmt.Errorf("database.copies.vaultArn: %s is a vault of this account: set database.copies.region instead", c.args.VaultARN)
		case key != db.KMSKeyID():
			return "", fmt.Errorf("database.kmsKeyId: %s is encrypted with %s, and the key of an instance never changes: "+
				"restore a snapshot that is copied with %s (docs/restore.md), or remove database.copies.vaultArn", arn, key, db.KMSKeyID())
		}
		return arn, nil
	}))
}

// nameOf is the name of the vault with an ARN.
func nameOf(vault string) string { return vault[strings.LastIndex(vault, ":")+1:] }
