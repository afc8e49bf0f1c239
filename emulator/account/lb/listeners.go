package lb

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var listener = account.Type{
	Token: account.ListenerToken, Args: lb.ListenerArgs{}, State: lb.Listener{},
	Required: []string{"defaultActions"},
	ForceNew: []string{"loadBalancerArn"},
	Refs: append([]account.Ref{
		{Path: "loadBalancerArn", Type: account.BalancerToken, By: "arn", Missing: "LoadBalancerNotFound"},
		{Path: "certificateArn", Type: account.CertificateToken, By: "arn", InUse: "ResourceInUseException", Optional: true},
	}, forwardsTo("defaultActions")...),
	Rules: append([]account.Rule{
		account.Between("port", 1, 65535),
		account.OneOf("protocol", "HTTP", "HTTPS"),
		account.Text("sslPolicy", func(text string) string {
			if !sslPolicies[text] {
				return "SSL policy not found"
			}
			return ""
		}),
		account.ARN("certificateArn"),
		// A header that the load balancer adds (ALB guide, "Enable header modification for your Application Load Balancer").
		account.Matches("routingHttpResponseStrictTransportSecurityHeaderValue", hsts, "a value such as max-age=31536000; includeSubDomains is needed"),
		account.OneOf("defaultActions[*].redirect.statusCode", "HTTP_301", "HTTP_302"),
		account.OneOf("defaultActions[*].redirect.protocol", "HTTP", "HTTPS", "#{protocol}"),
	}, actionRules("defaultActions")...),
	Check: checkListener,
	Create: func(tx *account.Tx, r *account.Resource) error {
		balancer, _ := tx.Get(account.BalancerToken, r.Outputs.Text("loadBalancerArn"))
		r.ID = tx.ARN("elasticloadbalancing", "listener/"+balancer.Outputs.Text("arnSuffix")+"/"+tx.Hex(16))
		r.Outputs["arn"] = r.ID
		r.Outputs["routingHttpResponseServerEnabled"] = true
		return nil
	},
	Complete: completeListener,
	Delete: func(tx *account.Tx, r *account.Resource) error {
		for _, rule := range tx.List(account.ListenerRuleToken) {
			if rule.Outputs.Text("listenerArn") == r.ID {
				tx.Remove(rule) // AWS deletes the rules of a listener with it, and its list of certificates.
			}
		}
		for _, one := range tx.List(account.ListenerCertificateToken) {
			if one.Outputs.Text("listenerArn") == r.ID {
				tx.Remove(one)
			}
		}
		return linkTargetGroups(tx, r.Outputs.Text("loadBalancerArn"), r.ID, nil)
	},
}

var hsts = regexp.MustCompile(`^max-age=[0-9]+(; includeSubDomains)?(; preload)?$`)

// sslPolicies are security policies of listeners
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html).
var sslPolicies = account.Words(`
	ELBSecurityPolicy-2016-08 ELBSecurityPolicy-TLS-1-2-2017-01 ELBSecurityPolicy-TLS-1-2-Ext-2018-06 ELBSecurityPolicy-FS-1-2-Res-2020-10
	ELBSecurityPolicy-TLS13-1-0-2021-06 ELBSecurityPolicy-TLS13-1-1-2021-06 ELBSecurityPolicy-TLS13-1-2-2021-06
	ELBSecurityPolicy-TLS13-1-2-Res-2021-06 ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06 ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06
	ELBSecurityPolicy-TLS13-1-3-2021-06 ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04 ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04
	ELBSecurityPolicy-TLS13-1-2-PQ-2025-09 ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09 ELBSecurityPolicy-TLS13-1-3-PQ-2025-09`)

func checkListener(r *account.Rules) {
	if !r.In.Has("port") {
		r.Refuse("port", "is required for a listener of an application load balancer")
	}
	switch protocol, known := r.In.String("protocol"); {
	case known && protocol == "HTTPS" && !r.In.Has("certificateArn"):
		r.Refuse("certificateArn", "a certificate must be specified for HTTPS listeners")
	case known && protocol == "HTTP" || !r.In.Has("protocol"):
		for _, name := range []string{"certificateArn", "sslPolicy"} {
			if r.In.Has(name) {
				r.Refuse(name, "cannot be specified for HTTP listeners")
			}
		}
	}
	checkActions(r, "defaultActions")
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
		account.SetDefaults(out, account.Values{
			"sslPolicy":            "ELBSecurityPolicy-2016-08",
			"mutualAuthentication": map[string]any{"mode": "off", "trustStoreArn": "", "ignoreClientCertificateExpiry": false, "advertiseTrustStoreCaNames": ""},
		})
		if err := checkCertificate(tx, out.Text("certificateArn")); err != nil {
			return err
		}
	}
	orderActions(out.Blocks("defaultActions[*]"))
	return linkTargetGroups(tx, out.Text("loadBalancerArn"), r.ID, forwardTargets(out, "defaultActions"))
}

// checkCertificate refuses a certificate that a load balancer of this account cannot serve.
func checkCertificate(tx *account.Tx, arn string) error {
	parts := strings.Split(arn, ":")
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
