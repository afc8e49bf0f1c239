package config

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/engines"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

// engine is that of RDS; one without versions where the stack file names none that there is.
func (d Database) engine() engines.Engine {
	e, _ := engines.Of(d.Engine)
	return e
}

// deriveVersion takes the engine's usual version where the stack file names none.
func (d *Database) deriveVersion() {
	if d.Version == "" && !d.Existing() {
		d.Version = d.engine().Usual
	}
}

// CheckEngine refuses a shared server of an engine with another driver than database.engine, for which the image is built. One that is not named is
// not PostgreSQL.
func (c *Config) CheckEngine(shared string) error {
	theirs, ok := engines.Of(cmp.Or(shared, engines.MySQL))
	if ours := c.Database.engine(); ok && theirs.Driver != ours.Driver {
		return fmt.Errorf("database.engine: %s, and the server is %s: set database.engine: %s in Pulumi.%s.yaml, and in this stack's file", ours.Name, theirs.Title, theirs.Name, ReviewStack)
	}
	return nil
}

func (d Database) validateVersion(p *problems, now time.Time) {
	e := d.engine()
	if e.Versions == nil {
		return // the engine is refused
	}
	p.oneOf("database.version", d.Version, e.OldestFirst()...)
	if end, known := e.Versions[d.Version]; known && now.Format(time.DateOnly) > end && !d.ExtendedSupport {
		what := "RDS upgrades such instances by itself"
		if e.Extended {
			what = "its Extended Support costs extra for each vCPU and hour"
		}
		p.add("database.version", "%q is past the end of its standard support, %s: %s; use a newer version (docs/database-upgrade.md), or set database.extendedSupport to stay",
			d.Version, end, what)
	}
	if from := e.UpgradedFrom[d.Version]; d.UpgradeFrom != "" && e.Versions[d.Version] != "" && !slices.Contains(from, d.UpgradeFrom) {
		p.add("database.upgradeFrom", "%q: RDS upgrades %s to %s from %s; remove the key after an upgrade", d.UpgradeFrom, d.Engine, d.Version,
			cmp.Or(strings.Join(from, ", "), "no version that this program knows"))
	}
	if d.UpgradeFrom != "" && d.Restore.Set() && d.Restore.Old != OldGone {
		p.add("database.upgradeFrom", "%q while database.restore keeps the old instance: upgrade before or after that", d.UpgradeFrom)
	}
	if d.BlueGreenUpdate && d.UpgradeFrom == "" {
		p.add("database.blueGreenUpdate", "true, but it is for an upgrade: set database.upgradeFrom")
	}
	// A copy of another major version follows by logical replication, for which the instance must have been restarted with
	// rds.logical_replication before: "Preparing an RDS for PostgreSQL DB instance" in
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/blue-green-deployments-creating.html. The program's parameter group has it off.
	if d.BlueGreenUpdate && d.Engine == engines.Postgres {
		p.add("database.blueGreenUpdate", "not with postgres: a copy of another major version needs rds.logical_replication, which the program's parameter group does not turn on; upgrade without it")
	}
}

// What becomes of the instance before a restore.
const (
	OldKept     = "keep"
	OldReleased = "release"
	OldGone     = "none"
)

var (
	snapshotName = regexp.MustCompile(`^((rds:|awsbackup:)?[A-Za-z][A-Za-z0-9-]{0,254}|arn:aws[a-z-]*:rds:[a-z0-9-]+:[0-9]{12}:snapshot:.+)$`)
	utcMoment    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`)
)

// defaultRetainDays is what RDS's own backups have at most.
const defaultRetainDays = 35

var (
	vaultARN = regexp.MustCompile(`^arn:aws[a-z-]*:backup:[a-z0-9-]+:[0-9]{12}:backup-vault:[0-9A-Za-z_-]{2,50}$`)
	keyARN   = regexp.MustCompile(`^arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:key/[0-9A-Za-z-]+$`)
)

// validateCopies: a copy to another region gets the key of its vault there; one to another account cannot, if the snapshot has a key that
// AWS manages. https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html,
// https://aws.amazon.com/blogs/storage/protecting-encrypted-amazon-rds-instances-with-cross-account-and-cross-region-backups/
func (d Database) validateCopies(p *problems, region string) {
	c := d.Copies
	if d.KMSKeyID != "" {
		const what = "the ARN of a KMS key of the stack's region, such as arn:aws:kms:eu-west-1:123456789012:key/ID (of the key itself, not of an alias)"
		if parts := keyARN.FindStringSubmatch(d.KMSKeyID); parts == nil || parts[1] != region && known.Regions.Has(region) {
			p.add("database.kmsKeyId", "%q is not %s", d.KMSKeyID, what)
		}
	}
	if !c.Set() {
		if c != (Copies{RetainDays: defaultRetainDays}) {
			p.add("database.copies", "region and vaultArn are missing: set one of them")
		}
		return
	}
	switch {
	case c.Region == "":
	case !known.Regions.Has(c.Region):
		p.add("database.copies.region", "%q is not a region of AWS, such as eu-central-1; add a newer one to %s", c.Region, known.Regions.File)
	case c.Region == region:
		p.add("database.copies.region", "%s is the region of the stack: a copy belongs into another one", c.Region)
	}
	if c.VaultARN != "" {
		p.matches("database.copies.vaultArn", c.VaultARN, vaultARN, "the ARN of a backup vault of another account, such as arn:aws:backup:eu-west-1:210987654321:backup-vault:NAME")
		if d.KMSKeyID == "" {
			p.add("database.copies.vaultArn", "needs database.kmsKeyId: snapshots with a key that AWS manages cannot be copied to another account; "+
				"docs/restore.md tells how to give an existing database a key of your own")
		}
	}
	p.between("database.copies.retainDays", c.RetainDays, 1, 36500) // DeleteAfterDays of AWS Backup
}

// readTimes puts back what YAML took for a time: a date without quotes arrives as Go prints it.
func (r *Restore) readTimes() {
	const printed = "2006-01-02 15:04:05 -0700 MST"
	if at, err := time.Parse(printed, r.PointInTime); err == nil {
		r.PointInTime = at.UTC().Format(time.RFC3339)
	}
	if day, err := time.Parse(printed, r.KeepOldUntil); err == nil {
		r.KeepOldUntil = day.Format(time.DateOnly)
	}
}

func (r Restore) validate(p *problems, now time.Time) {
	if !r.Set() {
		if r != (Restore{Old: OldKept}) {
			p.add("database.restore", "snapshot and pointInTime are missing: set one of them")
		}
		return
	}
	if r.Snapshot != "" && r.PointInTime != "" {
		p.add("database.restore", "snapshot and pointInTime are both set: set one of them")
	}
	if r.Snapshot != "" {
		p.matches("database.restore.snapshot", r.Snapshot, snapshotName, "the name or the ARN of a DB snapshot (aws rds describe-db-snapshots)")
	}
	if r.PointInTime != "" && r.PointInTime != "latest" {
		p.matches("database.restore.pointInTime", r.PointInTime, utcMoment, "latest, or a time in UTC such as 2026-11-26T18:00:00Z")
		if at, err := time.Parse(time.RFC3339, r.PointInTime); err == nil && at.After(now) {
			p.add("database.restore.pointInTime", "%s is in the future", r.PointInTime)
		}
	}
	if r.Generation < 2 || r.Generation > 99 {
		p.add("database.restore.generation", "%d is not the number of a restored instance: 2 for the first restore of the stack, then 3, up to 99", r.Generation)
	}
	p.oneOf("database.restore.old", r.Old, OldKept, OldReleased, OldGone)
	until, err := time.Parse(time.DateOnly, r.KeepOldUntil)
	switch {
	case err != nil && (r.KeepOldUntil != "" || r.Old != OldGone):
		p.add("database.restore.keepOldUntil", "%q is not the day, such as 2026-12-10, until which the old instance is kept", r.KeepOldUntil)
	case err == nil && r.Old == OldGone && now.Before(until):
		p.add("database.restore.old", "none deletes the old instance, which is to be kept until %s (keepOldUntil)", r.KeepOldUntil)
	}
}

// ofServer are the keys of database that say where an existing server is, and how the application uses it. The others describe an instance.
var ofServer = []string{"endpoint", "port", "securityGroupId", "passwordSecretArn", "engine", "name", "username", "requireTls"}

// masterUser is what MySQL takes as a name (https://dev.mysql.com/doc/refman/8.4/en/user-names.html), in the letters that RDS has. PostgreSQL
// takes longer ones.
var masterUser = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,31}$`)

// validateServer checks the keys of a database server that exists, and refuses what only an instance of the program can have.
func (c *Config) validateServer(p *problems, stack string) {
	d := c.Database
	if d.Engine == engines.Postgres && (d.Existing() || d.Imported()) && reservedPG.MatchString(c.App.Name) {
		p.add("app.name", notPG, c.App.Name)
	}
	if d.Imported() && !d.Existing() {
		c.validateImport(p, stack)
		return
	}
	if there := (server{"database", d.Endpoint, "shop.abc123.eu-west-1.rds.amazonaws.com", d.Port, d.SecurityGroupID, d.PasswordSecretARN}); !there.validate(p) {
		return
	}
	switch {
	case c.Environment.Shares != "":
		p.add("database.endpoint", "with environment.shares the database server is that of %s: remove it", c.Environment.Shares)
	case c.Environment.Class == ClassReview: // two branches would have one schema, and one user each other's password
		p.add("database.endpoint", "environment.class review has a server of its own, or shares that of another environment: remove it, or set environment.shares")
	}
	p.matches("database.username", d.Username, masterUser, "the user of database.endpoint that makes the application's users: a letter and up to 31 letters, digits and underscores")
	if strings.Contains(d.PasswordSecretARN, ":secret:"+c.App.Name+"-"+stack+"-secrets-") {
		p.add("database.passwordSecretArn", "%s is of the environment itself, which deletes it with its own database: copy the password into a secret of yours", d.PasswordSecretARN)
	}
	if d.PasswordSecretARN == "" {
		p.add("database.passwordSecretArn", "missing: the ARN of the secret with the password of database.username, which makes the application's users")
	} else {
		c.validatePasswordSecret(p, "database.passwordSecretArn", d.PasswordSecretARN, c.App.Name+"-"+stack)
	}
	if _, given := c.Secrets[MasterPassword]; given || c.Generation(MasterPassword) > 0 {
		p.add("secrets."+MasterPassword, "with database.endpoint it is in the secret of database.passwordSecretArn: remove it, and rotation.%s", MasterPassword)
	}
	given, byDefault := fields(d), fields(defaults().Database)
	for _, key := range sortedKeys(given) {
		if !slices.Contains(ofServer, key) && !reflect.DeepEqual(given[key], byDefault[key]) {
			p.add("database."+key, "the program does not change the server of database.endpoint: remove the key")
		}
	}
}

// instanceID is the form of an identifier of RDS (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html).
var instanceID = regexp.MustCompile(`^[a-z](-?[a-z0-9]){0,62}$`)

// validateImport checks the keys of an instance that somebody made. Package takeover compares the others with the instance.
func (c *Config) validateImport(p *problems, stack string) {
	const key = "database.import"
	d := c.Database
	p.matches(key, d.Import, instanceID, "the identifier of an RDS instance, in lower case")
	p.matches("database.securityGroupId", d.SecurityGroupID, securityGroupID, "the id of a security group that the instance of database.import has, such as sg-0123456789abcdef0: it gets a rule that lets the application in")
	p.matches("database.username", d.Username, masterUser, "the master user of the instance of database.import")
	p.between("database.port", d.Port, 0, 65535)
	if d.PasswordSecretARN != "" {
		p.add("database.passwordSecretArn", "only with database.endpoint: the password of the master user belongs into secrets.%s", MasterPassword)
	}
	if !c.Network.Existing() {
		p.add(key, "%s stays in its VPC: set network.vpcId to that, with its subnets", d.Import)
	}
	switch {
	case c.Environment.Class == ClassReview: // each branch would take it
		p.add(key, "not for environment.class review: remove it")
	case !c.Environment.Protect:
		p.add("environment.protect", "false, and with database.import nothing would refuse to forget %s or to take another one: set it to true", d.Import)
	}
	if d.Engine == engines.Postgres {
		p.add("database.engine", "postgres, and database.import takes over instances for MySQL and MariaDB only: restore a snapshot, or use database.endpoint")
	}
	// At the end the provider deletes the instance that was, without a final snapshot (https://github.com/hashicorp/terraform-provider-aws/issues/42354).
	if d.BlueGreenUpdate && !d.Restore.Set() {
		p.add("database.blueGreenUpdate", "not with database.import: it replaces %s by a copy, and deletes it; upgrade without it", d.Import)
	}
	// The deployment sets the password of the master user, at once (ModifyDBInstance, MasterUserPassword).
	if _, given := c.Secrets[MasterPassword]; !given && c.Generation(MasterPassword) == 0 {
		p.add(key, "secrets.%s is missing: set it to the password that %s has, or rotation.%[2]s to 1 for a new one, with which others who log in as %[4]s do not get in any more",
			MasterPassword, d.Import, d.Username)
	}
	// The boundary that the account stack makes has only instances of these names (infra/pipeline/boundary.go).
	if prefix := c.App.Name + "-" + stack + "-"; c.Environment.PermissionsBoundary != "" && !strings.HasPrefix(d.Import, prefix) && (c.Environment.Schedule.Set() || d.Copies.Set()) {
		p.add(key, "with environment.permissionsBoundary nothing stops or copies an instance whose name does not begin with %s: remove environment.schedule and database.copies", prefix)
	}
}

// fields are the keys of a section with their values, an empty list as none.
func fields(section any) (values map[string]any) {
	text, err := json.Marshal(section)
	if err == nil {
		err = json.Unmarshal(text, &values)
	}
	if err != nil {
		panic(err) // it was read from such text
	}
	for key, value := range values {
		if list, ok := value.([]any); ok && len(list) == 0 {
			values[key] = nil
		}
	}
	return values
}
