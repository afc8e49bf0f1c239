// Package stacks says what an environment is: it reads the configuration, connects the components of package infra, and exports
// the outputs. Nothing else in the program does either.
package stacks

import (
	"net/netip"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// stack is what the steps of Deploy share.
type stack struct {
	config *config.Config
	name   string // of the stack
	prefix string // application and stack: the beginning of every name
	aws    pulumi.ResourceOption
	tags   map[string]string

	release  string // that the live colour runs
	zoneID   string // of domain.zone
	lent     *lent  // by the environment that this one shares, nil without one
	network  *infra.Network
	firewall *infra.Firewall
	registry *infra.Registry
	images   map[string]*infra.Image // by release
	secrets  *infra.Secrets
	database *infra.Database
	cache    *infra.Cache
	balancer *infra.Balancer
	cluster  *infra.Cluster
	access   *infra.Access
	logs     map[string]*cloudwatch.LogGroup // by process
	services map[string]*infra.Service       // by process, and by colour
}

// Deploy declares one environment or, where the configuration has a section account, what all environments of an account share.
func Deploy(ctx *pulumi.Context) error {
	if config.IsAccount(source{ctx}) {
		return deployAccount(ctx)
	}
	return deployEnvironment(ctx)
}

// deployEnvironment has the order of the article: a network, a place for images, the data, the entrance, the instances, and at last
// what runs on them.
func deployEnvironment(ctx *pulumi.Context) error {
	s, err := newStack(ctx)
	if err != nil {
		return err
	}
	steps := []func(*pulumi.Context) error{
		s.createNetwork,
		s.createFirewall,
		s.createImage,
		s.createSecrets,
		s.createDatabase,
		s.createCache,
		s.createBalancer,
		s.createCluster,
		s.createServices,
		s.createObservability,
	}
	if s.lent != nil {
		steps = s.sharingSteps()
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	s.export(ctx)
	return nil
}

// newStack validates everything before the first resource is registered.
func newStack(ctx *pulumi.Context) (*stack, error) {
	c, err := config.Load(source{ctx})
	if err != nil {
		return nil, err
	}
	s := &stack{config: c, name: ctx.Stack(), prefix: c.App.Name + "-" + ctx.Stack(), images: map[string]*infra.Image{}}
	if s.tags, err = defaultTags(ctx, c.App.Name, c.ResourceTags()); err != nil {
		return nil, err
	}
	if s.release, err = c.ReleaseName(); err != nil {
		return nil, err
	}
	provider, err := newProvider(ctx, s.prefix, c.Region, s.tags)
	if err != nil {
		return nil, err
	}
	s.aws = pulumi.Providers(provider)
	if err := s.borrow(ctx); err != nil {
		return nil, err
	}
	if c.Domain.Zone != "" && s.lent == nil {
		// Looked up before anything exists: a zone that is not there is a typing mistake.
		zone, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(c.Domain.Zone)}, pulumi.Provider(provider))
		if err != nil {
			return nil, wrap("domain.zone: looking up "+c.Domain.Zone, err)
		}
		s.zoneID = zone.ZoneId
	}
	return s, nil
}

func (s *stack) createNetwork(ctx *pulumi.Context) (err error) {
	c := s.config.Network
	s.network, err = infra.NewNetwork(ctx, s.prefix+"-network", infra.NetworkArgs{
		CIDR: netip.MustParsePrefix(c.CIDR), Zones: c.Zones, ZoneNames: c.ZoneNames, NAT: c.NAT,
		FlowLogDays: c.FlowLogDays, Region: s.config.Region,
	}, s.aws)
	return wrap("network", err)
}

func (s *stack) createFirewall(ctx *pulumi.Context) (err error) {
	c := s.config
	s.firewall, err = infra.NewFirewall(ctx, s.prefix+"-firewall", infra.FirewallArgs{
		VpcID: s.network.VpcID, WebCIDRs: c.Access.Web, SSHCIDRs: c.Access.SSH, HTTPS: c.Domain.Name != "",
		EgressPorts: c.Access.EgressPorts, DatabasePort: databasePort, CachePort: infra.CachePort(c.Cache.Engine),
		Endpoints: len(c.Network.Endpoints) > 0,
	}, s.aws)
	if err != nil || len(c.Network.Endpoints) == 0 {
		return wrap("firewall", err)
	}
	_, err = infra.NewEndpoints(ctx, s.prefix+"-endpoints", infra.EndpointsArgs{
		VpcID: s.network.VpcID, SubnetIDs: s.network.PrivateSubnetIDs, SecurityGroupID: s.firewall.ID(infra.GroupEndpoints),
		Region: c.Region, Services: c.Network.Endpoints,
	}, s.aws)
	return wrap("endpoints", err)
}

func (s *stack) createImage(ctx *pulumi.Context) (err error) {
	c := s.config
	s.registry, err = infra.NewRegistry(ctx, s.prefix+"-registry", infra.RegistryArgs{
		UntaggedDays: c.Registry.UntaggedDays, ReleasesKept: c.Registry.ReleasesKept, ReviewDays: c.Registry.ReviewDays,
		ForceDelete: !c.Environment.Protected(),
	}, s.aws)
	if err != nil {
		return wrap("registry", err)
	}
	if candidate := c.Release.Candidate; candidate != "" {
		// The live one is there. The candidate is built when the working tree is what it is named after.
		if err := s.addImage(ctx, "-image-live", s.release, false); err != nil {
			return wrap("live image", err)
		}
		tree, err := c.TreeRelease()
		return wrap("candidate image", s.addImage(ctx, "-image", candidate, err == nil && tree == candidate))
	}
	return wrap("image", s.addImage(ctx, "-image", s.release, c.Release.Build))
}

func (s *stack) addImage(ctx *pulumi.Context, name, release string, build bool) error {
	c := s.config
	image, err := infra.NewImage(ctx, s.prefix+name, infra.ImageArgs{
		Registry: s.registry, Tag: config.ReleaseTag(c.Environment.Class, release), Build: build,
		Context: ".", Dockerfile: c.Image.Dockerfile, Platform: s.machine().Platform(), BuildArgs: c.BuildArgs(release),
	}, s.aws)
	s.images[release] = image
	return err
}

func (s *stack) createSecrets(ctx *pulumi.Context) (err error) {
	recovery := 0 // a disposable environment must be able to use its names again at once
	if s.config.Environment.Protected() {
		recovery = 30
	}
	lent := map[string]string{}
	if s.lent != nil {
		lent["DB_PASSWORD"] = s.lent.Database.PasswordARN
	}
	s.secrets, err = infra.NewSecrets(ctx, s.prefix+"-secrets", infra.SecretsArgs{
		Values: secretInputs(s.config.Secrets), Lent: lent, RecoveryDays: recovery, Protected: s.config.Environment.Protected(),
	}, s.aws)
	return wrap("secrets", err)
}

func (s *stack) createDatabase(ctx *pulumi.Context) (err error) {
	c := s.config.Database
	s.database, err = infra.NewDatabase(ctx, s.prefix+"-db", infra.DatabaseArgs{
		SubnetIDs: s.network.DataSubnetIDs, SecurityGroupID: s.firewall.ID(infra.GroupDatabase), Password: s.secrets.Values["DB_PASSWORD"],
		Engine: c.Engine, Version: c.Version, InstanceClass: c.InstanceClass, Name: c.Name, Username: c.Username, Port: databasePort,
		StorageGB: c.StorageGB, MaxStorageGB: c.MaxStorageGB, MultiAZ: c.MultiAZ, BackupDays: c.BackupDays, RequireTLS: c.RequireTLS,
		Protected: s.config.Environment.Protected(), FinalSnapshot: c.FinalSnapshot, ApplyNow: c.ApplyNow,
		LogExports: c.LogExports, LogDays: s.config.Observability.LogDays, PerformanceInsights: c.PerformanceInsights,
	}, s.aws)
	return wrap("database", err)
}

func (s *stack) createCache(ctx *pulumi.Context) (err error) {
	c := s.config.Cache
	s.cache, err = infra.NewCache(ctx, config.Shorten(s.prefix, config.MaxCachePrefix)+"-cache", infra.CacheArgs{
		SubnetIDs: s.network.DataSubnetIDs, SecurityGroupID: s.firewall.ID(infra.GroupCache),
		Engine: c.Engine, Version: c.Version, NodeType: c.NodeType, Nodes: c.Nodes, SnapshotDays: c.SnapshotDays,
		EncryptTransit: c.EncryptTransit, ApplyNow: s.config.Database.ApplyNow,
	}, s.aws)
	return wrap("cache", err)
}

func (s *stack) createBalancer(ctx *pulumi.Context) (err error) {
	c := s.config.LoadBalancer
	certificate, err := s.certificate(ctx)
	if err != nil {
		return wrap("certificate", err)
	}
	s.balancer, err = infra.NewBalancer(ctx, config.Shorten(s.prefix, config.MaxPrefix)+"-lb", infra.BalancerArgs{
		VpcID: s.network.VpcID, SubnetIDs: s.network.PublicSubnetIDs, SecurityGroupID: s.firewall.ID(infra.GroupWeb), Internet: s.network.Internet(),
		Colors:         s.config.ColorNames(),
		CertificateARN: certificate, RedirectHTTP: c.HTTP == "redirect", ContainerTLS: c.ContainerTLS,
		HealthCheck: infra.HealthCheck(c.HealthCheck), DeregistrationSeconds: c.DeregistrationSeconds, IdleSeconds: c.IdleSeconds,
		AccessLogDays: c.AccessLogDays, Protected: s.config.Environment.Protected(), ForceDestroy: !s.config.Environment.Protected(), WAF: c.WAF,
	}, s.aws)
	if err != nil || s.zoneID == "" {
		return wrap("load balancer", err)
	}
	_, err = infra.NewAlias(ctx, s.prefix+"-dns", infra.AliasArgs{
		Names: append([]string{s.config.Domain.Name}, s.config.Domain.Aliases...), ZoneID: s.zoneID,
		TargetDNSName: s.balancer.DNSName, TargetZoneID: s.balancer.ZoneID,
	}, s.aws)
	return wrap("domain", err)
}

// certificate returns the ARN to listen with, or nil where there is no domain.
func (s *stack) certificate(ctx *pulumi.Context) (pulumi.StringInput, error) {
	d := s.config.Domain
	if d.CertificateARN != "" {
		return pulumi.String(d.CertificateARN), nil
	}
	if d.Name == "" {
		return nil, nil
	}
	issued, err := infra.NewCertificate(ctx, s.prefix+"-tls", infra.CertificateArgs{Name: d.Name, Aliases: d.Aliases, ZoneID: s.zoneID}, s.aws)
	if err != nil {
		return nil, err
	}
	return issued.ARN, nil
}

func (s *stack) createCluster(ctx *pulumi.Context) (err error) {
	c := s.config.Cluster
	protected := s.config.Environment.Protected()
	var names []string
	for _, t := range s.config.InstanceTypes() {
		names = append(names, t.Name)
	}
	s.cluster, err = infra.NewCluster(ctx, s.prefix+"-cluster", infra.ClusterArgs{
		SubnetIDs: s.network.PrivateSubnetIDs, SecurityGroupIDs: s.firewall.InstanceGroupIDs(), InstanceTypes: names, ARM64: s.machine().ARM64, ReservedMiB: config.ReservedMiB,
		MinInstances: c.Min, MaxInstances: c.Max, OnDemandBase: c.OnDemandBase, OnDemandPercent: c.OnDemandPercent,
		AMI: c.AMI, KeyPair: c.KeyPair, DiskGB: c.DiskGB, TargetCapacity: c.TargetCapacity,
		ScaleInProtection: protected, ForceDelete: !protected, ContainerInsights: c.ContainerInsights, Tags: s.tags,
	}, s.aws)
	return wrap("cluster", err)
}

func (s *stack) createObservability(ctx *pulumi.Context) error {
	c := s.config.Observability
	if !c.Alarms {
		return nil
	}
	_, err := infra.NewObservability(ctx, s.prefix+"-watch", infra.ObservabilityArgs{
		Emails: c.Emails, Region: s.config.Region, Balancer: s.balancer, Cluster: s.cluster, Services: s.services,
		Database: s.database, StorageGB: s.config.Database.StorageGB, Dashboard: c.Dashboard,
	}, s.aws)
	return wrap("observability", err)
}
