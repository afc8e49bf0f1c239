package aws

import (
	"context"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// goodDistribution answers for a name, with a load balancer behind it.
var goodDistribution = account.Values{
	"enabled": true, "aliases": []any{"shop.example.com"}, "httpVersion": "http2and3", "priceClass": "PriceClass_100", "waitForDeployment": true,
	"origins": []any{map[string]any{"originId": "lb", "domainName": "origin.shop.example.com", "customOriginConfig": map[string]any{
		"httpPort": 80, "httpsPort": 443, "originProtocolPolicy": "https-only", "originSslProtocols": []any{"TLSv1.2"}, "originReadTimeout": 60,
	}}},
	"defaultCacheBehavior": map[string]any{
		"targetOriginId": "lb", "viewerProtocolPolicy": "redirect-to-https", "allowedMethods": []any{"GET", "HEAD"}, "cachedMethods": []any{"GET", "HEAD"},
		"cachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
	},
	"restrictions":      map[string]any{"geoRestriction": map[string]any{"restrictionType": "none"}},
	"viewerCertificate": map[string]any{"acmCertificateArn": "{east}", "sslSupportMethod": "sni-only"},
}

// TestDistributions: what CloudFront refuses, by its codes, and what it takes.
func TestDistributions(t *testing.T) {
	w := fronted(t)
	for id, region := range map[string]string{"east": "us-east-1", "west": "eu-central-1"} {
		arn := "arn:aws:acm:" + region + ":123456789012:certificate/" + id
		if err := w.Seed(account.CertificateToken, arn, account.Values{"arn": arn, "status": "ISSUED", "domainName": "shop.example.com", "type": "AMAZON_ISSUED"}); err != nil {
			t.Fatal(err)
		}
		w.ids[id] = arn
	}
	behavior := func(key, value string) account.Values {
		changed := map[string]any{}
		for name, old := range goodDistribution["defaultCacheBehavior"].(map[string]any) {
			changed[name] = old
		}
		changed[key] = value
		return account.Values{"defaultCacheBehavior": changed}
	}
	slow := map[string]any{"originId": "lb", "domainName": "origin.shop.example.com", "customOriginConfig": map[string]any{
		"httpPort": 80, "httpsPort": 443, "originProtocolPolicy": "https-only", "originSslProtocols": []any{"TLSv1.2"}, "originReadTimeout": 121,
	}}
	for name, test := range map[string]struct {
		code   string
		change account.Values
	}{
		"a certificate elsewhere": {"InvalidViewerCertificate", account.Values{"viewerCertificate": map[string]any{"acmCertificateArn": "{west}", "sslSupportMethod": "sni-only"}}},
		"no certificate":          {"InvalidViewerCertificate", account.Values{"viewerCertificate": map[string]any{"cloudfrontDefaultCertificate": true}}},
		"a name not covered":      {"InvalidViewerCertificate", account.Values{"aliases": []any{"shop.example.com", "www.example.com"}}},
		"no such origin":          {"NoSuchOrigin", behavior("targetOriginId", "other")},
		"no such policy":          {"NoSuchCachePolicy", behavior("cachePolicyId", "00000000-0000-0000-0000-000000000000")},
		"above the quota":         {"InvalidOriginReadTimeout", account.Values{"origins": []any{slow}}},
		"no such web ACL":         {"InvalidWebACLId", account.Values{"webAclId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/none/0"}},
	} {
		_, err := w.Create(context.Background(), account.DistributionToken, "shop", w.checked(account.DistributionToken, "shop", with(goodDistribution, test.change)))
		if err == nil {
			t.Errorf("%s is accepted", name)
			continue
		}
		wantCode(t, err, test.code)
	}
	made := w.make(account.DistributionToken, "shop", goodDistribution)
	_, err := w.Create(context.Background(), account.DistributionToken, "second", w.checked(account.DistributionToken, "second", goodDistribution))
	wantCode(t, err, "CNAMEAlreadyExists")
	alias := func(zone string, health bool) account.Values {
		return account.Values{"zoneId": zoneID, "name": "shop.example.com", "type": "AAAA",
			"aliases": []any{map[string]any{"name": made.Outputs.Text("domainName"), "zoneId": zone, "evaluateTargetHealth": health}}}
	}
	for code, record := range map[string]account.Values{"InvalidChangeBatch": alias(zoneID, false), "InvalidInput": alias("Z2FDTNDATAQYW2", true)} {
		_, err := w.Create(context.Background(), account.RecordToken, code, w.checked(account.RecordToken, code, record))
		wantCode(t, err, code)
	}
	w.make(account.RecordToken, "shop-ipv6", alias("Z2FDTNDATAQYW2", false))
	acl := with(goodACL, account.Values{"name": "edge", "scope": "CLOUDFRONT"})
	_, err = w.Create(context.Background(), account.WebACLToken, "edge", w.checked(account.WebACLToken, "edge", acl))
	wantCode(t, err, "WAFInvalidParameterException")
	if _, err := w.Create(account.InRegion(context.Background(), "us-east-1"), account.WebACLToken, "edge", w.checked(account.WebACLToken, "edge", acl)); err != nil {
		t.Errorf("a web ACL of CloudFront in us-east-1: %v", err)
	}
}

// TestOriginFacingList: CloudFront's list counts as 55 of 60 rules.
func TestOriginFacingList(t *testing.T) {
	w := furnished(t)
	list, err := w.Invoke(context.Background(), "aws:ec2/getManagedPrefixList:getManagedPrefixList", account.Values{"name": "com.amazonaws.global.cloudfront.origin-facing"})
	if err != nil {
		t.Fatal(err)
	}
	rule := func(port int, id string) account.Values {
		return account.Values{"securityGroupId": "{web}", "ipProtocol": "tcp", "fromPort": port, "toPort": port, "prefixListId": id}
	}
	w.make(account.IngressRuleToken, "https", rule(443, list.Text("id")))
	for code, second := range map[string]account.Values{"RulesPerSecurityGroupLimitExceeded": rule(80, list.Text("id")), "InvalidPrefixListID.NotFound": rule(80, "pl-00000000")} {
		_, err := w.Create(context.Background(), account.IngressRuleToken, code, w.checked(account.IngressRuleToken, code, second))
		wantCode(t, err, code)
	}
}
