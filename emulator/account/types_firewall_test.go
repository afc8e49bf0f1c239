package account

import (
	"context"
	"strings"
	"testing"
)

func TestFirewallRefusals(t *testing.T) {
	group := Values{"vpcId": "{vpc}", "name": "web", "description": "From the world"}
	inline := Values{"vpcId": "{vpc}", "ingress": []any{map[string]any{"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": []any{"0.0.0.0/0"}}}}
	withInline := func(changes Values) Values {
		rule := Values(inline["ingress"].([]any)[0].(map[string]any)).with(changes)
		return Values{"ingress": []any{map[string]any(rule)}}
	}
	rule := Values{"securityGroupId": "{web}", "cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 80, "toPort": 80, "description": "HTTP"}
	testRefusals(t, furnished, []refusal{
		{"name like an id", securityGroupToken, group, Values{"name": "sg-web"}, "name", ""},
		{"name too long", securityGroupToken, group, Values{"name": strings.Repeat("a", 256)}, "name", ""},
		{"name with an umlaut", securityGroupToken, group, Values{"name": "für"}, "name", ""},
		{"name and prefix", securityGroupToken, group, Values{"namePrefix": "web"}, "namePrefix", ""},
		{"empty description", securityGroupToken, group, Values{"description": ""}, "description", ""},
		{"description with a quote", securityGroupToken, group, Values{"description": "the app's"}, "description", ""},
		{"reserved name", securityGroupToken, group, Values{"name": "default"}, "", "InvalidParameterValue"},
		{"no VPC", securityGroupToken, group, Values{"vpcId": nil}, "", "VPCIdNotSpecified"},
		{"inline rule without source", securityGroupToken, inline, withInline(Values{"cidrBlocks": nil}), "ingress[0]", ""},
		{"inline rule with a bad network", securityGroupToken, inline, withInline(Values{"cidrBlocks": []any{"0.0.0.0"}}), "ingress[0].cidrBlocks[0]", ""},
		{"inline rule upside down", securityGroupToken, inline, withInline(Values{"fromPort": 81}), "ingress[0].fromPort", ""},
		{"inline rule for a lost group", securityGroupToken, inline, withInline(Values{"securityGroups": []any{"sg-0123456789abcdef0"}}), "", "InvalidGroup.NotFound"},

		{"rule without source", ingressRuleToken, rule, Values{"cidrIpv4": nil}, "cidrIpv4", ""},
		{"rule with two sources", ingressRuleToken, rule, Values{"referencedSecurityGroupId": "{peer}"}, "cidrIpv4", ""},
		{"rule with a host for a network", ingressRuleToken, rule, Values{"cidrIpv4": "10.0.0.1/16"}, "cidrIpv4", ""},
		{"rule with IPv4 for IPv6", ingressRuleToken, rule, Values{"cidrIpv4": nil, "cidrIpv6": "10.0.0.0/16"}, "cidrIpv6", ""},
		{"rule without a port", ingressRuleToken, rule, Values{"toPort": nil}, "toPort", ""},
		{"rule upside down", ingressRuleToken, rule, Values{"fromPort": 81}, "fromPort", ""},
		{"rule above the last port", ingressRuleToken, rule, Values{"toPort": 65536}, "toPort", ""},
		{"rule of all protocols with ports", ingressRuleToken, rule, Values{"ipProtocol": "-1"}, "fromPort", ""},
		{"rule of no protocol", ingressRuleToken, rule, Values{"ipProtocol": "http"}, "ipProtocol", ""},
		{"rule with an umlaut", egressRuleToken, rule, Values{"description": "für alle"}, "description", ""},
		{"rule description too long", egressRuleToken, rule, Values{"description": strings.Repeat("a", 256)}, "description", ""},
		{"rule of no group", egressRuleToken, rule, Values{"securityGroupId": "sg-0123456789abcdef0"}, "", "InvalidGroup.NotFound"},
		{"rule of a malformed group", egressRuleToken, rule, Values{"securityGroupId": "web"}, "", "InvalidGroupId.Malformed"},
		{"rule for a group of another VPC", ingressRuleToken, rule, Values{"cidrIpv4": nil, "referencedSecurityGroupId": "{othersg}"}, "", "InvalidGroup.NotFound"},
	})
}

func TestRuleThatIsInlineAlready(t *testing.T) {
	w := furnished(t)
	w.make(securityGroupToken, "inline", Values{"vpcId": "{vpc}", "egress": []any{map[string]any{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": []any{"0.0.0.0/0"}}}})
	rule := Values{"securityGroupId": "{inline}", "cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"}
	_, err := w.Create(context.Background(), egressRuleToken, "all", w.checked(egressRuleToken, "all", rule))
	wantCode(t, err, "InvalidPermission.Duplicate")
	w.make(egressRuleToken, "some", rule.with(Values{"cidrIpv4": "10.0.0.0/8"}))
}

func TestGroupTakesItsRulesAlong(t *testing.T) {
	w := furnished(t)
	rule := w.make(ingressRuleToken, "rule", Values{"securityGroupId": "{web}", "cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"})
	if err := w.Delete(context.Background(), securityGroupToken, w.ids["web"]); err != nil {
		t.Fatal(err)
	}
	if _, left := w.Read(ingressRuleToken, rule.ID); left {
		t.Error("the rule of a deleted group is still there")
	}
}
