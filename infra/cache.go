package infra

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/elasticache"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
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
