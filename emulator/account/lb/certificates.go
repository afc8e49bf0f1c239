package lb

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// maxCertificates and maxRules are the quotas of a load balancer, without default certificates and default rules
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html).
const (
	maxCertificates = 25
	maxRules        = 100
)

// listenerCertificate is a certificate beside the default one of an HTTPS listener, which chooses by the host name that the client asks for. Arguments, the
// id and what a change replaces: terraform-provider-aws, internal/service/elbv2/listener_certificate.go.
var listenerCertificate = account.Type{
	Token: account.ListenerCertificateToken, Args: lb.ListenerCertificateArgs{}, State: lb.ListenerCertificate{},
	ForceNew: []string{"listenerArn", "certificateArn"},
	Refs: []account.Ref{
		{Path: "listenerArn", Type: account.ListenerToken, By: "arn", Missing: "ListenerNotFound"},
		{Path: "certificateArn", Type: account.CertificateToken, By: "arn", InUse: "ResourceInUseException", Optional: true},
	},
	Rules:  []account.Rule{account.ARN("listenerArn"), account.ARN("certificateArn")},
	Create: addCertificate,
}

// addCertificate refuses what AddListenerCertificates refuses
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddListenerCertificates.html): it is for HTTPS listeners, and a certificate
// that the listener has already is no error.
func addCertificate(tx *account.Tx, r *account.Resource) error {
	listener, _ := tx.Get(account.ListenerToken, r.Outputs.Text("listenerArn"))
	if listener.Outputs.Text("protocol") != "HTTPS" {
		return tx.Refuse("ValidationError", "Certificates can be added to HTTPS listeners only, and '%s' is for %s", listener.ID, listener.Outputs.Text("protocol"))
	}
	if err := checkCertificate(tx, r.Outputs.Text("certificateArn")); err != nil {
		return err
	}
	if n := len(onBalancer(tx, account.ListenerCertificateToken, listener.Outputs.Text("loadBalancerArn"))); n >= maxCertificates {
		return tx.Refuse("TooManyCertificates", "The maximum number of certificates has been reached on the load balancer '%s': %d besides the default ones",
			listener.Outputs.Text("loadBalancerArn"), n)
	}
	r.ID = listener.ID + "_" + r.Outputs.Text("certificateArn")
	return nil
}

// onBalancer are the resources of a type, such as rules, of all listeners of a load balancer.
func onBalancer(tx *account.Tx, token, balancer string) (there []account.Resource) {
	for _, one := range tx.List(token) {
		if listener, ok := tx.Get(account.ListenerToken, one.Outputs.Text("listenerArn")); ok && listener.Outputs.Text("loadBalancerArn") == balancer {
			there = append(there, one)
		}
	}
	return there
}
