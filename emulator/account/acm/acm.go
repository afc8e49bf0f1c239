package acm

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var certificateTypes = []account.Type{
	{
		Token: account.CertificateToken, Args: acm.CertificateArgs{}, State: acm.Certificate{},
		ForceNew: []string{"domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm", "certificateAuthorityArn", "validationOptions"},
		Check:    checkCertificate,
		Create:   createCertificate,
	},
	{
		Token: "aws:acm/certificateValidation:CertificateValidation",
		Args:  acm.CertificateValidationArgs{}, State: acm.CertificateValidation{},
		ForceNew: []string{"certificateArn", "validationRecordFqdns"},
		Refs:     []account.Ref{{Path: "certificateArn", Type: account.CertificateToken, By: "arn", Missing: "ResourceNotFoundException"}},
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			r.ARN("certificateArn")
			return r.Problems
		},
		Create: createCertificateValidation,
	},
}

var certificateDomain = regexp.MustCompile(`^(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

func checkCertificate(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.ExactlyOne("domainName", "privateKey")
	r.Conflict("certificateBody", "domainName", "subjectAlternativeNames", "validationMethod")
	if in.Has("privateKey") && !in.Has("certificateBody") {
		r.Refuse("certificateBody", "is required with privateKey")
	}
	r.Length("domainName", 1, 253)
	for _, path := range []string{"domainName", "subjectAlternativeNames[*]"} {
		r.Matches(path, certificateDomain, "a domain name without trailing period is needed, such as www.example.com or *.example.com")
	}
	r.Each("domainName", func(place, text string) {
		if len(text) > 64 {
			r.Refuse(place, "the first domain name can be no longer than 64 characters; put %q into subjectAlternativeNames", text)
		}
	})
	r.OneOf("validationMethod", "DNS", "EMAIL", "NONE")
	if in.Has("domainName") && !in.Has("validationMethod") && !in.Has("certificateAuthorityArn") {
		r.Refuse("validationMethod", "is required for a certificate that Amazon issues; DNS is the one that renews itself")
	}
	r.OneOf("keyAlgorithm", "RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")
	if names := account.Unique(append(in.Strings("subjectAlternativeNames"), in.Text("domainName"))); len(names) > 10 {
		r.Refuse("subjectAlternativeNames", "the certificate would have %d domain names; AWS's quota is 10", len(names))
	}
	return r.Problems
}

func createCertificate(tx *account.Tx, r *account.Resource) error {
	r.ID = tx.ARN("acm", "certificate/"+tx.UUID())
	out := r.Outputs
	out["arn"] = r.ID
	account.SetDefault(out, "keyAlgorithm", "RSA_2048")
	if !out.Has("options") {
		out["options"] = map[string]any{"certificateTransparencyLoggingPreference": "ENABLED"}
	}
	out["renewalEligibility"] = "INELIGIBLE"
	if r.Inputs.Has("privateKey") {
		out["type"], out["status"], out["validationMethod"] = "IMPORTED", "ISSUED", "NONE"
		return nil
	}
	out["type"], out["status"] = "AMAZON_ISSUED", "PENDING_VALIDATION"
	names := []string{out.Text("domainName")}
	for _, name := range account.Unique(out.Strings("subjectAlternativeNames")) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	out["subjectAlternativeNames"] = account.Texts(account.Unique(names)...)
	if out.Text("validationMethod") != "DNS" {
		return nil
	}
	// A wildcard and its domain are proven with the same record, which stays the same for the life of the account.
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

// createCertificateValidation does what the provider's wait would come to: the certificate is issued when its records
// stand in the account's hosted zones, and otherwise the wait runs out.
func createCertificateValidation(tx *account.Tx, r *account.Resource) error {
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
