package stacks

import (
	"cmp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/infra/backup"
	"github.com/laravel-ecs/laravel-ecs/infra/cdn"
	"github.com/laravel-ecs/laravel-ecs/infra/fargate"
	"github.com/laravel-ecs/laravel-ecs/infra/vpc"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// lookUpZone returns the id of domain.zone, empty without one. It comes first, because a zone that does not exist is a typing error.
func (s *stack) lookUpZone(ctx *pulumi.Context) (string, error) {
	name := s.config.Domain.Zone
	if name == "" {
		return "", nil
	}
	zone, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(name)}, pulumi.Provider(s.provider))
	if err != nil {
		return "", wrap("domain.zone: looking up "+name, err)
	}
	return zone.ZoneId, nil
}

// recoveryDays is how long a secret that was deleted can come back. An environment that is made again needs the names at once.
func (s *stack) recoveryDays() int {
	if s.config.Environment.Protected() {
		return 30
	}
	return 0
}

// createSecrets makes the application's secrets. shared are ARNs of another environment's, by environment variable.
func (s *stack) createSecrets(ctx *pulumi.Context, shared map[string]string) (*infra.Secrets, error) {
	if arn := s.config.Database.PasswordSecretARN; arn != "" {
		shared = map[string]string{config.MasterPassword: arn}
	}
	secrets, err := infra.NewSecrets(ctx, s.prefix+"-secrets", infra.SecretsArgs{
		Values: secretInputs(s.config.Secrets), Shared: shared, RecoveryDays: s.recoveryDays(), Protected: s.config.Environment.Protected(),
		Generations: infra.Generations{
			AppKey: s.config.Generation(config.AppKey), KnownAppKeys: s.config.KnownAppKeys(),
			Database: s.config.Generation(config.DBPassword), Master: s.config.Generation(config.MasterPassword),
			Cache: s.config.Generation(config.CachePassword),
		},
		CachePassword: s.config.Environment.Shares == "" && s.config.Cache.Authenticates(), Guest: s.config.Environment.IsGuest(),
	}, s.aws)
	if err == nil && s.config.Cache.PasswordSecretARN != "" {
		secrets.Share(infra.PasswordVariable, s.config.Cache.PasswordSecretARN, s.config.Cache.PasswordSecretARN)
	}
	return secrets, wrap("secrets", err)
}

func (s *stack) createDatabase(ctx *pulumi.Context, network *vpc.Network, firewall *vpc.Firewall, secrets *infra.Secrets) (infra.DatabaseServer, error) {
	c := s.config.Database
	if c.Existing() {
		return nil, nil //nolint:nilnil // no instance: nothing stops, copies or watches it
	}
	var restore *infra.DatabaseRestore
	if r := c.Restore; r.Set() {
		restore = &infra.DatabaseRestore{
			Snapshot: r.Snapshot, PointInTime: r.PointInTime, Generation: r.Generation, KeepOld: r.Old != config.OldGone, ReleaseOld: r.Old == config.OldReleased,
		}
	}
	maintenance, backup := "", ""
	if schedule := s.config.Environment.Schedule; schedule.Set() {
		plan, _ := schedule.Plan() // config.Load reports its problems
		maintenance, backup = plan.Windows()
	}
	if c.Aurora() {
		return s.createAurora(ctx, network, firewall, secrets, maintenance, backup)
	}
	database, err := infra.NewDatabase(ctx, s.prefix+"-db", infra.DatabaseArgs{
		SubnetIDs: network.DataSubnetIDs, SecurityGroupID: firewall.ID(vpc.GroupDatabase), Password: secrets.MasterPassword,
		Engine: c.Engine, Version: c.Version, InstanceClass: c.InstanceClass, Name: c.Name, Username: c.Username, Port: s.databasePort(),
		StorageGB: c.StorageGB, MaxStorageGB: c.MaxStorageGB, MultiAZ: c.MultiAZ, BackupDays: c.BackupDays, RequireTLS: c.RequireTLS,
		Protected: s.config.Environment.Protected(), FinalSnapshot: c.FinalSnapshot, ApplyNow: c.ApplyNow,
		LogExports: c.LogExports, LogDays: s.config.Observability.LogDays, PerformanceInsights: c.PerformanceInsights,
		MonitoringSeconds: c.MonitoringSeconds, ExtendedSupport: c.ExtendedSupport,
		Upgrade: c.UpgradeFrom != "", BlueGreenUpdate: c.BlueGreenUpdate, Restore: restore, Import: s.imported, KMSKeyID: c.KMSKeyID,
		MaintenanceWindow: maintenance, BackupWindow: backup,
	}, s.aws)
	if err != nil {
		return nil, wrap("database", err)
	}
	return database, nil
}

// createCache makes the cache in the data subnets, with the group that the instances reach.
func (s *stack) createCache(ctx *pulumi.Context, subnets pulumi.StringArrayInput, group pulumi.StringInput, secrets *infra.Secrets) (*infra.Cache, error) {
	c := s.config.Cache
	if c.Engine == config.None || c.Existing() {
		return nil, nil //nolint:nilnil // a cache that is not there has no nodes, and no variables
	}
	args := infra.CacheArgs{
		SubnetIDs: subnets, SecurityGroupID: group,
		Engine: c.Engine, Version: c.Version, NodeType: c.NodeType, Nodes: c.Nodes, SnapshotDays: c.SnapshotDays,
		EncryptTransit: c.EncryptTransit, ApplyNow: c.ApplyNow, Upgrade: c.Upgrade, Protected: s.config.Environment.Protected(),
	}
	if c.Authenticates() {
		args.Password, args.ExpirePassword = secrets.Values[infra.PasswordVariable], c.Auth == config.AuthSet
	}
	cache, err := infra.NewCache(ctx, config.Shorten(s.prefix, config.MaxCachePrefix)+"-cache", args, s.aws)
	return cache, wrap("cache", err)
}

// createQueue makes the queue of worker.queue: sqs; nil with another driver.
func (s *stack) createQueue(ctx *pulumi.Context) (*infra.Queue, error) {
	if s.config.Worker.Queue != config.DriverSQS {
		return nil, nil //nolint:nilnil // no queue of its own
	}
	queue, err := infra.NewQueue(ctx, s.prefix+"-queue", s.config.RetrySeconds(), s.config.Environment.Protected(), s.aws)
	return queue, wrap("queue", err)
}

// createBalancer makes the load balancer and its certificate. zoneID is that of lookUpZone; header is nil without CloudFront.
func (s *stack) createBalancer(ctx *pulumi.Context, network *vpc.Network, firewall *vpc.Firewall, zoneID string, header *cdn.Header) (*infra.Balancer, error) {
	c := s.config.LoadBalancer
	certificate, err := s.certificate(ctx, zoneID)
	if err != nil {
		return nil, wrap("certificate", err)
	}
	hooks, err := network.Hooks(ctx, s.prefix+"-network")
	if err != nil {
		return nil, wrap("network", err)
	}
	var admitted pulumi.StringArray
	if s.config.CDN.Closed() {
		admitted = header.Accepted()
	}
	balancer, err := infra.NewBalancer(ctx, s.balancerName(), infra.BalancerArgs{
		VpcID: network.VpcID, SubnetIDs: network.PublicSubnetIDs, SecurityGroupID: firewall.ID(vpc.GroupWeb), Internet: network.Internet(), Hooks: hooks,
		Colors: s.config.ColorNames(), CertificateARN: certificate, RedirectHTTP: c.HTTP == "redirect", HSTSDays: c.HSTSDays, TargetArgs: s.targetArgs(), Routes: s.routeTargets(),
		IdleSeconds: c.IdleSeconds, AccessLogDays: c.AccessLogDays,
		Protected: s.config.Environment.Protected(), ForceDestroy: !s.config.Environment.Protected(), WAF: s.wafArgs(), Origin: admitted,
	}, s.aws)
	return balancer, wrap("load balancer", err)
}

func (s *stack) balancerName() string { return config.Shorten(s.prefix, config.MaxPrefix) + "-lb" }

func (s *stack) targetArgs() infra.TargetArgs {
	c := s.config.LoadBalancer
	return infra.TargetArgs{
		OwnAddress: s.config.Cluster.Fargate(), ContainerTLS: c.ContainerTLS, HealthCheck: infra.HealthCheck(c.HealthCheck), DeregistrationSeconds: c.DeregistrationSeconds,
	}
}

// certificate returns the ARN of the HTTPS listener's certificate, nil without a domain.
func (s *stack) certificate(ctx *pulumi.Context, zoneID string) (pulumi.StringInput, error) {
	d := s.config.Domain
	if d.CertificateARN != "" {
		return pulumi.String(d.CertificateARN), nil
	}
	if d.Name == "" {
		return nil, nil
	}
	issued, err := infra.NewCertificate(ctx, s.prefix+"-tls", infra.CertificateArgs{Name: d.Name, Aliases: d.Aliases, ZoneID: zoneID}, s.aws)
	if err != nil {
		return nil, err
	}
	s.issued = issued
	return issued.ARN, nil
}

// createCluster makes what tasks run on. ready is what they need of the network.
func (s *stack) createCluster(ctx *pulumi.Context, network *vpc.Network, firewall *vpc.Firewall, ready []pulumi.Resource) (ref infra.ClusterRef, err error) {
	c := s.config.Cluster
	protected := s.config.Environment.Protected()
	var execLog *cloudwatch.LogGroup
	if s.config.Access.Exec {
		if execLog, err = infra.NewLogGroup(ctx, s.prefix+"-logs-exec", s.config.Observability.LogDays, s.aws); err != nil {
			return ref, wrap("log of ECS Exec", err)
		}
	}
	if c.Fargate() {
		cluster, err := fargate.NewCluster(ctx, s.prefix+"-fargate", fargate.Args{
			SubnetIDs: network.PrivateSubnetIDs, SecurityGroupIDs: firewall.InstanceGroupIDs(), Network: ready,
			Spot: c.Capacity == config.CapacityFargateSpot, ContainerInsights: c.ContainerInsights, ExecLog: execLog,
		}, s.aws)
		if err != nil {
			return ref, wrap("cluster", err)
		}
		return cluster.Ref(), nil
	}
	types := s.config.InstanceTypes()
	var names []string
	for _, t := range types {
		names = append(names, t.Name)
	}
	cluster, err := infra.NewCluster(ctx, s.prefix+"-cluster", infra.ClusterArgs{
		SubnetIDs: network.PrivateSubnetIDs, SecurityGroupIDs: firewall.InstanceGroupIDs(), Network: ready,
		InstanceTypes: names, ARM64: types[0].ARM64, ReservedMiB: config.ReservedMiB,
		MinInstances: c.Min, MaxInstances: c.Max, OnDemandBase: c.OnDemandBase, OnDemandPercent: c.OnDemandPercent,
		AMI: c.AMI, KeyPair: c.KeyPair, DiskGB: c.DiskGB, TargetCapacity: c.TargetCapacity,
		MaxInstanceDays: c.MaxInstanceDays, ScaleInProtection: protected && c.MaxInstanceDays == 0, ForceDelete: !protected,
		ContainerInsights: c.ContainerInsights, ExecLog: execLog, Guests: len(s.config.Environment.Guests) > 0, Tags: s.tags,
	}, s.aws)
	if err != nil {
		return ref, wrap("cluster", err)
	}
	return cluster.Ref(), nil
}

// createStorage makes the bucket for the application's files, nil without one. url is that of the application.
func (s *stack) createStorage(ctx *pulumi.Context, url pulumi.StringOutput) (*infra.Storage, error) {
	c := s.config
	if !c.Storage.Bucket {
		return nil, nil
	}
	origins := []pulumi.StringInput{url}
	for _, host := range c.Hosts() {
		if origin := "https://" + host; origin != c.App.URL && (host != c.Domain.Name || c.App.URL != "") {
			origins = append(origins, pulumi.String(origin))
		}
	}
	storage, err := infra.NewStorage(ctx, s.prefix+"-files", infra.StorageArgs{
		Region: c.Region, Origins: origins, VersionDays: c.Storage.VersionDays, ExpireDays: c.FileDays(),
		ForceDestroy: c.ForceDestroyFiles(), Protect: c.Environment.Protected(), Read: c.CDN.On(),
	}, s.aws)
	return storage, wrap("storage", err)
}

// createCopies has AWS Backup copy the database. It returns what the alarms watch, nil without copies.
func (s *stack) createCopies(ctx *pulumi.Context, database infra.DatabaseServer) (*infra.CopiesWatched, error) {
	c := s.config.Database.Copies
	if !c.Set() { // as with a server that exists
		return nil, nil
	}
	args := backup.CopiesArgs{Database: database, Region: c.Region, VaultARN: c.VaultARN, RetainDays: c.RetainDays, Tags: s.tags}
	if c.Region != "" {
		elsewhere, err := s.in(ctx, c.Region)
		if err != nil {
			return nil, err
		}
		args.Elsewhere = elsewhere
	}
	copies, err := backup.NewCopies(ctx, s.prefix+"-copies", args, s.aws)
	if err != nil {
		return nil, wrap("copies of the database", err)
	}
	return &infra.CopiesWatched{RoleARN: copies.RoleARN, Vaults: copies.Vaults}, nil
}

// createObservability watches the environment: without network, database and copies a guest, whose host watches these and the instances.
func (s *stack) createObservability(ctx *pulumi.Context, app *application, network *vpc.Network, database infra.DatabaseServer, copies *infra.CopiesWatched, cache *infra.Cache, services map[string]*infra.Service) error {
	c := s.config.Observability
	if !c.Alarms {
		return nil
	}
	args := infra.ObservabilityArgs{
		Emails: c.Emails, Region: s.config.Region, Balancer: app.balancer, CertificateARN: app.balancer.CertificateARN(), Cluster: app.cluster,
		Services: map[string]infra.Watched{}, Database: database, StorageGB: s.config.Database.StorageGB,
		Connections: s.config.Database.MaxConnections(), Cache: cache, Queue: app.queue, Dashboard: c.Dashboard,
		BackupDays: s.config.Database.BackupDays, Copies: copies,
		Sleeps: s.config.Environment.Schedule.Set(),
	}
	all := processes(s.config, app.database.Master)
	args.Reported = s.reported(all)
	if network != nil {
		args.NATInstanceID = network.NATInstanceID()
	} else {
		args.Reported.Disk = false
	}
	for _, p := range all {
		watched := infra.Watched{Service: services[p.name], CPUPercent: s.config.CPUPercent(p.task.CPU()), Idle: p.color.Idle()}
		if p.routed() {
			target := app.balancer.RouteTarget(s.routeName(p.name))
			watched.Target = &target
		}
		watched.Web = p.behindBalancer && p.further == nil
		args.Services[p.name] = watched
		if watched.Web && !watched.Idle {
			args.Serving = append(args.Serving, cmp.Or(p.color.Name, infra.Blue))
		}
	}
	watch, err := infra.NewObservability(ctx, s.prefix+"-watch", args, s.aws)
	if err != nil {
		return wrap("observability", err)
	}
	ctx.Export("alarmNames", references(watch.AlarmNames))
	if database == nil {
		return nil
	}
	return wrap("database", database.Notify(ctx, s.prefix+"-db", watch))
}
