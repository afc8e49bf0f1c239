package waf

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var wafTypes = []account.Type{
	{
		Token: account.WebACLToken, Args: wafv2.WebAclArgs{}, State: wafv2.WebAcl{},
		Name:     account.Name{Property: "name", Max: 128},
		ForceNew: []string{"name", "namePrefix", "scope"},
		Check:    checkWebACL,
		Create:   createWebACL,
		Update: func(tx *account.Tx, _, next *account.Resource) error {
			next.Outputs["lockToken"] = tx.UUID()
			return completeWebACL(tx, next)
		},
		Recomputed: []string{"lockToken", "capacity"},
	},
	{
		Token: "aws:wafv2/webAclAssociation:WebAclAssociation",
		Args:  wafv2.WebAclAssociationArgs{}, State: wafv2.WebAclAssociation{},
		ForceNew: []string{"resourceArn", "webAclArn"},
		Refs: []account.Ref{
			{Path: "webAclArn", Type: account.WebACLToken, By: "arn", Missing: "WAFNonexistentItemException", InUse: "WAFAssociatedItemException"},
			{Path: "resourceArn", Type: account.BalancerToken, By: "arn", Missing: "WAFUnavailableEntityException"},
		},
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			r.ARN("webAclArn")
			r.ARN("resourceArn")
			return r.Problems
		},
		Create: func(tx *account.Tx, r *account.Resource) error {
			acl, _ := tx.Find(account.WebACLToken, "arn", r.Outputs.Text("webAclArn"))
			if acl.Outputs.Text("scope") != "REGIONAL" {
				return tx.Refuse("WAFInvalidParameterException", "Web ACL %s has scope %s; a load balancer needs one with scope REGIONAL", acl.ID, acl.Outputs.Text("scope"))
			}
			r.ID = r.Outputs.Text("webAclArn") + "," + r.Outputs.Text("resourceArn")
			return nil
		},
	},
}

var (
	wafName   = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)
	wafMetric = regexp.MustCompile(`^[0-9A-Za-z_-]{1,255}$`)
)

// managedRuleGroups are AWS's own rule groups with the capacity each takes.
var managedRuleGroups = map[string]int{
	"AWSManagedRulesCommonRuleSet": 700, "AWSManagedRulesAdminProtectionRuleSet": 100, "AWSManagedRulesKnownBadInputsRuleSet": 200,
	"AWSManagedRulesSQLiRuleSet": 200, "AWSManagedRulesLinuxRuleSet": 200, "AWSManagedRulesUnixRuleSet": 100, "AWSManagedRulesWindowsRuleSet": 200,
	"AWSManagedRulesPHPRuleSet": 100, "AWSManagedRulesWordPressRuleSet": 100, "AWSManagedRulesAmazonIpReputationList": 25,
	"AWSManagedRulesAnonymousIpList": 50, "AWSManagedRulesBotControlRuleSet": 50, "AWSManagedRulesATPRuleSet": 50,
	"AWSManagedRulesACFPRuleSet": 50, "AWSManagedRulesAntiDDoSRuleSet": 50,
}

func checkWebACL(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Conflict("name", "namePrefix")
	r.Conflict("rules", "ruleJson")
	r.Length("name", 1, 128)
	r.Matches("name", wafName, "only letters, digits, hyphens and underscores are allowed")
	r.Length("description", 1, 256)
	r.OneOf("scope", "REGIONAL", "CLOUDFRONT")
	r.Matches("visibilityConfig.metricName", wafMetric, "1 to 255 letters, digits, hyphens and underscores are allowed")
	r.Matches("rules[*].visibilityConfig.metricName", wafMetric, "1 to 255 letters, digits, hyphens and underscores are allowed")
	r.Matches("rules[*].name", wafName, "only letters, digits, hyphens and underscores are allowed")
	if in.Has("defaultAction.allow") == in.Has("defaultAction.block") && !in.IsUnknown("defaultAction") {
		r.Refuse("defaultAction", "needs allow or block, one of them")
	}
	priorities, names := map[int]bool{}, map[string]bool{}
	for i := range in.List("rules") {
		place := fmt.Sprintf("rules[%d]", i)
		rule := in.Map(place)
		if rule == nil {
			continue
		}
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
		checkRule(&r, place, rule)
	}
	r.OneOf("rules[*].statement.rateBasedStatement.aggregateKeyType", "IP", "FORWARDED_IP", "CUSTOM_KEYS", "CONSTANT")
	r.Between("rules[*].statement.rateBasedStatement.limit", 10, 2000000000)
	r.Member("rules[*].statement.rateBasedStatement.evaluationWindowSec", 60, 120, 300, 600)
	return r.Problems
}

func checkRule(r *account.Rules, place string, rule account.Values) {
	if rule.IsUnknown("statement") {
		return
	}
	statement := rule.Map("statement")
	kinds := account.SortedKeys(statement)
	if len(kinds) != 1 {
		r.Refuse(place+".statement", "needs exactly one statement, not %d", len(kinds))
		return
	}
	group := kinds[0] == "managedRuleGroupStatement" || kinds[0] == "ruleGroupReferenceStatement"
	switch {
	case group && (rule.Has("action") || !rule.Has("overrideAction")):
		r.Refuse(place, "a rule group needs overrideAction (none or count) and no action")
	case !group && (!rule.Has("action") || rule.Has("overrideAction")):
		r.Refuse(place, "needs action (allow, block, captcha, challenge or count) and no overrideAction")
	}
	name, vendor := statement.Text("managedRuleGroupStatement.name"), statement.Text("managedRuleGroupStatement.vendorName")
	if _, known := managedRuleGroups[name]; vendor == "AWS" && name != "" && !known {
		r.Refuse(place+".statement.managedRuleGroupStatement.name", "%q is not a managed rule group of AWS; did you mean %s?", name, account.Nearest(name, account.SortedKeys(managedRuleGroups)))
	}
}

// webACLCapacity adds up the capacity units of the rules.
func webACLCapacity(out account.Values) float64 {
	units := 0
	for _, rule := range out.Blocks("rules[*]") {
		switch {
		case rule.Has("statement.managedRuleGroupStatement"):
			units += managedRuleGroups[rule.Text("statement.managedRuleGroupStatement.name")]
		case rule.Has("statement.rateBasedStatement"):
			units += 2
		case rule.Has("statement.sqliMatchStatement"):
			units += 20
		case rule.Has("statement.xssMatchStatement"):
			units += 40
		default:
			units++
		}
	}
	return float64(units)
}

func createWebACL(tx *account.Tx, r *account.Resource) error {
	name, scope := r.Outputs.Text("name"), r.Outputs.Text("scope")
	if scope == "CLOUDFRONT" && tx.Region() != "us-east-1" {
		return tx.Refuse("WAFInvalidParameterException", "Error reason: The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT: such web ACLs live in us-east-1 only")
	}
	if slices.ContainsFunc(tx.List(account.WebACLToken), func(acl account.Resource) bool {
		return acl.Outputs.Text("name") == name && acl.Outputs.Text("scope") == scope
	}) {
		return tx.Refuse("WAFDuplicateItemException", "AWS WAF couldn't perform the operation because some resource in your request is a duplicate of an existing one: web ACL %s; choose another name", name)
	}
	r.ID = tx.UUID()
	r.Outputs["arn"] = tx.ARN("wafv2", fmt.Sprintf("%s/webacl/%s/%s", map[string]string{"REGIONAL": "regional", "CLOUDFRONT": "global"}[scope], name, r.ID))
	r.Outputs["lockToken"] = tx.UUID()
	r.Outputs["applicationIntegrationUrl"] = ""
	return completeWebACL(tx, r)
}

// completeWebACL adds up the rules and fills in what they leave out.
func completeWebACL(tx *account.Tx, r *account.Resource) error {
	capacity := webACLCapacity(r.Outputs)
	if capacity > 5000 {
		return tx.Refuse("WAFLimitsExceededException", "The rules take %v capacity units; a web ACL has 5000", capacity)
	}
	r.Outputs["capacity"] = capacity
	for _, rule := range r.Outputs.Blocks("rules[*]") {
		if limit := rule.Map("statement.rateBasedStatement"); limit != nil {
			account.SetDefault(limit, "aggregateKeyType", "IP")
			account.SetDefault(limit, "evaluationWindowSec", 300.0)
		}
	}
	return nil
}
