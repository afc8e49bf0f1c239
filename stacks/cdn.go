package stacks

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	edge "github.com/laravel-ecs/laravel-ecs/infra/cdn"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/cdn"
)

// originFacing is the list of the addresses from which CloudFront comes. It counts as 55 of the 60 rules that a security group has by default
// (https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html).
const originFacing = "com.amazonaws.global.cloudfront.origin-facing"

// lookUpCDN reads CloudFront's addresses. It comes before everything that is registered, as lookUpZone does.
func (s *stack) lookUpCDN(ctx *pulumi.Context) error {
	c := &s.config.CDN
	if !c.On() {
		return nil
	}
	list, err := ec2.LookupManagedPrefixList(ctx, &ec2.LookupManagedPrefixListArgs{Name: pulumi.StringRef(originFacing)}, pulumi.Provider(s.provider))
	if err != nil {
		return fmt.Errorf("cdn.state: looking up the managed prefix list %s: %w", originFacing, err)
	}
	c.PrefixList = list.Id
	for _, entry := range list.Entries {
		c.Ranges = append(c.Ranges, entry.Cidr)
	}
	return nil
}

// cdnState is a tag of the load balancer's security group, edge.HeaderTag one of the distribution, too: by them a deployment knows what is deployed.
// The group has its tags before the load balancer changes, so a deployment that broke off goes on, or one step back; the distribution has its
// tag when it sends the header.
const cdnState = "cdn-state"

// cdnTags are those of the load balancer's security group; none without a distribution.
func (s *stack) cdnTags() map[string]string {
	c := s.config.CDN
	if !c.On() {
		return nil
	}
	return map[string]string{cdnState: c.State, edge.HeaderTag: strconv.Itoa(c.HeaderGeneration)}
}

// cdnMoves refuse a jump of cdn.state or cdn.headerGeneration before the load balancer's group changes, and all that comes after it.
func (s *stack) cdnMoves(ctx *pulumi.Context) (*pulumi.ResourceHookBinding, error) {
	return s.cdnHook(ctx, "-cdn-moves", func(tags resource.PropertyMap) error {
		deployed := cdn.None
		if state := tags[cdnState]; state.IsString() {
			deployed = state.StringValue()
		}
		return errors.Join(s.config.CDN.FollowsState(deployed), s.headerFollows(tags))
	})
}

// headerFollows compares the generation of the header with that of a resource.
func (s *stack) headerFollows(tags resource.PropertyMap) error {
	deployed := 0
	if tag := tags[edge.HeaderTag]; tag.IsString() {
		deployed, _ = strconv.Atoi(tag.StringValue())
	}
	return s.config.CDN.FollowsHeader(deployed)
}

// cdnHook is a check of the tags that a resource has, in the preview too.
func (s *stack) cdnHook(ctx *pulumi.Context, role string, check func(tags resource.PropertyMap) error) (*pulumi.ResourceHookBinding, error) {
	hook, err := ctx.RegisterResourceHook(s.prefix+role, func(args *pulumi.ResourceHookArgs) error {
		var tags resource.PropertyMap
		if had := args.OldInputs["tags"]; had.IsObject() {
			tags = had.ObjectValue()
		}
		return check(tags)
	}, &pulumi.ResourceHookOptions{OnDryRun: true})
	if err != nil {
		return nil, fmt.Errorf("registering hook: %w", err)
	}
	return &pulumi.ResourceHookBinding{BeforeUpdate: []*pulumi.ResourceHook{hook}}, nil
}

// in is the provider of a region.
func (s *stack) in(ctx *pulumi.Context, region string) (*aws.Provider, error) {
	if made := s.providers[region]; made != nil {
		return made, nil
	}
	made, err := newProvider(ctx, s.prefix+"-aws-"+region, region, s.tags)
	s.providers[region] = made
	return made, err
}

// createHeader makes the values of the header by which the load balancer knows CloudFront; nil without a distribution.
func (s *stack) createHeader(ctx *pulumi.Context) (*edge.Header, error) {
	if !s.config.CDN.On() {
		return nil, nil //nolint:nilnil // nothing to know
	}
	header, err := edge.NewHeader(ctx, s.prefix+"-cdn-header", s.config.CDN.HeaderGeneration, s.aws)
	return header, wrap("header of CloudFront", err)
}

// wafArgs are the settings of the web ACL of the load balancer, nil without one. Behind CloudFront all requests have a few addresses, so their
// number is limited at the edge; and what the edge has checked is not checked again.
func (s *stack) wafArgs() *infra.WAFArgs {
	c := s.config.CDN
	if !s.config.LoadBalancer.WAF || c.Closed() && c.WAF {
		return nil
	}
	args := s.webACL()
	if c.On() {
		args.RateLimit = 0
	}
	return args
}

func (s *stack) webACL() *infra.WAFArgs {
	c := s.config.LoadBalancer
	return &infra.WAFArgs{UploadPaths: c.UploadPaths, RateLimit: c.RateLimit, LogDays: s.config.Observability.LogDays, Signed: s.signedRequests()}
}

// createCDN makes the distribution, nil without one, and lets it read the assets.
func (s *stack) createCDN(ctx *pulumi.Context, app *application, header *edge.Header, zoneID string) (*edge.CDN, error) {
	c := s.config.CDN
	if !c.On() {
		return nil, nil //nolint:nilnil // the names lead to the load balancer
	}
	east, err := s.in(ctx, cdn.Region)
	if err != nil {
		return nil, err
	}
	follows, err := s.cdnHook(ctx, "-cdn-header-follows", s.headerFollows)
	if err != nil {
		return nil, wrap("cdn", err)
	}
	args := edge.Args{
		Hosts: s.config.CDNHosts(), ZoneID: zoneID, OriginName: cdn.OriginName(s.config.Domain.Name), Balancer: app.balancer, Header: header,
		Storage: app.storage, AssetsPrefix: config.AssetsOfReleases, CertificateARN: c.CertificateARN, PriceClass: c.PriceClass,
		ReadSeconds: s.config.LoadBalancer.IdleSeconds + cdn.ReadMargin, KeepAliveSeconds: cdn.KeepAliveSeconds, East: east, Hooks: follows,
	}
	if s.issued != nil {
		args.Proven = s.issued
	}
	if c.WAF {
		args.WAF = s.webACL()
	}
	if c.Closed() {
		args.After = app.traffic
	}
	made, err := edge.New(ctx, s.prefix+"-cdn", args, s.aws)
	if err != nil {
		return nil, wrap("cdn", err)
	}
	if err := app.storage.Admit(ctx, config.AssetsOfReleases, made.ARN); err != nil {
		return nil, wrap("cdn: bucket", err)
	}
	ctx.Export("cdn", pulumi.Map{"state": pulumi.String(c.State), "distributionId": made.ID, "domainName": made.DomainName})
	return made, nil
}

// createNames makes the records of the names: of the distribution when it is there, and when tasks run that know its addresses; else of the
// load balancer.
func (s *stack) createNames(ctx *pulumi.Context, app *application, front *edge.CDN, zoneID string) error {
	if zoneID == "" {
		return nil
	}
	args := infra.AliasArgs{
		Names: s.config.Hosts(), ZoneID: zoneID, Overwrite: s.config.Domain.TakeOver, TargetDNSName: app.balancer.DNSName, TargetZoneID: app.balancer.ZoneID,
	}
	if front != nil && s.config.CDN.Serves() {
		args.Fronted, args.FrontDNSName, args.After = s.config.CDNHosts(), front.DomainName, append(front.Ready(), app.traffic...)
	}
	_, err := infra.NewAlias(ctx, s.prefix+"-dns", args, s.aws)
	return wrap("domain", err)
}
