package lb

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var fixedCode = regexp.MustCompile(`^[245][0-9]{2}$`)

// forwardsTo are the references of actions to target groups.
func forwardsTo(actions string) []account.Ref {
	group := account.Ref{Type: account.TargetGroupToken, By: "arn", Missing: "TargetGroupNotFound", InUse: "ResourceInUse"}
	single, weighted := group, group
	single.Path, weighted.Path = actions+"[*].targetGroupArn", actions+"[*].forward.targetGroups[*].arn"
	return []account.Ref{single, weighted}
}

// actionRules are the rules about each part of what a listener or a rule does with a request. Fixed responses are for
// the maintenance page, which is put there by AWS's API.
func actionRules(path string) []account.Rule {
	path += "[*]."
	return []account.Rule{
		account.OneOf(path+"type", "forward", "redirect", "fixed-response"),
		account.Between(path+"forward.targetGroups[*].weight", 0, 999),
		account.OneOf(path+"fixedResponse.contentType", "text/plain", "text/css", "text/html", "application/javascript", "application/json"),
		account.Matches(path+"fixedResponse.statusCode", fixedCode, "a code 2XX, 4XX or 5XX is needed"),
		account.Length(path+"fixedResponse.messageBody", 0, 1024),
	}
}

// checkActions applies the rules about the parts of each action together.
func checkActions(r *account.Rules, path string) {
	r.Apply(account.NotEmpty(path))
	for i := range r.In.List(path) {
		place := fmt.Sprintf("%s[%d]", path, i)
		action := r.In.Map(place)
		switch action.Text("type") {
		case "forward":
			if action.Has("targetGroupArn") == action.Has("forward") {
				r.Refuse(place, "an action of type forward needs targetGroupArn or forward, one of them")
			}
			r.Apply(account.AtMost(place+".forward.targetGroups", 5))
		case "redirect":
			checkRedirect(r, place, action)
		case "fixed-response":
			if !action.Has("fixedResponse") {
				r.Refuse(place+".fixedResponse", "is required for an action of type fixed-response")
			}
		}
	}
}

func checkRedirect(r *account.Rules, place string, action account.Values) {
	if !action.Has("redirect") {
		r.Refuse(place+".redirect", "is required for an action of type redirect")
		return
	}
	loops := true
	for name, same := range map[string]string{"protocol": "#{protocol}", "port": "#{port}", "host": "#{host}", "path": "/#{path}"} {
		if value, known := action.String("redirect." + name); action.Has("redirect."+name) && (!known || value != same) {
			loops = false
		}
	}
	if loops {
		r.Refuse(place+".redirect", "the redirect configuration is not valid because it creates a loop: change protocol, port, host or path")
	}
}

// orderActions numbers actions as AWS does.
func orderActions(actions []account.Values) {
	for i, action := range actions {
		account.SetDefault(action, "order", float64(i+1))
	}
}

// forwardTargets are the target groups that the actions name.
func forwardTargets(out account.Values, actions string) []string {
	return append(out.Strings(actions+"[*].targetGroupArn"), out.Strings(actions+"[*].forward.targetGroups[*].arn")...)
}

// linkTargetGroups records which load balancer sends requests to a target group. owner is the listener or rule that
// does; groups are the target groups it has from now on.
func linkTargetGroups(tx *account.Tx, balancerARN, owner string, groups []string) error {
	balancer, _ := tx.Get(account.BalancerToken, balancerARN)
	for _, arn := range groups {
		group, ok := tx.Get(account.TargetGroupToken, arn)
		if !ok {
			continue
		}
		if vpc := group.Outputs.Text("vpcId"); vpc != balancer.Outputs.Text("vpcId") {
			return tx.Refuse("InvalidConfigurationRequest", "The target group %s is in %s and the load balancer in %s; both must be in the same VPC",
				arn, vpc, balancer.Outputs.Text("vpcId"))
		}
		if protocol := group.Outputs.Text("protocol"); protocol != "HTTP" && protocol != "HTTPS" {
			return tx.Refuse("InvalidConfigurationRequest", "The protocol of target group %s is %s; an application load balancer needs HTTP or HTTPS", arn, protocol)
		}
		if linked := group.Outputs.Strings("loadBalancerArns"); len(linked) > 0 && !slices.Contains(linked, balancerARN) {
			return tx.Refuse("TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", arn)
		}
	}
	for _, group := range tx.List(account.TargetGroupToken) {
		var balancers []string
		switch {
		case slices.Contains(groups, group.ID):
			balancers = []string{balancerARN}
		case forwarded(tx, group.ID, owner):
			balancers = group.Outputs.Strings("loadBalancerArns")
		}
		if !slices.Equal(balancers, group.Outputs.Strings("loadBalancerArns")) {
			tx.Patch(account.TargetGroupToken, group.ID, account.Values{"loadBalancerArns": account.Texts(balancers...)})
		}
	}
	return nil
}

// forwarded tells whether a listener or rule, other than the one named, sends requests to a target group.
func forwarded(tx *account.Tx, group, except string) bool {
	for token, actions := range map[string]string{account.ListenerToken: "defaultActions", account.ListenerRuleToken: "actions"} {
		for _, r := range tx.List(token) {
			if r.ID != except && slices.Contains(forwardTargets(r.Outputs, actions), group) {
				return true
			}
		}
	}
	return false
}
