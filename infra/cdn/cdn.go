// Package cdn declares Amazon CloudFront before the load balancer.
package cdn

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// Args describes the distribution.
type Args struct {
	// Hosts are the names that it answers for; the first one is the application's.
	Hosts []string
	// ZoneID is the hosted zone of the names, and of OriginName, by which CloudFront knows the load balancer.
	ZoneID, OriginName string
	Balancer           *infra.Balancer
	// Header is what the load balancer knows the distribution by.
	Header *Header
	// Storage has the assets of all releases, below AssetsPrefix.
	Storage      *infra.Storage
	AssetsPrefix string
	// CertificateARN is a certificate in us-east-1. Without it one is requested, which the validation records of Proven prove.
	CertificateARN string
	Proven         pulumi.Resource
	PriceClass     string
	// ReadSeconds is how long the distribution waits for an answer of the load balancer, KeepAliveSeconds how long it keeps an idle connection.
	ReadSeconds, KeepAliveSeconds int
	WAF                           *infra.WAFArgs // nil for none
	// East makes what must be in us-east-1.
	East pulumi.ProviderResource
	// Hooks run before the distribution changes.
	Hooks *pulumi.ResourceHookBinding
	// After must have changed before the distribution does: the rules that accept a new value of the header.
	After []pulumi.Resource
}

// CDN is a distribution of CloudFront, with the assets of the application from the bucket and everything else from the load balancer.
type CDN struct {
	pulumi.ResourceState

	ID         pulumi.IDOutput
	ARN        pulumi.StringOutput `pulumi:"arn"`
	DomainName pulumi.StringOutput `pulumi:"domainName"`

	name         string
	args         Args
	distribution *cloudfront.Distribution
}

// New registers the distribution and what it needs.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*CDN, error) {
	c := &CDN{name: name, args: args}
	if err := ctx.RegisterComponentResource("laravel:infra:CDN", name, c, opts...); err != nil {
		return nil, err
	}
	certificate, err := c.certificate(ctx)
	if err != nil {
		return nil, fmt.Errorf("requesting certificate: %w", err)
	}
	ready, err := c.origin(ctx)
	if err != nil {
		return nil, fmt.Errorf("creating origin: %w", err)
	}
	var acl pulumi.StringPtrInput
	if args.WAF != nil {
		made, err := infra.NewWebACL(ctx, name+"-waf", infra.CloudFront, *args.WAF, c.east()...)
		if err != nil {
			return nil, fmt.Errorf("creating web ACL: %w", err)
		}
		acl = made.Arn.ToStringPtrOutput()
	}
	if err := c.distribute(ctx, certificate, acl, append(ready, args.After...)); err != nil {
		return nil, fmt.Errorf("creating distribution: %w", err)
	}
	c.ID, c.ARN, c.DomainName = c.distribution.ID(), c.distribution.Arn, c.distribution.DomainName
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"arn": c.ARN, "domainName": c.DomainName})
}

// Ready must be there before the names lead to the distribution. The provider waits until every edge location has it.
func (c *CDN) Ready() []pulumi.Resource { return []pulumi.Resource{c.distribution} }

func (c *CDN) east() []pulumi.ResourceOption {
	return []pulumi.ResourceOption{pulumi.Parent(c), pulumi.Provider(c.args.East)}
}

// certificate is that of the visitors. A name has the same validation record in every certificate of an account, in every region
// (https://github.com/hashicorp/terraform-provider-aws/issues/13653), and the load balancer's certificate made them. Records of this one would be
// the same ones, and their delete would keep that one from being renewed.
func (c *CDN) certificate(ctx *pulumi.Context) (pulumi.StringInput, error) {
	if c.args.CertificateARN != "" {
		return pulumi.String(c.args.CertificateARN), nil
	}
	requested, err := acm.NewCertificate(ctx, c.name+"-cert", &acm.CertificateArgs{
		DomainName: pulumi.String(c.args.Hosts[0]), SubjectAlternativeNames: pulumi.ToStringArray(c.args.Hosts[1:]), ValidationMethod: pulumi.String("DNS"),
	}, c.east()...)
	if err != nil {
		return nil, err
	}
	issued, err := acm.NewCertificateValidation(ctx, c.name+"-issued", &acm.CertificateValidationArgs{CertificateArn: requested.Arn},
		append(c.east(), pulumi.DependsOn([]pulumi.Resource{c.args.Proven}))...)
	if err != nil {
		return nil, err
	}
	return issued.CertificateArn, nil
}

// origin gives the load balancer a name of its own, with a certificate beside that of the names. CloudFront compares the certificate with the
// Host header, where it passes that on, or with the name of the origin
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-502-bad-gateway.html). It passes it on with every request but those
// for assets, whose first origin, the bucket, has another host.
func (c *CDN) origin(ctx *pulumi.Context) ([]pulumi.Resource, error) {
	certificate, err := infra.NewCertificate(ctx, c.name+"-origin", infra.CertificateArgs{Name: c.args.OriginName, ZoneID: c.args.ZoneID}, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	served, err := lb.NewListenerCertificate(ctx, c.name+"-origin", &lb.ListenerCertificateArgs{
		ListenerArn: c.args.Balancer.ListenerARNs()["https"], CertificateArn: certificate.ARN,
	}, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	names, err := infra.NewAlias(ctx, c.name+"-origin", infra.AliasArgs{
		Names: []string{c.args.OriginName}, ZoneID: c.args.ZoneID, TargetDNSName: c.args.Balancer.DNSName, TargetZoneID: c.args.Balancer.ZoneID,
	}, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	return []pulumi.Resource{served, names}, nil
}
