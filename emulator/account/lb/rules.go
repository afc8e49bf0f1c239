package lb

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// listenerRule is also what a call of ModifyRule and CreateRule past the program makes.
var listenerRule = account.Type{
	Token: account.ListenerRuleToken, Args: lb.ListenerRuleArgs{}, State: lb.ListenerRule{},
	Required: []string{"actions", "conditions"},
	ForceNew: []string{"listenerArn"},
	Refs:     append([]account.Ref{{Path: "listenerArn", Type: account.ListenerToken, By: "arn", Missing: "ListenerNotFound"}}, forwardsTo("actions")...),
	Rules: append([]account.Rule{
		account.Between("priority", 1, 50000),
		account.ARN("listenerArn"),
		account.Between("actions[*].forward.stickiness.duration", 1, 604800), // TargetGroupStickinessConfig, ELB API reference
		account.NotEmpty("conditions"),
		account.Length("conditions[*].hostHeader.values[*]", 1, 128),
		account.Length("conditions[*].pathPattern.values[*]", 1, 128),
		// HttpHeaderConditionConfig, ELB API reference.
		account.Length("conditions[*].httpHeader.httpHeaderName", 1, 40),
		account.Length("conditions[*].httpHeader.values[*]", 1, 128),
		account.Text("conditions[*].sourceIp.values[*]", func(text string) string {
			if _, err := netip.ParsePrefix(text); err != nil {
				return "is not a CIDR such as 203.0.113.0/24"
			}
			return ""
		}),
	}, actionRules("actions")...),
	Check:    checkListenerRule,
	Create:   createListenerRule,
	Complete: completeListenerRule,
	Delete: func(tx *account.Tx, r *account.Resource) error {
		listener, _ := tx.Get(account.ListenerToken, r.Outputs.Text("listenerArn"))
		return linkTargetGroups(tx, listener.Outputs.Text("loadBalancerArn"), r.ID, nil)
	},
}

var conditionKinds = []string{"hostHeader", "httpHeader", "httpRequestMethod", "pathPattern", "queryStrings", "sourceIp"}

func checkListenerRule(r *account.Rules) {
	checkActions(r, "actions")
	values := 0
	for i, condition := range r.In.Blocks("conditions[*]") {
		kinds := slices.DeleteFunc(slices.Clone(conditionKinds), func(kind string) bool { return !condition.Has(kind) })
		if len(kinds) != 1 {
			r.Refuse(fmt.Sprintf("conditions[%d]", i), "needs exactly one of %s", strings.Join(conditionKinds, ", "))
		}
		for _, kind := range kinds {
			values += len(condition.List(kind + ".values"))
		}
	}
	if values > 5 {
		r.Refuse("conditions", "have %d values; a rule can have 5", values)
	}
}

func createListenerRule(tx *account.Tx, r *account.Resource) error {
	listener, _ := tx.Get(account.ListenerToken, r.Outputs.Text("listenerArn"))
	if n := len(onBalancer(tx, account.ListenerRuleToken, listener.Outputs.Text("loadBalancerArn"))); n >= maxRules {
		return tx.Refuse("TooManyRules", "The maximum number of rules has been reached on the load balancer '%s': %d", listener.Outputs.Text("loadBalancerArn"), n)
	}
	r.ID = strings.Replace(r.Outputs.Text("listenerArn"), ":listener/", ":listener-rule/", 1) + "/" + tx.Hex(16)
	r.Outputs["arn"] = r.ID
	return nil
}

// completeListenerRule refuses a priority that another rule has, and links the target groups to the load balancer.
func completeListenerRule(tx *account.Tx, r *account.Resource) error {
	priority, _ := r.Outputs.Int("priority")
	for _, other := range tx.List(account.ListenerRuleToken) {
		taken, _ := other.Outputs.Int("priority")
		if other.ID != r.ID && taken == priority && other.Outputs.Text("listenerArn") == r.Outputs.Text("listenerArn") {
			return tx.Refuse("PriorityInUse", "Priority '%d' is currently in use by %s; choose another", priority, other.ID)
		}
	}
	orderActions(r.Outputs.Blocks("actions[*]"))
	listener, _ := tx.Get(account.ListenerToken, r.Outputs.Text("listenerArn"))
	return linkTargetGroups(tx, listener.Outputs.Text("loadBalancerArn"), r.ID, forwardTargets(r.Outputs, "actions"))
}
