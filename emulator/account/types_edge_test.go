package account

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const zoneID = "Z0123456789ABCDEFGHIJ"

var (
	goodBalancer    = Values{"name": "shop", "subnets": []any{"{a}", "{b}"}, "securityGroups": []any{"{web}"}}
	goodTargetGroup = Values{"name": "shop-web", "port": 80, "protocol": "HTTP", "vpcId": "{vpc}", "targetType": "instance", "deregistrationDelay": 10,
		"healthCheck": map[string]any{"path": "/up", "interval": 10, "timeout": 5, "matcher": "200"}}
	goodListener = Values{"loadBalancerArn": "{lb}", "port": 80, "protocol": "HTTP",
		"defaultActions": []any{map[string]any{"type": "forward", "targetGroupArn": "{tg}"}}}
	goodRule = Values{"listenerArn": "{http}", "priority": 10,
		"actions":    []any{map[string]any{"type": "forward", "targetGroupArn": "{tg}"}},
		"conditions": []any{map[string]any{"pathPattern": map[string]any{"values": []any{"/admin/*"}}}}}
	goodACL = Values{"name": "shop", "scope": "REGIONAL", "defaultAction": map[string]any{"allow": map[string]any{}},
		"visibilityConfig": visible("shop"),
		"rules": []any{
			map[string]any{"name": "common", "priority": 1, "overrideAction": map[string]any{"none": map[string]any{}}, "visibilityConfig": visible("common"),
				"statement": map[string]any{"managedRuleGroupStatement": map[string]any{"name": "AWSManagedRulesCommonRuleSet", "vendorName": "AWS"}}},
			map[string]any{"name": "rate", "priority": 2, "action": map[string]any{"block": map[string]any{}}, "visibilityConfig": visible("rate"),
				"statement": map[string]any{"rateBasedStatement": map[string]any{"limit": 2000}}},
		}}
)

func visible(metric string) map[string]any {
	return map[string]any{"cloudwatchMetricsEnabled": true, "sampledRequestsEnabled": true, "metricName": metric}
}

// fronted is the furnished account with a load balancer, a target group, a listener, a hosted zone and certificates.
func fronted(t *testing.T) *world {
	t.Helper()
	w := furnished(t)
	for id, status := range map[string]string{"issued": "ISSUED", "pending": "PENDING_VALIDATION"} {
		arn := "arn:aws:acm:eu-central-1:123456789012:certificate/" + id
		if err := w.Seed(certificateToken, arn, Values{"arn": arn, "status": status, "domainName": "shop.example.com", "type": "AMAZON_ISSUED"}); err != nil {
			t.Fatal(err)
		}
		w.ids[id] = arn
	}
	if err := w.Seed(zoneToken, zoneID, Values{"name": "example.com", "zoneId": zoneID}); err != nil {
		t.Fatal(err)
	}
	w.make(balancerToken, "lb", goodBalancer.with(Values{"name": "first"}))
	w.make(balancerToken, "lb2", goodBalancer.with(Values{"name": "second"}))
	w.make(targetGroupToken, "tg", goodTargetGroup.with(Values{"name": "first"}))
	w.make(targetGroupToken, "foreign", goodTargetGroup.with(Values{"name": "foreign", "vpcId": "{vpc2}"}))
	w.make(targetGroupToken, "taken", goodTargetGroup.with(Values{"name": "taken"}))
	w.make(listenerToken, "http", goodListener.with(Values{"port": 8080}))
	w.make(listenerToken, "second", goodListener.with(Values{"loadBalancerArn": "{lb2}",
		"defaultActions": []any{map[string]any{"type": "forward", "targetGroupArn": "{taken}"}}}))
	w.make(listenerRuleToken, "admin", goodRule.with(Values{"priority": 1}))
	w.make(bucketToken, "logs", Values{"bucket": "shop-logs"})
	w.make(bucketToken, "sealed", Values{"bucket": "shop-sealed"})
	w.make(bucketPolicyToken, "logspolicy", bucketPolicy("{logs}", strings.ReplaceAll(logDelivery, "BUCKET", "shop-logs")))
	return w
}

const logDelivery = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::054676820928:root"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::BUCKET/alb/AWSLogs/123456789012/*"}`

func doing(kind string, block Values) Values {
	return Values{"defaultActions": []any{map[string]any(Values{"type": kind}.with(block))}}
}

func TestBalancerRefusals(t *testing.T) {
	lb, tg, listener, rule := balancerToken, targetGroupToken, listenerToken, listenerRuleToken
	health := func(change Values) Values {
		return Values{"healthCheck": map[string]any(Values{"path": "/up"}.with(change))}
	}
	https := goodListener.with(Values{"port": 443, "protocol": "HTTPS", "certificateArn": "{issued}", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"})
	redirect := func(change Values) Values {
		return doing("redirect", Values{"redirect": map[string]any(Values{"statusCode": "HTTP_301"}.with(change))})
	}
	logged := func(bucket, prefix string) Values {
		return Values{"accessLogs": map[string]any{"enabled": true, "bucket": bucket, "prefix": prefix}}
	}
	testRefusals(t, fronted, []refusal{
		{"name of 33 characters", lb, goodBalancer.with(Values{"name": strings.Repeat("a", 32)}), Values{"name": strings.Repeat("a", 33)}, "name", ""},
		{"name with an underscore", lb, goodBalancer, Values{"name": "my_shop"}, "name", ""},
		{"name that ends with a hyphen", lb, goodBalancer, Values{"name": "shop-"}, "name", ""},
		{"internal name", lb, goodBalancer, Values{"name": "internal-shop"}, "name", ""},
		{"prefix of seven characters", lb, goodBalancer.with(Values{"name": nil, "namePrefix": "prefix"}), Values{"namePrefix": "prefixx"}, "namePrefix", ""},
		{"idle timeout", lb, goodBalancer.with(Values{"idleTimeout": 4000}), Values{"idleTimeout": 4001}, "idleTimeout", ""},
		{"desync mode", lb, goodBalancer.with(Values{"desyncMitigationMode": "strictest"}), Values{"desyncMitigationMode": "strict"}, "desyncMitigationMode", ""},
		{"no subnets", lb, goodBalancer, Values{"subnets": nil}, "subnets", ""},
		{"log prefix", lb, goodBalancer.with(logged("{logs}", "alb")), logged("{logs}", "alb/AWSLogs"), "accessLogs.prefix", ""},
		{"one zone", lb, goodBalancer, Values{"subnets": []any{"{a}"}}, "", "ValidationError"},
		{"two subnets in one zone", lb, goodBalancer, Values{"subnets": []any{"{a}", "{a2}"}}, "", "ValidationError"},
		{"three subnets in two zones", lb, goodBalancer, Values{"subnets": []any{"{a}", "{b}", "{a2}"}}, "", "InvalidConfigurationRequest"},
		{"lost subnet", lb, goodBalancer, Values{"subnets": []any{"{a}", "subnet-0123456789abcdef0"}}, "", "SubnetNotFound"},
		{"group of another VPC", lb, goodBalancer, Values{"securityGroups": []any{"{othersg}"}}, "", "InvalidConfigurationRequest"},
		{"lost group", lb, goodBalancer, Values{"securityGroups": []any{"sg-0123456789abcdef0"}}, "", "InvalidSecurityGroup"},
		{"name taken", lb, goodBalancer, Values{"name": "first"}, "", "DuplicateLoadBalancerName"},
		{"logs to no bucket", lb, goodBalancer.with(logged("{logs}", "alb")), logged("shop-nothing", "alb"), "", "InvalidConfigurationRequest"},
		{"logs to a bucket without a policy", lb, goodBalancer.with(logged("{logs}", "alb")), logged("{sealed}", "alb"), "", "InvalidConfigurationRequest"},
		{"logs to another prefix", lb, goodBalancer.with(logged("{logs}", "alb")), logged("{logs}", "web"), "", "InvalidConfigurationRequest"},

		{"target group name", tg, goodTargetGroup, Values{"name": "-web"}, "name", ""},
		{"no port", tg, goodTargetGroup, Values{"port": nil}, "port", ""},
		{"no VPC", tg, goodTargetGroup, Values{"vpcId": nil}, "vpcId", ""},
		{"protocol", tg, goodTargetGroup, Values{"protocol": "http"}, "protocol", ""},
		{"deregistration delay", tg, goodTargetGroup.with(Values{"deregistrationDelay": 3600}), Values{"deregistrationDelay": 3601}, "deregistrationDelay", ""},
		{"slow start", tg, goodTargetGroup.with(Values{"slowStart": 30}), Values{"slowStart": 29}, "slowStart", ""},
		{"timeout not below the interval", tg, goodTargetGroup.with(health(Values{"interval": 10, "timeout": 9})), health(Values{"interval": 10, "timeout": 10}), "healthCheck.timeout", ""},
		{"interval not above the usual timeout", tg, goodTargetGroup.with(health(Values{"interval": 6})), health(Values{"interval": 5}), "healthCheck.timeout", ""},
		{"long interval", tg, goodTargetGroup.with(health(Values{"interval": 300})), health(Values{"interval": 301}), "healthCheck.interval", ""},
		{"one check", tg, goodTargetGroup.with(health(Values{"healthyThreshold": 2})), health(Values{"healthyThreshold": 1}), "healthCheck.healthyThreshold", ""},
		{"relative path", tg, goodTargetGroup, health(Values{"path": "up"}), "healthCheck.path", ""},
		{"matcher", tg, goodTargetGroup.with(health(Values{"matcher": "200-299,301"})), health(Values{"matcher": "2xx"}), "healthCheck.matcher", ""},
		{"check port", tg, goodTargetGroup.with(health(Values{"port": "8080"})), health(Values{"port": "http"}), "healthCheck.port", ""},
		{"TCP check of HTTP", tg, goodTargetGroup.with(health(Values{"protocol": "HTTPS"})), health(Values{"protocol": "TCP"}), "healthCheck.protocol", ""},
		{"cookie", tg, goodTargetGroup.with(Values{"stickiness": map[string]any{"type": "lb_cookie"}}), Values{"stickiness": map[string]any{"type": "cookie"}}, "stickiness.type", ""},
		{"name of a target group taken", tg, goodTargetGroup, Values{"name": "first"}, "", "DuplicateTargetGroupName"},
		{"target group in no VPC", tg, goodTargetGroup, Values{"vpcId": "vpc-0123456789abcdef0"}, "", "ValidationError"},

		{"HTTPS without a certificate", listener, https, Values{"certificateArn": nil}, "certificateArn", ""},
		{"HTTP with a certificate", listener, goodListener, Values{"certificateArn": "{issued}"}, "certificateArn", ""},
		{"unknown policy", listener, https, Values{"sslPolicy": "ELBSecurityPolicy-TLS13-1-2"}, "sslPolicy", ""},
		{"TCP listener", listener, goodListener, Values{"protocol": "TCP"}, "protocol", ""},
		{"no actions", listener, goodListener, Values{"defaultActions": []any{}}, "defaultActions", ""},
		{"action", listener, goodListener, doing("deny", nil), "defaultActions[0].type", ""},
		{"forward to nothing", listener, goodListener, doing("forward", nil), "defaultActions[0]", ""},
		{"redirect to itself", listener, goodListener.with(redirect(Values{"protocol": "HTTPS", "port": "443"})), redirect(nil), "defaultActions[0].redirect", ""},
		{"redirect code", listener, goodListener.with(redirect(Values{"protocol": "HTTPS"})), redirect(Values{"protocol": "HTTPS", "statusCode": "301"}), "defaultActions[0].redirect.statusCode", ""},
		{"fixed response", listener, goodListener.with(doing("fixed-response", Values{"fixedResponse": map[string]any{"contentType": "text/plain", "statusCode": "404"}})),
			doing("fixed-response", Values{"fixedResponse": map[string]any{"contentType": "text/plain", "statusCode": "302"}}), "defaultActions[0].fixedResponse.statusCode", ""},
		{"port taken", listener, goodListener, Values{"port": 8080}, "", "DuplicateListener"},
		{"no balancer", listener, goodListener, Values{"loadBalancerArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/no/1"}, "", "LoadBalancerNotFound"},
		{"no target group", listener, goodListener, doing("forward", Values{"targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/no/1"}), "", "TargetGroupNotFound"},
		{"target group of another VPC", listener, goodListener, doing("forward", Values{"targetGroupArn": "{foreign}"}), "", "InvalidConfigurationRequest"},
		{"target group of another balancer", listener, goodListener, doing("forward", Values{"targetGroupArn": "{taken}"}), "", "TargetGroupAssociationLimit"},
		{"certificate in another region", listener, https, Values{"certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/issued"}, "", "ValidationError"},
		{"no such certificate", listener, https, Values{"certificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/none"}, "", "CertificateNotFound"},
		{"certificate that waits", listener, https, Values{"certificateArn": "{pending}"}, "", "UnsupportedCertificate"},

		{"priority of a rule", rule, goodRule.with(Values{"priority": 50000}), Values{"priority": 50001}, "priority", ""},
		{"rule without conditions", rule, goodRule, Values{"conditions": []any{}}, "conditions", ""},
		{"condition of two kinds", rule, goodRule, Values{"conditions": []any{map[string]any{"pathPattern": map[string]any{"values": []any{"/"}}, "hostHeader": map[string]any{"values": []any{"example.com"}}}}}, "conditions[0]", ""},
		{"six values", rule, goodRule.with(Values{"conditions": []any{map[string]any{"pathPattern": map[string]any{"values": []any{"1", "2", "3", "4", "5"}}}}}),
			Values{"conditions": []any{map[string]any{"pathPattern": map[string]any{"values": []any{"1", "2", "3", "4", "5", "6"}}}}}, "conditions", ""},
		{"address that is no network", rule, goodRule.with(Values{"conditions": []any{map[string]any{"sourceIp": map[string]any{"values": []any{"203.0.113.0/24"}}}}}),
			Values{"conditions": []any{map[string]any{"sourceIp": map[string]any{"values": []any{"203.0.113.1"}}}}}, "conditions[0].sourceIp.values[0]", ""},
		{"priority taken", rule, goodRule, Values{"priority": 1}, "", "PriorityInUse"},
		{"rule of no listener", rule, goodRule, Values{"listenerArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/no/1/2"}, "", "ListenerNotFound"},
	})
}

func TestBalancerOutputsAndDeletes(t *testing.T) {
	ctx := context.Background()
	w := fronted(t)
	for name, want := range map[string]string{
		"lb/arn":                 `^arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/first/[0-9a-f]{16}$`,
		"lb/dnsName":             `^first-[0-9]{10}\.eu-central-1\.elb\.amazonaws\.com$`,
		"lb/zoneId":              `^Z215JYRZR1TBD5$`,
		"lb/arnSuffix":           `^app/first/[0-9a-f]{16}$`,
		"tg/arn":                 `^arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/first/[0-9a-f]{16}$`,
		"tg/arnSuffix":           `^targetgroup/first/[0-9a-f]{16}$`,
		"tg/healthCheck.port":    `^traffic-port$`,
		"tg/protocolVersion":     `^HTTP1$`,
		"http/arn":               `^arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/first/[0-9a-f]{16}/[0-9a-f]{16}$`,
		"admin/arn":              `^arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener-rule/app/first/[0-9a-f]{16}/[0-9a-f]{16}/[0-9a-f]{16}$`,
		"tg/loadBalancerArns[0]": "^" + regexp.QuoteMeta(w.ids["lb"]) + "$",
	} {
		who, path, _ := strings.Cut(name, "/")
		r, _ := w.Find("", "id", w.ids[who])
		if text := r.Outputs.Text(path); !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("%s is %q, want %s", name, text, want)
		}
	}
	wantCode(t, w.Delete(ctx, targetGroupToken, w.ids["tg"]), "ResourceInUse")
	wantCode(t, w.Delete(ctx, subnetToken, w.ids["a"]), "DependencyViolation")
	for _, step := range []struct{ token, name string }{{listenerRuleToken, "admin"}, {listenerToken, "http"}} {
		if err := w.Delete(ctx, step.token, w.ids[step.name]); err != nil {
			t.Fatal(err)
		}
	}
	if group, _ := w.Read(targetGroupToken, w.ids["tg"]); len(group.Outputs.List("loadBalancerArns")) != 0 {
		t.Error("the target group still has the load balancer of its deleted listener")
	}
	if err := w.Delete(ctx, targetGroupToken, w.ids["tg"]); err != nil {
		t.Fatal(err)
	}
	protected := w.make(balancerToken, "protected", goodBalancer.with(Values{"enableDeletionProtection": true}))
	wantCode(t, w.Delete(ctx, balancerToken, protected.ID), "OperationNotPermitted")
}

func TestInternalBalancerNeedsNoInternet(t *testing.T) {
	w := fronted(t)
	w.make(subnetToken, "other2", Values{"vpcId": "{vpc2}", "cidrBlock": "10.1.1.0/24", "availabilityZone": "eu-central-1b"})
	closed := goodBalancer.with(Values{"subnets": []any{"{other}", "{other2}"}, "securityGroups": []any{"{othersg}"}})
	_, err := w.Create(context.Background(), balancerToken, "closed", w.checked(balancerToken, "closed", closed))
	wantCode(t, err, "InvalidSubnet")
	r := w.make(balancerToken, "closed", closed.with(Values{"internal": true}))
	if name := r.Outputs.Text("dnsName"); !strings.HasPrefix(name, "internal-shop-") {
		t.Errorf("the name of an internal load balancer is %q", name)
	}
}

func TestNameRefusals(t *testing.T) {
	certificate := Values{"domainName": "shop.example.com", "validationMethod": "DNS"}
	record := Values{"zoneId": zoneID, "name": "shop", "type": "CNAME", "ttl": 60, "records": []any{"elsewhere.example.net"}}
	alias := Values{"zoneId": zoneID, "name": "example.com", "type": "A",
		"aliases": []any{map[string]any{"name": "first-1234567890.eu-central-1.elb.amazonaws.com", "zoneId": "Z215JYRZR1TBD5", "evaluateTargetHealth": true}}}
	setup := func(t *testing.T) *world {
		w := fronted(t)
		w.make(recordToken, "www", record.with(Values{"name": "www.example.com"}))
		w.make(webACLToken, "acl", goodACL.with(Values{"name": "first"}))
		return w
	}
	association := "aws:wafv2/webAclAssociation:WebAclAssociation"
	associated := Values{"webAclArn": "{aclarn}", "resourceArn": "{lb}"}
	withACL := func(t *testing.T) *world {
		w := setup(t)
		acl, _ := w.Read(webACLToken, w.ids["acl"])
		w.ids["aclarn"] = acl.Outputs.Text("arn")
		return w
	}
	rules := func(rule Values) Values { return Values{"rules": []any{map[string]any(rule)}} }
	rate := Values{"name": "rate", "priority": 2, "action": map[string]any{"block": map[string]any{}}, "visibilityConfig": visible("rate"),
		"statement": map[string]any{"rateBasedStatement": map[string]any{"limit": 2000}}}
	testRefusals(t, withACL, []refusal{
		{"domain with a trailing period", certificateToken, certificate, Values{"domainName": "shop.example.com."}, "domainName", ""},
		{"domain with a star inside", certificateToken, certificate.with(Values{"domainName": "*.example.com"}), Values{"domainName": "shop.*.example.com"}, "domainName", ""},
		{"domain of 65 characters", certificateToken, certificate, Values{"domainName": strings.Repeat("a", 53) + ".example.com"}, "domainName", ""},
		{"no validation", certificateToken, certificate, Values{"validationMethod": nil}, "validationMethod", ""},
		{"eleven names", certificateToken, certificate, Values{"subjectAlternativeNames": []any{"1.example.com", "2.example.com", "3.example.com", "4.example.com", "5.example.com",
			"6.example.com", "7.example.com", "8.example.com", "9.example.com", "10.example.com"}}, "subjectAlternativeNames", ""},
		{"key algorithm", certificateToken, certificate.with(Values{"keyAlgorithm": "EC_prime256v1"}), Values{"keyAlgorithm": "RSA_512"}, "keyAlgorithm", ""},

		{"record type", recordToken, record, Values{"type": "ALIAS"}, "type", ""},
		{"record without a TTL", recordToken, record, Values{"ttl": nil}, "ttl", ""},
		{"record of two kinds", recordToken, record, Values{"aliases": alias["aliases"]}, "aliases", ""},
		{"two names of a CNAME", recordToken, record, Values{"records": []any{"a.example.net", "b.example.net"}}, "records", ""},
		{"A record that is a name", recordToken, record.with(Values{"type": "A", "records": []any{"203.0.113.7"}}), Values{"records": []any{"example.net"}}, "records[0]", ""},
		{"record in no zone", recordToken, record, Values{"zoneId": "ZNOTHING"}, "", "NoSuchHostedZone"},
		{"CNAME at the apex", recordToken, record, Values{"name": "example.com"}, "", "InvalidChangeBatch"},
		{"record twice", recordToken, record, Values{"name": "www"}, "", "InvalidChangeBatch"},
		{"record beside a CNAME", recordToken, record.with(Values{"type": "TXT"}), Values{"name": "WWW.example.com."}, "", "InvalidChangeBatch"},
		{"alias in the wrong zone", recordToken, alias, Values{"aliases": []any{map[string]any{"name": "first-1.eu-central-1.elb.amazonaws.com", "zoneId": zoneID, "evaluateTargetHealth": true}}}, "", "InvalidChangeBatch"},

		{"ACL name", webACLToken, goodACL, Values{"name": "my shop"}, "name", ""},
		{"ACL scope", webACLToken, goodACL, Values{"scope": "GLOBAL"}, "scope", ""},
		{"ACL that does nothing", webACLToken, goodACL, Values{"defaultAction": map[string]any{}}, "defaultAction", ""},
		{"ACL metric", webACLToken, goodACL, Values{"visibilityConfig": visible("my shop")}, "visibilityConfig.metricName", ""},
		{"rule group with an action", webACLToken, goodACL, rules(rate.with(Values{"statement": map[string]any{"managedRuleGroupStatement": map[string]any{"name": "AWSManagedRulesCommonRuleSet", "vendorName": "AWS"}}})), "rules[0]", ""},
		{"rule group of nobody", webACLToken, goodACL, rules(rate.with(Values{"action": nil, "overrideAction": map[string]any{"none": map[string]any{}},
			"statement": map[string]any{"managedRuleGroupStatement": map[string]any{"name": "AWSManagedRulesCommonRules", "vendorName": "AWS"}}})), "rules[0].statement.managedRuleGroupStatement.name", ""},
		{"rule without an action", webACLToken, goodACL.with(rules(rate)), rules(rate.with(Values{"action": nil})), "rules[0]", ""},
		{"rule of two statements", webACLToken, goodACL.with(rules(rate)), rules(rate.with(Values{"statement": map[string]any{"rateBasedStatement": map[string]any{"limit": 2000}, "geoMatchStatement": map[string]any{"countryCodes": []any{"DE"}}}})), "rules[0].statement", ""},
		{"rate", webACLToken, goodACL.with(rules(rate)), rules(rate.with(Values{"statement": map[string]any{"rateBasedStatement": map[string]any{"limit": 9}}})), "rules[0].statement.rateBasedStatement.limit", ""},
		{"priorities twice", webACLToken, goodACL.with(rules(rate)), Values{"rules": []any{map[string]any(rate), map[string]any(rate.with(Values{"name": "again"}))}}, "rules[1].priority", ""},
		{"ACL of CloudFront elsewhere", webACLToken, goodACL, Values{"scope": "CLOUDFRONT"}, "", "WAFInvalidParameterException"},
		{"ACL twice", webACLToken, goodACL, Values{"name": "first"}, "", "WAFDuplicateItemException"},
		{"no such ACL", association, associated, Values{"webAclArn": "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/no/1"}, "", "WAFNonexistentItemException"},
		{"ACL of nothing", association, associated, Values{"resourceArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/no/1"}, "", "WAFUnavailableEntityException"},
	})
}

func TestCertificateIsIssuedByItsRecords(t *testing.T) {
	ctx := context.Background()
	w := fronted(t)
	certificate := w.make(certificateToken, "cert", Values{"domainName": "example.com", "subjectAlternativeNames": []any{"*.example.com"}, "validationMethod": "DNS"})
	options := certificate.Outputs.Blocks("domainValidationOptions[*]")
	if len(options) != 2 || options[0].Text("resourceRecordName") != options[1].Text("resourceRecordName") {
		t.Fatalf("validation options are %v, want one record for both names", options)
	}
	name, value := options[0].Text("resourceRecordName"), options[0].Text("resourceRecordValue")
	if !regexp.MustCompile(`^_[0-9a-f]{32}\.example\.com\.$`).MatchString(name) || !regexp.MustCompile(`^_[0-9a-f]{32}\.[0-9a-z]{10}\.acm-validations\.aws\.$`).MatchString(value) {
		t.Errorf("the record is %q %q", name, value)
	}
	validation := "aws:acm/certificateValidation:CertificateValidation"
	in := Values{"certificateArn": "{cert}"}
	https := goodListener.with(Values{"port": 443, "protocol": "HTTPS", "certificateArn": "{cert}"})
	_, err := w.Create(ctx, listenerToken, "https", w.checked(listenerToken, "https", https))
	wantCode(t, err, "UnsupportedCertificate")
	_, err = w.Create(ctx, validation, "valid", w.checked(validation, "valid", in))
	wantCode(t, err, "RequestTimeout")

	w.make(recordToken, "proof", Values{"zoneId": zoneID, "name": name, "type": "CNAME", "ttl": 60, "records": []any{value}})
	_, err = w.Create(ctx, validation, "valid", w.checked(validation, "valid", in.with(Values{"validationRecordFqdns": []any{"other.example.com"}})))
	wantCode(t, err, "InvalidArgsException")
	w.make(validation, "valid", in.with(Values{"validationRecordFqdns": []any{strings.TrimSuffix(name, ".")}}))
	if r, _ := w.Read(certificateToken, certificate.ID); r.Outputs.Text("status") != "ISSUED" || r.Outputs.Text("notAfter") == "" {
		t.Errorf("the validated certificate is %s until %q", r.Outputs.Text("status"), r.Outputs.Text("notAfter"))
	}
	w.make(listenerToken, "https", https)
	wantCode(t, w.Delete(ctx, certificateToken, certificate.ID), "ResourceInUseException")
	answer, err := w.Invoke(ctx, "aws:acm/getCertificate:getCertificate", Values{"domain": "example.com"})
	if err != nil || answer.Text("arn") != certificate.ID {
		t.Errorf("getCertificate answers %q, %v", answer.Text("arn"), err)
	}
}

func TestRecordsAreCompletedByTheZone(t *testing.T) {
	w := fronted(t)
	for name, fqdn := range map[string]string{"shop": "shop.example.com", "a.example.com": "a.example.com", "B.Example.com.": "b.example.com"} {
		r := w.make(recordToken, name, Values{"zoneId": zoneID, "name": name, "type": "CNAME", "ttl": 60, "records": []any{"example.net"}})
		if r.Outputs.Text("fqdn") != fqdn {
			t.Errorf("%s becomes %q, want %q", name, r.Outputs.Text("fqdn"), fqdn)
		}
	}
	answer, err := w.Invoke(context.Background(), "aws:route53/getZone:getZone", Values{"name": "example.com."})
	if err != nil || answer.Text("zoneId") != zoneID || len(answer.List("nameServers")) != 4 {
		t.Errorf("getZone answers %v, %v", answer, err)
	}
	if _, err := w.Invoke(context.Background(), "aws:route53/getZone:getZone", Values{"name": "example.org"}); err == nil {
		t.Error("getZone finds a zone that does not exist")
	}
}

func TestWebACL(t *testing.T) {
	ctx := context.Background()
	w := fronted(t)
	r := w.make(webACLToken, "acl", goodACL)
	if !regexp.MustCompile(`^arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop/[0-9a-f-]{36}$`).MatchString(r.Outputs.Text("arn")) {
		t.Errorf("arn is %q", r.Outputs.Text("arn"))
	}
	if units, _ := r.Outputs.Int("capacity"); units != 702 {
		t.Errorf("capacity is %d, want 702", units)
	}
	w.ids["aclarn"] = r.Outputs.Text("arn")
	association := w.make("aws:wafv2/webAclAssociation:WebAclAssociation", "association", Values{"webAclArn": "{aclarn}", "resourceArn": "{lb}"})
	if association.ID != w.ids["aclarn"]+","+w.ids["lb"] {
		t.Errorf("id of the association is %q", association.ID)
	}
	wantCode(t, w.Delete(ctx, webACLToken, r.ID), "WAFAssociatedItemException")
}

func TestEdgeReplacements(t *testing.T) {
	w := fronted(t)
	for _, want := range []struct {
		token     string
		old, next Values
		replaces  bool
	}{
		{balancerToken, goodBalancer, Values{"internal": true}, true},
		{balancerToken, goodBalancer, Values{"idleTimeout": 30}, false},
		{balancerToken, goodBalancer, Values{"securityGroups": []any{"{peer}"}}, false},
		{targetGroupToken, goodTargetGroup, Values{"port": 8080}, true},
		{targetGroupToken, goodTargetGroup, Values{"protocol": "HTTPS"}, true},
		{targetGroupToken, goodTargetGroup, Values{"healthCheck": map[string]any{"path": "/ready"}}, false},
		{listenerToken, goodListener, Values{"port": 81}, false},
		{listenerToken, goodListener, Values{"loadBalancerArn": "{lb2}"}, true},
		{listenerRuleToken, goodRule, Values{"priority": 11}, false},
		{certificateToken, Values{"domainName": "a.example.com"}, Values{"domainName": "b.example.com"}, true},
	} {
		changed, replace := w.Diff(want.token, "", want.old, nil, want.old.with(want.next))
		if len(changed) == 0 || (len(replace) > 0) != want.replaces {
			t.Errorf("%s with %v: changes %v and replaces for %v, want %v", want.token, want.next, changed, replace, want.replaces)
		}
	}
	if !slices.Contains(types[listenerRuleToken].Required, "conditions") {
		t.Error("conditions of a rule are not required")
	}
}
