package config

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

var databaseLogs = []string{"audit", "error", "general", "slowquery"}

func (d Database) validate(p *problems, region string, fewestBackups int) {
	p.oneOf("database.engine", d.Engine, "mysql", "mariadb")
	d.validateVersion(p, time.Now())
	d.Restore.validate(p, time.Now())
	d.validateCopies(p, region)
	p.check("database.instanceClass", known.RDS.Check(d.InstanceClass))
	p.matches("database.name", d.Name, regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`), "a letter and up to 63 letters, digits and underscores")
	p.matches("database.username", d.Username, regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,15}$`), "a letter and up to 15 letters and digits")
	for key, name := range map[string]string{"database.name": d.Name, "database.username": d.Username} {
		if known.Reserved.Has(strings.ToLower(name)) {
			p.add(key, "%q is a reserved word of MySQL or MariaDB, or belongs to the server; choose another", name)
		}
	}
	if slices.Contains([]string{"admin", "root", "rdsadmin"}, strings.ToLower(d.Username)) {
		p.add("database.username", "%q is the first name that attackers try, or reserved by RDS; choose another", d.Username)
	}
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
	p.distinct("database.logExports", d.LogExports)
	for _, log := range d.LogExports {
		p.oneOf("database.logExports", log, databaseLogs...)
	}
	if d.PerformanceInsights && regexp.MustCompile(`^db\.t[0-9]g?\.(micro|small)$`).MatchString(d.InstanceClass) {
		p.add("database.performanceInsights", "not available for %s: the smallest class is medium", d.InstanceClass)
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
	if c.Auth == AuthSet && !c.Authenticates() {
		p.add("cache.auth", "set needs valkey or redis with cache.encryptTransit: ElastiCache has passwords over TLS only")
	}
	if c.Engine == Memcached && (c.Nodes > 1 || c.SnapshotDays > 0) {
		p.add("cache.engine", "memcached has one node and no snapshots; use valkey for more")
	}
	if c.Engine == None && (c.Nodes > 1 || c.SnapshotDays > 0 || c.Upgrade) {
		p.add("cache.engine", "none has no nodes, no snapshots and no upgrade: remove these keys")
	}
}
