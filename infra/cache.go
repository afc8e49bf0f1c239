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

// Cache engines. Memcached is the article's; the loss of its node logs the users out. The other two replicate and fail over.
const (
	Memcached = "memcached"
	Valkey    = "valkey"
	Redis     = "redis"
	NoCache   = "none"
)

// CacheArgs describes where sessions and cached values live.
type CacheArgs struct {
	SubnetIDs       pulumi.StringArrayInput
	SecurityGroupID pulumi.StringInput
	Engine          string // Memcached, Valkey or Redis
	Version         string
	NodeType        string
	Nodes           int  // a primary and its replicas; memcached has one node
	SnapshotDays    int  // valkey and redis only; with it, a destroy makes a final snapshot
	ApplyNow        bool // changes do not wait for the maintenance window
	// EncryptTransit turns TLS on for valkey and redis; PHP's memcached client has none.
	EncryptTransit bool
	// Upgrade applies Engine and Version to a cache that exists, now. Otherwise Version is the least that runs: AWS raises it.
	Upgrade bool
	// Password is the AUTH token of valkey and redis; nil for none. ExpirePassword makes the one before it, or none, invalid.
	Password       pulumi.StringInput
	ExpirePassword bool
	Protected      bool // Pulumi does not delete it
}

// Cache is an ElastiCache cluster in the data subnets.
type Cache struct {
	pulumi.ResourceState

	Host pulumi.StringOutput `pulumi:"host"`
	Port int
	// ID names the cluster, or the replication group, in metrics.
	ID pulumi.StringOutput `pulumi:"clusterId"`

	args CacheArgs
}

// CachePort returns the port an engine listens on; 0 without a cache.
func CachePort(engine string) int {
	switch engine {
	case NoCache:
		return 0
	case Memcached:
		return 11211
	}
	return 6379
}

// NewCache registers a memcached cluster, or a replication group for valkey and redis.
func NewCache(ctx *pulumi.Context, name string, args CacheArgs, opts ...pulumi.ResourceOption) (*Cache, error) {
	c := &Cache{args: args, Port: CachePort(args.Engine)}
	if err := ctx.RegisterComponentResource("laravel:infra:Cache", name, c, opts...); err != nil {
		return nil, err
	}
	subnets, err := elasticache.NewSubnetGroup(ctx, name+"-subnets", &elasticache.SubnetGroupArgs{
		Description: pulumi.String("Data subnets"), SubnetIds: args.SubnetIDs,
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating cache subnet group: %w", err)
	}
	if args.Engine == Memcached {
		err = c.memcached(ctx, name, subnets)
	} else {
		err = c.replicationGroup(ctx, name, subnets)
	}
	if err != nil {
		return nil, fmt.Errorf("creating cache: %w", err)
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"host": c.Host, "port": pulumi.Int(c.Port), "clusterId": c.ID})
}

func (c *Cache) memcached(ctx *pulumi.Context, name string, subnets *elasticache.SubnetGroup) error {
	cluster, err := elasticache.NewCluster(ctx, name+"-"+c.args.Engine, &elasticache.ClusterArgs{
		Engine:            pulumi.String(Memcached),
		EngineVersion:     pulumi.String(c.args.Version),
		NodeType:          pulumi.String(c.args.NodeType),
		NumCacheNodes:     pulumi.Int(1), // Laravel's stock configuration knows one host
		Port:              pulumi.Int(c.Port),
		SubnetGroupName:   subnets.Name,
		SecurityGroupIds:  pulumi.StringArray{c.args.SecurityGroupID},
		ApplyImmediately:  pulumi.Bool(c.args.ApplyNow),
		MaintenanceWindow: pulumi.String("sun:04:30-sun:05:30"),
	}, pulumi.Parent(c), pulumi.Protect(c.args.Protected))
	if err != nil {
		return err
	}
	c.ID = cluster.ID().ToStringOutput()
	// cluster_address is the configuration endpoint's host without the port.
	c.Host = cluster.ClusterAddress
	return nil
}

// NodeIDs name the nodes in metrics: a replication group numbers its own
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Replication.CreatingRepGroup.html).
func (c *Cache) NodeIDs() []pulumi.StringOutput {
	if c == nil {
		return nil
	}
	if c.args.Engine == Memcached {
		return []pulumi.StringOutput{c.ID}
	}
	var nodes []pulumi.StringOutput
	for i := range c.args.Nodes {
		nodes = append(nodes, pulumi.Sprintf("%s-%03d", c.ID, i+1))
	}
	return nodes
}

// CacheRef is the cache that an application uses, the environment's own or a shared one.
type CacheRef struct {
	Host           pulumi.StringOutput
	Port           int
	Engine         string
	EncryptTransit bool
}

// PasswordVariable is the environment variable with the password of the cache, in Laravel's stock config/database.php.
const PasswordVariable = "REDIS_PASSWORD"

// Ref returns what the application needs; of no cache, too.
func (c *Cache) Ref() CacheRef {
	if c == nil {
		return CacheRef{Host: pulumi.String("").ToStringOutput(), Engine: NoCache}
	}
	return CacheRef{Host: c.Host, Port: c.Port, Engine: c.args.Engine, EncryptTransit: c.args.EncryptTransit}
}

// Env is where Laravel finds the cache.
func (ref CacheRef) Env() map[string]pulumi.StringInput {
	if ref.Engine == NoCache {
		return nil
	}
	prefix, host := "REDIS", pulumi.StringInput(ref.Host)
	if ref.Engine == Memcached {
		prefix = strings.ToUpper(Memcached)
	} else if ref.EncryptTransit {
		host = pulumi.Sprintf("tls://%s", ref.Host) // phpredis takes the scheme as part of the host
	}
	return map[string]pulumi.StringInput{
		prefix + "_HOST": host,
		prefix + "_PORT": pulumi.Sprintf("%d", ref.Port),
		"REDIS_CLIENT":   pulumi.String("phpredis"),
	}
}

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
