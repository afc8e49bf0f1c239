// Package waf holds web access control lists.
package waf

import (
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var (
	wafName     = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)
	wafLogGroup = regexp.MustCompile(`:log-group:aws-waf-logs-`)
	wafMetric   = regexp.MustCompile(`^[0-9A-Za-z_-]{1,255}$`)
)

// Service is WAF.
var Service = account.Service{Types: []account.Type{
	{
		Token: account.WebACLToken, Args: wafv2.WebAclArgs{}, State: wafv2.WebAcl{}, OtherRegions: true,
		Name:       account.Name{Property: "name", Max: 128},
		ForceNew:   []string{"name", "namePrefix", "scope"},
		Recomputed: []string{"lockToken", "capacity"},
		Rules: []account.Rule{
			account.Length("name", 1, 128),
			account.Matches("name", wafName, "only letters, digits, hyphens and underscores are allowed"),
			account.OneOf("scope", "REGIONAL", "CLOUDFRONT"),
			account.Matches("visibilityConfig.metricName", wafMetric, "1 to 255 letters, digits, hyphens and underscores are allowed"),
			account.Matches("rules[*].visibilityConfig.metricName", wafMetric, "1 to 255 letters, digits, hyphens and underscores are allowed"),
			account.Between("rules[*].statement.rateBasedStatement.limit", 10, 2_000_000_000),
			account.Matches("rules[*].name", wafName, "only letters, digits, hyphens and underscores are allowed"),
		},
		Check: checkWebACL,
		Identity: account.Identity{
			ID: "{uuid}", Outputs: account.Values{"applicationIntegrationUrl": ""},
			Taken: "WAFDuplicateItemException: AWS WAF couldn't perform the operation because some resource in your request is a duplicate of an existing one: web ACL {name}",
		},
		Create: createWebACL, Complete: completeWebACL,
	},
	{
		Token: "aws:wafv2/webAclAssociation:WebAclAssociation",
		Args:  wafv2.WebAclAssociationArgs{}, State: wafv2.WebAclAssociation{},
		ForceNew: []string{"resourceArn", "webAclArn"},
		Refs: []account.Ref{
			{Path: "webAclArn", Type: account.WebACLToken, By: "arn", Missing: "WAFNonexistentItemException", InUse: "WAFAssociatedItemException"},
			{Path: "resourceArn", Type: account.BalancerToken, By: "arn", Missing: "WAFUnavailableEntityException"},
		},
		Rules:    []account.Rule{account.ARN("webAclArn"), account.ARN("resourceArn")},
		Identity: account.Identity{ID: "{webAclArn},{resourceArn}"},
		Complete: checkAssociation,
	},
	{
		Token: "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
		Args:  wafv2.WebAclLoggingConfigurationArgs{}, State: wafv2.WebAclLoggingConfiguration{}, OtherRegions: true,
		Required: []string{"logDestinationConfigs"},
		ForceNew: []string{"resourceArn"},
		Refs: []account.Ref{
			{Path: "resourceArn", Type: account.WebACLToken, By: "arn", Missing: "WAFNonexistentItemException"},
			{Path: "logDestinationConfigs", Type: account.LogGroupToken, By: "arn", Missing: "WAFLogDestinationPermissionIssueException"},
		},
		Rules: []account.Rule{
			account.ARN("resourceArn"), account.ARN("logDestinationConfigs[*]"), account.AtMost("logDestinationConfigs", 1),
			// https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html: the name begins with aws-waf-logs-.
			account.Matches("logDestinationConfigs[*]", wafLogGroup, "the name of a log group for WAF begins with aws-waf-logs-"),
			account.OneOf("loggingFilter.defaultBehavior", "KEEP", "DROP"),
		},
		Identity: account.Identity{ID: "{resourceArn}"},
	},
}}

// managedRuleGroups are AWS's own rule groups with the capacity each takes
// (https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html).
var managedRuleGroups = map[string]int{
	"AWSManagedRulesCommonRuleSet": 700, "AWSManagedRulesAdminProtectionRuleSet": 100, "AWSManagedRulesKnownBadInputsRuleSet": 200,
	"AWSManagedRulesSQLiRuleSet": 200, "AWSManagedRulesLinuxRuleSet": 200, "AWSManagedRulesUnixRuleSet": 100, "AWSManagedRulesPHPRuleSet": 100,
	"AWSManagedRulesAmazonIpReputationList": 25, "AWSManagedRulesAnonymousIpList": 50, "AWSManagedRulesBotControlRuleSet": 50,
}

func checkWebACL(r *account.Rules) {
	if r.In.Has("defaultAction.allow") == r.In.Has("defaultAction.block") && !r.In.IsUnknown("defaultAction") {
		r.Refuse("defaultAction", "needs allow or block, one of them")
	}
	priorities, names := map[int]bool{}, map[string]bool{}
	for i := range r.In.List("rules") {
		place := fmt.Sprintf("rules[%d]", i)
		rule := r.In.Map(place)
		if priority, ok := rule.Int("priority"); ok {
			if priorities[priority] {
				r.Refuse(place+".priority", "%d is there twice; priorities must be unique", priority)
			}
			priorities[priority] = true
		}
		if name := rule.Text("name"); name != "" {
			if names[name] {
				r.Refuse(place+".name", "%q is there twice; names must be unique", name)
			}
			names[name] = true
		}
		if rule != nil && !rule.IsUnknown("statement") {
			checkRule(r, place, rule)
		}
	}
}

func checkRule(r *account.Rules, place string, rule account.Values) {
	statement := rule.Map("statement")
	if len(statement) != 1 {
		r.Refuse(place+".statement", "needs exactly one statement, not %d", len(statement))
		return
	}
	group := statement.Map("managedRuleGroupStatement")
	switch {
	case group != nil && (rule.Has("action") || !rule.Has("overrideAction")):
		r.Refuse(place, "a rule group needs overrideAction (none or count) and no action")
	case group == nil && (!rule.Has("action") || rule.Has("overrideAction")):
		r.Refuse(place, "needs action (allow, block, captcha, challenge or count) and no overrideAction")
	}
	name := group.Text("name")
	if _, known := managedRuleGroups[name]; group.Text("vendorName") == "AWS" && name != "" && !known {
		r.Refuse(place+".statement.managedRuleGroupStatement.name", "%q is not a managed rule group of AWS; did you mean %s?",
			name, account.Nearest(name, account.SortedKeys(managedRuleGroups)))
	}
}

// units is the capacity that a statement takes (AWS WAF developer guide, "Web ACL capacity units (WCUs)" and the pages of the rule
// statements): a string match at the beginning takes 2, and 10 for each text transformation.
func units(statement account.Values) int {
	capacity := managedRuleGroups[statement.Text("managedRuleGroupStatement.name")]
	if statement.Has("rateBasedStatement") {
		capacity += 2
	}
	if statement.Has("labelMatchStatement") {
		capacity++
	}
	if match := statement.Map("byteMatchStatement"); match != nil {
		capacity += 2 + 10*len(match.List("textTransformations"))
	}
	for _, nested := range []string{"andStatement", "orStatement", "notStatement"} {
		for _, inner := range statement.Blocks(nested + ".statements[*]") {
			capacity += units(inner)
		}
	}
	return capacity
}

// createWebACL: those of CloudFront are in us-east-1, and their ARNs are global
// (https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html, Scope, and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awswafv2.html, webacl).
func createWebACL(tx *account.Tx, r *account.Resource) error {
	scope := "regional"
	if r.Outputs.Text("scope") == "CLOUDFRONT" {
		scope = "global"
		if tx.Region() != "us-east-1" {
			return tx.Refuse("WAFInvalidParameterException", "Error reason: The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT: it is for us-east-1, and this is %s", tx.Region())
		}
	}
	r.Outputs["arn"] = tx.ARN("wafv2", scope+"/webacl/"+r.Outputs.Text("name")+"/"+r.ID)
	return nil
}

// checkAssociation refuses a web ACL of CloudFront for a load balancer.
func checkAssociation(tx *account.Tx, r *account.Resource) error {
	if acl, _ := tx.Find(account.WebACLToken, "arn", r.Outputs.Text("webAclArn")); acl.Outputs.Text("scope") == "CLOUDFRONT" {
		return tx.Refuse("WAFInvalidParameterException", "Error reason: The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT: a load balancer needs REGIONAL")
	}
	return nil
}

// completeWebACL adds up the capacity of the rules. Above 1500 units a web ACL costs more (AWS WAF pricing).
func completeWebACL(tx *account.Tx, r *account.Resource) error {
	capacity := 0
	for _, rule := range r.Outputs.Blocks("rules[*]") {
		capacity += units(rule.Map("statement"))
	}
	if capacity > 5000 {
		return tx.Refuse("WAFLimitsExceededException", "The rules take %v capacity units; a web ACL has 5000", capacity)
	}
	r.Outputs["capacity"], r.Outputs["lockToken"] = float64(capacity), tx.UUID()
	return nil
}
