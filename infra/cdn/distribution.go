package cdn

import (
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// Policies that CloudFront has, by the ids that they have everywhere:
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html,
// using-managed-origin-request-policies.html and using-managed-response-headers-policies.html beside it.
const (
	cachingDisabled  = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
	cachingOptimized = "658327ea-f89d-4fab-a63d-7e88639e58f6" // without cookies and queries, with Accept-Encoding; for as long as the file says
	allViewer        = "216adef6-5c7f-47e4-b989-5492eafa07d3" // all headers, cookies and queries
	simpleCORS       = "60669652-455b-4ae9-85a4-c4c02393f86c" // pages of other names of the application may use fonts and modules
)

// The ids of the origins within the distribution.
const (
	balancerOrigin = "load-balancer"
	assetsOrigin   = "assets"
	assetsGroup    = "assets-or-load-balancer"
)

// assetsPath has names with a hash of the file's content (Vite), so a file never changes.
const assetsPath = "/build/assets/*"

// errorCodes are those that CloudFront caches, for 10 seconds unless it is told otherwise, in every behaviour
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html and HTTPStatusCodes.html beside it). The error
// of one visitor would be that of all.
var errorCodes = []int{400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}

// missingCodes take a request for an asset to the load balancer: S3 answers 403 for a file that it does not have to those who may not list the
// bucket (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html). It is there before the first page of a release asks for it, unless the bucket was slow (docs/adr/0022).
var missingCodes = []int{403, 404, 500, 502, 503, 504}

func (c *CDN) distribute(ctx *pulumi.Context, certificate pulumi.StringInput, acl pulumi.StringPtrInput, after []pulumi.Resource) error {
	access, err := cloudfront.NewOriginAccessControl(ctx, c.name+"-assets", &cloudfront.OriginAccessControlArgs{
		Description:                   pulumi.String("Assets of releases"),
		OriginAccessControlOriginType: pulumi.String("s3"), SigningBehavior: pulumi.String("always"), SigningProtocol: pulumi.String("sigv4"),
	}, pulumi.Parent(c))
	if err != nil {
		return err
	}
	errors := cloudfront.DistributionCustomErrorResponseArray{}
	for _, code := range errorCodes {
		errors = append(errors, &cloudfront.DistributionCustomErrorResponseArgs{ErrorCode: pulumi.Int(code), ErrorCachingMinTtl: pulumi.Int(0)})
	}
	c.distribution, err = cloudfront.NewDistribution(ctx, c.name, &cloudfront.DistributionArgs{
		Comment: pulumi.String(c.name), Enabled: pulumi.Bool(true), IsIpv6Enabled: pulumi.Bool(true), HttpVersion: pulumi.String("http2and3"),
		PriceClass: pulumi.String(c.args.PriceClass), Aliases: pulumi.ToStringArray(c.args.Hosts), WebAclId: acl,
		ViewerCertificate: &cloudfront.DistributionViewerCertificateArgs{
			AcmCertificateArn: certificate.ToStringOutput().ToStringPtrOutput(), SslSupportMethod: pulumi.String("sni-only"),
			MinimumProtocolVersion: pulumi.String("TLSv1.2_2021"),
		},
		Origins: cloudfront.DistributionOriginArray{c.balancer(), &cloudfront.DistributionOriginArgs{
			OriginId: pulumi.String(assetsOrigin), DomainName: c.args.Storage.Domain, OriginPath: pulumi.String("/" + strings.TrimSuffix(c.args.AssetsPrefix, "/")),
			OriginAccessControlId: access.ID().ToStringOutput().ToStringPtrOutput(),
		}},
		OriginGroups: cloudfront.DistributionOriginGroupArray{&cloudfront.DistributionOriginGroupArgs{
			OriginId:         pulumi.String(assetsGroup),
			FailoverCriteria: &cloudfront.DistributionOriginGroupFailoverCriteriaArgs{StatusCodes: pulumi.ToIntArray(missingCodes)},
			Members: cloudfront.DistributionOriginGroupMemberArray{
				&cloudfront.DistributionOriginGroupMemberArgs{OriginId: pulumi.String(assetsOrigin)},
				&cloudfront.DistributionOriginGroupMemberArgs{OriginId: pulumi.String(balancerOrigin)},
			},
		}},
		DefaultCacheBehavior: &cloudfront.DistributionDefaultCacheBehaviorArgs{
			TargetOriginId: pulumi.String(balancerOrigin), ViewerProtocolPolicy: pulumi.String("redirect-to-https"),
			AllowedMethods: pulumi.ToStringArray([]string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}),
			CachedMethods:  pulumi.ToStringArray([]string{"GET", "HEAD"}),
			CachePolicyId:  pulumi.String(cachingDisabled), OriginRequestPolicyId: pulumi.String(allViewer),
		},
		OrderedCacheBehaviors: cloudfront.DistributionOrderedCacheBehaviorArray{&cloudfront.DistributionOrderedCacheBehaviorArgs{
			PathPattern: pulumi.String(assetsPath), TargetOriginId: pulumi.String(assetsGroup), ViewerProtocolPolicy: pulumi.String("redirect-to-https"),
			// A group of origins fails over for no others (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html).
			AllowedMethods: pulumi.ToStringArray([]string{"GET", "HEAD", "OPTIONS"}), CachedMethods: pulumi.ToStringArray([]string{"GET", "HEAD"}),
			CachePolicyId: pulumi.String(cachingOptimized), ResponseHeadersPolicyId: pulumi.String(simpleCORS), Compress: pulumi.Bool(true),
		}},
		CustomErrorResponses: errors,
		Tags:                 pulumi.StringMap{HeaderTag: pulumi.String(strconv.Itoa(c.args.Header.generation))},
		Restrictions: &cloudfront.DistributionRestrictionsArgs{
			GeoRestriction: &cloudfront.DistributionRestrictionsGeoRestrictionArgs{RestrictionType: pulumi.String("none")},
		},
	}, pulumi.Parent(c), pulumi.DependsOn(after), pulumi.ResourceHooks(c.args.Hooks))
	return err
}

// balancer is the origin of everything that the application answers.
func (c *CDN) balancer() *cloudfront.DistributionOriginArgs {
	return &cloudfront.DistributionOriginArgs{
		OriginId: pulumi.String(balancerOrigin), DomainName: pulumi.String(c.args.OriginName),
		CustomHeaders: cloudfront.DistributionOriginCustomHeaderArray{&cloudfront.DistributionOriginCustomHeaderArgs{
			Name: pulumi.String(infra.OriginHeader), Value: c.args.Header.sent(),
		}},
		CustomOriginConfig: &cloudfront.DistributionOriginCustomOriginConfigArgs{
			HttpPort: pulumi.Int(80), HttpsPort: pulumi.Int(443), OriginProtocolPolicy: pulumi.String("https-only"),
			OriginSslProtocols: pulumi.ToStringArray([]string{"TLSv1.2"}),
			OriginReadTimeout:  pulumi.Int(c.args.ReadSeconds), OriginKeepaliveTimeout: pulumi.Int(c.args.KeepAliveSeconds),
		},
	}
}
