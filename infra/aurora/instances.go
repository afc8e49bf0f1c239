package aurora

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// newInstances registers the instance that writes, and then those that read: the first one of a cluster is its writer
// (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Managing.html, "Aurora Replicas"). After a failover another one is; the
// endpoints follow. All are of priority 0 or 1: such a reader has the capacity of the writer, which it may become at any time, and is awake as
// long as it (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-administration.html, "promotion tier").
func (c *Cluster) newInstances(ctx *pulumi.Context, name string) error {
	a := c.args
	for i := range 1 + a.Readers {
		role, tier := "writer", 0
		opts := []pulumi.ResourceOption{pulumi.Parent(c)}
		if i == 0 {
			opts = append(opts, pulumi.Protect(a.Protected))
		} else {
			role, tier = fmt.Sprintf("reader-%d", i), 1
			opts = append(opts, pulumi.DependsOn([]pulumi.Resource{c.instances[0]}))
		}
		args := &rds.ClusterInstanceArgs{
			ClusterIdentifier:          c.cluster.ID(),
			Identifier:                 pulumi.Sprintf("%s-%d", c.Identifier, i+1),
			Engine:                     pulumi.String(a.Engine),
			InstanceClass:              pulumi.String("db.serverless"),
			DbSubnetGroupName:          c.subnets.Name,
			PromotionTier:              pulumi.Int(tier),
			PubliclyAccessible:         pulumi.Bool(false),
			CopyTagsToSnapshot:         pulumi.Bool(true),
			PreferredMaintenanceWindow: pulumi.String(cmp.Or(a.MaintenanceWindow, "sun:03:30-sun:04:30")),
			ApplyImmediately:           pulumi.Bool(a.ApplyNow),
			// One version of the stack file would be older than the one that AWS upgraded to, and AWS never goes back (pulumi/pulumi-aws#5756).
			AutoMinorVersionUpgrade: pulumi.Bool(a.Version == a.Line),
		}
		if a.PerformanceInsights {
			args.PerformanceInsightsEnabled, args.PerformanceInsightsRetentionPeriod = pulumi.Bool(true), pulumi.Int(7) // the free tier
		}
		instance, err := rds.NewClusterInstance(ctx, name+"-cluster-"+role, args, opts...)
		if err != nil {
			return err
		}
		c.instances = append(c.instances, instance)
	}
	return nil
}

// Ref returns the database that the cluster was made with. The caller sets the application's user.
func (c *Cluster) Ref() infra.DatabaseRef {
	ref := infra.DatabaseRef{Host: c.Host, Port: c.Port, Engine: c.args.Engine, Name: c.args.Name, Master: c.args.Username, RequireTLS: c.args.RequireTLS}
	if c.args.Readers > 0 {
		ref.ReadHost = c.ReaderHost
	}
	return ref
}

// ARN is that of the cluster.
func (c *Cluster) ARN() pulumi.StringOutput { return c.cluster.Arn }

// KMSKeyID is the key that the cluster is meant to have.
func (c *Cluster) KMSKeyID() string { return c.args.KMSKeyID }

// CurrentKey is the ARN of the key that encrypts the cluster.
func (c *Cluster) CurrentKey() pulumi.StringOutput { return c.cluster.KmsKeyId }

// Watch is on the instance that writes, whichever that is. There is no disk to fill, and no backup to wait for: both are continuous
// (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Managing.Backups.html).
func (c *Cluster) Watch() infra.DatabaseWatch {
	watch := infra.DatabaseWatch{Dimensions: c.role("WRITER"), Serverless: c.Identifier, Pauses: c.args.MinCapacity == 0}
	if c.args.Readers > 0 {
		watch.Readers = c.role("READER")
	}
	return watch
}

// role are the dimensions of the instances that write or read, whichever those are
// (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/creating_alarms.html).
func (c *Cluster) role(name string) pulumi.StringMap {
	return pulumi.StringMap{"DBClusterIdentifier": c.Identifier, "Role": pulumi.String(name)}
}

// Nights stops and starts all instances at once.
func (c *Cluster) Nights() infra.DatabaseNights {
	return infra.DatabaseNights{Stop: "rds:stopDBCluster", Start: "rds:startDBCluster", Input: pulumi.Map{"DbClusterIdentifier": c.Identifier},
		Actions: []string{"rds:StartDBCluster", "rds:StopDBCluster"}}
}

// clusterEvents are the events that a person must hear of, by the type of their source (FSBP RDS.19 and RDS.20). There is no category for parameter
// groups of clusters: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html.
var clusterEvents = []struct {
	source     string
	categories []string
}{
	{"db-cluster", []string{"failover", "failure", "maintenance"}},
	{"db-instance", []string{"availability", "configuration change", "failover", "failure", "maintenance"}},
}

// Notify has RDS send the events of the cluster and of its instances to the topic of the alarms, as those of an instance (infra.Database).
func (c *Cluster) Notify(ctx *pulumi.Context, name string, watch *infra.Observability) error {
	for _, e := range clusterEvents {
		ids := pulumi.StringArray{c.Identifier}
		if e.source == "db-instance" {
			ids = nil
			for _, instance := range c.instances {
				ids = append(ids, instance.Identifier)
			}
			if watch.Sleeps() { // each stop and start is an event of availability
				e.categories = slices.DeleteFunc(slices.Clone(e.categories), func(c string) bool { return c == "availability" })
			}
		}
		var after []pulumi.Resource
		for _, instance := range c.instances {
			after = append(after, instance)
		}
		_, err := rds.NewEventSubscription(ctx, name+"-cluster-events-"+strings.TrimPrefix(e.source, "db-"), &rds.EventSubscriptionArgs{
			SnsTopic: watch.TopicARN, SourceType: pulumi.String(e.source), SourceIds: ids, EventCategories: pulumi.ToStringArray(e.categories),
		}, pulumi.Parent(c), pulumi.DependsOn(after))
		if err != nil {
			return fmt.Errorf("subscribing to events of %s: %w", e.source, err)
		}
	}
	return nil
}
