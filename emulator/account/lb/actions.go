package lb

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var fixedCode = regexp.MustCompile(`^[245][0-9]{2}$`)

// actions judges what a listener or a rule does with a request.
func checkActions(r *account.Rules, path string) {
	blocks := r.In.List(path)
	if len(blocks) == 0 && !r.In.IsUnknown(path) {
		r.Refuse(path, "at least one action is required")
	}
	for i := range blocks {
		place := fmt.Sprintf("%s[%d]", path, i)
		action := r.In.Map(place)
		if action == nil {
			continue
		}
		kind := action.Text("type")
		switch kind {
		case "forward":
			if action.Has("targetGroupArn") == action.Has("forward") {
				r.Refuse(place, "an action of type forward needs targetGroupArn or forward, one of them")
			}
			groups := action.List("forward.targetGroups")
			if action.Has("forward") && (len(groups) == 0 || len(groups) > 5) && !action.IsUnknown("forward.targetGroups") {
				r.Refuse(place+".forward.targetGroups", "has %d target groups; AWS allows 1 to 5", len(groups))
			}
			r.Between(place+".forward.targetGroups[*].weight", 0, 999)
			r.Between(place+".forward.stickiness.duration", 1, 604800)
		case "redirect":
			checkRedirect(r, place, action)
		case "fixed-response":
			if !action.Has("fixedResponse") {
				r.Refuse(place+".fixedResponse", "is required for an action of type fixed-response")
			}
			r.OneOf(place+".fixedResponse.contentType", "text/plain", "text/css", "text/html", "application/javascript", "application/json")
			r.Matches(place+".fixedResponse.statusCode", fixedCode, "a code 2XX, 4XX or 5XX is needed")
			r.Length(place+".fixedResponse.messageBody", 0, 1024)
		case "authenticate-oidc", "authenticate-cognito":
			if i == len(blocks)-1 {
				r.Refuse(place, "the last action must be forward, redirect or fixed-response")
			}
		case "":
		default:
			r.Refuse(place+".type", "%q is not one of forward, redirect, fixed-response, authenticate-oidc, authenticate-cognito", kind)
		}
	}
}

func checkRedirect(r *account.Rules, place string, action account.Values) {
	if !action.Has("redirect") {
		r.Refuse(place+".redirect", "is required for an action of type redirect")
		return
	}
	r.OneOf(place+".redirect.statusCode", "HTTP_301", "HTTP_302")
	r.OneOf(place+".redirect.protocol", "HTTP", "HTTPS", "#{protocol}")
	defaults := map[string]string{"protocol": "#{protocol}", "port": "#{port}", "host": "#{host}", "path": "/#{path}"}
	loops := true
	for name, same := range defaults {
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
		if protocol := group.Outputs.Text("protocol"); protocol != "HTTP" && protocol != "HTTPS" && group.Outputs.Text("targetType") != "lambda" {
			return tx.Refuse("InvalidConfigurationRequest", "The protocol of target group %s is %s; an application load balancer needs HTTP or HTTPS", arn, protocol)
		}
		if linked := group.Outputs.Strings("loadBalancerArns"); len(linked) > 0 && !slices.Contains(linked, balancerARN) {
			return tx.Refuse("TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", arn)
		}
	}
	for _, group := range tx.List(account.TargetGroupToken) {
		linked := slices.Contains(groups, group.ID) || forwarded(tx, group.ID, owner)
		var balancers []string
		switch {
		case slices.Contains(groups, group.ID):
			balancers = []string{balancerARN}
		case linked:
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
	for _, listener := range tx.List(account.ListenerToken) {
		if listener.ID != except && slices.Contains(forwardTargets(listener.Outputs, "defaultActions"), group) {
			return true
		}
	}
	for _, rule := range tx.List(account.ListenerRuleToken) {
		if rule.ID != except && slices.Contains(forwardTargets(rule.Outputs, "actions"), group) {
			return true
		}
	}
	return false
}
