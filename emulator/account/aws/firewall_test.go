package aws

import (
	"context"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestFirewallRefusals(t *testing.T) {
	group := account.Values{"vpcId": "{vpc}", "name": "web", "description": "From the world"}
	rule := account.Values{"securityGroupId": "{web}", "cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 80, "toPort": 80, "description": "HTTP"}
	testRefusals(t, furnished, []refusal{
		{"name like an id", account.SecurityGroupToken, group, account.Values{"name": "sg-web"}, "name", ""},
		{"name too long", account.SecurityGroupToken, group, account.Values{"name": strings.Repeat("a", 256)}, "name", ""},
		{"name with an umlaut", account.SecurityGroupToken, group, account.Values{"name": "für"}, "name", ""},
		{"empty description", account.SecurityGroupToken, group, account.Values{"description": ""}, "description", ""},
		{"description with a quote", account.SecurityGroupToken, group, account.Values{"description": "the app's"}, "description", ""},
		{"no VPC", account.SecurityGroupToken, group, account.Values{"vpcId": nil}, "", "VPCIdNotSpecified"},

		{"rule without source", account.IngressRuleToken, rule, account.Values{"cidrIpv4": nil}, "cidrIpv4", ""},
		{"rule with two sources", account.IngressRuleToken, rule, account.Values{"referencedSecurityGroupId": "{peer}"}, "cidrIpv4", ""},
		{"rule with a host for a network", account.IngressRuleToken, rule, account.Values{"cidrIpv4": "10.0.0.1/16"}, "cidrIpv4", ""},
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
