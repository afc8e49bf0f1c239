package aws

import (
	"context"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestFirewallRefusals(t *testing.T) {
	group := account.Values{"vpcId": "{vpc}", "name": "web", "description": "From the world"}
	inline := account.Values{"vpcId": "{vpc}", "ingress": []any{map[string]any{"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": []any{"0.0.0.0/0"}}}}
	withInline := func(changes account.Values) account.Values {
		rule := with(account.Values(inline["ingress"].([]any)[0].(map[string]any)), changes)
		return account.Values{"ingress": []any{map[string]any(rule)}}
	}
	rule := account.Values{"securityGroupId": "{web}", "cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 80, "toPort": 80, "description": "HTTP"}
	testRefusals(t, furnished, []refusal{
		{"name like an id", account.SecurityGroupToken, group, account.Values{"name": "sg-web"}, "name", ""},
		{"name too long", account.SecurityGroupToken, group, account.Values{"name": strings.Repeat("a", 256)}, "name", ""},
		{"name with an umlaut", account.SecurityGroupToken, group, account.Values{"name": "für"}, "name", ""},
		{"name and prefix", account.SecurityGroupToken, group, account.Values{"namePrefix": "web"}, "namePrefix", ""},
		{"empty description", account.SecurityGroupToken, group, account.Values{"description": ""}, "description", ""},
		{"description with a quote", account.SecurityGroupToken, group, account.Values{"description": "the app's"}, "description", ""},
		{"reserved name", account.SecurityGroupToken, group, account.Values{"name": "default"}, "", "InvalidParameterValue"},
		{"no VPC", account.SecurityGroupToken, group, account.Values{"vpcId": nil}, "", "VPCIdNotSpecified"},
		{"inline rule without source", account.SecurityGroupToken, inline, withInline(account.Values{"cidrBlocks": nil}), "ingress[0]", ""},
		{"inline rule with a bad network", account.SecurityGroupToken, inline, withInline(account.Values{"cidrBlocks": []any{"0.0.0.0"}}), "ingress[0].cidrBlocks[0]", ""},
		{"inline rule upside down", account.SecurityGroupToken, inline, withInline(account.Values{"fromPort": 81}), "ingress[0].fromPort", ""},
		{"inline rule for a lost group", account.SecurityGroupToken, inline, withInline(account.Values{"securityGroups": []any{"sg-0123456789abcdef0"}}), "", "InvalidGroup.NotFound"},

		{"rule without source", account.IngressRuleToken, rule, account.Values{"cidrIpv4": nil}, "cidrIpv4", ""},
		{"rule with two sources", account.IngressRuleToken, rule, account.Values{"referencedSecurityGroupId": "{peer}"}, "cidrIpv4", ""},
		{"rule with a host for a network", account.IngressRuleToken, rule, account.Values{"cidrIpv4": "10.0.0.1/16"}, "cidrIpv4", ""},
		{"rule with IPv4 for IPv6", account.IngressRuleToken, rule, account.Values{"cidrIpv4": nil, "cidrIpv6": "10.0.0.0/16"}, "cidrIpv6", ""},
		{"rule without a port", account.IngressRuleToken, rule, account.Values{"toPort": nil}, "toPort", ""},
		{"rule upside down", account.IngressRuleToken, rule, account.Values{"fromPort": 81}, "fromPort", ""},
		{"rule above the last port", account.IngressRuleToken, rule, account.Values{"toPort": 65536}, "toPort", ""},
		{"rule of all protocols with ports", account.IngressRuleToken, rule, account.Values{"ipProtocol": "-1"}, "fromPort", ""},
		{"rule of no protocol", account.IngressRuleToken, rule, account.Values{"ipProtocol": "http"}, "ipProtocol", ""},
		{"rule with an umlaut", account.EgressRuleToken, rule, account.Values{"description": "für alle"}, "description", ""},
		{"rule description too long", account.EgressRuleToken, rule, account.Values{"description": strings.Repeat("a", 256)}, "description", ""},
		{"rule of no group", account.EgressRuleToken, rule, account.Values{"securityGroupId": "sg-0123456789abcdef0"}, "", "InvalidGroup.NotFound"},
		{"rule of a malformed group", account.EgressRuleToken, rule, account.Values{"securityGroupId": "web"}, "", "InvalidGroupId.Malformed"},
		{"rule for a group of another VPC", account.IngressRuleToken, rule, account.Values{"cidrIpv4": nil, "referencedSecurityGroupId": "{othersg}"}, "", "InvalidGroup.NotFound"},
	})
}

func TestRuleThatIsInlineAlready(t *testing.T) {
	w := furnished(t)
	w.make(account.SecurityGroupToken, "inline", account.Values{"vpcId": "{vpc}", "egress": []any{map[string]any{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": []any{"0.0.0.0/0"}}}})
	rule := account.Values{"securityGroupId": "{inline}", "cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"}
	_, err := w.Create(context.Background(), account.EgressRuleToken, "all", w.checked(account.EgressRuleToken, "all", rule))
	wantCode(t, err, "InvalidPermission.Duplicate")
	w.make(account.EgressRuleToken, "some", with(rule, account.Values{"cidrIpv4": "10.0.0.0/8"}))
}

func TestGroupTakesItsRulesAlong(t *testing.T) {
	w := furnished(t)
	rule := w.make(account.IngressRuleToken, "rule", account.Values{"securityGroupId": "{web}", "cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"})
	if err := w.Delete(context.Background(), account.SecurityGroupToken, w.ids["web"]); err != nil {
		t.Fatal(err)
	}
	if _, left := w.Read(account.IngressRuleToken, rule.ID); left {
		t.Error("the rule of a deleted group is still there")
	}
}
