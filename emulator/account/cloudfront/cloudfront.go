// Package cloudfront holds distributions of CloudFront and their access to buckets. CloudFront is one for all regions; its ARNs have none.
package cloudfront

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

const accessToken = "aws:cloudfront/originAccessControl:OriginAccessControl"

// Service is CloudFront. Defaults and limits of inputs: terraform-provider-aws, internal/service/cloudfront/distribution.go and
// origin_access_control.go. Refusals: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html, Errors.
var Service = account.Service{Types: []account.Type{
	{
		Token: account.DistributionToken, Args: cloudfront.DistributionArgs{}, State: cloudfront.Distribution{},
		Required: []string{"origins", "defaultCacheBehavior.allowedMethods", "defaultCacheBehavior.cachedMethods"},
		ForceNew: []string{"staging"},
		Defaults: account.Values{
			"httpVersion": "http2", "isIpv6Enabled": false, "priceClass": "PriceClass_All", "retainOnDelete": false, "staging": false, "waitForDeployment": true,
		},
		Recomputed: []string{"etag", "lastModifiedTime", "status"},
		Refs: []account.Ref{
			{Path: "viewerCertificate.acmCertificateArn", Type: account.CertificateToken, By: "arn", InUse: "ResourceInUseException", Optional: true},
			{Path: "webAclId", Type: account.WebACLToken, By: "arn", Missing: "InvalidWebACLId", InUse: "WAFAssociatedItemException"},
			// DeleteOriginAccessControl: OriginAccessControlInUse.
			{Path: "origins[*].originAccessControlId", Type: accessToken, By: "id", Missing: "InvalidOriginAccessControl", InUse: "OriginAccessControlInUse"},
		},
		Rules: []account.Rule{
			account.Length("comment", 0, 128),
			account.OneOf("httpVersion", "http1.1", "http2", "http2and3", "http3"),
			account.OneOf("priceClass", "PriceClass_100", "PriceClass_200", "PriceClass_All"),
			account.ARN("viewerCertificate.acmCertificateArn"),
			account.OneOf("viewerCertificate.sslSupportMethod", "sni-only", "vip", "static-ip"),
			account.OneOf("viewerCertificate.minimumProtocolVersion", "SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2_2019", "TLSv1.2_2021"),
			account.OneOf("origins[*].customOriginConfig.originProtocolPolicy", "http-only", "https-only", "match-viewer"),
			account.OneOf("origins[*].customOriginConfig.originSslProtocols[*]", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"),
			account.Between("origins[*].customOriginConfig.originKeepaliveTimeout", 1, 180),
			account.Between("origins[*].customOriginConfig.originReadTimeout", 1, 180),
			account.OneOf("defaultCacheBehavior.viewerProtocolPolicy", "allow-all", "https-only", "redirect-to-https"),
			account.OneOf("orderedCacheBehaviors[*].viewerProtocolPolicy", "allow-all", "https-only", "redirect-to-https"),
			account.OneOf("restrictions.geoRestriction.restrictionType", "blacklist", "whitelist", "none"),
			// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html; another one is InvalidErrorCode.
			account.Member("customErrorResponses[*].errorCode", 400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504),
		},
		Identity: account.Identity{
			ID: "E{LETTERS:13}", ARN: "cloudfront::distribution/{id}",
			Outputs: account.Values{
				"domainName": "d{letters:13}.cloudfront.net", "hostedZoneId": Zone, "callerReference": "terraform-{digits:20}", "inProgressValidationBatches": 0.0,
				"trustedSigners":   []any{map[string]any{"enabled": false, "items": []any{}}},
				"trustedKeyGroups": []any{map[string]any{"enabled": false, "items": []any{}}},
			},
		},
		Complete: complete,
		// The provider disables it and waits for the edge locations, before it deletes it: a distribution that is enabled is DistributionNotDisabled.
		Lingers: true,
	},
	{
		Token: accessToken, Args: cloudfront.OriginAccessControlArgs{}, State: cloudfront.OriginAccessControl{},
		Name:     account.Name{Property: "name", Max: 64},
		Defaults: account.Values{"description": "Managed by Pulumi"},
		Rules: []account.Rule{
			account.Length("name", 1, 64), account.Length("description", 0, 256),
			account.OneOf("originAccessControlOriginType", "lambda", "mediapackagev2", "mediastore", "s3"),
			account.OneOf("signingBehavior", "always", "never", "no-override"), account.OneOf("signingProtocol", "sigv4"),
		},
		Identity: account.Identity{
			ID: "E{LETTERS:13}", ARN: "cloudfront::origin-access-control/{id}", Outputs: account.Values{"etag": "E{LETTERS:12}"},
			Taken: "OriginAccessControlAlreadyExists: An origin access control with the same name already exists: {name}",
		},
	},
}}

// Zone is the hosted zone of all distributions (https://docs.aws.amazon.com/general/latest/gr/cf_region.html).
const Zone = "Z2FDTNDATAQYW2"

// policies are managed ones, by input: using-managed-cache-policies.html, using-managed-origin-request-policies.html and
// using-managed-response-headers-policies.html of the developer guide. The emulator has no others.
var policies = map[string]struct {
	missing string
	ids     []string
}{
	"cachePolicyId":           {"NoSuchCachePolicy", []string{"4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "658327ea-f89d-4fab-a63d-7e88639e58f6"}},
	"originRequestPolicyId":   {"NoSuchOriginRequestPolicy", []string{"216adef6-5c7f-47e4-b989-5492eafa07d3", "b689b0a8-53d0-40ab-baf2-68738e2966ac"}},
	"responseHeadersPolicyId": {"NoSuchResponseHeadersPolicy", []string{"60669652-455b-4ae9-85a4-c4c02393f86c"}},
}
