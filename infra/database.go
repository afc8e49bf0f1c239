package infra

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// DatabaseArgs describes the private MySQL or MariaDB instance the application writes to.
type DatabaseArgs struct {
	SubnetIDs           pulumi.StringArrayInput
	SecurityGroupID     pulumi.StringInput
	Password            pulumi.StringInput
	Engine              string // mysql or mariadb
	Version             string // major.minor, as "8.4": the rest follows AWS's minor upgrades
	InstanceClass       string
	Name, Username      string
	Port                int
	StorageGB           int
	MaxStorageGB        int // autoscaling of the storage stops here; 0 turns it off
	MultiAZ             bool
	BackupDays          int
	RequireTLS          bool
	Protected           bool     // neither Pulumi nor AWS deletes it
	FinalSnapshot       bool     // a destroy makes a snapshot first
	ApplyNow            bool     // changes do not wait for the maintenance window
	LogExports          []string // error, general, slowquery, audit
	LogDays             int
	PerformanceInsights bool
}

// Database is an RDS instance in the data subnets.
type Database struct {
	pulumi.ResourceState

	Host       pulumi.StringOutput `pulumi:"host"`
	Port       pulumi.IntOutput    `pulumi:"port"`
	Identifier pulumi.StringOutput `pulumi:"identifier"`

	args DatabaseArgs
}

// NewDatabase registers the instance with its subnet group, parameter group and log groups.
func NewDatabase(ctx *pulumi.Context, name string, args DatabaseArgs, opts ...pulumi.ResourceOption) (*Database, error) {
	db := &Database{args: args}
	if err := ctx.RegisterComponentResource("laravel:infra:Database", name, db, opts...); err != nil {
		return nil, err
	}
	subnets, err := rds.NewSubnetGroup(ctx, name+"-subnets", &rds.SubnetGroupArgs{
		Description: pulumi.String("Data subnets"), SubnetIds: args.SubnetIDs,
	}, pulumi.Parent(db))
	if err != nil {
		return nil, fmt.Errorf("creating database subnet group: %w", err)
	}
	parameters, err := db.parameterGroup(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("creating database parameter group: %w", err)
	}
	// The identifier is known before the instance, because its log groups are made first. It is random, because a stack that is made
	// a second time must not collide with the final snapshot of the first.
	suffix, err := random.NewRandomId(ctx, name+"-suffix", &random.RandomIdArgs{ByteLength: pulumi.Int(4)}, pulumi.Parent(db))
	if err != nil {
		return nil, fmt.Errorf("choosing database identifier: %w", err)
	}
	db.Identifier = pulumi.Sprintf("%s-%s", name, suffix.Hex)
	logs, err := db.logGroups(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("creating database log group: %w", err)
	}
	instance, err := rds.NewInstance(ctx, name+"-instance", db.instanceArgs(subnets, parameters),
		pulumi.Parent(db), pulumi.Protect(args.Protected), pulumi.DependsOn(logs))
	if err != nil {
		return nil, fmt.Errorf("creating database instance: %w", err)
	}
	db.Host, db.Port = instance.Address, instance.Port
	return db, ctx.RegisterResourceOutputs(db, pulumi.Map{"host": db.Host, "port": db.Port, "identifier": db.Identifier})
}

// parameterGroup has engine and version in its name, because a group cannot change its family.
func (db *Database) parameterGroup(ctx *pulumi.Context, name string) (*rds.ParameterGroup, error) {
	family := db.args.Engine + db.args.Version
	// Both engines accept 1 for ON. RDS reports 1, so ON would be a difference in every preview.
	values := [][2]string{
		{"character_set_server", "utf8mb4"},
		{"collation_server", "utf8mb4_unicode_ci"},
		{"log_output", "FILE"}, // CloudWatch gets the slow query log from files, not from the table mysql.slow_log
		{"long_query_time", "1"},
		{"slow_query_log", "1"},
	}
	if db.args.RequireTLS {
		values = append(values, [2]string{"require_secure_transport", "1"})
	}
	list := rds.ParameterGroupParameterArray{}
	for _, v := range values {
		list = append(list, &rds.ParameterGroupParameterArgs{Name: pulumi.String(v[0]), Value: pulumi.String(v[1])})
	}
	return rds.NewParameterGroup(ctx, name+"-"+strings.ReplaceAll(family, ".", "-"), &rds.ParameterGroupArgs{
		Family: pulumi.String(family), Description: pulumi.String("Laravel: utf8mb4, slow queries, TLS"), Parameters: list,
	}, pulumi.Parent(db))
}

// logGroups are made before the instance. RDS would make them itself, and keep the logs for ever.
func (db *Database) logGroups(ctx *pulumi.Context, name string) ([]pulumi.Resource, error) {
	var groups []pulumi.Resource
	for _, export := range db.args.LogExports {
		group, err := cloudwatch.NewLogGroup(ctx, name+"-log-"+export, &cloudwatch.LogGroupArgs{
			Name:            pulumi.Sprintf("/aws/rds/instance/%s/%s", db.Identifier, export),
			RetentionInDays: pulumi.Int(db.args.LogDays),
		}, pulumi.Parent(db))
		if err != nil {
			return nil, err
		}
		groups = append(groups, group)
	}
	return groups, nil
}

func (db *Database) instanceArgs(subnets *rds.SubnetGroup, parameters *rds.ParameterGroup) *rds.InstanceArgs {
	a := db.args
	instance := &rds.InstanceArgs{
		Identifier:              db.Identifier,
		Engine:                  pulumi.String(a.Engine),
		EngineVersion:           pulumi.String(a.Version),
		InstanceClass:           pulumi.String(a.InstanceClass),
		DbName:                  pulumi.String(a.Name),
		Username:                pulumi.String(a.Username),
		Password:                a.Password.ToStringOutput().ToStringPtrOutput(),
		Port:                    pulumi.Int(a.Port),
		DbSubnetGroupName:       subnets.Name,
		ParameterGroupName:      parameters.Name,
		VpcSecurityGroupIds:     pulumi.StringArray{a.SecurityGroupID},
		PubliclyAccessible:      pulumi.Bool(false),
		StorageType:             pulumi.String("gp3"),
		StorageEncrypted:        pulumi.Bool(true),
		AllocatedStorage:        pulumi.Int(a.StorageGB),
		MultiAz:                 pulumi.Bool(a.MultiAZ),
		BackupRetentionPeriod:   pulumi.Int(a.BackupDays),
		BackupWindow:            pulumi.String("02:00-03:00"),
		MaintenanceWindow:       pulumi.String("sun:03:30-sun:04:30"),
		CopyTagsToSnapshot:      pulumi.Bool(true),
		AutoMinorVersionUpgrade: pulumi.Bool(true),
		ApplyImmediately:        pulumi.Bool(a.ApplyNow),
		DeletionProtection:      pulumi.Bool(a.Protected),
		SkipFinalSnapshot:       pulumi.Bool(!a.FinalSnapshot),
	}
	if a.MaxStorageGB > 0 {
		instance.MaxAllocatedStorage = pulumi.Int(a.MaxStorageGB)
	}
	if a.FinalSnapshot {
		instance.FinalSnapshotIdentifier = pulumi.Sprintf("%s-final", db.Identifier)
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

// CABundle is where the image keeps the certificates of RDS.
const CABundle = "/etc/ssl/certs/rds-ca.pem"

// DatabaseRef is the database that an application uses, on the environment's own instance or on a shared one.
type DatabaseRef struct {
	Host           pulumi.StringOutput
	Port           pulumi.IntOutput
	Name, Username string
	// Master is the user that makes Username. Only the containers that run before the main one are told of it.
	Master     string
	RequireTLS bool
}

// Ref returns the database that the instance was made with. The caller sets the application's user.
func (db *Database) Ref() DatabaseRef {
	return DatabaseRef{Host: db.Host, Port: db.Port, Name: db.args.Name, Master: db.args.Username, RequireTLS: db.args.RequireTLS}
}

// Env is what Laravel's stock config/database.php reads, without the password, which is a secret.
func (ref DatabaseRef) Env() map[string]pulumi.StringInput {
	env := map[string]pulumi.StringInput{
		"DB_CONNECTION": pulumi.String("mysql"), // Laravel uses the same driver for MariaDB
		"DB_HOST":       ref.Host,
		"DB_PORT":       pulumi.Sprintf("%d", ref.Port),
		"DB_DATABASE":   pulumi.String(ref.Name),
		"DB_USERNAME":   pulumi.String(ref.Username),
	}
	if ref.RequireTLS {
		env["MYSQL_ATTR_SSL_CA"] = pulumi.String(CABundle)
	}
	return env
}
