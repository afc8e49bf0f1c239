package aws

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

const zoneID = "Z0123456789ABCDEFGHIJ"

var (
	goodBalancer    = account.Values{"name": "shop", "subnets": []any{"{a}", "{b}"}, "securityGroups": []any{"{web}"}}
	goodTargetGroup = account.Values{"name": "shop-web", "port": 80, "protocol": "HTTP", "vpcId": "{vpc}", "targetType": "instance", "deregistrationDelay": 10,
		"healthCheck": map[string]any{"path": "/up", "interval": 10, "timeout": 5, "matcher": "200"}}
	goodListener = account.Values{"loadBalancerArn": "{lb}", "port": 80, "protocol": "HTTP",
		"defaultActions": []any{map[string]any{"type": "forward", "targetGroupArn": "{tg}"}}}
	goodRule = account.Values{"listenerArn": "{http}", "priority": 10,
		"actions":    []any{map[string]any{"type": "forward", "targetGroupArn": "{tg}"}},
		"conditions": []any{map[string]any{"pathPattern": map[string]any{"values": []any{"/admin/*"}}}}}
	goodParameter = account.Values{"name": "/shop/blog", "type": "String", "insecureValue": "{}", "tier": "Standard"}
	goodACL       = account.Values{"name": "shop", "scope": "REGIONAL", "defaultAction": map[string]any{"allow": map[string]any{}},
		"visibilityConfig": visible("shop"),
		"rules": []any{
			map[string]any{"name": "common", "priority": 1, "overrideAction": map[string]any{"none": map[string]any{}}, "visibilityConfig": visible("common"),
				"statement": map[string]any{"managedRuleGroupStatement": map[string]any{"name": "AWSManagedRulesCommonRuleSet", "vendorName": "AWS"}}},
			map[string]any{"name": "hosts", "priority": 2, "overrideAction": map[string]any{"none": map[string]any{}}, "visibilityConfig": visible("hosts"),
				"statement": map[string]any{"managedRuleGroupStatement": map[string]any{"name": "AWSManagedRulesAmazonIpReputationList", "vendorName": "AWS"}}},
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
		if err := w.Seed(account.CertificateToken, arn, account.Values{"arn": arn, "status": status, "domainName": "shop.example.com", "type": "AMAZON_ISSUED"}); err != nil {
			t.Fatal(err)
		}
		w.ids[id] = arn
	}
	if err := w.Seed(account.ZoneToken, zoneID, account.Values{"name": "example.com", "zoneId": zoneID}); err != nil {
		t.Fatal(err)
	}
	w.make(account.BalancerToken, "lb", with(goodBalancer, account.Values{"name": "first"}))
	w.make(account.BalancerToken, "lb2", with(goodBalancer, account.Values{"name": "second"}))
	w.make(account.TargetGroupToken, "tg", with(goodTargetGroup, account.Values{"name": "first"}))
	w.make(account.TargetGroupToken, "foreign", with(goodTargetGroup, account.Values{"name": "foreign", "vpcId": "{vpc2}"}))
	w.make(account.TargetGroupToken, "taken", with(goodTargetGroup, account.Values{"name": "taken"}))
	w.make(account.ListenerToken, "http", with(goodListener, account.Values{"port": 8080}))
	w.make(account.ListenerToken, "second", with(goodListener, account.Values{"loadBalancerArn": "{lb2}",
		"defaultActions": []any{map[string]any{"type": "forward", "targetGroupArn": "{taken}"}}}))
	w.make(account.ListenerRuleToken, "admin", with(goodRule, account.Values{"priority": 1}))
	w.make(account.ListenerToken, "secure", with(goodListener, with(doing("redirect", account.Values{"redirect": map[string]any{"statusCode": "HTTP_301", "port": "443"}}),
		account.Values{"port": 8443, "protocol": "HTTPS", "certificateArn": "{issued}"})))
	w.make(account.ParameterToken, "told", with(goodParameter, account.Values{"name": "/shop/taken"}))
	w.make(account.BucketToken, "logs", account.Values{"bucket": "shop-logs"})
	w.make(account.BucketToken, "sealed", account.Values{"bucket": "shop-sealed"})
	w.make(account.BucketPolicyToken, "logspolicy", bucketPolicy("{logs}", strings.ReplaceAll(logDelivery, "BUCKET", "shop-logs")))
	return w
}

const logDelivery = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::054676820928:root"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::BUCKET/AWSLogs/123456789012/*"}`

func doing(kind string, block account.Values) account.Values {
	return account.Values{"defaultActions": []any{map[string]any(with(account.Values{"type": kind}, block))}}
}

func TestBalancerRefusals(t *testing.T) {
	lb, tg, listener, rule := account.BalancerToken, account.TargetGroupToken, account.ListenerToken, account.ListenerRuleToken
	health := func(change account.Values) account.Values {
		return account.Values{"healthCheck": map[string]any(with(account.Values{"path": "/up"}, change))}
	}
	https := with(goodListener, account.Values{"port": 443, "protocol": "HTTPS", "certificateArn": "{issued}", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"})
	redirect := func(change account.Values) account.Values {
		return doing("redirect", account.Values{"redirect": map[string]any(with(account.Values{"statusCode": "HTTP_301"}, change))})
	}
	sticky := func(seconds float64) account.Values {
		return account.Values{"actions": []any{map[string]any{"type": "forward", "forward": map[string]any{
			"targetGroups": []any{map[string]any{"arn": "{tg}", "weight": 1}}, "stickiness": map[string]any{"enabled": true, "duration": seconds}}}}}
	}
	logged := func(bucket string) account.Values {
		return account.Values{"accessLogs": map[string]any{"enabled": true, "bucket": bucket}}
	}
	testRefusals(t, fronted, []refusal{
		{"name of 33 characters", lb, with(goodBalancer, account.Values{"name": strings.Repeat("a", 32)}), account.Values{"name": strings.Repeat("a", 33)}, "name", ""},
		{"name with an underscore", lb, goodBalancer, account.Values{"name": "my_shop"}, "name", ""},
		{"name that ends with a hyphen", lb, goodBalancer, account.Values{"name": "shop-"}, "name", ""},
		{"internal name", lb, goodBalancer, account.Values{"name": "internal-shop"}, "name", ""},
		{"idle timeout", lb, with(goodBalancer, account.Values{"idleTimeout": 4000}), account.Values{"idleTimeout": 4001}, "idleTimeout", ""},
		{"desync mode", lb, with(goodBalancer, account.Values{"desyncMitigationMode": "strictest"}), account.Values{"desyncMitigationMode": "strict"}, "desyncMitigationMode", ""},
		{"no subnets", lb, goodBalancer, account.Values{"subnets": nil}, "subnets", ""},
		{"one zone", lb, goodBalancer, account.Values{"subnets": []any{"{a}"}}, "", "ValidationError"},
		{"two subnets in one zone", lb, goodBalancer, account.Values{"subnets": []any{"{a}", "{a2}"}}, "", "ValidationError"},
		{"three subnets in two zones", lb, goodBalancer, account.Values{"subnets": []any{"{a}", "{b}", "{a2}"}}, "", "InvalidConfigurationRequest"},
		{"lost subnet", lb, goodBalancer, account.Values{"subnets": []any{"{a}", "subnet-0123456789abcdef0"}}, "", "SubnetNotFound"},
		{"group of another VPC", lb, goodBalancer, account.Values{"securityGroups": []any{"{othersg}"}}, "", "InvalidConfigurationRequest"},
		{"lost group", lb, goodBalancer, account.Values{"securityGroups": []any{"sg-0123456789abcdef0"}}, "", "InvalidSecurityGroup"},
		{"name taken", lb, goodBalancer, account.Values{"name": "first"}, "", "DuplicateLoadBalancerName"},
		{"logs to no bucket", lb, with(goodBalancer, logged("{logs}")), logged("shop-nothing"), "", "InvalidConfigurationRequest"},
		{"logs to a bucket without a policy", lb, with(goodBalancer, logged("{logs}")), logged("{sealed}"), "", "InvalidConfigurationRequest"},

		{"target group name", tg, goodTargetGroup, account.Values{"name": "-web"}, "name", ""},
		{"no port", tg, goodTargetGroup, account.Values{"port": nil}, "port", ""},
		{"no VPC", tg, goodTargetGroup, account.Values{"vpcId": nil}, "vpcId", ""},
		{"protocol", tg, goodTargetGroup, account.Values{"protocol": "http"}, "protocol", ""},
		{"deregistration delay", tg, with(goodTargetGroup, account.Values{"deregistrationDelay": 3600}), account.Values{"deregistrationDelay": 3601}, "deregistrationDelay", ""},
		{"timeout not below the interval", tg, with(goodTargetGroup, health(account.Values{"interval": 10, "timeout": 9})), health(account.Values{"interval": 10, "timeout": 10}), "healthCheck.timeout", ""},
		{"interval not above the usual timeout", tg, with(goodTargetGroup, health(account.Values{"interval": 6})), health(account.Values{"interval": 5}), "healthCheck.timeout", ""},
		{"long interval", tg, with(goodTargetGroup, health(account.Values{"interval": 300})), health(account.Values{"interval": 301}), "healthCheck.interval", ""},
		{"one check", tg, with(goodTargetGroup, health(account.Values{"healthyThreshold": 2})), health(account.Values{"healthyThreshold": 1}), "healthCheck.healthyThreshold", ""},
		{"relative path", tg, goodTargetGroup, health(account.Values{"path": "up"}), "healthCheck.path", ""},
		{"matcher", tg, with(goodTargetGroup, health(account.Values{"matcher": "200-299,301"})), health(account.Values{"matcher": "2xx"}), "healthCheck.matcher", ""},
		{"check port", tg, with(goodTargetGroup, health(account.Values{"port": "8080"})), health(account.Values{"port": "http"}), "healthCheck.port", ""},
		{"TCP check of HTTP", tg, with(goodTargetGroup, health(account.Values{"protocol": "HTTPS"})), health(account.Values{"protocol": "TCP"}), "healthCheck.protocol", ""},
		{"name of a target group taken", tg, goodTargetGroup, account.Values{"name": "first"}, "", "DuplicateTargetGroupName"},
		{"target group in no VPC", tg, goodTargetGroup, account.Values{"vpcId": "vpc-0123456789abcdef0"}, "", "ValidationError"},

		{"HSTS without an age", listener, with(https, account.Values{"routingHttpResponseStrictTransportSecurityHeaderValue": "max-age=60; includeSubDomains"}),
			account.Values{"routingHttpResponseStrictTransportSecurityHeaderValue": "includeSubDomains"}, "routingHttpResponseStrictTransportSecurityHeaderValue", ""},
		{"HTTPS without a certificate", listener, https, account.Values{"certificateArn": nil}, "certificateArn", ""},
		{"HTTP with a certificate", listener, goodListener, account.Values{"certificateArn": "{issued}"}, "certificateArn", ""},
		{"unknown policy", listener, https, account.Values{"sslPolicy": "ELBSecurityPolicy-TLS13-1-2"}, "sslPolicy", ""},
		{"TCP listener", listener, goodListener, account.Values{"protocol": "TCP"}, "protocol", ""},
		{"no actions", listener, goodListener, account.Values{"defaultActions": []any{}}, "defaultActions", ""},
		{"action", listener, goodListener, doing("deny", nil), "defaultActions[0].type", ""},
		{"forward to nothing", listener, goodListener, doing("forward", nil), "defaultActions[0]", ""},
		{"redirect to itself", listener, with(goodListener, redirect(account.Values{"protocol": "HTTPS", "port": "443"})), redirect(nil), "defaultActions[0].redirect", ""},
		{"redirect code", listener, with(goodListener, redirect(account.Values{"protocol": "HTTPS"})), redirect(account.Values{"protocol": "HTTPS", "statusCode": "301"}), "defaultActions[0].redirect.statusCode", ""},
		{"fixed response", listener, with(goodListener, doing("fixed-response", account.Values{"fixedResponse": map[string]any{"contentType": "text/plain", "statusCode": "404"}})),
			doing("fixed-response", account.Values{"fixedResponse": map[string]any{"contentType": "text/plain", "statusCode": "302"}}), "defaultActions[0].fixedResponse.statusCode", ""},
		{"port taken", listener, goodListener, account.Values{"port": 8080}, "", "DuplicateListener"},
		{"no balancer", listener, goodListener, account.Values{"loadBalancerArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/no/1"}, "", "LoadBalancerNotFound"},
		{"no target group", listener, goodListener, doing("forward", account.Values{"targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/no/1"}), "", "TargetGroupNotFound"},
		{"target group of another VPC", listener, goodListener, doing("forward", account.Values{"targetGroupArn": "{foreign}"}), "", "InvalidConfigurationRequest"},
		{"target group of another balancer", listener, goodListener, doing("forward", account.Values{"targetGroupArn": "{taken}"}), "", "TargetGroupAssociationLimit"},
		{"certificate in another region", listener, https, account.Values{"certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/issued"}, "", "ValidationError"},
		{"no such certificate", listener, https, account.Values{"certificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/none"}, "", "CertificateNotFound"},
		{"certificate that waits", listener, https, account.Values{"certificateArn": "{pending}"}, "", "UnsupportedCertificate"},

		{"priority of a rule", rule, with(goodRule, account.Values{"priority": 50000}), account.Values{"priority": 50001}, "priority", ""},
		{"rule without conditions", rule, goodRule, account.Values{"conditions": []any{}}, "conditions", ""},
		{"condition of two kinds", rule, goodRule, account.Values{"conditions": []any{map[string]any{"pathPattern": map[string]any{"values": []any{"/"}}, "hostHeader": map[string]any{"values": []any{"example.com"}}}}}, "conditions[0]", ""},
		{"six values", rule, with(goodRule, account.Values{"conditions": []any{map[string]any{"pathPattern": map[string]any{"values": []any{"1", "2", "3", "4", "5"}}}}}),
			account.Values{"conditions": []any{map[string]any{"pathPattern": map[string]any{"values": []any{"1", "2", "3", "4", "5", "6"}}}}}, "conditions", ""},
		{"address that is no network", rule, with(goodRule, account.Values{"conditions": []any{map[string]any{"sourceIp": map[string]any{"values": []any{"203.0.113.0/24"}}}}}),
			account.Values{"conditions": []any{map[string]any{"sourceIp": map[string]any{"values": []any{"203.0.113.1"}}}}}, "conditions[0].sourceIp.values[0]", ""},
		{"weights that stick for more than a week", rule, with(goodRule, sticky(604800)), sticky(604801), "actions[0].forward.stickiness.duration", ""},
		{"priority taken", rule, goodRule, account.Values{"priority": 1}, "", "PriorityInUse"},
		{"certificate beside that of HTTP", account.ListenerCertificateToken, account.Values{"listenerArn": "{secure}", "certificateArn": "{issued}"}, account.Values{"listenerArn": "{http}"}, "", "ValidationError"},
		{"a further certificate that waits", account.ListenerCertificateToken, account.Values{"listenerArn": "{secure}", "certificateArn": "{issued}"}, account.Values{"certificateArn": "{pending}"}, "", "UnsupportedCertificate"},
		{"certificate at no listener", account.ListenerCertificateToken, account.Values{"listenerArn": "{secure}", "certificateArn": "{issued}"}, account.Values{"listenerArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/no/1/2"}, "", "ListenerNotFound"},
		{"name of a parameter that AWS reserves", account.ParameterToken, goodParameter, account.Values{"name": "/ssm-shop/blog"}, "name", ""},
		{"levels of a parameter", account.ParameterToken, with(goodParameter, account.Values{"name": strings.Repeat("/a", 15)}), account.Values{"name": strings.Repeat("/a", 16)}, "name", ""},
		{"parameter with a space", account.ParameterToken, goodParameter, account.Values{"name": "/shop/my blog"}, "name", ""},
		{"large parameter", account.ParameterToken, with(goodParameter, account.Values{"insecureValue": strings.Repeat("a", 4096)}), account.Values{"insecureValue": strings.Repeat("a", 4097)}, "insecureValue", ""},
		{"type of a parameter", account.ParameterToken, goodParameter, account.Values{"type": "Text"}, "type", ""},
		{"parameter that is there", account.ParameterToken, goodParameter, account.Values{"name": "/shop/taken"}, "", "ParameterAlreadyExists"},
		{"rule of no listener", rule, goodRule, account.Values{"listenerArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/no/1/2"}, "", "ListenerNotFound"},
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
	wantCode(t, w.Delete(ctx, account.TargetGroupToken, w.ids["tg"]), "ResourceInUse")
	wantCode(t, w.Delete(ctx, account.SubnetToken, w.ids["a"]), "DependencyViolation")
	for _, step := range []struct{ token, name string }{{account.ListenerRuleToken, "admin"}, {account.ListenerToken, "http"}} {
		if err := w.Delete(ctx, step.token, w.ids[step.name]); err != nil {
			t.Fatal(err)
		}
	}
	if group, _ := w.Read(account.TargetGroupToken, w.ids["tg"]); len(group.Outputs.List("loadBalancerArns")) != 0 {
		t.Error("the target group still has the load balancer of its deleted listener")
	}
	if err := w.Delete(ctx, account.TargetGroupToken, w.ids["tg"]); err != nil {
		t.Fatal(err)
	}
	protected := w.make(account.BalancerToken, "protected", with(goodBalancer, account.Values{"enableDeletionProtection": true}))
	wantCode(t, w.Delete(ctx, account.BalancerToken, protected.ID), "OperationNotPermitted")
}

// TestBalancerQuotas: a load balancer has 25 certificates beside the default ones, and 100 rules beside the default ones, on all listeners together.
func TestBalancerQuotas(t *testing.T) {
	w := fronted(t)
	for i := range 26 {
		arn := "arn:aws:acm:eu-central-1:123456789012:certificate/" + strconv.Itoa(i)
		if err := w.Seed(account.CertificateToken, arn, account.Values{"arn": arn, "status": "ISSUED", "domainName": "shop.example.com", "type": "AMAZON_ISSUED"}); err != nil {
			t.Fatal(err)
		}
		w.ids["c"+strconv.Itoa(i)] = arn
		_, err := w.Create(t.Context(), account.ListenerCertificateToken, "c", w.fill(account.Values{"listenerArn": "{secure}", "certificateArn": arn}))
		if refused := err != nil && strings.Contains(err.Error(), "TooManyCertificates"); refused != (i == 25) || !refused && err != nil {
			t.Fatalf("certificate %d: %v", i, err)
		}
	}
	for i := range 100 { // one is there
		listener := "{" + []string{"http", "secure"}[i%2] + "}"
		_, err := w.Create(t.Context(), account.ListenerRuleToken, "r", w.fill(with(goodRule, account.Values{"listenerArn": listener, "priority": 100 + i})))
		if refused := err != nil && strings.Contains(err.Error(), "TooManyRules"); refused != (i == 99) || !refused && err != nil {
			t.Fatalf("rule %d: %v", i, err)
		}
	}
}

func TestInternalBalancerNeedsNoInternet(t *testing.T) {
	w := fronted(t)
	w.make(account.SubnetToken, "other2", account.Values{"vpcId": "{vpc2}", "cidrBlock": "10.1.1.0/24", "availabilityZone": "eu-central-1b"})
	closed := with(goodBalancer, account.Values{"subnets": []any{"{other}", "{other2}"}, "securityGroups": []any{"{othersg}"}})
	_, err := w.Create(context.Background(), account.BalancerToken, "closed", w.checked(account.BalancerToken, "closed", closed))
	wantCode(t, err, "InvalidSubnet")
	r := w.make(account.BalancerToken, "closed", with(closed, account.Values{"internal": true}))
	if name := r.Outputs.Text("dnsName"); !strings.HasPrefix(name, "internal-shop-") {
		t.Errorf("the name of an internal load balancer is %q", name)
	}
}

func TestEdgeReplacements(t *testing.T) {
	w := fronted(t)
	for _, want := range []struct {
		token     string
		old, next account.Values
		replaces  bool
	}{
		{account.BalancerToken, goodBalancer, account.Values{"internal": true}, true},
		{account.BalancerToken, goodBalancer, account.Values{"idleTimeout": 30}, false},
		{account.BalancerToken, goodBalancer, account.Values{"securityGroups": []any{"{peer}"}}, false},
		{account.TargetGroupToken, goodTargetGroup, account.Values{"port": 8080}, true},
		{account.TargetGroupToken, goodTargetGroup, account.Values{"protocol": "HTTPS"}, true},
		{account.TargetGroupToken, goodTargetGroup, account.Values{"healthCheck": map[string]any{"path": "/ready"}}, false},
		{account.ListenerToken, goodListener, account.Values{"port": 81}, false},
		{account.ListenerToken, goodListener, account.Values{"loadBalancerArn": "{lb2}"}, true},
		{account.ListenerRuleToken, goodRule, account.Values{"priority": 11}, false},
		{account.CertificateToken, account.Values{"domainName": "a.example.com"}, account.Values{"domainName": "b.example.com"}, true},
	} {
		changed, replace := w.Diff(want.token, "", want.old, nil, with(want.old, want.next))
		if len(changed) == 0 || (len(replace) > 0) != want.replaces {
			t.Errorf("%s with %v: changes %v and replaces for %v, want %v", want.token, want.next, changed, replace, want.replaces)
		}
	}
	if !slices.Contains(newWorld(t).typeOf(account.ListenerRuleToken).Required, "conditions") {
		t.Error("conditions of a rule are not required")
	}
}
