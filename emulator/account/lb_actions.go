package account

import (
	"fmt"
	"regexp"
	"slices"
)

var fixedCode = regexp.MustCompile(`^[245][0-9]{2}$`)

// actions judges what a listener or a rule does with a request.
func (r *rules) actions(path string) {
	blocks := r.in.List(path)
	if len(blocks) == 0 && !r.in.IsUnknown(path) {
		r.refuse(path, "at least one action is required")
	}
	for i := range blocks {
		place := fmt.Sprintf("%s[%d]", path, i)
		action := r.in.Map(place)
		if action == nil {
			continue
		}
		kind := action.Text("type")
		switch kind {
		case "forward":
			if action.Has("targetGroupArn") == action.Has("forward") {
				r.refuse(place, "an action of type forward needs targetGroupArn or forward, one of them")
			}
			groups := action.List("forward.targetGroups")
			if action.Has("forward") && (len(groups) == 0 || len(groups) > 5) && !action.IsUnknown("forward.targetGroups") {
				r.refuse(place+".forward.targetGroups", "has %d target groups; AWS allows 1 to 5", len(groups))
			}
			r.between(place+".forward.targetGroups[*].weight", 0, 999)
			r.between(place+".forward.stickiness.duration", 1, 604800)
		case "redirect":
			r.redirect(place, action)
		case "fixed-response":
			if !action.Has("fixedResponse") {
				r.refuse(place+".fixedResponse", "is required for an action of type fixed-response")
			}
			r.oneOf(place+".fixedResponse.contentType", "text/plain", "text/css", "text/html", "application/javascript", "application/json")
			r.matches(place+".fixedResponse.statusCode", fixedCode, "a code 2XX, 4XX or 5XX is needed")
			r.length(place+".fixedResponse.messageBody", 0, 1024)
		case "authenticate-oidc", "authenticate-cognito":
			if i == len(blocks)-1 {
				r.refuse(place, "the last action must be forward, redirect or fixed-response")
			}
		case "":
		default:
			r.refuse(place+".type", "%q is not one of forward, redirect, fixed-response, authenticate-oidc, authenticate-cognito", kind)
		}
	}
}

func (r *rules) redirect(place string, action Values) {
	if !action.Has("redirect") {
		r.refuse(place+".redirect", "is required for an action of type redirect")
		return
	}
	r.oneOf(place+".redirect.statusCode", "HTTP_301", "HTTP_302")
	r.oneOf(place+".redirect.protocol", "HTTP", "HTTPS", "#{protocol}")
	defaults := map[string]string{"protocol": "#{protocol}", "port": "#{port}", "host": "#{host}", "path": "/#{path}"}
	loops := true
	for name, same := range defaults {
		if value, known := action.String("redirect." + name); action.Has("redirect."+name) && (!known || value != same) {
			loops = false
		}
	}
	if loops {
		r.refuse(place+".redirect", "the redirect configuration is not valid because it creates a loop: change protocol, port, host or path")
	}
}

// orderActions numbers actions as AWS does.
func orderActions(actions []Values) {
	for i, action := range actions {
		setDefault(action, "order", float64(i+1))
	}
}

// forwardTargets are the target groups that the actions name.
func forwardTargets(out Values, actions string) []string {
	return append(out.Strings(actions+"[*].targetGroupArn"), out.Strings(actions+"[*].forward.targetGroups[*].arn")...)
}

// linkTargetGroups records which load balancer sends requests to a target group. owner is the listener or rule that
// does; groups are the target groups it has from now on.
func (tx *Tx) linkTargetGroups(balancerARN, owner string, groups []string) error {
	balancer, _ := tx.Get(balancerToken, balancerARN)
	for _, arn := range groups {
		group, ok := tx.Get(targetGroupToken, arn)
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
	for _, group := range tx.List(targetGroupToken) {
		linked := slices.Contains(groups, group.ID) || tx.forwarded(group.ID, owner)
		var balancers []string
		switch {
		case slices.Contains(groups, group.ID):
			balancers = []string{balancerARN}
		case linked:
			balancers = group.Outputs.Strings("loadBalancerArns")
		}
		if !slices.Equal(balancers, group.Outputs.Strings("loadBalancerArns")) {
			tx.Patch(targetGroupToken, group.ID, Values{"loadBalancerArns": list(balancers...)})
		}
	}
	return nil
}

// forwarded tells whether a listener or rule, other than the one named, sends requests to a target group.
func (tx *Tx) forwarded(group, except string) bool {
	for _, listener := range tx.List(listenerToken) {
		if listener.ID != except && slices.Contains(forwardTargets(listener.Outputs, "defaultActions"), group) {
			return true
		}
	}
	for _, rule := range tx.List(listenerRuleToken) {
		if rule.ID != except && slices.Contains(forwardTargets(rule.Outputs, "actions"), group) {
			return true
		}
	}
	return false
}
