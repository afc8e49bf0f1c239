// Package acm holds certificates.
package acm

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var domainName = regexp.MustCompile(`^(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

const domainSays = "a domain name without trailing period is needed, such as www.example.com or *.example.com"

// Service is ACM.
var Service = account.Service{Types: []account.Type{
	{
		Token: account.CertificateToken, Args: acm.CertificateArgs{}, State: acm.Certificate{}, OtherRegions: true,
		ForceNew: []string{"domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm", "certificateAuthorityArn", "validationOptions"},
		Rules: []account.Rule{
			account.ExactlyOne("domainName", "privateKey"),
			account.Matches("domainName", domainName, domainSays),
			account.Matches("subjectAlternativeNames[*]", domainName, domainSays),
			account.Length("subjectAlternativeNames[*]", 1, 253),
			account.Length("domainName", 1, 64), // longer ones only fit into subjectAlternativeNames
			account.OneOf("validationMethod", "DNS", "EMAIL"),
		},
		Check: func(r *account.Rules) {
			if r.In.Has("domainName") && !r.In.Has("validationMethod") {
				r.Refuse("validationMethod", "is required for a certificate that Amazon issues; DNS is the one that renews itself")
			}
			if names := account.Unique(append(r.In.Strings("subjectAlternativeNames"), r.In.Text("domainName"))); len(names) > 10 {
				r.Refuse("subjectAlternativeNames", "the certificate would have %d domain names; AWS's quota is 10", len(names))
			}
		},
		Identity: account.Identity{ID: "{arn}", ARN: "acm:certificate/{uuid}", Outputs: account.Values{
			"keyAlgorithm": "RSA_2048", "options": map[string]any{"certificateTransparencyLoggingPreference": "ENABLED"},
			"renewalEligibility": "INELIGIBLE", "type": "AMAZON_ISSUED", "status": "PENDING_VALIDATION",
		}},
		Create: createCertificate,
		// ACM adds the domain name to the alternative names, and the provider to those of the program (CustomizeDiff in
		// internal/service/acm/certificate.go).
		Normal: func(v account.Values) {
			if v.Has("subjectAlternativeNames") && !v.IsUnknown("subjectAlternativeNames") {
				v["subjectAlternativeNames"] = account.Texts(account.Unique(append(v.Strings("subjectAlternativeNames"), v.Text("domainName")))...)
			}
		},
	},
	{
		Token: "aws:acm/certificateValidation:CertificateValidation",
		Args:  acm.CertificateValidationArgs{}, State: acm.CertificateValidation{}, OtherRegions: true,
		ForceNew: []string{"certificateArn", "validationRecordFqdns"},
		Refs:     []account.Ref{{Path: "certificateArn", Type: account.CertificateToken, By: "arn", Missing: "ResourceNotFoundException"}},
		Rules:    []account.Rule{account.ARN("certificateArn")},
		Create:   waitForCertificate,
	},
}}

// createCertificate computes the records that prove the domains. The apex and its wildcard share one record, which stays the same for the
// life of the account, in all regions (https://github.com/hashicorp/terraform-provider-aws/issues/13653). The provider returns the domains as a set (terraform-provider-aws, internal/service/acm/certificate.go), and so in
// the order of a set, whatever order was asked for: objects are sorted by their attributes, of which the first is domain_name
// (zclconf/go-cty, cty/set_internals.go, Less).
func createCertificate(_ *account.Tx, r *account.Resource) error {
	out := r.Outputs
	names := account.Unique(append(out.Strings("subjectAlternativeNames"), out.Text("domainName")))
	out["subjectAlternativeNames"] = account.Texts(names...)
	var options []any
	for _, name := range names {
		base := strings.ToLower(strings.TrimPrefix(name, "*."))
		options = append(options, map[string]any{
			"domainName":          name,
			"resourceRecordName":  "_" + account.StableHex("acm name "+base, 32) + "." + base + ".",
			"resourceRecordType":  "CNAME",
			"resourceRecordValue": "_" + account.StableHex("acm value "+base, 32) + "." + account.StableLetters("acm zone "+base, 10) + ".acm-validations.aws.",
		})
	}
	out["domainValidationOptions"] = options
	return nil
}

// waitForCertificate returns what the provider's wait returns: the certificate is issued when its records are in the
// account's hosted zones, and otherwise the wait runs out.
func waitForCertificate(tx *account.Tx, r *account.Resource) error {
	certificate, _ := tx.Find(account.CertificateToken, "arn", r.Outputs.Text("certificateArn"))
	out := certificate.Outputs
	if out.Text("type") != "AMAZON_ISSUED" {
		return tx.Refuse("InvalidArgsException", "certificate %s has type %s, no validation necessary: leave CertificateValidation out", certificate.ID, out.Text("type"))
	}
	given := r.Outputs.Strings("validationRecordFqdns")
	for _, option := range out.Blocks("domainValidationOptions[*]") {
		name, value := option.Text("resourceRecordName"), option.Text("resourceRecordValue")
		if len(given) > 0 && !slices.ContainsFunc(given, func(fqdn string) bool { return account.SameDomain(fqdn, name) }) {
			return tx.Refuse("InvalidArgsException", "missing %s DNS validation record: %s; add it to validationRecordFqdns", option.Text("domainName"), name)
		}
		if out.Text("status") != "ISSUED" && !published(tx, name, value) {
			return tx.Refuse("RequestTimeout",
				"waiting for ACM Certificate (%s) to be issued: timeout while waiting for state to become 'ISSUED' (last state: 'PENDING_VALIDATION', timeout: 1h15m0s): no hosted zone of this account has the CNAME record %s %s",
				certificate.ID, name, value)
		}
	}
	issued := time.Now().UTC()
	r.ID = issued.Format("2006-01-02 15:04:05.999999999 -0700 MST")
	if out.Text("status") != "ISSUED" {
		tx.Patch(account.CertificateToken, certificate.ID, account.Values{
			"status": "ISSUED", "notBefore": issued.Truncate(24 * time.Hour).Format(time.RFC3339),
			"notAfter": issued.Truncate(24*time.Hour).AddDate(0, 13, 0).Format(time.RFC3339),
		})
	}
	return nil
}

// published tells whether a hosted zone of the account has the CNAME record.
func published(tx *account.Tx, name, value string) bool {
	for _, record := range tx.List(account.RecordToken) {
		if record.Outputs.Text("type") == "CNAME" && account.SameDomain(record.Outputs.Text("fqdn"), name) &&
			slices.ContainsFunc(record.Outputs.Strings("records"), func(text string) bool { return account.SameDomain(text, value) }) {
			return true
		}
	}
	return false
}
