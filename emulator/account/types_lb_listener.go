package account

import (
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
