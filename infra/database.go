package infra

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// DatabaseArgs describes the private instance the application writes to.
type DatabaseArgs struct {
	SubnetIDs       pulumi.StringArrayInput
	SecurityGroupID pulumi.StringInput
	Password        pulumi.StringInput
	Engine          string // mysql, mariadb or postgres
	Version         string // major.minor as "8.4", or major as "17": the rest follows AWS's minor upgrades
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
	LogExports                      []string // by the engine, as error, slowquery or postgresql
	LogDays                         int
	PerformanceInsights             bool
	MonitoringSeconds               int  // enhanced monitoring; 0: off
	ExtendedSupport                 bool // of an instance that is new or restored; AWS never changes it later
	Upgrade                         bool // to another major version, at once
	BlueGreenUpdate                 bool // the upgrade is made in a copy
	Restore                         *DatabaseRestore
	Import                          *DatabaseImport
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

// DatabaseImport is an instance that somebody made, with data: it becomes the environment's first one (package takeover looks at it).
type DatabaseImport struct {
	Identifier    string
	LogGroups     []string // of the instance that exist: RDS made them
	OurParameters bool     // it has a parameter group of the program
	MinorUpgrades bool     // RDS raises its minor version: as it is, for the provider would turn it on
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
	if db.subnets, err = db.subnetGroup(ctx, name); err != nil {
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

// subnetGroup is that of the instances that the program makes: one that is imported stays in its own (importArgs).
func (db *Database) subnetGroup(ctx *pulumi.Context, name string) (*rds.SubnetGroup, error) {
	if db.args.Import != nil && db.args.Restore == nil {
		return nil, nil //nolint:nilnil // nothing is in it
	}
	return rds.NewSubnetGroup(ctx, name+"-subnets", &rds.SubnetGroupArgs{
		Description: pulumi.String("Data subnets"), SubnetIds: db.args.SubnetIDs,
	}, pulumi.Parent(db))
}

// engine is what the program must know of an engine of RDS.
type engine struct {
	driver      string // DB_CONNECTION
	port        int
	description string
	parameters  []parameter
	tls         parameter         // the parameter that refuses connections without TLS, with "1"
	verify      map[string]string // the variables with which PHP verifies the server's certificate
	extended    bool              // RDS sells Extended Support
}

type parameter struct{ name, value, method string }

// mysql is MariaDB, too: Laravel uses the same driver. Both engines accept 1 for ON. RDS reports 1, so ON would be a difference in every preview.
var mysql = engine{
	driver: "mysql", port: 3306, description: "Laravel: utf8mb4, slow queries, TLS",
	parameters: []parameter{
		{name: "character_set_server", value: "utf8mb4"},
		{name: "collation_server", value: "utf8mb4_unicode_ci"},
		{name: "log_output", value: "FILE"}, // CloudWatch gets the slow query log from files, not from the table mysql.slow_log
		{name: "long_query_time", value: "1"},
		{name: "slow_query_log", value: "1"},
	},
	tls:    parameter{name: "require_secure_transport"}, // always set: RDS's default is 1 since MariaDB 11.8 and MySQL 9.7
	verify: map[string]string{"MYSQL_ATTR_SSL_CA": CABundle},
}

// postgres: Laravel's config/database.php has sslmode, which must read DB_SSLMODE (docker/lib/migrate.php), and nothing for the authority, which libpq takes from a variable, as psql does
// (https://www.postgresql.org/docs/17/libpq-envars.html). rds.force_ssl is 1 by default since PostgreSQL 15
// (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html). It waits for a restart, which any parameter may: with
// immediate, RDS refused it where it was static (ministryofjustice/cloud-platform#1197; API_ModifyDBParameterGroup.html).
var postgres = engine{
	driver: "pgsql", port: 5432, description: "Laravel: slow queries, TLS", extended: true,
	parameters: []parameter{{name: "log_min_duration_statement", value: "1000"}}, // in milliseconds
	tls:        parameter{name: "rds.force_ssl", method: "pending-reboot"},
	verify:     map[string]string{"DB_SSLMODE": "verify-full", "PGSSLMODE": "verify-full", "PGSSLROOTCERT": CABundle},
}

var engines = map[string]engine{"aurora-mysql": mysql.withExtendedSupport(), "mariadb": mysql, "mysql": mysql.withExtendedSupport(), "postgres": postgres}

func (e engine) withExtendedSupport() engine { e.extended = true; return e }

// DatabasePort is where an engine listens.
func DatabasePort(name string) int { return engines[name].port }

// parameterGroup has engine and version in its name, because a group cannot change its family. After a major upgrade the engine deletes
// the old group last, when the instance has the new one.
func (db *Database) parameterGroup(ctx *pulumi.Context, name string) (*rds.ParameterGroup, error) {
	family, e := db.args.Engine+db.args.Version, engines[db.args.Engine]
	tls := e.tls
	tls.value = "0"
	if db.args.RequireTLS {
		tls.value = "1"
	}
	list := rds.ParameterGroupParameterArray{}
	for _, p := range append(slices.Clone(e.parameters), tls) {
		args := &rds.ParameterGroupParameterArgs{Name: pulumi.String(p.name), Value: pulumi.String(p.value)}
		if p.method != "" {
			args.ApplyMethod = pulumi.String(p.method)
		}
		list = append(list, args)
	}
	return rds.NewParameterGroup(ctx, name+"-"+strings.ReplaceAll(family, ".", "-"), &rds.ParameterGroupArgs{
		Family: pulumi.String(family), Description: pulumi.String(e.description), Parameters: list,
	}, pulumi.Parent(db), pulumi.RetainOnDelete(db.args.Import != nil)) // an imported instance outlives the stack, and has it
}

// importedSuffix is of the logical names of an imported instance and its log groups. So they are others than those of an instance of the
// program or of another import: Pulumi deletes that one, which it refuses while it is protected. Under the same name it would import
// the other one in its place, and ask nobody (pulumi/pkg, resource/deploy/step_generator.go, ImportReplacementStep).
func (i DatabaseImport) importedSuffix() string { return "-imported-" + i.Identifier }

// importArgs are the inputs and options of a generation. What an imported instance keeps is not declared: the provider then leaves it as it
// is, for each is optional and computed (terraform-provider-aws, internal/service/rds/instance.go), or ignored. AWS refuses another subnet group of the
// same VPC (https://github.com/hashicorp/terraform/issues/11715). Another port or version interrupts it, and the security groups let in those
// who use it (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html). Another parameter group changes it
// at the next reboot, whatever causes that: it keeps its own until it is given the program's, or the version is another one.
func (db *Database) importArgs(g generation, instance *rds.InstanceArgs) (*rds.InstanceArgs, pulumi.ResourceOption) {
	if !g.imported {
		return instance, pulumi.Composite()
	}
	instance.DbSubnetGroupName, instance.VpcSecurityGroupIds, instance.Port, instance.StorageType = nil, nil, nil, nil
	instance.AutoMinorVersionUpgrade = pulumi.Bool(db.args.Import.MinorUpgrades)
	instance.DeletionProtection = pulumi.Bool(true) // also in a teardown, which forgets it
	if !db.args.Upgrade {
		instance.EngineVersion = nil
		if !db.args.Import.OurParameters {
			instance.ParameterGroupName = nil
		}
	}
	// The option stays for as long as the instance does: the engine imports once (pulumi/pkg, resource/deploy/step_generator.go, isImport).
	return instance, pulumi.Composite(pulumi.Import(pulumi.ID(db.args.Import.Identifier)), pulumi.RetainOnDelete(true))
}

// ignored are inputs of an imported instance that are neither declared nor computed: without this an update would change them.
func (db *Database) ignored(g generation) (list []string) {
	if !g.imported {
		return nil
	}
	if !db.args.PerformanceInsights { // no look-up tells whether it has them
		list = append(list, "performanceInsightsEnabled")
	}
	return append(list, "iamDatabaseAuthenticationEnabled", "domain", "domainIamRoleName", "customerOwnedIpEnabled", "dedicatedLogVolume")
}

// importedLog are the options of a log group of a generation: an imported instance may have it already, and it stays with it.
func (db *Database) importedLog(g generation, export string) pulumi.ResourceOption {
	if !g.imported {
		return pulumi.Composite()
	}
	name := RDSLogGroups(db.args.Import.Identifier) + export
	if !slices.Contains(db.args.Import.LogGroups, name) {
		return pulumi.RetainOnDelete(true)
	}
	return pulumi.Composite(pulumi.Import(pulumi.ID(name)), pulumi.RetainOnDelete(true), pulumi.IgnoreChanges([]string{"kmsKeyId"}))
}

// RDSLogGroups is what the names of an instance's log groups begin with
// (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html).
func RDSLogGroups(identifier string) string { return "/aws/rds/instance/" + identifier + "/" }

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
	ReadHost       pulumi.StringInput // of the instances that only read; nil without any
	Port           pulumi.IntOutput
	Engine         string
	Name, Username string
	// Master is the user that makes Username. Only the containers that run before the main one are told of it.
	Master     string
	RequireTLS bool
}

// Ref returns the database that the instance was made with. The caller sets the application's user.
func (db *Database) Ref() DatabaseRef {
	return DatabaseRef{Host: db.Host, Port: db.Port, Engine: db.args.Engine, Name: db.args.Name, Master: db.args.Username, RequireTLS: db.args.RequireTLS}
}

// Env is what Laravel's stock config/database.php reads, without the password, which is a secret.
func (ref DatabaseRef) Env() map[string]pulumi.StringInput {
	env := map[string]pulumi.StringInput{
		"DB_CONNECTION": pulumi.String(engines[ref.Engine].driver),
		"DB_HOST":       ref.Host,
		"DB_PORT":       pulumi.Sprintf("%d", ref.Port),
		"DB_DATABASE":   pulumi.String(ref.Name),
		"DB_USERNAME":   pulumi.String(ref.Username),
	}
	if ref.ReadHost != nil { // for the lists read and write of config/database.php (docs/your-application.md)
		env["DB_READ_HOST"], env["DB_WRITE_HOST"] = ref.ReadHost, ref.Host
	}
	if ref.RequireTLS {
		for variable, value := range engines[ref.Engine].verify {
			env[variable] = pulumi.String(value)
		}
	}
	return env
}
