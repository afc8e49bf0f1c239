package account

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
)

const (
	listenerToken     = "aws:lb/listener:Listener"
	listenerRuleToken = "aws:lb/listenerRule:ListenerRule"
)

var listenerTypes = []Type{
	{
		Token: listenerToken, Args: lb.ListenerArgs{}, State: lb.Listener{},
		Required: []string{"defaultActions"},
		ForceNew: []string{"loadBalancerArn"},
		Refs: append([]Ref{
			{Path: "loadBalancerArn", Type: balancerToken, By: "arn", Missing: "LoadBalancerNotFound"},
			{Path: "certificateArn", Type: certificateToken, By: "arn", InUse: "ResourceInUseException", Optional: true},
		}, forwardsTo("defaultActions")...),
		Check:  checkListener,
		Create: createListener,
		Update: func(tx *Tx, _, next *Resource) error { return tx.completeListener(next) },
		Delete: func(tx *Tx, r *Resource) error {
			for _, rule := range tx.List(listenerRuleToken) {
				if rule.Outputs.Text("listenerArn") == r.ID {
					tx.remove(rule) // AWS deletes the rules of a listener with it.
				}
			}
			return tx.linkTargetGroups(r.Outputs.Text("loadBalancerArn"), r.ID, nil)
		},
	},
	{
		Token: listenerRuleToken, Args: lb.ListenerRuleArgs{}, State: lb.ListenerRule{},
		Required: []string{"actions", "conditions"},
		ForceNew: []string{"listenerArn"},
		Refs:     append([]Ref{{Path: "listenerArn", Type: listenerToken, By: "arn", Missing: "ListenerNotFound"}}, forwardsTo("actions")...),
		Check:    checkListenerRule,
		Create:   createListenerRule,
		Update: func(tx *Tx, _, next *Resource) error {
			if err := tx.freePriority(next); err != nil {
				return err
			}
			return tx.linkRule(next)
		},
		Delete: func(tx *Tx, r *Resource) error {
			listener, _ := tx.Get(listenerToken, r.Outputs.Text("listenerArn"))
			return tx.linkTargetGroups(listener.Outputs.Text("loadBalancerArn"), r.ID, nil)
		},
	},
}

// forwardsTo are the references of actions to target groups.
func forwardsTo(actions string) []Ref {
	return []Ref{
		{Path: actions + "[*].targetGroupArn", Type: targetGroupToken, By: "arn", Missing: "TargetGroupNotFound", InUse: "ResourceInUse"},
		{Path: actions + "[*].forward.targetGroups[*].arn", Type: targetGroupToken, By: "arn", Missing: "TargetGroupNotFound", InUse: "ResourceInUse"},
	}
}

// sslPolicies are the security policies of listeners that AWS knows.
var sslPolicies = words(`
	ELBSecurityPolicy-2016-08 ELBSecurityPolicy-2015-05 ELBSecurityPolicy-TLS-1-0-2015-04 ELBSecurityPolicy-TLS-1-1-2017-01
	ELBSecurityPolicy-TLS-1-2-2017-01 ELBSecurityPolicy-TLS-1-2-Ext-2018-06 ELBSecurityPolicy-FS-2018-06
	ELBSecurityPolicy-FS-1-1-2019-08 ELBSecurityPolicy-FS-1-2-2019-08 ELBSecurityPolicy-FS-1-2-Res-2019-08
	ELBSecurityPolicy-FS-1-2-Res-2020-10 ELBSecurityPolicy-TLS13-1-0-2021-06 ELBSecurityPolicy-TLS13-1-1-2021-06
	ELBSecurityPolicy-TLS13-1-2-2021-06 ELBSecurityPolicy-TLS13-1-2-Res-2021-06 ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06
	ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06 ELBSecurityPolicy-TLS13-1-3-2021-06 ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04
	ELBSecurityPolicy-TLS13-1-1-FIPS-2023-04 ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04 ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04
	ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-2023-04 ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-2023-04
	ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-2023-04 ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04
	ELBSecurityPolicy-TLS13-1-0-PQ-2025-09 ELBSecurityPolicy-TLS13-1-2-PQ-2025-09 ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09
	ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09 ELBSecurityPolicy-TLS13-1-2-Ext2-PQ-2025-09 ELBSecurityPolicy-TLS13-1-3-PQ-2025-09
	ELBSecurityPolicy-TLS13-1-0-FIPS-PQ-2025-09 ELBSecurityPolicy-TLS13-1-2-FIPS-PQ-2025-09
	ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09 ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-PQ-2025-09
	ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-PQ-2025-09 ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-PQ-2025-09
	ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09`)

func checkListener(in Values) []Problem {
	r := rules{in: in}
	r.between("port", 1, 65535)
	if !in.Has("port") {
		r.refuse("port", "is required for a listener of an application load balancer")
	}
	r.oneOf("protocol", "HTTP", "HTTPS")
	protocol, known := in.String("protocol")
	if !in.Has("protocol") {
		protocol, known = "HTTP", true
	}
	switch {
	case known && protocol == "HTTPS" && !in.Has("certificateArn"):
		r.refuse("certificateArn", "a certificate must be specified for HTTPS listeners")
	case known && protocol == "HTTP":
		for _, name := range []string{"certificateArn", "sslPolicy", "mutualAuthentication"} {
			if in.Has(name) {
				r.refuse(name, "cannot be specified for HTTP listeners")
			}
		}
	}
	r.each("sslPolicy", func(place, text string) {
		if !sslPolicies[text] {
			r.refuse(place, "SSL policy '%s' not found", text)
		}
	})
	r.arn("certificateArn")
	r.actions("defaultActions")
	return r.problems
}

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

func createListener(tx *Tx, r *Resource) error {
	balancer, _ := tx.Get(balancerToken, r.Outputs.Text("loadBalancerArn"))
	r.ID = tx.ARN("elasticloadbalancing", "listener/"+balancer.Outputs.Text("arnSuffix")+"/"+tx.hex(16))
	r.Outputs["arn"] = r.ID
	r.Outputs["routingHttpResponseServerEnabled"] = true
	return tx.completeListener(r)
}

func (tx *Tx) completeListener(r *Resource) error {
	out := r.Outputs
	setDefault(out, "protocol", "HTTP")
	port, _ := out.Int("port")
	for _, other := range tx.List(listenerToken) {
		taken, _ := other.Outputs.Int("port")
		if other.ID != r.ID && taken == port && other.Outputs.Text("loadBalancerArn") == out.Text("loadBalancerArn") {
			return tx.Refuse("DuplicateListener", "A listener already exists on this port for this load balancer '%s': port %d belongs to %s",
				out.Text("loadBalancerArn"), port, other.ID)
		}
	}
	if out.Text("protocol") == "HTTPS" {
		setDefault(out, "sslPolicy", "ELBSecurityPolicy-2016-08")
		if !out.Has("mutualAuthentication") {
			out["mutualAuthentication"] = map[string]any{"mode": "off", "trustStoreArn": "", "ignoreClientCertificateExpiry": false, "advertiseTrustStoreCaNames": ""}
		}
		if err := tx.usableCertificate(out.Text("certificateArn")); err != nil {
			return err
		}
	}
	orderActions(out.Blocks("defaultActions[*]"))
	return tx.linkTargetGroups(out.Text("loadBalancerArn"), r.ID, forwardTargets(out, "defaultActions"))
}

// usableCertificate refuses a certificate that a load balancer of this account cannot serve.
func (tx *Tx) usableCertificate(arn string) error {
	parts := strings.Split(arn, ":")
	if len(parts) > 2 && parts[2] == "iam" {
		return nil
	}
	if len(parts) < 6 || parts[2] != "acm" || parts[3] != tx.Region() {
		return tx.Refuse("ValidationError", "Certificate ARN '%s' is not valid: a certificate of ACM in %s is needed, where the load balancer is", arn, tx.Region())
	}
	certificate, ok := tx.Find(certificateToken, "arn", arn)
	if !ok {
		return tx.Refuse("CertificateNotFound", "Certificate '%s' not found", arn)
	}
	if status := certificate.Outputs.Text("status"); status != "ISSUED" && status != "" {
		return tx.Refuse("UnsupportedCertificate",
			"The certificate '%s' must have a fully-qualified domain name, a supported signature, and a supported key size: its status is %s; wait for its validation (acm.CertificateValidation)",
			arn, status)
	}
	return nil
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

var conditionKinds = []string{"hostHeader", "httpHeader", "httpRequestMethod", "pathPattern", "queryStrings", "sourceIp"}

func checkListenerRule(in Values) []Problem {
	r := rules{in: in}
	r.between("priority", 1, 50000)
	r.arn("listenerArn")
	r.actions("actions")
	if len(in.List("conditions")) == 0 && !in.IsUnknown("conditions") {
		r.refuse("conditions", "at least one condition is required")
	}
	matches := 0
	for i, condition := range in.Blocks("conditions[*]") {
		place := fmt.Sprintf("conditions[%d]", i)
		kinds := slices.DeleteFunc(slices.Clone(conditionKinds), func(kind string) bool { return !condition.Has(kind) })
		if len(kinds) != 1 {
			r.refuse(place, "needs exactly one of %s", strings.Join(conditionKinds, ", "))
		}
		for _, kind := range conditionKinds {
			matches += len(condition.List(kind + ".values"))
		}
		matches += len(condition.List("queryStrings"))
	}
	if matches > 5 {
		r.refuse("conditions", "have %d values; a rule can have 5", matches)
	}
	r.length("conditions[*].hostHeader.values[*]", 1, 128)
	r.length("conditions[*].pathPattern.values[*]", 1, 128)
	r.each("conditions[*].sourceIp.values[*]", func(place, text string) {
		if _, err := netip.ParsePrefix(text); err != nil {
			r.refuse(place, "%q is not a CIDR such as 203.0.113.0/24", text)
		}
	})
	return r.problems
}

func createListenerRule(tx *Tx, r *Resource) error {
	listener := r.Outputs.Text("listenerArn")
	r.ID = strings.Replace(listener, ":listener/", ":listener-rule/", 1) + "/" + tx.hex(16)
	r.Outputs["arn"] = r.ID
	if !r.Outputs.Has("priority") {
		next := 1.0
		for _, rule := range tx.List(listenerRuleToken) {
			if priority, _ := rule.Outputs.Int("priority"); rule.Outputs.Text("listenerArn") == listener {
				next = max(next, float64(priority+1))
			}
		}
		r.Outputs["priority"] = next
	}
	if err := tx.freePriority(r); err != nil {
		return err
	}
	return tx.linkRule(r)
}

// linkRule links the target groups of a rule to the load balancer of its listener.
func (tx *Tx) linkRule(r *Resource) error {
	orderActions(r.Outputs.Blocks("actions[*]"))
	listener, _ := tx.Get(listenerToken, r.Outputs.Text("listenerArn"))
	return tx.linkTargetGroups(listener.Outputs.Text("loadBalancerArn"), r.ID, forwardTargets(r.Outputs, "actions"))
}

func (tx *Tx) freePriority(r *Resource) error {
	priority, _ := r.Outputs.Int("priority")
	for _, other := range tx.List(listenerRuleToken) {
		taken, _ := other.Outputs.Int("priority")
		if other.ID != r.ID && taken == priority && other.Outputs.Text("listenerArn") == r.Outputs.Text("listenerArn") {
			return tx.Refuse("PriorityInUse", "Priority '%d' is currently in use by %s; choose another", priority, other.ID)
		}
	}
	return nil
}
