package pipeline

import "maps"

// CloudFront has no region, and takes certificates and web ACLs from us-east-1. Its ARNs, actions and keys:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfront.html. An origin access control has no tags and a
// generated id; one that a distribution uses cannot be deleted, and none is changed.
var (
	distributions    = scope{"cloudfront::{account}:distribution/*", whenOwned}
	newDistributions = scope{"*", whenMaking} // the request names no resource
	namedNow         = scope{"cloudfront::{account}:distribution/*", whenAdopting}
	originAccesses   = scope{"cloudfront::{account}:origin-access-control/*", always}
	edgeCerts        = scope{"acm:us-east-1:{account}:certificate/*", whenOwned}
	newEdgeCerts     = scope{"acm:us-east-1:{account}:certificate/{published}", whenAdopting}
	edgeLogs         = scope{"logs:us-east-1:{account}:log-group:aws-waf-logs-{name}", whenOurs}
	edgeFirewalls    = scope{"wafv2:us-east-1:{account}:global/webacl/{name}", whenOurs}
	edgeRuleSets     = scope{"wafv2:us-east-1:{account}:global/managedruleset/*", always}
)

// edge is the policy for CloudFront, by service and by region.
const edge = "edge"

// cdnPermissions are those of what only environments with a section cdn have.
var cdnPermissions = map[string][]permission{
	// The provider creates it with tags. Its certificate and its web ACL, with a log, are types that are in the region of the environment, too.
	"aws:cloudfront/distribution:Distribution": {
		reading("cloudfront:GetDistribution cloudfront:ListTagsForResource"),
		{"cloudfront:CreateDistribution", newDistributions},
		{"cloudfront:TagResource", namedNow},
		{"cloudfront:DeleteDistribution cloudfront:TagResource cloudfront:UntagResource cloudfront:UpdateDistribution", distributions},
		{"acm:AddTagsToCertificate", newEdgeCerts},
		{"acm:AddTagsToCertificate acm:DeleteCertificate acm:RemoveTagsFromCertificate acm:UpdateCertificateOptions", edgeCerts},
		{"wafv2:CreateWebACL wafv2:DeleteLoggingConfiguration wafv2:DeleteWebACL wafv2:GetLoggingConfiguration wafv2:GetWebACL wafv2:PutLoggingConfiguration wafv2:TagResource wafv2:UntagResource wafv2:UpdateWebACL", edgeFirewalls},
		{"wafv2:CreateWebACL wafv2:UpdateWebACL", edgeRuleSets},
		{"logs:CreateLogGroup logs:DeleteLogGroup logs:DeleteRetentionPolicy logs:PutRetentionPolicy logs:TagResource logs:UntagResource", edgeLogs},
	},
	"aws:cloudfront/originAccessControl:OriginAccessControl": {
		reading("cloudfront:GetOriginAccessControl"),
		{"cloudfront:CreateOriginAccessControl", anything}, // the request names no resource
		{"cloudfront:DeleteOriginAccessControl", originAccesses},
	},
	"aws:lb/listenerCertificate:ListenerCertificate": {
		reading("elasticloadbalancing:DescribeListenerCertificates"),
		{"elasticloadbalancing:AddListenerCertificates elasticloadbalancing:RemoveListenerCertificates", balancers},
	},
	"aws:ec2/getManagedPrefixList:getManagedPrefixList": {reading("ec2:DescribeManagedPrefixLists ec2:GetManagedPrefixListEntries")},
}

func joined(one, other map[string][]permission) map[string][]permission {
	all := maps.Clone(one)
	maps.Copy(all, other)
	return all
}
