package config

import "github.com/laravel-ecs/laravel-ecs/stacks/config/aurora"

// Cluster is what tasks run on: instances, or AWS Fargate.
type Cluster struct {
	Capacity          string   `json:"capacity"` // ec2, fargate or fargateSpot
	ARM64             bool     `json:"arm64"`    // Graviton on Fargate; instances have the architecture of their type
	InstanceTypes     []string `json:"instanceTypes"`
	Min               int      `json:"min"`
	Max               int      `json:"max"`
	OnDemandBase      int      `json:"onDemandBase"`
	OnDemandPercent   int      `json:"onDemandPercent"` // 100: no spot; 0: spot above the base
	KeyPair           string   `json:"keyPair"`
	AMI               string   `json:"ami"`
	DiskGB            int      `json:"diskGb"`
	TargetCapacity    int      `json:"targetCapacity"`
	MaxInstanceDays   int      `json:"maxInstanceDays"` // then an instance is replaced; 0: never
	ContainerInsights bool     `json:"containerInsights"`
}

// Process is the size of one process's tasks.
type Process struct {
	Count          int      `json:"count"`
	CPU            int      `json:"cpu"`            // 1/1024 of a vCPU
	MemoryMiB      int      `json:"memoryMib"`      // hard limit
	ReservationMiB int      `json:"reservationMib"` // soft limit, by which ECS places tasks
	StopSeconds    int      `json:"stopSeconds"`    // 0: derived, see timing.go
	Limits         Limits   `json:"limits"`
	Command        []string `json:"command"` // arguments of the image; empty: the role
}

// Limits are what a process may take at most, within its memory.
type Limits struct {
	UploadMiB    int `json:"uploadMib"`    // a file in a form; only web
	BodyMiB      int `json:"bodyMib"`      // a request; 0: a file and the form around it; only web
	TempMiB      int `json:"tempMib"`      // /tmp and /run, each; both are in the container's memory
	PHPMemoryMiB int `json:"phpMemoryMib"` // one PHP process: memory_limit
}

// Web serves requests; with Count 0 there are no web tasks.
type Web struct {
	Process
	StartSeconds   int     `json:"startSeconds"`   // how long a task may take to become healthy
	RequestSeconds int     `json:"requestSeconds"` // how long a request may take
	MinPercent     int     `json:"minPercent"`
	MaxPercent     int     `json:"maxPercent"`
	Scaling        Scaling `json:"scaling"`
}

// Scaling is target tracking; Max 0 turns it off.
type Scaling struct {
	Min             int `json:"min"`
	Max             int `json:"max"`
	CPUPercent      int `json:"cpuPercent"`
	RequestsPerTask int `json:"requestsPerTask"`
}

// Worker runs queue jobs; with Count 0 there is none.
type Worker struct {
	Process
	JobSeconds     int          `json:"jobSeconds"`     // how long a job may take
	MaxWaitSeconds int          `json:"maxWaitSeconds"` // an alarm tells that a job waits longer; 0: derived, see timing.go
	Queue          string       `json:"queue"`          // QUEUE_CONNECTION: database, redis or sqs
	Queues         []string     `json:"queues"`         // by name, the most urgent first; empty: the connection's default queue
	Scaling        QueueScaling `json:"scaling"`
}

// QueueScaling moves the number of a worker's tasks with the jobs that wait; Max 0 turns it off.
type QueueScaling struct {
	Min         int `json:"min"`
	Max         int `json:"max"`
	JobsPerTask int `json:"jobsPerTask"` // waiting jobs for each task
	WaitSeconds int `json:"waitSeconds"` // how long the oldest job may wait; 0: half of maxWaitSeconds
}

// Scheduler runs scheduled commands: one task or, with Count 0, none.
type Scheduler struct{ Process }

// Database is RDS.
type Database struct {
	Engine              string   `json:"engine"`
	Version             string   `json:"version"`
	InstanceClass       string   `json:"instanceClass"`
	Name                string   `json:"name"`
	Username            string   `json:"username"`
	StorageGB           int      `json:"storageGb"`
	MaxStorageGB        int      `json:"maxStorageGb"`
	MultiAZ             bool     `json:"multiAz"`
	BackupDays          int      `json:"backupDays"`
	RequireTLS          bool     `json:"requireTls"`
	FinalSnapshot       bool     `json:"finalSnapshot"`
	ApplyNow            bool     `json:"applyNow"`
	LogExports          []string `json:"logExports"`
	PerformanceInsights bool     `json:"performanceInsights"`
	MonitoringSeconds   int      `json:"monitoringSeconds"` // enhanced monitoring; 0: off
	ExtendedSupport     bool     `json:"extendedSupport"`   // a version past its standard support is accepted, and for MySQL and PostgreSQL paid
	UpgradeFrom         string   `json:"upgradeFrom"`       // the version that runs: it becomes Version at once
	BlueGreenUpdate     bool     `json:"blueGreenUpdate"`   // the upgrade is made in a copy, which takes over then
	Restore             Restore  `json:"restore"`
	KMSKeyID            string   `json:"kmsKeyId"` // ARN of the key of a database that is new; empty for the key that AWS manages
	Copies              Copies   `json:"copies"`
	// Serverless and Readers are of the engine aurora-mysql only.
	Serverless aurora.Serverless `json:"serverless"`
	Readers    int               `json:"readers"` // instances that only read, and take over when the one that writes is lost
	// Endpoint is the host of a server that exists: the program makes none, and only lets the application in. Username makes the application's users there.
	Endpoint          string `json:"endpoint"`
	Port              int    `json:"port"`              // of Endpoint or Import; 0: the engine's
	SecurityGroupID   string `json:"securityGroupId"`   // of Endpoint or Import: it gets one rule more
	PasswordSecretARN string `json:"passwordSecretArn"` // of Username at Endpoint
	// Import is the identifier of an RDS instance that somebody made: it becomes the environment's own. The key stays for as long as it does.
	Import string `json:"import"`
}

// Imported tells whether the environment's first instance was made by somebody else.
func (d Database) Imported() bool { return d.Import != "" }

// Aurora tells whether the database is a cluster of Aurora.
func (d Database) Aurora() bool { return aurora.Is(d.Engine) }

// Existing tells whether the database server is one that the program does not make.
func (d Database) Existing() bool { return d.Endpoint != "" }

// Copies has AWS Backup make a snapshot a day and copy it.
type Copies struct {
	Region     string `json:"region"`     // of a vault that the program makes in this account
	VaultARN   string `json:"vaultArn"`   // of another account's vault
	RetainDays int    `json:"retainDays"` // of the copies
}

// Set tells whether there are copies.
func (c Copies) Set() bool { return c.Region != "" || c.VaultARN != "" }

// Restore makes the database from a snapshot or from a time of the instance before, beside that one.
type Restore struct {
	Snapshot     string `json:"snapshot"`     // name or ARN
	PointInTime  string `json:"pointInTime"`  // RFC 3339 in UTC, or latest
	Generation   int    `json:"generation"`   // the new instance's number; the first one of the stack was 1
	Old          string `json:"old"`          // the instance before: keep, release (lifts its protection) or none (deletes it)
	KeepOldUntil string `json:"keepOldUntil"` // the day before which Old may not be none
}

// Set tells whether the database is a restored one.
func (r Restore) Set() bool { return r.Snapshot != "" || r.PointInTime != "" }

// Cache is ElastiCache.
type Cache struct {
	Engine         string `json:"engine"` // memcached, valkey, redis or none
	Store          string `json:"store"`  // CACHE_STORE: redis, memcached or database; empty: the engine's
	Version        string `json:"version"`
	NodeType       string `json:"nodeType"`
	Nodes          int    `json:"nodes"`
	SnapshotDays   int    `json:"snapshotDays"`
	EncryptTransit bool   `json:"encryptTransit"`
	ApplyNow       bool   `json:"applyNow"` // changes do not wait for the maintenance window
	Upgrade        bool   `json:"upgrade"`  // apply engine and version to a cache that exists
	Auth           string `json:"auth"`     // rotate, set or none
	// Endpoint is the host of a server that exists: the program makes none, and only lets the application in.
	Endpoint          string `json:"endpoint"`
	Port              int    `json:"port"`              // of Endpoint; 0: the engine's
	SecurityGroupID   string `json:"securityGroupId"`   // of Endpoint: it gets one rule more
	PasswordSecretARN string `json:"passwordSecretArn"` // of Endpoint; empty: it has no password
}

// Existing tells whether the cache is one that the program does not make.
func (c Cache) Existing() bool { return c.Endpoint != "" }

// SpeaksRedis tells whether there are queues, locks and channels in it.
func (c Cache) SpeaksRedis() bool { return driverOf(c.Engine) == DriverRedis }

// Authenticates tells whether the program makes a cache that has a password.
func (c Cache) Authenticates() bool {
	return !c.Existing() && c.SpeaksRedis() && c.EncryptTransit && c.Auth != AuthNone
}

// Session is Laravel's.
type Session struct {
	Driver string `json:"driver"` // SESSION_DRIVER: redis, memcached, database or cookie; empty: the engine's
}

// Storage is the S3 bucket for the application's files.
type Storage struct {
	Bucket bool `json:"bucket"`
	// VersionDays is how long deleted and overwritten files can be had back; 0: not at all.
	VersionDays int `json:"versionDays"`
	// KeepFiles leaves the bucket behind when the environment is destroyed, or does without it. Otherwise it is deleted with its files.
	KeepFiles bool `json:"keepFiles"`
	// ExpireDays is, by the beginning of their names, after how many days files are deleted.
	ExpireDays map[string]int `json:"expireDays"`
}

// ForceDestroyFiles tells whether a destroy deletes the files.
func (c *Config) ForceDestroyFiles() bool { return !c.Storage.KeepFiles && !c.Environment.Protected() }

// Observability is logs and alarms.
type Observability struct {
	LogDays   int      `json:"logDays"`
	Alarms    bool     `json:"alarms"`
	Emails    []string `json:"emails"`
	Dashboard bool     `json:"dashboard"`
}
