package infra

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// DatabaseArgs describes the private MySQL or MariaDB instance the application writes to.
type DatabaseArgs struct {
	SubnetIDs       pulumi.StringArrayInput
	SecurityGroupID pulumi.StringInput
	Password        pulumi.StringInput
	Engine          string // mysql or mariadb
	Version         string // major.minor, as "8.4": the rest follows AWS's minor upgrades
	InstanceClass   string
	Name, Username  string
	Port            int
	StorageGB       int
	MaxStorageGB    int // autoscaling of the storage stops here; 0 turns it off
	MultiAZ         bool
	BackupDays      int
	// BackupWindow and MaintenanceWindow are in UTC and in RDS's form; empty: in the night.
	BackupWindow, MaintenanceWindow string
	RequireTLS                      bool
	Protected                       bool     // neither Pulumi nor AWS deletes it
	FinalSnapshot                   bool     // a destroy makes a snapshot first
	ApplyNow                        bool     // changes do not wait for the maintenance window
	LogExports                      []string // error, general, slowquery, audit
	LogDays                         int
	PerformanceInsights             bool
	MonitoringSeconds               int  // enhanced monitoring; 0: off
	ExtendedSupport                 bool // of an instance that is new or restored; AWS never changes it later
	Upgrade                         bool // to another major version, at once
	BlueGreenUpdate                 bool // the upgrade is made in a copy
	Restore                         *DatabaseRestore
	KMSKeyID                        string // of an instance that is new; empty for the key that AWS manages
}

// DatabaseRestore says what the instance is made from, instead of an empty one.
type DatabaseRestore struct {
	Snapshot    string
	PointInTime string // of the instance before: RFC 3339, or latest
	Generation  int    // the instance's number, from 2; the one before stays as long as KeepOld
	KeepOld     bool
	ReleaseOld  bool // the one before is not protected
}

// Database is an RDS instance in the data subnets.
type Database struct {
	pulumi.ResourceState

	Host       pulumi.StringOutput `pulumi:"host"`
	Port       pulumi.IntOutput    `pulumi:"port"`
	Identifier pulumi.StringOutput `pulumi:"identifier"`

	args    DatabaseArgs
	subnets *rds.SubnetGroup
	// parameters, monitoring and suffix are of all generations.
	parameters *rds.ParameterGroup
	monitoring *iam.Role
	monitors   *iam.RolePolicyAttachment // what monitoring may do
	suffix     pulumi.StringOutput
	current    *rds.Instance // that the application uses
}

// NewDatabase registers the instance with its subnet group, parameter group and log groups.
func NewDatabase(ctx *pulumi.Context, name string, args DatabaseArgs, opts ...pulumi.ResourceOption) (*Database, error) {
	db := &Database{args: args}
	if err := ctx.RegisterComponentResource("laravel:infra:Database", name, db, opts...); err != nil {
		return nil, err
	}
	var err error
	if db.subnets, err = rds.NewSubnetGroup(ctx, name+"-subnets", &rds.SubnetGroupArgs{
		Description: pulumi.String("Data subnets"), SubnetIds: args.SubnetIDs,
	}, pulumi.Parent(db)); err != nil {
		return nil, fmt.Errorf("creating database subnet group: %w", err)
	}
	if db.parameters, err = db.parameterGroup(ctx, name); err != nil {
		return nil, fmt.Errorf("creating database parameter group: %w", err)
	}
	if err := db.monitoringRole(ctx, name); err != nil {
		return nil, fmt.Errorf("creating database monitoring role: %w", err)
	}
	// The identifier is known before the instance, because its log groups are made first. It is random, because a stack that is made
	// a second time must not collide with the final snapshot of the first.
	suffix, err := random.NewRandomId(ctx, name+"-suffix", &random.RandomIdArgs{ByteLength: pulumi.Int(4)}, pulumi.Parent(db))
	if err != nil {
		return nil, fmt.Errorf("choosing database identifier: %w", err)
	}
	db.suffix = suffix.Hex
	if db.current, err = db.generations(ctx, name); err != nil {
		return nil, err
	}
	db.Host, db.Port = db.current.Address, db.current.Port
	return db, ctx.RegisterResourceOutputs(db, pulumi.Map{"host": db.Host, "port": db.Port, "identifier": db.Identifier})
}

// parameterGroup has engine and version in its name, because a group cannot change its family. After a major upgrade the engine deletes
// the old group last, when the instance has the new one.
func (db *Database) parameterGroup(ctx *pulumi.Context, name string) (*rds.ParameterGroup, error) {
	family := db.args.Engine + db.args.Version
	// Both engines accept 1 for ON. RDS reports 1, so ON would be a difference in every preview.
	values := [][2]string{
		{"character_set_server", "utf8mb4"},
		{"collation_server", "utf8mb4_unicode_ci"},
		{"log_output", "FILE"}, // CloudWatch gets the slow query log from files, not from the table mysql.slow_log
		{"long_query_time", "1"},
		{"slow_query_log", "1"},
		{"require_secure_transport", "0"}, // always set: RDS's default is 1 since MariaDB 11.8 and MySQL 9.7
	}
	if db.args.RequireTLS {
		values[len(values)-1][1] = "1"
	}
	list := rds.ParameterGroupParameterArray{}
	for _, v := range values {
		list = append(list, &rds.ParameterGroupParameterArgs{Name: pulumi.String(v[0]), Value: pulumi.String(v[1])})
	}
	return rds.NewParameterGroup(ctx, name+"-"+strings.ReplaceAll(family, ".", "-"), &rds.ParameterGroupArgs{
		Family: pulumi.String(family), Description: pulumi.String("Laravel: utf8mb4, slow queries, TLS"), Parameters: list,
	}, pulumi.Parent(db))
}

// ARN is that of the instance that the application uses.
func (db *Database) ARN() pulumi.StringOutput { return db.current.Arn }

// KMSKeyID is the key that the instance is meant to have, and CurrentKey the one that it has.
func (db *Database) KMSKeyID() string { return db.args.KMSKeyID }

// CurrentKey is the ARN of the key that encrypts the instance.
func (db *Database) CurrentKey() pulumi.StringOutput { return db.current.KmsKeyId }

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
