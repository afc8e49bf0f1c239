// Package config is the typed stack file: types, defaults and validation, what is derived from them (times, colours, releases), and
// changes of the file that keep its comments. It does not import the Pulumi SDK: the program implements Source with it.
package config

import (
	"encoding/json"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/aurora"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/cdn"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/engines"
)

// Config is everything that may differ between environments. Each field is one key of the stack file; a key that is not there keeps
// its default. Names tell the units: MiB or GB, seconds or days.
type Config struct {
	App           App
	Environment   Environment
	Network       Network
	Access        Access
	Registry      Registry
	Image         Image
	Release       Release
	Domain        Domain
	LoadBalancer  LoadBalancer
	CDN           cdn.CDN
	Cluster       Cluster
	Web           Web
	Worker        Worker
	Scheduler     Scheduler
	Processes     map[string]*Further // besides these three
	Database      Database
	Cache         Cache
	Session       Session
	Storage       Storage
	Observability Observability
	// Rotation is the generation of the generated secrets (rotation.go). make rotate-secret writes it.
	Rotation map[string]int
	// Env are further plain environment variables; Secrets are secret ones (pulumi config set --secret --path laravel-ecs:secrets.NAME).
	Env     map[string]string
	Secrets map[string]string
	Tags    map[string]string

	// Region is aws:region.
	Region string

	stated map[string]json.RawMessage // the section processes, which readProcesses decodes by role
}

// sections maps the keys of a stack file to where they are decoded.
func (c *Config) sections() map[string]any {
	return map[string]any{
		"app": &c.App, "environment": &c.Environment, "network": &c.Network, "access": &c.Access, "registry": &c.Registry,
		"image": &c.Image, "release": &c.Release, "domain": &c.Domain, "loadBalancer": &c.LoadBalancer, "cdn": &c.CDN, "cluster": &c.Cluster,
		"web": &c.Web, "worker": &c.Worker, "scheduler": &c.Scheduler, "processes": &c.stated, "database": &c.Database, "cache": &c.Cache, "session": &c.Session, "storage": &c.Storage,
		"observability": &c.Observability, "rotation": &c.Rotation, "env": &c.Env, "secrets": &c.Secrets, "tags": &c.Tags,
	}
}

// defaults are the values of keys that a stack file does not have. They are safe, and as small as safe ones can be: none opens a
// network, skips a snapshot or weakens encryption.
func defaults() *Config {
	return &Config{
		App:         App{Name: "laravel"},
		Environment: Environment{Class: "staging", TTLHours: DefaultTTLHours},
		Network:     Network{CIDR: "10.0.0.0/16", Zones: 2, NAT: "gateway", FlowLogDays: 14, EmptyDefaultGroup: true},
		Access:      Access{Web: []string{"0.0.0.0/0"}, EgressPorts: []int{443}},
		Registry:    Registry{UntaggedDays: 7, ReleasesKept: 30, ReviewDays: 14},
		Image: Image{
			App: "examples/laravel", Dockerfile: "docker/Dockerfile", BaseImage: DefaultBaseImage,
			PHP: DebianPHP, PHPSource: PHPSource{Suite: "trixie"},
			Assets: Assets{PHP: Auto},
			Caches: Caches{Config: AtStart, Event: AtBuild, Route: AtStart, View: AtBuild},
		},
		Release: Release{Build: true, Migrate: true, KeepAssetsHours: derived, Strategy: Rolling, Live: Blue,
			BakeMinutes: 10, Judge: Judge{ErrorPercent: 1, P95Factor: 1.5, MinRequests: 100}},
		LoadBalancer: LoadBalancer{
			HTTP:                  "redirect",
			HealthCheck:           HealthCheck{Path: "/up", Interval: 10, Timeout: 5, Healthy: 2, Unhealthy: 3},
			DeregistrationSeconds: 60, IdleSeconds: 60, AccessLogDays: 90, HSTSDays: 365, RateLimit: 2000,
		},
		CDN: cdn.CDN{State: cdn.None, PriceClass: "PriceClass_100", WAF: true, HeaderGeneration: 1},
		Cluster: Cluster{
			Capacity: CapacityEC2, InstanceTypes: []string{"t3.small"}, Min: 1, Max: 2, OnDemandPercent: 100, DiskGB: 30, TargetCapacity: 100,
			MaxInstanceDays: 21,
		},
		Web: Web{
			Process:      Process{Count: 1, CPU: 256, MemoryMiB: 512, ReservationMiB: 384, Limits: limits(20)},
			StartSeconds: 60, RequestSeconds: 60, MinPercent: 100, MaxPercent: 200,
			Scaling: Scaling{CPUPercent: 60},
		},
		Worker: Worker{
			Process:    Process{Count: 0, CPU: 128, MemoryMiB: 256, ReservationMiB: 192, Limits: limits(0)},
			JobSeconds: 60, Queue: "database", Scaling: QueueScaling{JobsPerTask: defaultJobsPerTask},
		},
		Scheduler: Scheduler{Process{Count: 0, CPU: 128, MemoryMiB: 256, ReservationMiB: 192, StopSeconds: 60, Limits: limits(0)}},
		Database: Database{
			Engine: engines.MySQL, InstanceClass: "db.t4g.micro", Name: "laravel", Username: "laravel",
			StorageGB: 20, BackupDays: 7, RequireTLS: true, FinalSnapshot: true,
			Restore: Restore{Old: OldKept}, Copies: Copies{RetainDays: defaultRetainDays},
			Serverless: aurora.Default,
		},
		Cache:         Cache{Engine: "valkey", Version: "8.0", NodeType: "cache.t4g.micro", Nodes: 1, EncryptTransit: true, Auth: AuthRotate},
		Storage:       Storage{VersionDays: 30, KeepFiles: true, ExpireDays: map[string]int{livewireUploads: 1}},
		Observability: Observability{LogDays: 30, Alarms: true},
	}
}

// limits are the default limits of a process. The article's upload is 20 MB.
func limits(uploadMiB int) Limits {
	return Limits{UploadMiB: uploadMiB, TempMiB: 64, PHPMemoryMiB: 128}
}
