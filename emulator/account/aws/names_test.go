package aws

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestNameRefusals(t *testing.T) {
	certificate := account.Values{"domainName": "shop.example.com", "validationMethod": "DNS"}
	record := account.Values{"zoneId": zoneID, "name": "shop", "type": "CNAME", "ttl": 60, "records": []any{"elsewhere.example.net"}}
	alias := account.Values{"zoneId": zoneID, "name": "example.com", "type": "A",
		"aliases": []any{map[string]any{"name": "first-1234567890.eu-central-1.elb.amazonaws.com", "zoneId": "Z215JYRZR1TBD5", "evaluateTargetHealth": true}}}
	setup := func(t *testing.T) *world {
		w := fronted(t)
		w.make(account.RecordToken, "www", with(record, account.Values{"name": "www.example.com"}))
		w.make(account.WebACLToken, "acl", with(goodACL, account.Values{"name": "first"}))
		return w
	}
	association := "aws:wafv2/webAclAssociation:WebAclAssociation"
	associated := account.Values{"webAclArn": "{aclarn}", "resourceArn": "{lb}"}
	withACL := func(t *testing.T) *world {
		w := setup(t)
		acl, _ := w.Read(account.WebACLToken, w.ids["acl"])
		w.ids["aclarn"] = acl.Outputs.Text("arn")
		return w
	}
	rules := func(rule account.Values) account.Values { return account.Values{"rules": []any{map[string]any(rule)}} }
	rate := account.Values{"name": "rate", "priority": 2, "action": map[string]any{"block": map[string]any{}}, "visibilityConfig": visible("rate"),
		"statement": map[string]any{"rateBasedStatement": map[string]any{"limit": 2000}}}
	testRefusals(t, withACL, []refusal{
		{"domain with a trailing period", account.CertificateToken, certificate, account.Values{"domainName": "shop.example.com."}, "domainName", ""},
		{"domain with a star inside", account.CertificateToken, with(certificate, account.Values{"domainName": "*.example.com"}), account.Values{"domainName": "shop.*.example.com"}, "domainName", ""},
		{"domain of 65 characters", account.CertificateToken, certificate, account.Values{"domainName": strings.Repeat("a", 53) + ".example.com"}, "domainName", ""},
		{"no validation", account.CertificateToken, certificate, account.Values{"validationMethod": nil}, "validationMethod", ""},
		{"eleven names", account.CertificateToken, certificate, account.Values{"subjectAlternativeNames": []any{"1.example.com", "2.example.com", "3.example.com", "4.example.com", "5.example.com",
			"6.example.com", "7.example.com", "8.example.com", "9.example.com", "10.example.com"}}, "subjectAlternativeNames", ""},

		{"record type", account.RecordToken, record, account.Values{"type": "ALIAS"}, "type", ""},
		{"record without a TTL", account.RecordToken, record, account.Values{"ttl": nil}, "ttl", ""},
		{"record of two kinds", account.RecordToken, record, account.Values{"aliases": alias["aliases"]}, "aliases", ""},
		{"two names of a CNAME", account.RecordToken, record, account.Values{"records": []any{"a.example.net", "b.example.net"}}, "records", ""},
		{"A record that is a name", account.RecordToken, with(record, account.Values{"type": "A", "records": []any{"203.0.113.7"}}), account.Values{"records": []any{"example.net"}}, "records[0]", ""},
		{"record in no zone", account.RecordToken, record, account.Values{"zoneId": "ZNOTHING"}, "", "NoSuchHostedZone"},
		{"CNAME at the apex", account.RecordToken, record, account.Values{"name": "example.com"}, "", "InvalidChangeBatch"},
		{"record twice", account.RecordToken, record, account.Values{"name": "www"}, "", "InvalidChangeBatch"},
		{"record beside a CNAME", account.RecordToken, with(record, account.Values{"type": "TXT"}), account.Values{"name": "WWW.example.com."}, "", "InvalidChangeBatch"},
		{"alias in the wrong zone", account.RecordToken, alias, account.Values{"aliases": []any{map[string]any{"name": "first-1.eu-central-1.elb.amazonaws.com", "zoneId": zoneID, "evaluateTargetHealth": true}}}, "", "InvalidChangeBatch"},

		{"ACL name", account.WebACLToken, goodACL, account.Values{"name": "my shop"}, "name", ""},
		{"ACL scope", account.WebACLToken, goodACL, account.Values{"scope": "GLOBAL"}, "scope", ""},
		{"ACL that does nothing", account.WebACLToken, goodACL, account.Values{"defaultAction": map[string]any{}}, "defaultAction", ""},
		{"ACL metric", account.WebACLToken, goodACL, account.Values{"visibilityConfig": visible("my shop")}, "visibilityConfig.metricName", ""},
		{"rule group with an action", account.WebACLToken, goodACL, rules(with(rate, account.Values{"statement": map[string]any{"managedRuleGroupStatement": map[string]any{"name": "AWSManagedRulesCommonRuleSet", "vendorName": "AWS"}}})), "rules[0]", ""},
		{"rule group of nobody", account.WebACLToken, goodACL, rules(with(rate, account.Values{"action": nil, "overrideAction": map[string]any{"none": map[string]any{}},
			"statement": map[string]any{"managedRuleGroupStatement": map[string]any{"name": "AWSManagedRulesCommonRules", "vendorName": "AWS"}}})), "rules[0].statement.managedRuleGroupStatement.name", ""},
		{"rate of nine", account.WebACLToken, with(goodACL, rules(rate)), rules(with(rate, account.Values{"statement": map[string]any{"rateBasedStatement": map[string]any{"limit": 9}}})), "rules[0].statement.rateBasedStatement.limit", ""},
		{"rule without an action", account.WebACLToken, with(goodACL, rules(rate)), rules(with(rate, account.Values{"action": nil})), "rules[0]", ""},
		{"rule of two statements", account.WebACLToken, with(goodACL, rules(rate)), rules(with(rate, account.Values{"statement": map[string]any{"rateBasedStatement": map[string]any{"limit": 2000}, "geoMatchStatement": map[string]any{"countryCodes": []any{"DE"}}}})), "rules[0].statement", ""},
		{"priorities twice", account.WebACLToken, with(goodACL, rules(rate)), account.Values{"rules": []any{map[string]any(rate), map[string]any(with(rate, account.Values{"name": "again"}))}}, "rules[1].priority", ""},
		{"ACL of CloudFront elsewhere", account.WebACLToken, goodACL, account.Values{"scope": "CLOUDFRONT"}, "", "WAFInvalidParameterException"},
		{"ACL twice", account.WebACLToken, goodACL, account.Values{"name": "first"}, "", "WAFDuplicateItemException"},
		{"no such ACL", association, associated, account.Values{"webAclArn": "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/no/1"}, "", "WAFNonexistentItemException"},
		{"ACL of nothing", association, associated, account.Values{"resourceArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/no/1"}, "", "WAFUnavailableEntityException"},
	})
}

func TestCertificateIsIssuedByItsRecords(t *testing.T) {
	ctx := context.Background()
	w := fronted(t)
	certificate := w.make(account.CertificateToken, "cert", account.Values{"domainName": "example.com", "subjectAlternativeNames": []any{"*.example.com"}, "validationMethod": "DNS"})
	options := certificate.Outputs.Blocks("domainValidationOptions[*]")
	if len(options) != 2 || options[0].Text("resourceRecordName") != options[1].Text("resourceRecordName") {
		t.Fatalf("validation options are %v, want one record for both names", options)
	}
	name, value := options[0].Text("resourceRecordName"), options[0].Text("resourceRecordValue")
	if !regexp.MustCompile(`^_[0-9a-f]{32}\.example\.com\.$`).MatchString(name) || !regexp.MustCompile(`^_[0-9a-f]{32}\.[0-9a-z]{10}\.acm-validations\.aws\.$`).MatchString(value) {
		t.Errorf("the record is %q %q", name, value)
	}
	validation := "aws:acm/certificateValidation:CertificateValidation"
	in := account.Values{"certificateArn": "{cert}"}
	https := with(goodListener, account.Values{"port": 443, "protocol": "HTTPS", "certificateArn": "{cert}"})
	_, err := w.Create(ctx, account.ListenerToken, "https", w.checked(account.ListenerToken, "https", https))
	wantCode(t, err, "UnsupportedCertificate")
	_, err = w.Create(ctx, validation, "valid", w.checked(validation, "valid", in))
	wantCode(t, err, "RequestTimeout")

	w.make(account.RecordToken, "proof", account.Values{"zoneId": zoneID, "name": name, "type": "CNAME", "ttl": 60, "records": []any{value}})
	_, err = w.Create(ctx, validation, "valid", w.checked(validation, "valid", with(in, account.Values{"validationRecordFqdns": []any{"other.example.com"}})))
	wantCode(t, err, "InvalidArgsException")
	w.make(validation, "valid", with(in, account.Values{"validationRecordFqdns": []any{strings.TrimSuffix(name, ".")}}))
	if r, _ := w.Read(account.CertificateToken, certificate.ID); r.Outputs.Text("status") != "ISSUED" || r.Outputs.Text("notAfter") == "" {
		t.Errorf("the validated certificate is %s until %q", r.Outputs.Text("status"), r.Outputs.Text("notAfter"))
	}
	w.make(account.ListenerToken, "https", https)
	wantCode(t, w.Delete(ctx, account.CertificateToken, certificate.ID), "ResourceInUseException")
}

func TestRecordsAreCompletedByTheZone(t *testing.T) {
	w := fronted(t)
	for name, fqdn := range map[string]string{"shop": "shop.example.com", "a.example.com": "a.example.com", "B.Example.com.": "b.example.com"} {
		r := w.make(account.RecordToken, name, account.Values{"zoneId": zoneID, "name": name, "type": "CNAME", "ttl": 60, "records": []any{"example.net"}})
		if r.Outputs.Text("fqdn") != fqdn {
			t.Errorf("%s becomes %q, want %q", name, r.Outputs.Text("fqdn"), fqdn)
		}
	}
	answer, err := w.Invoke(context.Background(), "aws:route53/getZone:getZone", account.Values{"name": "example.com."})
	if err != nil || answer.Text("zoneId") != zoneID || len(answer.List("nameServers")) != 4 {
		t.Errorf("getZone answers %v, %v", answer, err)
	}
	if _, err := w.Invoke(context.Background(), "aws:route53/getZone:getZone", account.Values{"name": "example.org"}); err == nil {
		t.Error("getZone finds a zone that does not exist")
	}
}

func TestWebACL(t *testing.T) {
	ctx := context.Background()
	w := fronted(t)
	r := w.make(account.WebACLToken, "acl", goodACL)
	if !regexp.MustCompile(`^arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop/[0-9a-f-]{36}$`).MatchString(r.Outputs.Text("arn")) {
		t.Errorf("arn is %q", r.Outputs.Text("arn"))
	}
	if units, _ := r.Outputs.Int("capacity"); units != 725 {
		t.Errorf("capacity is %d, want 725", units)
	}
	r = w.make(account.WebACLToken, "more", with(with(goodACL, account.Values{"name": "more"}), largeBodies("/upload", "/media")))
	if units, _ := r.Outputs.Int("capacity"); units != 1+2*12 {
		t.Errorf("a label and two beginnings of a normalized path take %d units, want 25", units)
	}
	w.ids["aclarn"] = r.Outputs.Text("arn")
	association := w.make("aws:wafv2/webAclAssociation:WebAclAssociation", "association", account.Values{"webAclArn": "{aclarn}", "resourceArn": "{lb}"})
	if association.ID != w.ids["aclarn"]+","+w.ids["lb"] {
		t.Errorf("id of the association is %q", association.ID)
	}
	wantCode(t, w.Delete(ctx, account.WebACLToken, r.ID), "WAFAssociatedItemException")
}

// largeBodies is a rule that blocks what has a label and goes to none of the paths.
func largeBodies(paths ...string) account.Values {
	all := []any{map[string]any{"labelMatchStatement": map[string]any{"scope": "LABEL", "key": "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"}}}
	for _, path := range paths {
		match := map[string]any{"byteMatchStatement": map[string]any{
			"searchString": path, "positionalConstraint": "STARTS_WITH", "fieldToMatch": map[string]any{"uriPath": map[string]any{}},
			"textTransformations": []any{map[string]any{"priority": 0, "type": "NORMALIZE_PATH"}},
		}}
		all = append(all, map[string]any{"notStatement": map[string]any{"statements": []any{match}}})
	}
	return account.Values{"rules": []any{map[string]any{
		"name": "bodies", "priority": 1, "visibilityConfig": visible("bodies"), "action": map[string]any{"block": map[string]any{}},
		"statement": map[string]any{"andStatement": map[string]any{"statements": all}},
	}}}
}
