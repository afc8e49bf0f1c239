package stacks_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// aclRules are the rules of the web ACL by name, as JSON.
func aclRules(t *testing.T, config map[string]string) map[string]string {
	t.Helper()
	acl := one(t, deploy(t, "prod", config), "aws:wafv2/webAcl:WebAcl")
	rules := map[string]string{}
	for i := 0; ; i++ {
		rule, there := at(acl, fmt.Sprintf("rules[%d]", i))
		if !there {
			return rules
		}
		raw, err := json.Marshal(rule.Mappable())
		if err != nil {
			t.Fatal(err)
		}
		rules[text(acl, fmt.Sprintf("rules[%d].name", i))] = string(raw)
	}
}

// TestOnlyUploadsAreLarge: the common rule set would refuse every body above 8 KB, and the image allows uploads of 20 MB. Its rule only
// labels such requests, and a rule of ours blocks those that go elsewhere.
func TestOnlyUploadsAreLarge(t *testing.T) {
	config := stackConfig(t, "prod")
	rules := aclRules(t, with(config, "loadBalancer", "uploadPaths", []string{"/upload", "/api/media"}))
	if common := rules["AWSManagedRulesCommonRuleSet"]; !strings.Contains(common, `"ruleActionOverrides":[{"actionToUse":{"count":{}},"name":"SizeRestrictions_BODY"}]`) {
		t.Errorf("the common rules are %s", common)
	}
	for _, part := range []string{`"action":{"block":`, `"key":"awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"`, `"searchString":"/upload"`, `"searchString":"/api/media"`} {
		if !strings.Contains(rules["LargeBody"], part) {
			t.Errorf("%s is not in %s", part, rules["LargeBody"])
		}
	}
	if none := aclRules(t, with(config, "loadBalancer", "uploadPaths", []string{})); strings.Contains(none["LargeBody"], "searchString") {
		t.Errorf("without upload paths: %s", none["LargeBody"])
	}
}

func TestWebACLRules(t *testing.T) {
	config := stackConfig(t, "prod")
	rules := aclRules(t, config)
	for _, name := range []string{"AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet", "AWSManagedRulesPHPRuleSet"} {
		if rules[name] == "" {
			t.Errorf("%s is missing", name)
		}
	}
	if !strings.Contains(rules["RateLimit"], `"aggregateKeyType":"IP","limit":2000`) {
		t.Errorf("the rate is %s", rules["RateLimit"])
	}
	if rules := aclRules(t, with(config, "loadBalancer", "rateLimit", 0)); rules["RateLimit"] != "" {
		t.Errorf("without a limit: %s", rules["RateLimit"])
	}
}

// TestMessagesToReverbPass: the application sends them through NAT, all from one address, and of any length. The first rule allows them, on
// Reverb's host, and for the path as it is and as it is meant.
func TestMessagesToReverbPass(t *testing.T) {
	config := stackConfig(t, "prod")
	config["laravel-ecs:env"] = `{"REVERB_APP_ID": "1", "REVERB_APP_KEY": "key", "REVERB_APP_SECRET": "secret"}`
	for processes, parts := range map[string][]string{
		`{"reverb": {"host": "ws.example.com"}}`: {`"name":"host"`, `"positionalConstraint":"EXACTLY","searchString":"ws.example.com"`, `"searchString":"/apps/"`},
		`{"reverb": {"path": "/ws"}}`:            {`"searchString":"/ws/apps/"`},
	} {
		config["laravel-ecs:processes"] = processes
		rule := aclRules(t, config)["Signed-reverb"]
		for _, part := range append(parts, `"allow":{}`, `"priority":1`, `"type":"NONE"`, `"type":"NORMALIZE_PATH"`) {
			if !strings.Contains(rule, part) {
				t.Errorf("%s: %s is not in %s", processes, part, rule)
			}
		}
	}
	config["laravel-ecs:processes"] = `{"feed": {"command": ["artisan", "feed:serve"], "path": "/feed"}, "reverb": {"path": "/", "count": 0}}`
	for name := range aclRules(t, config) {
		if strings.HasPrefix(name, "Signed") {
			t.Errorf("%s: there is no Reverb", name)
		}
	}
}

// TestBrowsersUseHTTPSOnly: 0 days are a header too, which makes browsers forget what they remembered.
func TestBrowsersUseHTTPSOnly(t *testing.T) {
	for days, want := range map[int]string{365: "max-age=31536000", 0: "max-age=0"} {
		for _, listener := range each(t, deploy(t, "prod", with(stackConfig(t, "prod"), "loadBalancer", "hstsDays", days)), "aws:lb/listener:Listener") {
			header := text(listener, "routingHttpResponseStrictTransportSecurityHeaderValue")
			if https := text(listener, "protocol") == "HTTPS"; https && header != want || !https && header != "" {
				t.Errorf("%d days: %s answers with %q", days, listener.Name, header)
			}
		}
	}
}

// TestLogsOfThisAccountOnly: the log delivery service writes for every account of AWS.
func TestLogsOfThisAccountOnly(t *testing.T) {
	everywhere(t, func(t *testing.T, _ string, r *infratest.Recorder) {
		found := false
		for _, policy := range each(t, r, "aws:s3/bucketPolicy:BucketPolicy") {
			var document struct {
				Statement []struct{ Effect, Principal, Resource any }
			}
			if err := json.Unmarshal([]byte(text(policy, "policy")), &document); err != nil {
				t.Fatal(err)
			}
			for _, s := range document.Statement {
				resources, _ := s.Resource.([]any)
				if s.Effect != "Allow" || len(resources) == 0 {
					continue
				}
				found = true
				if slices.ContainsFunc(resources, func(one any) bool { return !strings.HasSuffix(fmt.Sprint(one), "/AWSLogs/123456789012/*") }) {
					t.Errorf("%s allows %v on %v", policy.Name, s.Principal, resources)
				}
			}
		}
		if !found {
			t.Error("nobody may write")
		}
	})
}

// TestBlockedRequestsAreLogged: in a group whose name WAF accepts, without what signs a visitor or CloudFront in, and only those that a rule matched.
func TestBlockedRequestsAreLogged(t *testing.T) {
	r := deploy(t, "prod", stackConfig(t, "prod"))
	logging := one(t, r, "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration")
	for i, header := range []string{"authorization", "cookie", "x-origin-verify"} {
		if got := text(logging, fmt.Sprintf("redactedFields[%d].singleHeader.name", i)); got != header {
			t.Errorf("%q is redacted, not %q", got, header)
		}
	}
	if text(logging, "loggingFilter.defaultBehavior") != "DROP" {
		t.Errorf("logging is %v", logging.Inputs)
	}
	found := false
	for _, group := range each(t, r, "aws:cloudwatch/logGroup:LogGroup") {
		found = found || strings.HasPrefix(text(group, "name"), "aws-waf-logs-laravel-prod-")
	}
	if !found {
		t.Error("no log group has a name that WAF accepts")
	}
}
