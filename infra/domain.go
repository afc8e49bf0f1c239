package infra

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// CertificateArgs describes the certificate of the HTTPS listener.
type CertificateArgs struct {
	// Name is the host name of the application; Aliases are others.
	Name    string
	Aliases []string
	// ZoneID is the public hosted zone for the validation records.
	ZoneID string
}

// Certificate is an ACM certificate. AWS renews it as long as its DNS records exist.
type Certificate struct {
	pulumi.ResourceState

	// ARN is known once the certificate is issued.
	ARN pulumi.StringOutput `pulumi:"arn"`
}

// NewCertificate requests a certificate, makes its validation records, and waits until it is issued.
func NewCertificate(ctx *pulumi.Context, name string, args CertificateArgs, opts ...pulumi.ResourceOption) (*Certificate, error) {
	c := &Certificate{}
	if err := ctx.RegisterComponentResource("laravel:infra:Certificate", name, c, opts...); err != nil {
		return nil, err
	}
	certificate, err := acm.NewCertificate(ctx, name+"-cert", &acm.CertificateArgs{
		DomainName:              pulumi.String(args.Name),
		SubjectAlternativeNames: pulumi.ToStringArray(args.Aliases),
		ValidationMethod:        pulumi.String("DNS"),
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("requesting certificate: %w", err)
	}
	names := pulumi.StringArray{}
	for _, domain := range args.proven() {
		record, err := newProof(ctx, name, domain, args, certificate, pulumi.Parent(c))
		if err != nil {
			return nil, fmt.Errorf("creating validation record of %s: %w", domain, err)
		}
		names = append(names, record.Fqdn)
	}
	issued, err := acm.NewCertificateValidation(ctx, name+"-issued", &acm.CertificateValidationArgs{
		CertificateArn: certificate.Arn, ValidationRecordFqdns: names,
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("validating certificate: %w", err)
	}
	c.ARN = issued.CertificateArn
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"arn": c.ARN})
}

// hosts are sorted, as the provider sorts them in its set.
func (args CertificateArgs) hosts() []string {
	return slices.Sorted(slices.Values(append([]string{args.Name}, args.Aliases...)))
}

// proven are the domains that need a validation record: the one of a domain is that of its wildcard too.
func (args CertificateArgs) proven() []string {
	var domains []string
	for _, host := range args.hosts() {
		if domain := strings.TrimPrefix(host, "*."); !slices.Contains(domains, domain) {
			domains = append(domains, domain)
		}
	}
	return domains
}

// newProof registers the validation record of a domain. It is found by the domain, because the records are a set, whose order changes with
// every new name.
func newProof(ctx *pulumi.Context, name, domain string, args CertificateArgs, certificate *acm.Certificate, opts ...pulumi.ResourceOption) (*route53.Record, error) {
	challenge := certificate.DomainValidationOptions.ApplyT(func(set []acm.CertificateDomainValidationOption) (acm.CertificateDomainValidationOption, error) {
		for _, option := range set {
			if option.DomainName != nil && strings.TrimPrefix(*option.DomainName, "*.") == domain {
				return option, nil
			}
		}
		return acm.CertificateDomainValidationOption{}, fmt.Errorf("the certificate has no validation record for %s", domain)
	}).(acm.CertificateDomainValidationOptionOutput)
	return route53.NewRecord(ctx, name+"-proof-"+domain, &route53.RecordArgs{
		ZoneId:  pulumi.String(args.ZoneID),
		Name:    challenge.ResourceRecordName().Elem(),
		Type:    challenge.ResourceRecordType().Elem(),
		Records: pulumi.StringArray{challenge.ResourceRecordValue().Elem()},
		Ttl:     pulumi.Int(300),
		// A name has the same record in every certificate of the account, also in those that were made by hand. Overwriting it changes
		// nothing; a refusal would keep people from a second environment, or from a certificate beside the one that they have.
		AllowOverwrite: pulumi.Bool(true),
	}, append(opts, pulumi.Aliases([]pulumi.Alias{{Name: pulumi.Sprintf("%s-proof-%d", name, args.formerIndex(domain))}}))...)
}

// formerIndex is the number in the name that a record had when it was named by its place in the provider's set.
func (args CertificateArgs) formerIndex(domain string) int {
	hosts := args.hosts()
	i := slices.Index(hosts, domain)
	if i < 0 {
		i = slices.Index(hosts, "*."+domain)
	}
	return 1 + i
}

// AliasArgs describes names of the load balancer, or of the distribution before it.
type AliasArgs struct {
	Names  []string
	ZoneID string
	// Overwrite lets records that exist point to the load balancer. Without it, Route 53 refuses the first record that exists: the action is
	// UPSERT instead of CREATE (terraform-provider-aws, internal/service/route53/record.go).
	Overwrite bool
	// TargetDNSName and TargetZoneID are the load balancer's.
	TargetDNSName, TargetZoneID pulumi.StringInput
	// Fronted are those of Names that lead to the distribution instead, when After is there.
	Fronted      []string
	FrontDNSName pulumi.StringInput
	After        []pulumi.Resource
}

// CloudFrontZone is the hosted zone of all distributions (https://docs.aws.amazon.com/general/latest/gr/cf_region.html).
const CloudFrontZone = "Z2FDTNDATAQYW2"

// Alias is a set of Route 53 alias records.
type Alias struct{ pulumi.ResourceState }

// NewAlias registers one alias record per name. Alias records are free, and allowed at the apex of a zone.
func NewAlias(ctx *pulumi.Context, name string, args AliasArgs, opts ...pulumi.ResourceOption) (*Alias, error) {
	a := &Alias{}
	if err := ctx.RegisterComponentResource("laravel:infra:Alias", name, a, opts...); err != nil {
		return nil, err
	}
	var overwrite pulumi.BoolPtrInput // not given: no change of the records that are there
	if args.Overwrite {
		overwrite = pulumi.Bool(true)
	}
	for _, host := range args.Names {
		target := &route53.RecordAliasArgs{Name: args.TargetDNSName, ZoneId: args.TargetZoneID, EvaluateTargetHealth: pulumi.Bool(true)}
		suffixes, opts := map[string]string{"A": ""}, []pulumi.ResourceOption{pulumi.Parent(a)}
		if slices.Contains(args.Fronted, host) {
			// Route 53 evaluates no health of a distribution (https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html).
			target = &route53.RecordAliasArgs{Name: args.FrontDNSName, ZoneId: pulumi.String(CloudFrontZone), EvaluateTargetHealth: pulumi.Bool(false)}
			suffixes["AAAA"] = "-ipv6" // the load balancer has no IPv6
			opts = append(opts, pulumi.DependsOn(args.After))
		}
		for _, kind := range sortedKeys(suffixes) {
			if _, err := route53.NewRecord(ctx, name+"-"+host+suffixes[kind], &route53.RecordArgs{
				ZoneId: pulumi.String(args.ZoneID), Name: pulumi.String(host), Type: pulumi.String(kind),
				Aliases: route53.RecordAliasArray{target}, AllowOverwrite: overwrite,
			}, opts...); err != nil {
				return nil, fmt.Errorf("creating alias record %s: %w", host, err)
			}
		}
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{})
}
