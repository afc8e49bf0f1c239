package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/engines"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

// reservedPG are the names of roles that PostgreSQL keeps for itself, and those of which the program makes one: NAME_owner, USERNAME_a and APP_STACK_a.
// https://www.postgresql.org/docs/17/sql-createrole.html
var reservedPG = regexp.MustCompile(`^pg([_-]|$)`)

const notPG = "%q: PostgreSQL refuses roles whose names begin with pg_, as those of the application would; choose another"

func (d Database) validate(p *problems, region string, fewestBackups int) {
	p.oneOf("database.engine", d.Engine, engines.Names()...)
	e, ok := engines.Of(d.Engine)
	if !ok {
		e, _ = engines.Of(engines.MySQL) // whose rules say what else is wrong
	}
	p.matches("database.name", d.Name, regexp.MustCompile(fmt.Sprintf(`^[A-Za-z][A-Za-z0-9_]{0,%d}$`, e.MaxName-1)), fmt.Sprintf("a letter and up to %d letters, digits and underscores", e.MaxName-1))
	if d.Engine == engines.Postgres && d.Name != strings.ToLower(d.Name) {
		p.add("database.name", "%q has capitals, which SQL writes in quotes only: use lower case", d.Name)
	}
	names := map[string]string{"database.name": d.Name}
	theirs := d.Existing() || d.Imported()
	if !theirs {
		names["database.username"] = d.Username
	}
	for key, name := range names {
		if d.Engine == engines.Postgres && reservedPG.MatchString(strings.ToLower(name)) {
			p.add(key, notPG, name)
		} else if e.Reserved.Has(strings.ToLower(name)) || key == "database.name" && name == e.Own {
			p.add(key, "%q is a reserved word of %s, or belongs to the server; choose another", name, e.Family)
		}
	}
	if d.Existing() && d.Aurora() {
		p.add("database.engine", "%q: the server of database.endpoint is MySQL to the application, whatever runs it: write mysql", d.Engine)
	}
	if d.Existing() {
		return // validateServer does the rest
	}
	d.validateLogs(p, e)
	d.validateCopies(p, region)
	if !theirs {
		p.matches("database.username", d.Username, regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,15}$`), "a letter and up to 15 letters and digits")
	}
	if !theirs && slices.Contains([]string{"admin", "root", "rdsadmin"}, strings.ToLower(d.Username)) {
		p.add("database.username", "%q is the first name that attackers try, or reserved by RDS; choose another", d.Username)
	}
	if d.Aurora() {
		d.validateAurora(p)
		return
	}
	d.validateInstance(p)
	d.validateVersion(p, time.Now())
	d.Restore.validate(p, time.Now())
	p.check("database.instanceClass", known.RDS.Check(d.InstanceClass))
	p.between("database.storageGb", d.StorageGB, 20, 65536)
	if d.MaxStorageGB != 0 && d.MaxStorageGB*10 < d.StorageGB*11 {
		p.add("database.maxStorageGb", "%d is not at least a tenth more than storageGb, %d; 0 means no growth", d.MaxStorageGB, d.StorageGB)
	}
	p.between("database.backupDays", d.BackupDays, fewestBackups, 35)
	if d.MaxStorageGB > 65536 {
		p.add("database.maxStorageGb", "%d is more than 65536", d.MaxStorageGB)
	}
	if !slices.Contains([]int{0, 1, 5, 10, 15, 30, 60}, d.MonitoringSeconds) {
		p.add("database.monitoringSeconds", "%d is none of 0 (off), 1, 5, 10, 15, 30, 60", d.MonitoringSeconds)
	}
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DatabaseInsights.Engines.html restricts the classes of MySQL and MariaDB alone.
	if d.PerformanceInsights && d.Engine != engines.Postgres && regexp.MustCompile(`^db\.t[0-9]g?\.(micro|small)$`).MatchString(d.InstanceClass) {
		p.add("database.performanceInsights", "not available for %s: the smallest class is medium", d.InstanceClass)
	}
}

func (d Database) validateLogs(p *problems, e engines.Engine) {
	p.distinct("database.logExports", d.LogExports)
	for _, log := range d.LogExports {
		p.oneOf("database.logExports", log, e.Logs...)
	}
}

// Cache engines. Memcached is the article's; the loss of its node logs the users out. The other two replicate and fail over.
const (
	Memcached = "memcached"
	Valkey    = "valkey"
	Redis     = "redis"
	None      = "none" // no ElastiCache at all
)

// How the password of a cache is enforced, in the words of ElastiCache (AuthTokenUpdateStrategy). Rotate accepts the password before the
// current one as well, or none where there was none; Set does not. A memcached server, and one without TLS, has no password.
const (
	AuthRotate = "rotate"
	AuthSet    = "set"
	AuthNone   = "none"
)

var cachePassword = regexp.MustCompile(`^[A-Za-z0-9!&#$^<>-]{16,128}$`)

// cacheVersions are the versions of each engine: memcached's to the patch level, the others' by major.minor.
var cacheVersions = map[string][]string{
	Memcached: {"1.6.6", "1.6.12", "1.6.17", "1.6.22"},
	Valkey:    {"7.2", "8.0", "8.1"},
	Redis:     {"7.0", "7.1"},
}

func (c Cache) validate(p *problems) {
	p.oneOf("cache.engine", c.Engine, Memcached, Valkey, Redis, None)
	if versions := cacheVersions[c.Engine]; versions != nil && !slices.Contains(versions, c.Version) {
		p.add("cache.version", "%q is not a version of %s: %s", c.Version, c.Engine, strings.Join(versions, ", "))
	}
	p.check("cache.nodeType", known.Cache.Check(c.NodeType))
	p.between("cache.nodes", c.Nodes, 1, 6)
	p.between("cache.snapshotDays", c.SnapshotDays, 0, 35)
	p.oneOf("cache.auth", c.Auth, AuthRotate, AuthSet, AuthNone)
	if c.Auth == AuthSet && !c.Authenticates() && !c.Existing() { // validateExisting refuses it there
		p.add("cache.auth", "set needs valkey or redis with cache.encryptTransit: ElastiCache has passwords over TLS only")
	}
	if c.Engine == Memcached && (c.Nodes > 1 || c.SnapshotDays > 0) {
		p.add("cache.engine", "memcached has one node and no snapshots; use valkey for more")
	}
	if c.Engine == None && (c.Nodes > 1 || c.SnapshotDays > 0 || c.Upgrade) {
		p.add("cache.engine", "none has no nodes, no snapshots and no upgrade: remove these keys")
	}
}

// Drivers of Laravel for sessions, cached values and jobs, by their names in config/session.php, config/cache.php and config/queue.php.
const (
	DriverDatabase = "database"
	DriverRedis    = "redis" // Valkey, too
	DriverCookie   = "cookie"
	DriverSQS      = "sqs"
)

// Drivers are where Laravel keeps what is no file.
type Drivers struct{ Session, Cache, Queue string }

// DriversOn are the drivers with a cache of this engine, the stack's own or a shared one. Without other words in the stack file, sessions and
// cached values are in the cache or, without one, in the database.
func (c *Config) DriversOn(engine string) Drivers {
	here := driverOf(engine)
	d := Drivers{Session: c.Session.Driver, Cache: c.Cache.Store, Queue: c.Worker.Queue}
	if d.Session == "" {
		d.Session = here
	}
	if d.Cache == "" {
		d.Cache = here
	}
	return d
}

// driverOf is what Laravel calls an engine.
func driverOf(engine string) string {
	switch engine {
	case Memcached:
		return Memcached
	case None:
		return DriverDatabase
	}
	return DriverRedis
}

// CheckDrivers refuses drivers that a shared cache of this engine does not have.
func (c *Config) CheckDrivers(engine string) error {
	var p problems
	c.validateEngine(&p, engine)
	return errors.Join(p...)
}

func (c *Config) validateDrivers(p *problems) {
	if d := c.Session.Driver; d != "" {
		p.oneOf("session.driver", d, DriverRedis, Memcached, DriverDatabase, DriverCookie)
	}
	if d := c.Cache.Store; d != "" {
		p.oneOf("cache.store", d, DriverRedis, Memcached, DriverDatabase)
	}
	p.oneOf("worker.queue", c.Worker.Queue, DriverDatabase, DriverRedis, DriverSQS)
	if c.Worker.Queue == DriverSQS {
		c.validateSQS(p)
	}
	if c.Environment.Shares == "" { // else the engine is that of the shared cache
		c.validateEngine(p, c.Cache.Engine)
	}
}

// validateSQS: there is one queue, and Pulumi adds letters to its name (autonaming). So a job for a queue of another name would find none.
func (c *Config) validateSQS(p *problems) {
	if !c.Network.Existing() && c.Network.NAT == NATNone && !slices.Contains(c.Network.Endpoints, "sqs") {
		p.add("network.endpoints", "sqs is missing: without it, and without NAT, no task reaches the queue of worker.queue sqs; add it")
	}
	for _, v := range []string{"AWS_DEFAULT_REGION", "SQS_PREFIX", "SQS_QUEUE"} { // Laravel's config/queue.php reads them
		_, secret := c.Secrets[v]
		if given, plain := c.Env[v]; secret || plain && (v != "AWS_DEFAULT_REGION" || given != c.Region) {
			p.add("worker.queue", "sqs, and the program sets %s for its queue; take it out of env or secrets", v)
		}
	}
	if names := c.WorkedQueues(); len(names) > 0 {
		p.add("worker.queue", "sqs has one queue, and workers name others, %s: take queues and --queue away, or use database or redis", strings.Join(names, ", "))
	}
}

// validateEngine refuses drivers whose server is not there.
func (c *Config) validateEngine(p *problems, engine string) {
	there := driverOf(engine)
	needs := map[string]string{DriverRedis: "valkey or redis", Memcached: Memcached}
	d := c.DriversOn(engine)
	for _, one := range []struct{ key, driver string }{{"session.driver", d.Session}, {"cache.store", d.Cache}, {"worker.queue", d.Queue}} {
		if engines := needs[one.driver]; engines != "" && one.driver != there {
			p.add(one.key, "%s needs cache.engine %s, not %s", one.driver, engines, engine)
		}
	}
}

var (
	endpointHost    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$`)
	securityGroupID = regexp.MustCompile(`^sg-([0-9a-f]{8}|[0-9a-f]{17})$`)
	// secretARN is the full ARN, which ECS wants (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html). It ends with the six characters that Secrets Manager adds: a role may read one secret, and not all whose names begin alike.
	secretARN = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$`)
)

// server is a database or a cache that exists: what its section of the stack file says of it.
type server struct {
	section, endpoint, example         string
	port                               int
	securityGroupID, passwordSecretARN string
}

// validate checks the form of the keys, and refuses them where there is no endpoint. It tells whether there is one.
func (s server) validate(p *problems) (exists bool) {
	if s.endpoint == "" {
		for key, given := range map[string]bool{"port": s.port != 0, "securityGroupId": s.securityGroupID != "", "passwordSecretArn": s.passwordSecretARN != ""} {
			if given {
				p.add(s.section+"."+key, "only for a %s that exists: set %s.endpoint to its host, or remove the key", s.section, s.section)
			}
		}
		return false
	}
	p.matches(s.section+".endpoint", s.endpoint, endpointHost, "a host name or address without scheme and port, such as "+s.example)
	p.matches(s.section+".securityGroupId", s.securityGroupID, securityGroupID, "the id of the security group of "+s.section+".endpoint, such as sg-0123456789abcdef0: it gets a rule that lets the application in")
	p.between(s.section+".port", s.port, 0, 65535)
	return true
}

// validateExisting checks the keys of a cache that exists, and refuses what only a cache of the program can have.
func (c *Config) validateExisting(p *problems, stack string) {
	cache := c.Cache
	if there := (server{"cache", cache.Endpoint, "master.NAME.abc123.euw1.cache.amazonaws.com", cache.Port, cache.SecurityGroupID, cache.PasswordSecretARN}); !there.validate(p) {
		return
	}
	if c.Environment.Shares != "" {
		p.add("cache.endpoint", "with environment.shares the cache is that of %s: remove it", c.Environment.Shares)
	}
	if cache.Engine == None {
		p.add("cache.engine", "none, and cache.endpoint is a server: set memcached, valkey or redis, or remove the endpoint")
	}
	if arn := cache.PasswordSecretARN; arn != "" {
		const key = "cache.passwordSecretArn"
		c.validatePasswordSecret(p, key, arn, c.App.Name+"-"+stack)
		if !cache.SpeaksRedis() {
			p.add(key, "%s has no password: remove it", cache.Engine)
		}
		if _, both := c.Secrets[CachePassword]; both {
			p.add(key, "secrets.%s is the password, too: remove one of them", CachePassword)
		}
	}
	for key, given := range map[string]bool{
		"nodes": cache.Nodes != 1, "snapshotDays": cache.SnapshotDays != 0, "applyNow": cache.ApplyNow, "upgrade": cache.Upgrade, "auth": cache.Auth == AuthSet,
	} {
		if given {
			p.add("cache."+key, "the program does not change the server of cache.endpoint: remove the key")
		}
	}
}

func (c *Config) validatePasswordSecret(p *problems, key, arn, prefix string) {
	p.matches(key, arn, secretARN, "the whole ARN of a secret, which ends with :secret:NAME- and six characters")
	// The boundary that the account stack makes has only secrets of this beginning (infra/pipeline/boundary.go).
	if boundary := c.Environment.PermissionsBoundary; boundary != "" && !strings.Contains(arn, ":secret:"+prefix+"-") {
		p.add(key, "%q is not readable with environment.permissionsBoundary, which allows secrets that begin with %s-: store the password in one with such a name", arn, prefix)
	}
}
