// Package stacks declares environments and the account: it reads the configuration, connects the components of package infra, and
// exports the outputs.
package stacks

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/guests"
)

// stack is known before the first component is made.
type stack struct {
	config  *config.Config
	name    string // of the stack
	prefix  string // application and stack: all names begin so
	release string // that the live colour runs
	tags    map[string]string
	// imported is the instance of database.import, nil without one.
	imported *infra.DatabaseImport
	// provider is the AWS provider, and aws makes components use it.
	provider pulumi.ProviderResource
	aws      pulumi.ResourceOption
	// providers are those of regions, and issued is the certificate of the load balancer where the program requests it.
	providers map[string]*aws.Provider
	issued    *infra.Certificate
	guest     guests.Priorities // of the rules, where it is a guest
}

// Deploy declares one environment or, where the configuration has a section account, what all environments of an account share.
func Deploy(ctx *pulumi.Context) error {
	if config.IsAccount(source{ctx}) {
		return deployAccount(ctx)
	}
	s, err := newStack(ctx)
	if err != nil {
		return err
	}
	switch e := s.config.Environment; {
	case e.Shares != "":
		return s.deploySharing(ctx)
	case e.IsGuest():
		return s.deployGuest(ctx)
	}
	return s.deployEnvironment(ctx)
}

// newStack validates the configuration before the first resource is registered, which is the provider.
func newStack(ctx *pulumi.Context) (*stack, error) {
	c, err := config.Load(source{ctx})
	if err != nil {
		return nil, err
	}
	s := &stack{config: c, name: ctx.Stack(), prefix: c.App.Name + "-" + ctx.Stack()}
	if s.tags, err = defaultTags(ctx, c.App.Name, c.ResourceTags()); err != nil {
		return nil, err
	}
	if s.release, err = c.ReleaseName(); err != nil {
		return nil, err
	}
	provider, err := newProvider(ctx, s.prefix+"-aws", c.Region, s.tags)
	if err != nil {
		return nil, err
	}
	s.providers = map[string]*aws.Provider{c.Region: provider}
	s.provider, s.aws = provider, pulumi.Composite(pulumi.Providers(provider), bounded(c.Environment.PermissionsBoundary))
	return s, nil
}

// deployEnvironment makes, in the order of the article, the network, a registry with the image, the data, the load balancer, the
// instances, and the services that run on them.
func (s *stack) deployEnvironment(ctx *pulumi.Context) error {
	zoneID, err := s.lookUpZone(ctx)
	if err != nil {
		return err
	}
	existing, err := s.lookUpNetwork(ctx)
	if err != nil {
		return err
	}
	if s.imported, err = s.lookUpDatabase(ctx); err != nil {
		return err
	}
	if err := s.lookUpCDN(ctx); err != nil {
		return err
	}
	network, err := s.createNetwork(ctx, existing)
	if err != nil {
		return err
	}
	firewall, ready, err := s.createFirewall(ctx, network)
	if err != nil {
		return err
	}
	machine := s.config.Machine()
	images, err := s.createImages(ctx, machine)
	if err != nil {
		return err
	}
	secrets, err := s.createSecrets(ctx, nil)
	if err != nil {
		return err
	}
	hosted, err := s.createGuests(ctx, secrets)
	if err != nil {
		return err
	}
	database, err := s.createDatabase(ctx, network, firewall, secrets)
	if err != nil {
		return err
	}
	copies, err := s.createCopies(ctx, database)
	if err != nil {
		return err
	}
	cache, err := s.createCache(ctx, network.DataSubnetIDs, s.cacheGroup(firewall), secrets)
	if err != nil {
		return err
	}
	header, err := s.createHeader(ctx)
	if err != nil {
		return err
	}
	balancer, err := s.createBalancer(ctx, network, firewall, zoneID, header)
	if err != nil {
		return err
	}
	cluster, err := s.createCluster(ctx, network, firewall, ready)
	if err != nil {
		return err
	}
	ref := s.databaseRef(database)
	app := &application{
		cluster: cluster, machine: machine, images: images, secrets: secrets, database: ref, cache: s.cacheRef(cache),
		target: balancer.Target, balancer: balancer, vpcID: network.VpcID, dnsName: balancer.DNSName, loadBalancerARN: balancer.ARN, url: s.url(balancer.DNSName),
	}
	services, err := s.createOwn(ctx, app, database)
	if err != nil {
		return err
	}
	front, err := s.createCDN(ctx, app, header, zoneID)
	if err != nil {
		return err
	}
	if err := s.createNames(ctx, app, front, zoneID); err != nil {
		return err
	}
	if err := s.createObservability(ctx, app, network, database, copies, cache, services); err != nil {
		return err
	}
	s.export(ctx, app, services)
	ctx.Export("loadBalancerDnsName", balancer.DNSName)
	if err := s.tellGuests(ctx, hosted, network, firewall, app, services); err != nil {
		return err
	}
	if s.sharesWithReviews() {
		ctx.Export(sharedOutput, sharedValues(s.config, network, app))
	}
	return nil
}

// createOwn makes what no environment shares: bucket, queue, services and schedules. database is nil where it is another environment's.
func (s *stack) createOwn(ctx *pulumi.Context, app *application, database infra.DatabaseServer) (services map[string]*infra.Service, err error) {
	if app.storage, err = s.createStorage(ctx, app.url); err != nil {
		return nil, err
	}
	if app.queue, err = s.createQueue(ctx); err != nil {
		return nil, err
	}
	if services, err = s.createServices(ctx, app); err != nil {
		return nil, err
	}
	return services, s.createNights(ctx, app, database, services)
}

// application is what the services of an environment need. The environment made it, or shares it with another one.
type application struct {
	cluster  infra.ClusterRef
	machine  config.InstanceType // that the image is built for
	images   *images
	secrets  *infra.Secrets
	database infra.DatabaseRef
	cache    infra.CacheRef
	queue    *infra.Queue // nil where Laravel's queue is not in SQS
	// target is where the load balancer sends the requests of a colour.
	target          func(color string) infra.Target
	balancer        *infra.Balancer    // nil where it is another environment's
	traffic         []pulumi.Resource  // its rules, which come after the tasks
	vpcID, dnsName  pulumi.StringInput // nil there, too
	loadBalancerARN pulumi.StringInput
	url             pulumi.StringOutput
	storage         *infra.Storage // nil without a bucket
	// variables are further environment variables of all containers.
	variables map[string]pulumi.StringInput
}

func wrap(where string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", where, err)
}
