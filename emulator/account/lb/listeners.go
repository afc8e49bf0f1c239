package lb

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var listenerTypes = []account.Type{
	{
		Token: account.ListenerToken, Args: lb.ListenerArgs{}, State: lb.Listener{},
		Required: []string{"defaultActions"},
		ForceNew: []string{"loadBalancerArn"},
		Refs: append([]account.Ref{
			{Path: "loadBalancerArn", Type: account.BalancerToken, By: "arn", Missing: "LoadBalancerNotFound"},
			{Path: "certificateArn", Type: account.CertificateToken, By: "arn", InUse: "ResourceInUseException", Optional: true},
		}, forwardsTo("defaultActions")...),
		Check:  checkListener,
		Create: createListener,
		Update: func(tx *account.Tx, _, next *account.Resource) error { return completeListener(tx, next) },
		Delete: func(tx *account.Tx, r *account.Resource) error {
			for _, rule := range tx.List(account.ListenerRuleToken) {
				if rule.Outputs.Text("listenerArn") == r.ID {
					tx.Remove(rule) // AWS deletes the rules of a listener with it.
				}
			}
			return linkTargetGroups(tx, r.Outputs.Text("loadBalancerArn"), r.ID, nil)
		},
	},
	{
		Token: account.ListenerRuleToken, Args: lb.ListenerRuleArgs{}, State: lb.ListenerRule{},
		Required: []string{"actions", "conditions"},
		ForceNew: []string{"listenerArn"},
		Refs:     append([]account.Ref{{Path: "listenerArn", Type: account.ListenerToken, By: "arn", Missing: "ListenerNotFound"}}, forwardsTo("actions")...),
		Check:    checkListenerRule,
		Create:   createListenerRule,
		Update: func(tx *account.Tx, _, next *account.Resource) error {
			if err := freePriority(tx, next); err != nil {
				return err
			}
			return linkRule(tx, next)
		},
		Delete: func(tx *account.Tx, r *account.Resource) error {
			listener, _ := tx.Get(account.ListenerToken, r.Outputs.Text("listenerArn"))
			return linkTargetGroups(tx, listener.Outputs.Text("loadBalancerArn"), r.ID, nil)
		},
	},
}

// forwardsTo are the references of actions to target groups.
func forwardsTo(actions string) []account.Ref {
	return []account.Ref{
		{Path: actions + "[*].targetGroupArn", Type: account.TargetGroupToken, By: "arn", Missing: "TargetGroupNotFound", InUse: "ResourceInUse"},
		{Path: actions + "[*].forward.targetGroups[*].arn", Type: account.TargetGroupToken, By: "arn", Missing: "TargetGroupNotFound", InUse: "ResourceInUse"},
	}
}

// sslPolicies are the security policies of listeners that AWS knows.
var sslPolicies = account.Words(`
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

func checkListener(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Between("port", 1, 65535)
	if !in.Has("port") {
		r.Refuse("port", "is required for a listener of an application load balancer")
	}
	r.OneOf("protocol", "HTTP", "HTTPS")
	protocol, known := in.String("protocol")
	if !in.Has("protocol") {
		protocol, known = "HTTP", true
	}
	switch {
	case known && protocol == "HTTPS" && !in.Has("certificateArn"):
		r.Refuse("certificateArn", "a certificate must be specified for HTTPS listeners")
	case known && protocol == "HTTP":
		for _, name := range []string{"certificateArn", "sslPolicy", "mutualAuthentication"} {
			if in.Has(name) {
				r.Refuse(name, "cannot be specified for HTTP listeners")
			}
		}
	}
	r.Each("sslPolicy", func(place, text string) {
		if !sslPolicies[text] {
			r.Refuse(place, "SSL policy '%s' not found", text)
		}
	})
	r.ARN("certificateArn")
	checkActions(&r, "defaultActions")
	return r.Problems
}

func createListener(tx *account.Tx, r *account.Resource) error {
	balancer, _ := tx.Get(account.BalancerToken, r.Outputs.Text("loadBalancerArn"))
	r.ID = tx.ARN("elasticloadbalancing", "listener/"+balancer.Outputs.Text("arnSuffix")+"/"+tx.Hex(16))
	r.Outputs["arn"] = r.ID
	r.Outputs["routingHttpResponseServerEnabled"] = true
	return completeListener(tx, r)
}

func completeListener(tx *account.Tx, r *account.Resource) error {
	out := r.Outputs
	account.SetDefault(out, "protocol", "HTTP")
	port, _ := out.Int("port")
	for _, other := range tx.List(account.ListenerToken) {
		taken, _ := other.Outputs.Int("port")
		if other.ID != r.ID && taken == port && other.Outputs.Text("loadBalancerArn") == out.Text("loadBalancerArn") {
			return tx.Refuse("DuplicateListener", "A listener already exists on this port for this load balancer '%s': port %d belongs to %s",
				out.Text("loadBalancerArn"), port, other.ID)
		}
	}
	if out.Text("protocol") == "HTTPS" {
		account.SetDefault(out, "sslPolicy", "ELBSecurityPolicy-2016-08")
		if !out.Has("mutualAuthentication") {
			out["mutualAuthentication"] = map[string]any{"mode": "off", "trustStoreArn": "", "ignoreClientCertificateExpiry": false, "advertiseTrustStoreCaNames": ""}
		}
		if err := usableCertificate(tx, out.Text("certificateArn")); err != nil {
			return err
		}
	}
	orderActions(out.Blocks("defaultActions[*]"))
	return linkTargetGroups(tx, out.Text("loadBalancerArn"), r.ID, forwardTargets(out, "defaultActions"))
}

// usableCertificate refuses a certificate that a load balancer of this account cannot serve.
func usableCertificate(tx *account.Tx, arn string) error {
	parts := strings.Split(arn, ":")
	if len(parts) > 2 && parts[2] == "iam" {
		return nil
	}
	if len(parts) < 6 || parts[2] != "acm" || parts[3] != tx.Region() {
		return tx.Refuse("ValidationError", "Certificate ARN '%s' is not valid: a certificate of ACM in %s is needed, where the load balancer is", arn, tx.Region())
	}
	certificate, ok := tx.Find(account.CertificateToken, "arn", arn)
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
