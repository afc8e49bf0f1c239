// Package aurora holds the component for a cluster of Aurora Serverless v2.
package aurora

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// Args describes the cluster.
type Args struct {
	SubnetIDs       pulumi.StringArrayInput
	SecurityGroupID pulumi.StringInput
	Password        pulumi.StringInput
	Engine          string // aurora-mysql
	Version         string // a line as 8.0, within which AWS chooses and upgrades, or one version, which stays
	Line            string // of the version: the family of the parameter group ends with it
	Name, Username  string
	Port            int
	// MinCapacity and MaxCapacity are Aurora capacity units of each instance. With 0, an instance pauses after PauseSeconds without connections.
	MinCapacity, MaxCapacity float64
	PauseSeconds             int
	Readers                  int
	BackupDays               int
	// BackupWindow and MaintenanceWindow are in UTC and in RDS's form; empty: in the night.
	BackupWindow, MaintenanceWindow string
	RequireTLS                      bool
	Protected                       bool     // neither Pulumi nor AWS deletes it
	FinalSnapshot                   bool     // a destroy makes a snapshot first
	ApplyNow                        bool     // changes do not wait for the maintenance window
	LogExports                      []string // error, general, slowquery, audit
	LogDays                         int
	PerformanceInsights             bool
	ExtendedSupport                 bool   // of a cluster that is new; AWS never changes it later
	KMSKeyID                        string // of a cluster that is new; empty for the key that AWS manages
}

// Cluster is an Aurora cluster in the data subnets: its storage, the instance that writes, and those that read.
type Cluster struct {
	pulumi.ResourceState

	Host       pulumi.StringOutput `pulumi:"host"`       // leads to the instance that writes
	ReaderHost pulumi.StringOutput `pulumi:"readerHost"` // leads to those that read
	Port       pulumi.IntOutput    `pulumi:"port"`
	Identifier pulumi.StringOutput `pulumi:"identifier"`

	args       Args
	subnets    *rds.SubnetGroup
	parameters *rds.ClusterParameterGroup
	cluster    *rds.Cluster
	instances  []*rds.ClusterInstance
}

var _ infra.DatabaseServer = (*Cluster)(nil)

// New registers the cluster with its subnet group, parameter group, log groups and instances.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Cluster, error) {
	c := &Cluster{args: args}
	if err := ctx.RegisterComponentResource("laravel:infra:Aurora", name, c, opts...); err != nil {
		return nil, err
	}
	var err error
	if c.subnets, err = rds.NewSubnetGroup(ctx, name+"-cluster-subnets", &rds.SubnetGroupArgs{
		Description: pulumi.String("Data subnets"), SubnetIds: args.SubnetIDs,
	}, pulumi.Parent(c)); err != nil {
		return nil, fmt.Errorf("creating database subnet group: %w", err)
	}
	if c.parameters, err = c.parameterGroup(ctx, name); err != nil {
		return nil, fmt.Errorf("creating database cluster parameter group: %w", err)
	}
	// As with an instance (infra.NewDatabase): known before the cluster, and another one for a stack that is made a second time.
	suffix, err := random.NewRandomId(ctx, name+"-cluster-suffix", &random.RandomIdArgs{ByteLength: pulumi.Int(4)}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("choosing database identifier: %w", err)
	}
	c.Identifier = pulumi.Sprintf("%s-%s", name, suffix.Hex)
	logs, err := c.logGroups(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("creating database log group: %w", err)
	}
	if c.cluster, err = rds.NewCluster(ctx, name+"-cluster", c.clusterArgs(), pulumi.Parent(c), pulumi.Protect(args.Protected), pulumi.DependsOn(logs),
		// AWS never changes the life cycle of a cluster, and another key would replace it, as with an instance.
		pulumi.IgnoreChanges([]string{"engineLifecycleSupport", "kmsKeyId"})); err != nil {
		return nil, fmt.Errorf("creating database cluster: %w", err)
	}
	if err := c.newInstances(ctx, name); err != nil {
		return nil, fmt.Errorf("creating database instance: %w", err)
	}
	c.Host, c.ReaderHost, c.Port = c.cluster.Endpoint, c.cluster.ReaderEndpoint, c.cluster.Port
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"host": c.Host, "readerHost": c.ReaderHost, "port": c.Port, "identifier": c.Identifier})
}

// parameterGroup has the parameters of both levels: every instance inherits those of its cluster
// (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_WorkingWithDBClusterParamGroups.html). As with an instance, the family
// is in its name.
func (c *Cluster) parameterGroup(ctx *pulumi.Context, name string) (*rds.ClusterParameterGroup, error) {
	family := c.args.Engine + c.args.Line
	values := [][2]string{
		{"character_set_server", "utf8mb4"}, {"collation_server", "utf8mb4_unicode_ci"},
		{"log_output", "FILE"}, {"long_query_time", "1"}, {"slow_query_log", "1"}, {"require_secure_transport", "OFF"},
	}
	if c.args.RequireTLS {
		// ON and OFF: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Security.html, "Requiring an SSL connection".
		values[len(values)-1][1] = "ON"
	}
	if slices.Contains(c.args.LogExports, "audit") { // https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Auditing.html
		values = append(values, [2]string{"server_audit_events", "CONNECT,QUERY_DCL,QUERY_DDL"}, [2]string{"server_audit_logging", "1"})
	}
	list := rds.ClusterParameterGroupParameterArray{}
	for _, v := range values {
		list = append(list, &rds.ClusterParameterGroupParameterArgs{Name: pulumi.String(v[0]), Value: pulumi.String(v[1])})
	}
	return rds.NewClusterParameterGroup(ctx, name+"-"+strings.ReplaceAll(family, ".", "-"), &rds.ClusterParameterGroupArgs{
		Family: pulumi.String(family), Description: pulumi.String("Laravel: utf8mb4, slow queries, TLS"), Parameters: list,
	}, pulumi.Parent(c))
}

// logGroups are made before the cluster. RDS would make them itself, and keep the logs for ever.
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.CloudWatch.html
func (c *Cluster) logGroups(ctx *pulumi.Context, name string) (groups []pulumi.Resource, err error) {
	for _, export := range c.args.LogExports {
		group, err := cloudwatch.NewLogGroup(ctx, name+"-cluster-log-"+export, &cloudwatch.LogGroupArgs{
			Name: pulumi.Sprintf("/aws/rds/cluster/%s/%s", c.Identifier, export), RetentionInDays: pulumi.Int(c.args.LogDays),
		}, pulumi.Parent(c))
		if err != nil {
			return nil, err
		}
		groups = append(groups, group)
	}
	return groups, nil
}

func (c *Cluster) clusterArgs() *rds.ClusterArgs {
	a := c.args
	scaling := &rds.ClusterServerlessv2ScalingConfigurationArgs{MinCapacity: pulumi.Float64(a.MinCapacity), MaxCapacity: pulumi.Float64(a.MaxCapacity)}
	if a.MinCapacity == 0 {
		scaling.SecondsUntilAutoPause = pulumi.Int(a.PauseSeconds)
	}
	cluster := &rds.ClusterArgs{
		ClusterIdentifier:                c.Identifier,
		Engine:                           pulumi.String(a.Engine),
		DatabaseName:                     pulumi.String(a.Name),
		MasterUsername:                   pulumi.String(a.Username),
		MasterPassword:                   a.Password.ToStringOutput().ToStringPtrOutput(),
		Port:                             pulumi.Int(a.Port),
		DbSubnetGroupName:                c.subnets.Name,
		DbClusterParameterGroupName:      c.parameters.Name,
		VpcSecurityGroupIds:              pulumi.StringArray{a.SecurityGroupID},
		StorageEncrypted:                 pulumi.Bool(true),
		Serverlessv2ScalingConfiguration: scaling,
		BackupRetentionPeriod:            pulumi.Int(a.BackupDays),
		PreferredBackupWindow:            pulumi.String(cmp.Or(a.BackupWindow, "02:00-03:00")),
		PreferredMaintenanceWindow:       pulumi.String(cmp.Or(a.MaintenanceWindow, "sun:03:30-sun:04:30")),
		CopyTagsToSnapshot:               pulumi.Bool(true),
		ApplyImmediately:                 pulumi.Bool(a.ApplyNow),
		DeletionProtection:               pulumi.Bool(a.Protected),
		SkipFinalSnapshot:                pulumi.Bool(!a.FinalSnapshot),
	}
	// Without a version AWS takes its default, and the provider sends none later. It sends a line with each change, for it compares it with the
	// version that runs, and AWS answers "Cannot upgrade aurora-mysql from 3.05.0 to 3.04.1" (hashicorp/terraform-provider-aws#39579, #48936;
	// internal/service/rds/cluster.go).
	if a.Version != a.Line {
		cluster.EngineVersion = pulumi.String(a.Version)
	}
	if a.KMSKeyID != "" {
		cluster.KmsKeyId = pulumi.String(a.KMSKeyID)
	}
	if !a.ExtendedSupport {
		cluster.EngineLifecycleSupport = pulumi.String("open-source-rds-extended-support-disabled")
	}
	if a.FinalSnapshot {
		cluster.FinalSnapshotIdentifier = pulumi.Sprintf("%s-final", c.Identifier)
	}
	if len(a.LogExports) > 0 {
		cluster.EnabledCloudwatchLogsExports = pulumi.ToStringArray(a.LogExports)
	}
	return cluster
}
