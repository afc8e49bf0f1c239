package lb

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var conditionKinds = []string{"hostHeader", "httpHeader", "httpRequestMethod", "pathPattern", "queryStrings", "sourceIp"}

func checkListenerRule(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Between("priority", 1, 50000)
	r.ARN("listenerArn")
	checkActions(&r, "actions")
	if len(in.List("conditions")) == 0 && !in.IsUnknown("conditions") {
		r.Refuse("conditions", "at least one condition is required")
	}
	matches := 0
	for i, condition := range in.Blocks("conditions[*]") {
		place := fmt.Sprintf("conditions[%d]", i)
		kinds := slices.DeleteFunc(slices.Clone(conditionKinds), func(kind string) bool { return !condition.Has(kind) })
		if len(kinds) != 1 {
			r.Refuse(place, "needs exactly one of %s", strings.Join(conditionKinds, ", "))
		}
		for _, kind := range conditionKinds {
			matches += len(condition.List(kind + ".values"))
		}
		matches += len(condition.List("queryStrings"))
	}
	if matches > 5 {
		r.Refuse("conditions", "have %d values; a rule can have 5", matches)
	}
	r.Length("conditions[*].hostHeader.values[*]", 1, 128)
	r.Length("conditions[*].pathPattern.values[*]", 1, 128)
	r.Each("conditions[*].sourceIp.values[*]", func(place, text string) {
		if _, err := netip.ParsePrefix(text); err != nil {
			r.Refuse(place, "%q is not a CIDR such as 203.0.113.0/24", text)
		}
	})
	return r.Problems
}

func createListenerRule(tx *account.Tx, r *account.Resource) error {
	listener := r.Outputs.Text("listenerArn")
	r.ID = strings.Replace(listener, ":listener/", ":listener-rule/", 1) + "/" + tx.Hex(16)
	r.Outputs["arn"] = r.ID
	if !r.Outputs.Has("priority") {
		next := 1.0
		for _, rule := range tx.List(account.ListenerRuleToken) {
			if priority, _ := rule.Outputs.Int("priority"); rule.Outputs.Text("listenerArn") == listener {
				next = max(next, float64(priority+1))
			}
		}
		r.Outputs["priority"] = next
	}
	if err := freePriority(tx, r); err != nil {
		return err
	}
	return linkRule(tx, r)
}

// linkRule links the target groups of a rule to the load balancer of its listener.
func linkRule(tx *account.Tx, r *account.Resource) error {
	orderActions(r.Outputs.Blocks("actions[*]"))
	listener, _ := tx.Get(account.ListenerToken, r.Outputs.Text("listenerArn"))
	return linkTargetGroups(tx, listener.Outputs.Text("loadBalancerArn"), r.ID, forwardTargets(r.Outputs, "actions"))
}

func freePriority(tx *account.Tx, r *account.Resource) error {
	priority, _ := r.Outputs.Int("priority")
	for _, other := range tx.List(account.ListenerRuleToken) {
		taken, _ := other.Outputs.Int("priority")
		if other.ID != r.ID && taken == priority && other.Outputs.Text("listenerArn") == r.Outputs.Text("listenerArn") {
			return tx.Refuse("PriorityInUse", "Priority '%d' is currently in use by %s; choose another", priority, other.ID)
		}
	}
	return nil
}
