package stacks_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

const distributionToken = "aws:cloudfront/distribution:Distribution"

// behindCDN is prod in a state of the section cdn.
func behindCDN(t testing.TB, state string) map[string]string {
	t.Helper()
	return with(stackConfig(t, "prod"), "cdn", "state", state)
}

func TestInventoryOfCDN(t *testing.T) {
	checkInventory(t, "prod-cdn", deploy(t, "prod", behindCDN(t, "exclusive")))
}

// TestCDNCaches: assets are cached, in the bucket first, and nothing else is: no page, no cookie and no error of one visitor gets to another.
func TestCDNCaches(t *testing.T) {
	d := one(t, deploy(t, "prod", behindCDN(t, "standby")), distributionToken)
	for path, want := range map[string]string{
		"defaultCacheBehavior.cachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "defaultCacheBehavior.originRequestPolicyId": "216adef6-5c7f-47e4-b989-5492eafa07d3",
		"defaultCacheBehavior.targetOriginId": "load-balancer", "defaultCacheBehavior.viewerProtocolPolicy": "redirect-to-https",
		"orderedCacheBehaviors[0].pathPattern": "/build/assets/*", "orderedCacheBehaviors[0].cachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
		"orderedCacheBehaviors[0].targetOriginId": "assets-or-load-balancer", "orderedCacheBehaviors[0].originRequestPolicyId": "",
		"originGroups[0].members[0].originId": "assets", "originGroups[0].members[1].originId": "load-balancer",
		"origins[1].originPath": "/release-assets", "origins[0].domainName": "origin.app.example.com",
		"httpVersion": "http2and3", "viewerCertificate.minimumProtocolVersion": "TLSv1.2_2021",
	} {
		if got := text(d, path); got != want {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
	if methods, _ := at(d, "defaultCacheBehavior.allowedMethods"); len(methods.ArrayValue()) != 7 {
		t.Errorf("methods of the application: %v", methods)
	}
	// The load balancer gives up first, after idleSeconds: CloudFront would ask again.
	if wait, _ := at(d, "origins[0].customOriginConfig.originReadTimeout"); wait.NumberValue() != 65 {
		t.Errorf("CloudFront waits %v s for an answer", wait)
	}
	errors, _ := at(d, "customErrorResponses")
	for _, one := range errors.ArrayValue() {
		if one.ObjectValue()["errorCachingMinTtl"].NumberValue() != 0 {
			t.Errorf("an error is cached: %v", one)
		}
	}
	if len(errors.ArrayValue()) != 11 {
		t.Errorf("%d codes of errors are named", len(errors.ArrayValue()))
	}
}

// TestCDNStates: who answers visitors, and whom the load balancer answers.
func TestCDNStates(t *testing.T) {
	for state, want := range map[string]struct {
		front, closed bool
		acls          string
	}{
		"none": {false, false, "REGIONAL limit 2000"}, "standby": {false, false, "CLOUDFRONT limit 2000, REGIONAL"},
		"live": {true, false, "CLOUDFRONT limit 2000, REGIONAL"}, "exclusive": {true, true, "CLOUDFRONT limit 2000"},
	} {
		r := deploy(t, "prod", behindCDN(t, state))
		var kinds, acls []string
		for _, record := range r.OfType("aws:route53/record:Record") {
			if text(record, "name") == "app.example.com" {
				kinds = append(kinds, fmt.Sprint(text(record, "type"), " ", text(record, "aliases[0].zoneId") == "Z2FDTNDATAQYW2", " ", isTrue(record, "aliases[0].evaluateTargetHealth")))
			}
		}
		slices.Sort(kinds)
		if records := "[A false true]"; fmt.Sprint(kinds) != map[bool]string{false: records, true: "[A true false AAAA true false]"}[want.front] {
			t.Errorf("%s: records %v", state, kinds)
		}
		for _, group := range r.OfType("aws:ec2/securityGroup:SecurityGroup") {
			if tags, _ := at(group, "tags"); strings.HasSuffix(group.Name, "-web") {
				is := map[string]string{"": "none"}[text(group, "tags.cdn-state")] + text(group, "tags.cdn-state") + text(group, "tags.cdn-header")
				if is != state+map[bool]string{true: "1"}[state != "none"] || !slices.Contains(group.Hooks, "before update laravel-prod-cdn-moves") {
					t.Errorf("%s: the next deployment does not know what is deployed: %v, hooks %v", state, tags, group.Hooks)
				}
			}
		}
		if d := r.OfType(distributionToken); len(d) > 0 && (text(d[0], "tags.cdn-header") != "1" || !slices.Contains(d[0].Hooks, "before update laravel-prod-cdn-header-follows")) {
			t.Errorf("%s: the distribution does not say which header it sends: %v", state, d[0].Hooks)
		}
		var ports []string
		for _, rule := range r.OfType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
			if strings.Contains(text(rule, "description"), "from visitors") || text(rule, "prefixListId") != "" {
				ports = append(ports, text(rule, "prefixListId")+text(rule, "cidrIpv4"))
			}
		}
		if closed := fmt.Sprint(ports) == "[pl-0123456789abcdef0]"; closed != want.closed || len(ports) == 0 {
			t.Errorf("%s: the load balancer is open to %v", state, ports)
		}
		for _, rule := range r.OfType("aws:lb/listenerRule:ListenerRule") {
			condition, asks := at(rule, "conditions[1].httpHeader.httpHeaderName")
			if asks != want.closed || asks && condition.StringValue() != "X-Origin-Verify" {
				t.Errorf("%s: %s asks for the header: %v", state, rule.Name, asks)
			}
		}
		for _, listener := range r.OfType("aws:lb/listener:Listener") {
			if text(listener, "protocol") == "HTTPS" && (text(listener, "defaultActions[0].type") == "fixed-response") != want.closed {
				t.Errorf("%s: what no rule is about: %s", state, text(listener, "defaultActions[0].type"))
			}
		}
		for _, acl := range r.OfType("aws:wafv2/webAcl:WebAcl") {
			limit := ""
			rules, _ := at(acl, "rules")
			for i := range rules.ArrayValue() {
				if n, there := at(acl, fmt.Sprintf("rules[%d].statement.rateBasedStatement.limit", i)); there {
					limit = fmt.Sprint(" limit ", n.NumberValue())
				}
			}
			acls = append(acls, text(acl, "scope")+limit)
		}
		slices.Sort(acls)
		if got := strings.Join(acls, ", "); got != want.acls {
			t.Errorf("%s: web ACLs %s, not %s", state, got, want.acls)
		}
		definition := text(each(t, r, "aws:ecs/taskDefinition:TaskDefinition")[0], "containerDefinitions")
		for _, one := range r.OfType("aws:ecs/taskDefinition:TaskDefinition") {
			if strings.Contains(text(one, "containerDefinitions"), "TRUSTED_PROXIES") {
				definition = text(one, "containerDefinitions")
			}
		}
		if knows := strings.Contains(definition, ",198.51.100.0/24\""); knows != (state != "none") {
			t.Errorf("%s: web tasks know the addresses of CloudFront: %v", state, knows)
		}
	}
}

// TestCDNWaitsForRules: a distribution sends a new header, and the names lead to it, when every rule has changed, that of Reverb, too.
func TestCDNWaitsForRules(t *testing.T) {
	config := manyProcesses(t)
	config["laravel-ecs:cdn"] = `{"state": "exclusive"}`
	r := deploy(t, "staging", config)
	waits := map[string][]string{"the distribution": one(t, r, distributionToken).DependsOn}
	for _, record := range r.OfType("aws:route53/record:Record") {
		if strings.HasPrefix(record.Name, "laravel-staging-dns-") {
			waits[record.Name] = record.DependsOn
		}
	}
	for _, rule := range r.OfType("aws:lb/listenerRule:ListenerRule") {
		for what, after := range waits {
			if !strings.HasPrefix(rule.Name, "laravel-staging-lb-origin") && !slices.Contains(after, rule.Name) {
				t.Errorf("%s does not wait for %s: %v", what, rule.Name, after)
			}
		}
	}
	if len(waits) != 5 {
		t.Errorf("%v", waits)
	}
}

// TestCDNReadsAssetsOnly: the distribution, and no other one, reads the assets, and nothing else of the bucket.
func TestCDNReadsAssetsOnly(t *testing.T) {
	r := deploy(t, "prod", behindCDN(t, "live"))
	for _, policy := range r.OfType("aws:s3/bucketPolicy:BucketPolicy") {
		document := text(policy, "policy")
		if strings.HasSuffix(policy.Name, "-files-bucket") != strings.Contains(document, "cloudfront.amazonaws.com") {
			t.Errorf("%s: %s", policy.Name, document)
		}
		if strings.Contains(document, "cloudfront.amazonaws.com") && (!strings.Contains(document, "/release-assets/*\"") || !strings.Contains(document, `/laravel-prod-cdn"}}`)) {
			t.Errorf("%s: %s", policy.Name, document)
		}
	}
}

// TestCDNIsRefused: what does not work behind CloudFront is said before anything is registered.
func TestCDNIsRefused(t *testing.T) {
	live := behindCDN(t, "live")
	staging := with(with(with(stackConfig(t, "staging"), "domain", "name", "shop.example.com"), "domain", "zone", "example.com"), "domain", "aliases", []string{"*.review.example.com"})
	for want, change := range map[string]struct {
		stack  string
		config map[string]string
	}{
		`cdn.state: "on" is none of none, standby, live, exclusive`:                    {"prod", behindCDN(t, "on")},
		"cdn.certificateArn: the certificate is in eu-west-1; CloudFront takes":        {"prod", with(live, "cdn", "certificateArn", "arn:aws:acm:eu-west-1:123456789012:certificate/a")},
		"cdn.certificateArn: missing: with domain.certificateArn":                      {"prod", with(live, "domain", "certificateArn", "arn:aws:acm:eu-west-1:123456789012:certificate/a")},
		"access.web: [203.0.113.0/24]: CloudFront comes from its own addresses":        {"prod", with(live, "access", "web", []string{"203.0.113.0/24"})},
		"domain.takeOver: true: CloudFront has a name in one distribution only":        {"prod", with(live, "domain", "takeOver", true)},
		"storage.bucket: CloudFront has the assets of all releases from the bucket":    {"prod", with(live, "release", "keepAssetsHours", 0)},
		"loadBalancer.idleSeconds: 116 is more than 115: CloudFront waits 120 s":       {"prod", with(live, "loadBalancer", "idleSeconds", 116)},
		"domain.aliases: origin.app.example.com is the name by which CloudFront knows": {"prod", with(live, "domain", "aliases", []string{"origin.app.example.com"})},
		"env.TRUSTED_PROXIES: CloudFront's addresses are not in it":                    {"prod", with(live, "env", "TRUSTED_PROXIES", "10.0.0.0/8")},
		"domain.aliases: wildcards are for review environments that share this one":    {"staging", with(staging, "cdn", "state", "exclusive")},
		"domain.name: missing: CloudFront answers for a name":                          {"staging", with(stackConfig(t, "staging"), "cdn", "state", "live")},
		"cdn.state: live: environment.class local has no CloudFront":                   {"local", with(stackConfig(t, "local"), "cdn", "state", "live")},
		"cdn.headerGeneration: 0 is below 1":                                           {"prod", with(live, "cdn", "headerGeneration", 0)},
	} {
		if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", change.stack, change.config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %s expected", err, want)
		}
	}
	// The names of review environments stay at the load balancer of staging.
	if hosts := texts(t, one(t, deploy(t, "staging", with(staging, "cdn", "state", "live")), distributionToken), "aliases"); fmt.Sprint(hosts) != "[shop.example.com]" {
		t.Errorf("CloudFront answers for %v", hosts)
	}
}

// texts are the elements of a list.
func texts(t testing.TB, r infratest.Resource, path string) (list []string) {
	t.Helper()
	value, there := at(r, path)
	if !there || !value.IsArray() {
		t.Fatalf("%s has no %s", r.Name, path)
	}
	for _, one := range value.ArrayValue() {
		list = append(list, one.StringValue())
	}
	return list
}
