package infra

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/elasticache"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"
)

// This file has the replication group of the Cache, for valkey and redis.

func (c *Cache) replicationGroup(ctx *pulumi.Context, name string, subnets *elasticache.SubnetGroup) error {
	args, err := c.groupArgs(ctx, name, subnets)
	if err != nil {
		return err
	}
	check, err := ctx.RegisterResourceHook(name+"-password", c.passwordChange, &pulumi.ResourceHookOptions{OnDryRun: true})
	if err != nil {
		return fmt.Errorf("registering hook: %w", err)
	}
	opts := []pulumi.ResourceOption{
		pulumi.Parent(c), pulumi.Protect(c.args.Protected), pulumi.ResourceHooks(&pulumi.ResourceHookBinding{BeforeUpdate: []*pulumi.ResourceHook{check}}),
		// The engine was part of the name: a change from redis to valkey, which AWS makes in place, was a new cache.
		pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String(name + "-" + Redis)}, {Name: pulumi.String(name + "-" + Valkey)}}),
	}
	if !c.args.Upgrade {
		// AWS raises minor versions, and the provider replaces a group whose version is higher than the program's (engine_version.go,
		// engineVersionForceNewOnDowngrade).
		opts = append(opts, pulumi.IgnoreChanges([]string{"engine", "engineVersion", "parameterGroupName"}))
	}
	group, err := elasticache.NewReplicationGroup(ctx, name+"-group", args, opts...)
	if err != nil {
		return err
	}
	c.ID = group.ID().ToStringOutput()
	c.Host = group.PrimaryEndpointAddress
	if !c.args.Upgrade {
		c.Host = pulumix.Cast[pulumi.StringOutput](pulumix.Apply3Err(group.PrimaryEndpointAddress, group.Engine.Elem(), group.EngineVersionActual, c.sufficient))
	}
	return nil
}

// passwordChange refuses, in the preview too, what ElastiCache does not do with an AUTH token. It can replace one, but take it away only when users
// of RBAC take over (API reference, ModifyReplicationGroup, AuthTokenUpdateStrategy). SET makes the last of two the only one, and is
// refused with a third one (user guide, "Setting the AUTH token").
func (c *Cache) passwordChange(args *pulumi.ResourceHookArgs) error {
	before, after := args.OldInputs["authToken"], args.NewInputs["authToken"]
	switch {
	case !before.IsNull() && after.IsNull():
		return errors.New("cache.auth: ElastiCache can replace the password of a cache, and cannot take it away: keep cache.auth and cache.encryptTransit as they were")
	case c.args.ExpirePassword && !before.DeepEquals(after):
		return fmt.Errorf("cache.auth: set ends the password before the last one, and this deployment brings a new one: deploy it with cache.auth: rotate first (make rotate-secret NAME=%s does both)", PasswordVariable)
	}
	return nil
}

// sufficient fails where another engine or a lower version runs than the program wants. That is a change which it must be told to make.
func (c *Cache) sufficient(host, engine, version string) (string, error) {
	if engine == c.args.Engine && !versionLess(version, c.args.Version) {
		return host, nil
	}
	return "", fmt.Errorf("cache.version: %s %s is wanted, and %s %s runs: set cache.upgrade to true for the deployment that upgrades the cache, and remove it afterwards",
		c.args.Engine, c.args.Version, engine, version)
}

// versionLess compares major and minor.
func versionLess(running, wanted string) bool {
	var have, want struct{ major, minor int }
	_, _ = fmt.Sscanf(running, "%d.%d", &have.major, &have.minor)
	_, _ = fmt.Sscanf(wanted, "%d.%d", &want.major, &want.minor)
	return have.major < want.major || have.major == want.major && have.minor < want.minor
}

func (c *Cache) groupArgs(ctx *pulumi.Context, name string, subnets *elasticache.SubnetGroup) (*elasticache.ReplicationGroupArgs, error) {
	replicated := c.args.Nodes > 1
	major, _, _ := strings.Cut(c.args.Version, ".")
	args := &elasticache.ReplicationGroupArgs{
		Description:   pulumi.String("Laravel sessions, cache and queues"),
		Engine:        pulumi.String(c.args.Engine),
		EngineVersion: pulumi.String(c.args.Version),
		// An upgrade to another major version needs a group of that version, so it is named.
		ParameterGroupName:       pulumi.String("default." + c.args.Engine + major),
		NodeType:                 pulumi.String(c.args.NodeType),
		NumCacheClusters:         pulumi.Int(c.args.Nodes),
		AutomaticFailoverEnabled: pulumi.Bool(replicated),
		MultiAzEnabled:           pulumi.Bool(replicated),
		Port:                     pulumi.Int(c.Port),
		SubnetGroupName:          subnets.Name,
		SecurityGroupIds:         pulumi.StringArray{c.args.SecurityGroupID},
		AtRestEncryptionEnabled:  pulumi.Bool(true),
		TransitEncryptionEnabled: pulumi.Bool(c.args.EncryptTransit),
		AutoMinorVersionUpgrade:  pulumi.Bool(true),
		SnapshotRetentionLimit:   pulumi.Int(c.args.SnapshotDays),
		ApplyImmediately:         pulumi.Bool(c.args.ApplyNow || c.args.Upgrade),
		MaintenanceWindow:        pulumi.String("sun:04:30-sun:05:30"),
	}
	if c.args.Password != nil {
		args.AuthToken = c.args.Password.ToStringOutput().ToStringPtrOutput()
		// ROTATE accepts the token before, or none, beside the new one: tasks that run go on (ElastiCache user guide, "AUTH").
		args.AuthTokenUpdateStrategy = pulumi.String("ROTATE")
		if c.args.ExpirePassword {
			args.AuthTokenUpdateStrategy = pulumi.String("SET")
		}
	}
	if c.args.SnapshotDays == 0 {
		return args, nil
	}
	args.SnapshotWindow = pulumi.String("03:00-04:00")
	// Random, because a cache that is made a second time must not collide with the final snapshot of the first.
	suffix, err := random.NewRandomId(ctx, name+"-suffix", &random.RandomIdArgs{ByteLength: pulumi.Int(4)}, pulumi.Parent(c))
	args.FinalSnapshotIdentifier = pulumi.Sprintf("%s-%s-final", name, suffix.Hex)
	return args, err
}
