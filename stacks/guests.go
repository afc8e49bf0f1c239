package stacks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	hosted "github.com/laravel-ecs/laravel-ecs/infra/guests"
	"github.com/laravel-ecs/laravel-ecs/infra/vpc"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/guests"
)

// told is what an environment tells a guest, in a parameter of Systems Manager: ids and addresses, and of its passwords of the database the ARNs.
type told struct {
	Class         string   `json:"class"`
	Number        int      `json:"number"` // of the guest
	Hosts         []string `json:"hosts"`  // that the guest may have
	VpcID         string   `json:"vpcId"`
	PublicRanges  []string `json:"publicRanges"` // of the load balancer's subnets
	InstanceTypes []string `json:"instanceTypes"`
	MaxInstances  int      `json:"maxInstances"`
	LoadBalancer  struct {
		ARN       string            `json:"arn"`
		ARNSuffix string            `json:"arnSuffix"`
		DNSName   string            `json:"dnsName"`
		ZoneID    string            `json:"zoneId"`
		Listeners map[string]string `json:"listeners"` // ARNs of those that forward, by http and https
	} `json:"loadBalancer"`
	Cluster struct {
		Name             string `json:"name"`
		ARN              string `json:"arn"`
		CapacityProvider string `json:"capacityProvider"`
		ExecLogARN       string `json:"execLogArn"` // empty without ECS Exec
	} `json:"cluster"`
	Database struct {
		Engine       string   `json:"engine"`
		Host         string   `json:"host"`
		Port         int      `json:"port"`
		Name         string   `json:"name"`
		Username     string   `json:"username"`
		RequireTLS   bool     `json:"requireTls"`
		PasswordARNs []string `json:"passwordArns"` // of the password before, if there is one, and of this one
		Password     string   `json:"password"`     // this one, with the version
	} `json:"database"`
	Cache struct { // where the guest may have one of its own
		Subnets         []string `json:"subnets"`
		SecurityGroupID string   `json:"securityGroupId"`
		Port            int      `json:"port"` // 0: there is no group for a cache
	} `json:"cache"`
}

// createGuests makes the passwords of the guests, and gives them to the containers that prepare the database.
func (s *stack) createGuests(ctx *pulumi.Context, secrets *infra.Secrets) (map[string]*hosted.Guest, error) {
	made := map[string]*hosted.Guest{}
	for _, guest := range s.config.Environment.Guests.Names() {
		one, err := hosted.New(ctx, s.guestName(guest), hosted.Args{
			Guest: guest, Generation: s.config.Environment.Guests[guest].PasswordGeneration(), RecoveryDays: s.recoveryDays(),
		}, s.aws)
		if err != nil {
			return nil, wrap("guest "+guest, err)
		}
		secrets.AddSetup(guests.PasswordVariable(guest), one.Reference, one.ARNs)
		made[guest] = one
	}
	return made, nil
}

func (s *stack) guestName(guest string) string { return s.prefix + "-guests-" + guest }

// databaseGuests are the databases and users of guests, which the containers that prepare the database make: DATABASE=USER, with commas.
func databaseGuests(c *config.Config) string {
	var list []string
	for _, guest := range c.Environment.Guests.Names() {
		schema := guests.Schema(guest)
		list = append(list, schema+"="+config.DatabaseUser(schema, c.Environment.Guests[guest].PasswordGeneration()))
	}
	return strings.Join(list, ",")
}

// tellGuests makes the parameters, when the tasks run that have made the users of the database.
func (s *stack) tellGuests(ctx *pulumi.Context, made map[string]*hosted.Guest, network *vpc.Network, firewall *vpc.Firewall, app *application, services map[string]*infra.Service) error {
	var running []pulumi.Resource
	for _, process := range sortedKeys(services) {
		running = append(running, services[process])
	}
	execLog := app.cluster.ExecLogARN
	if execLog == nil {
		execLog = pulumi.String("")
	}
	cache := map[string]any{"port": 0}
	if c := s.config.Cache; c.Engine != config.None && !c.Existing() {
		cache = map[string]any{"subnets": network.DataSubnetIDs, "securityGroupId": firewall.ID(vpc.GroupCache), "port": s.cachePort()}
	}
	for _, guest := range sortedKeys(made) {
		g, schema := s.config.Environment.Guests[guest], guests.Schema(guest)
		listeners := map[string]any{}
		for scheme, arn := range app.balancer.ListenerARNs() {
			listeners[scheme] = arn
		}
		value := pulumi.JSONMarshal(map[string]any{
			"class": s.config.Environment.Class, "number": g.Number, "hosts": texts(g.Hosts), "vpcId": network.VpcID,
			"publicRanges":  texts(balancerRanges(s.config)),
			"instanceTypes": texts(s.config.Cluster.InstanceTypes), "maxInstances": s.config.Cluster.Max,
			"loadBalancer": map[string]any{
				"arn": app.balancer.ARN, "arnSuffix": app.balancer.ARNSuffix, "dnsName": app.balancer.DNSName, "zoneId": app.balancer.ZoneID, "listeners": listeners,
			},
			"cluster": map[string]any{
				"name": app.cluster.Name, "arn": app.cluster.ARN, "capacityProvider": app.cluster.CapacityProvider, "execLogArn": execLog,
			},
			"database": map[string]any{
				"engine": app.database.Engine, "host": app.database.Host, "port": app.database.Port, "name": schema, "username": config.DatabaseUser(schema, g.PasswordGeneration()),
				"requireTls": app.database.RequireTLS, "passwordArns": pulumi.StringArray(made[guest].ARNs), "password": made[guest].Reference,
			},
			"cache": cache,
		})
		if err := made[guest].Tell(ctx, s.guestName(guest), guests.Parameter(s.prefix, guest), value, pulumi.DependsOn(running)); err != nil {
			return wrap("guest "+guest, err)
		}
	}
	return nil
}

func texts(list []string) []any {
	all := []any{}
	for _, one := range list {
		all = append(all, one)
	}
	return all
}

// readHost reads what the environment of environment.guestOf tells. It runs before a component is registered, so that a wrong name or a host that
// says no is an error for which nothing was made.
func (s *stack) readHost(ctx *pulumi.Context) (*told, error) {
	from := s.config.Environment.GuestOf
	name := guests.Parameter(from, s.prefix)
	found, err := ssm.LookupParameter(ctx, &ssm.LookupParameterArgs{Name: name}, pulumi.Provider(s.provider))
	if err != nil {
		return nil, fmt.Errorf("environment.guestOf: reading the parameter %s: %w; %s must have %s in environment.guests, in this account and region, and be deployed", name, err, from, s.prefix)
	}
	host := &told{}
	if err := json.Unmarshal([]byte(found.InsecureValue), host); err != nil {
		return nil, fmt.Errorf("environment.guestOf: the parameter %s: %w; deploy %s with this version of the program", name, err, from)
	}
	c := s.config
	if host.Class != c.Environment.Class {
		return nil, fmt.Errorf("environment.class: %s, and %s, whose guest this is, is of class %s: both must be the same", c.Environment.Class, from, host.Class)
	}
	for _, own := range c.RuleHosts() {
		if !slices.Contains(host.Hosts, own) {
			return nil, fmt.Errorf("domain, or a host in processes: %s is none of the host names that %s admits for %s, %v: add it to environment.guests.%[3]s.hosts there, and deploy that", own, from, s.prefix, host.Hosts)
		}
	}
	if c.Access.Exec && host.Cluster.ExecLogARN == "" { // the cluster's log of the sessions, without which nobody knows what was done in them
		return nil, fmt.Errorf("access.exec: true, and the cluster of %s has no log for its sessions: set access.exec there, too, and deploy that, or remove it here", from)
	}
	if !slices.Equal(c.Cluster.InstanceTypes, host.InstanceTypes) || c.Cluster.Max > host.MaxInstances {
		return nil, fmt.Errorf("cluster: %v and max %d, and %s has %v and max %d: write cluster: {instanceTypes: [%s], max: %[5]d}",
			c.Cluster.InstanceTypes, c.Cluster.Max, from, host.InstanceTypes, host.MaxInstances, strings.Join(host.InstanceTypes, ", "))
	}
	if c.Database.Engine != host.Database.Engine {
		return nil, fmt.Errorf("database.engine: %s, and that of %s is %s: write database: {engine: %[3]s}, with a version of it", c.Database.Engine, from, host.Database.Engine)
	}
	if port := s.cachePort(); c.Cache.Engine != config.None && port != host.Cache.Port {
		return nil, fmt.Errorf("cache.engine: %s, for whose port %d the instances of %s have no rule (their cache has port %d, 0 is none): choose the engine that it has, or none", c.Cache.Engine, port, from, host.Cache.Port)
	}
	return host, nil
}

// deployGuest makes an application that is the guest of another environment: on its instances, behind its load balancer, and with a database
// on its server. All else is its own.
func (s *stack) deployGuest(ctx *pulumi.Context) error {
	zoneID, err := s.lookUpZone(ctx)
	if err != nil {
		return err
	}
	host, err := s.readHost(ctx)
	if err != nil {
		return err
	}
	s.config.Network.PublicRanges = host.PublicRanges
	machine := s.config.InstanceTypes()[0]
	images, err := s.createImages(ctx, machine)
	if err != nil {
		return err
	}
	secrets, err := s.createSecrets(ctx, nil)
	if err != nil {
		return err
	}
	secrets.Share(config.DBPassword, host.Database.Password, host.Database.PasswordARNs...)
	cache, err := s.createCache(ctx, pulumi.ToStringArray(host.Cache.Subnets), pulumi.String(host.Cache.SecurityGroupID), secrets)
	if err != nil {
		return err
	}
	balancer, err := s.createGuestBalancer(ctx, host, zoneID)
	if err != nil {
		return err
	}
	s.guest = guests.PrioritiesOf(host.Number)
	app := &application{
		cluster: infra.SharedCluster(host.Cluster.Name, host.Cluster.ARN, host.Cluster.CapacityProvider, host.Cluster.ExecLogARN, nil),
		machine: machine, images: images, secrets: secrets, cache: s.cacheRef(cache),
		database: infra.DatabaseRef{
			Host: pulumi.String(host.Database.Host).ToStringOutput(), Port: pulumi.Int(host.Database.Port).ToIntOutput(),
			Engine: host.Database.Engine, Name: host.Database.Name, Username: host.Database.Username, RequireTLS: host.Database.RequireTLS,
		},
		target: balancer.Target, balancer: balancer, vpcID: pulumi.String(host.VpcID), dnsName: balancer.DNSName, loadBalancerARN: balancer.ARN, url: s.url(nil),
	}
	services, err := s.createOwn(ctx, app, nil)
	if err != nil {
		return err
	}
	if err := s.createObservability(ctx, app, nil, nil, nil, cache, services); err != nil {
		return err
	}
	s.export(ctx, app, services)
	ctx.Export("guestOf", pulumi.Map{
		"host": pulumi.String(s.config.Environment.GuestOf), "priority": pulumi.Int(s.guest.Traffic()), "hosts": pulumi.ToStringArray(s.config.Hosts()),
	})
	ctx.Export("loadBalancerDnsName", balancer.DNSName)
	return nil
}

// createGuestBalancer makes what the application has at the load balancer of its host, and its names.
func (s *stack) createGuestBalancer(ctx *pulumi.Context, host *told, zoneID string) (*infra.Balancer, error) {
	certificate, err := s.certificate(ctx, zoneID)
	if err != nil {
		return nil, wrap("certificate", err)
	}
	there, numbers := host.LoadBalancer, guests.PrioritiesOf(host.Number)
	balancer, err := infra.NewGuestBalancer(ctx, s.balancerName(), infra.GuestBalancerArgs{
		VpcID: host.VpcID, ARN: there.ARN, ARNSuffix: there.ARNSuffix, DNSName: there.DNSName, ZoneID: there.ZoneID, Listeners: there.Listeners,
		Hosts: s.config.Hosts(), CertificateARN: certificate, Priority: numbers.Traffic(), BasePriority: numbers.Base(),
		Colors: s.config.ColorNames(), TargetArgs: s.targetArgs(), Routes: s.routeTargets(),
	}, s.aws)
	if err != nil || zoneID == "" {
		return balancer, wrap("load balancer", err)
	}
	_, err = infra.NewAlias(ctx, s.prefix+"-dns", infra.AliasArgs{
		Names: s.config.Hosts(), ZoneID: zoneID, Overwrite: s.config.Domain.TakeOver, TargetDNSName: balancer.DNSName, TargetZoneID: balancer.ZoneID,
	}, s.aws)
	return balancer, wrap("domain", err)
}

// rulePriority is the number of a process's rule, of a guest among its own.
func (s *stack) rulePriority(f config.Further) int {
	if s.config.Environment.IsGuest() {
		return s.guest.Route(f.Host, f.Path)
	}
	return f.RulePriority()
}

// cacheGroup is the security group of the cache; empty where there is none.
func (s *stack) cacheGroup(firewall *vpc.Firewall) pulumi.StringInput {
	if c := s.config.Cache; c.Engine == config.None || c.Existing() {
		return pulumi.String("")
	}
	return firewall.ID(vpc.GroupCache)
}
