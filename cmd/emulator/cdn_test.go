package main_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

const shop = "shop.example.com"

// TestCDNMoves takes an environment behind CloudFront and back, one state with each deployment. After every one, and after every one that broke
// off at the operation that matters, whoever asks DNS is answered, and whoever has the answer that DNS gave before.
func TestCDNMoves(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, map[string]any{
			"release.name": "r1", "domain.name": shop, "domain.zone": "example.com", "domain.aliases": []string{"www.example.com"}, "loadBalancer.waf": true,
		})
	})
	l.zone("example.com")
	l.up("without CloudFront")
	before := l.target(shop)
	check := func(when string) {
		t.Helper()
		now := l.target(shop)
		for what, name := range map[string]string{"now": now, "before": before} {
			if why := l.refused(name); why != "" {
				t.Errorf("%s: visitors whom DNS sends to %s (%s) are not answered: %s", when, name, what, why)
			}
		}
	}
	const distribution, record, rule = account.DistributionToken, account.RecordToken, account.ListenerRuleToken
	for _, step := range []struct {
		name    string
		set     map[string]any
		faults  []account.Fault
		front   bool // the names lead to CloudFront
		closed  bool
		records int
	}{
		{"live", map[string]any{"cdn.state": "live"}, []account.Fault{{Operation: "create", Type: distribution}, {Operation: "update", Type: record, Nth: 1}}, true, false, 2},
		{"exclusive", map[string]any{"cdn.state": "exclusive"}, []account.Fault{{Operation: "update", Type: rule, Nth: 1}}, true, true, 2},
		{"a new header", map[string]any{"cdn.headerGeneration": 2}, []account.Fault{{Operation: "update", Type: rule, Nth: 1}, {Operation: "update", Type: distribution}}, true, true, 2},
		{"live again", map[string]any{"cdn.state": "live"}, nil, true, false, 2},
		{"standby", map[string]any{"cdn.state": "standby"}, nil, false, false, 0},
	} {
		l.set(step.set)
		for _, fault := range step.faults {
			l.Account().SetFaults(account.Faults{Fail: []account.Fault{fault}})
			if _, err := l.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "as the test asked for") {
				t.Fatalf("%s: the deployment does not come to %s %s: %v", step.name, fault.Operation, fault.Type, err)
			}
			l.Account().SetFaults(account.Faults{})
			check(step.name + ", without " + fault.Operation + " " + fault.Type)
		}
		l.up(step.name)
		check(step.name)
		before = l.target(shop)
		if front := strings.HasSuffix(before, ".cloudfront.net"); front != step.front {
			t.Errorf("%s: the name leads to %s", step.name, before)
		}
		balancer := l.Account().List(account.BalancerToken)[0].Outputs.Text("dnsName")
		if closed := l.refused(balancer) != ""; closed != step.closed {
			t.Errorf("%s: the load balancer refuses visitors: %v (%s)", step.name, closed, l.refused(balancer))
		}
		if six := l.records("AAAA"); six != step.records {
			t.Errorf("%s: %d records of type AAAA", step.name, six)
		}
	}
	l.set(map[string]any{"cdn": nil})
	l.up("without it again")
	for _, token := range []string{distribution, "aws:cloudfront/originAccessControl:OriginAccessControl", "aws:lb/listenerCertificate:ListenerCertificate"} {
		if left := l.Account().List(token); len(left) > 0 {
			t.Errorf("%s is left: %v", token, left)
		}
	}
	// The certificate of the load balancer is renewed as long as its validation records exist.
	if proofs := l.records("CNAME"); proofs != 2 {
		t.Errorf("%d validation records are left, of two names", proofs)
	}
	check("without it again")
}

// TestCDNFromTheStart: a new environment is behind CloudFront at once. What is no step from there, as the revert of a merge request, is refused, in
// the preview and by a deployment without one, and every visitor is answered. Then it goes again.
func TestCDNFromTheStart(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, map[string]any{"release.name": "r1", "domain.name": shop, "domain.zone": "example.com", "cdn.state": "exclusive", "cdn.headerGeneration": 2})
	})
	l.zone("example.com")
	l.deploy("exclusive")
	exclusive := map[string]any{"cdn.state": "exclusive", "cdn.headerGeneration": 2}
	for _, refused := range []struct {
		set  map[string]any
		says string
	}{
		{map[string]any{"cdn": nil}, "cdn.state: none is not a step from exclusive, which is deployed"},
		{map[string]any{"cdn.state": "standby"}, "cdn.state: standby is not a step from exclusive, which is deployed"},
		{map[string]any{"cdn.headerGeneration": nil}, "cdn.headerGeneration: 1 does not follow 2, which is deployed"},
		{map[string]any{"cdn.headerGeneration": 4}, "cdn.headerGeneration: 4 does not follow 2, which is deployed"},
	} {
		l.set(refused.set)
		if _, err := l.Preview(t.Context()); err == nil || !strings.Contains(err.Error(), refused.says) {
			t.Errorf("preview: %q expected: %v", refused.says, err)
		}
		if _, err := l.Up(t.Context()); err == nil || !strings.Contains(err.Error(), refused.says) {
			t.Errorf("up: %q expected: %v", refused.says, err)
		}
		if why := l.refused(l.target(shop)); why != "" {
			t.Errorf("%s: %s", refused.says, why)
		}
		l.set(exclusive)
	}
	if why := l.refused(l.target(shop)); why != "" {
		t.Error(why)
	}
	if _, err := l.Destroy(t.Context()); err != nil {
		t.Errorf("a destroy: %v", err)
	}
}

// up deploys without a preview before and after it.
func (l *life) up(what string) {
	l.t.Helper()
	if _, err := l.Up(l.t.Context()); err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
}

func (l *life) records(kind string) (count int) {
	for _, record := range l.Account().List(account.RecordToken) {
		if record.Outputs.Text("type") == kind {
			count++
		}
	}
	return count
}

// refused tells why a visitor of the shop whom DNS sends to a load balancer or to a distribution gets no answer of the application; empty when he
// gets one.
func (l *life) refused(name string) string {
	balancer := l.Account().List(account.BalancerToken)[0].Outputs
	header, from := "", "cidrIpv4"
	if !strings.EqualFold(balancer.Text("dnsName"), name) {
		from = "prefixListId"
		distribution, found := l.Account().Find(account.DistributionToken, "domainName", name)
		switch {
		case !found:
			return "there is no such distribution"
		case !distribution.Outputs.True("enabled") || !slices.Contains(distribution.Outputs.Strings("aliases"), shop):
			return "the distribution is not for the name"
		}
		for _, origin := range distribution.Outputs.Blocks("origins[*]") {
			if origin.Has("customHeaders") && origin.Text("domainName") == "origin."+shop && l.target("origin."+shop) == strings.ToLower(balancer.Text("dnsName")) {
				header = origin.Text("customHeaders[0].value")
			}
		}
		if header == "" {
			return "the distribution does not reach the load balancer"
		}
	}
	open := false
	for _, rule := range l.Account().List(account.IngressRuleToken) {
		port, _ := rule.Outputs.Int("fromPort")
		open = open || port == 443 && balancer.Strings("securityGroups")[0] == rule.Outputs.Text("securityGroupId") && (rule.Outputs.Has(from) || rule.Outputs.Text("cidrIpv4") == "0.0.0.0/0")
	}
	if !open {
		return "the port is closed"
	}
	for _, rule := range l.Account().List(account.ListenerRuleToken) {
		if priority, _ := rule.Outputs.Int("priority"); priority != 50000 {
			continue
		}
		for _, condition := range rule.Outputs.Blocks("conditions[*]") {
			if accepted := condition.Strings("httpHeader.values"); condition.Has("httpHeader") && !slices.Contains(accepted, header) {
				return "no rule is for the request"
			}
		}
		return ""
	}
	return "no rule forwards"
}
