package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ruleSet is one of AWS's managed rule groups. The rules in count only count requests, and block none.
type ruleSet struct {
	name  string
	count []string
}

// ruleSets are in the order in which they check a request.
var ruleSets = []ruleSet{
	{name: "AWSManagedRulesKnownBadInputsRuleSet"},
	// The size rule would refuse bodies above 8 KB, and so uploads. The image has a limit of its own, of 20 MB.
	{name: "AWSManagedRulesCommonRuleSet", count: []string{"SizeRestrictions_BODY"}},
}

// newWAF registers a web ACL with AWS's managed rules for a load balancer.
func newWAF(ctx *pulumi.Context, name string, balancerARN pulumi.StringInput, opts ...pulumi.ResourceOption) error {
	rules := wafv2.WebAclRuleArray{}
	for i, set := range ruleSets {
		rules = append(rules, set.rule(i+1))
	}
	acl, err := wafv2.NewWebAcl(ctx, name, &wafv2.WebAclArgs{
		Scope:         pulumi.String("REGIONAL"),
		DefaultAction: &wafv2.WebAclDefaultActionArgs{Allow: &wafv2.WebAclDefaultActionAllowArgs{}},
		Rules:         rules,
		VisibilityConfig: &wafv2.WebAclVisibilityConfigArgs{
			CloudwatchMetricsEnabled: pulumi.Bool(true), SampledRequestsEnabled: pulumi.Bool(true), MetricName: pulumi.String(name),
		},
	}, opts...)
	if err != nil {
		return err
	}
	_, err = wafv2.NewWebAclAssociation(ctx, name, &wafv2.WebAclAssociationArgs{ResourceArn: balancerARN, WebAclArn: acl.Arn}, opts...)
	return err
}

func (set ruleSet) rule(priority int) *wafv2.WebAclRuleArgs {
	overrides := wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArray{}
	for _, rule := range set.count {
		overrides = append(overrides, &wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs{
			Name: pulumi.String(rule),
			ActionToUse: &wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs{
				Count: &wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs{},
			},
		})
	}
	return &wafv2.WebAclRuleArgs{
		Name: pulumi.String(set.name), Priority: pulumi.Int(priority),
		OverrideAction: &wafv2.WebAclRuleOverrideActionArgs{None: &wafv2.WebAclRuleOverrideActionNoneArgs{}},
		Statement: &wafv2.WebAclRuleStatementArgs{
			ManagedRuleGroupStatement: &wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs{
				VendorName: pulumi.String("AWS"), Name: pulumi.String(set.name), RuleActionOverrides: overrides,
			},
		},
		VisibilityConfig: &wafv2.WebAclRuleVisibilityConfigArgs{
			CloudwatchMetricsEnabled: pulumi.Bool(true), SampledRequestsEnabled: pulumi.Bool(true), MetricName: pulumi.String(set.name),
		},
	}
}
