package infra

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// WAFArgs are the settings of the web ACL.
type WAFArgs struct {
	// UploadPaths are beginnings of paths to which requests may have a body of more than 8 KB.
	UploadPaths []string
	// RateLimit is how many requests an address may send in five minutes; 0 for any number.
	RateLimit int
	LogDays   int
	// Signed are requests whose signature the process behind them checks. No rule blocks these.
	Signed []SignedRequests
}

// SignedRequests are those to paths with a beginning, of one host or, without one, of every host.
type SignedRequests struct{ Name, Host, Path string }

// ruleSet is one of AWS's managed rule groups. The rules in count only count and label requests, and block none.
type ruleSet struct {
	name  string
	count []string
}

// ruleSets are in the order in which they check a request. Together they take 1200 of the 1500 capacity units that are in the price.
var ruleSets = []ruleSet{
	{name: "AWSManagedRulesKnownBadInputsRuleSet"},
	{name: "AWSManagedRulesSQLiRuleSet"},
	{name: "AWSManagedRulesPHPRuleSet"},
	// The size rule would refuse uploads: bodies above 8 KB. The rule after it blocks what it labels elsewhere.
	{name: "AWSManagedRulesCommonRuleSet", count: []string{"SizeRestrictions_BODY"}},
}

// largeBody is the label of SizeRestrictions_BODY (AWS WAF developer guide, "Baseline rule groups").
const largeBody = "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"

// What a web ACL is for: load balancers of its region, or distributions of CloudFront; one of these is in us-east-1
// (https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html, Scope).
const (
	Regional   = "REGIONAL"
	CloudFront = "CLOUDFRONT"
)

// NewWebACL registers a web ACL with its log.
func NewWebACL(ctx *pulumi.Context, name, scope string, args WAFArgs, opts ...pulumi.ResourceOption) (*wafv2.WebAcl, error) {
	rules := wafv2.WebAclRuleArray{}
	add := func(ruleName string, rule *wafv2.WebAclRuleArgs) {
		rule.Name, rule.Priority = pulumi.String(ruleName), pulumi.Int(len(rules)+1)
		rule.VisibilityConfig = &wafv2.WebAclRuleVisibilityConfigArgs{
			CloudwatchMetricsEnabled: pulumi.Bool(true), SampledRequestsEnabled: pulumi.Bool(true), MetricName: pulumi.String(ruleName),
		}
		rules = append(rules, rule)
	}
	block := &wafv2.WebAclRuleActionArgs{Block: &wafv2.WebAclRuleActionBlockArgs{}}
	// Allow ends what a web ACL does with a request, so these come first, and no other rule counts them
	// (https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-rule-actions.html).
	allow := &wafv2.WebAclRuleActionArgs{Allow: &wafv2.WebAclRuleActionAllowArgs{}}
	for _, signed := range args.Signed {
		add("Signed-"+signed.Name, &wafv2.WebAclRuleArgs{Action: allow, Statement: signed.statement()})
	}
	if args.RateLimit > 0 {
		add("RateLimit", &wafv2.WebAclRuleArgs{Action: block, Statement: &wafv2.WebAclRuleStatementArgs{
			RateBasedStatement: &wafv2.WebAclRuleStatementRateBasedStatementArgs{Limit: pulumi.Int(args.RateLimit), AggregateKeyType: pulumi.String("IP")},
		}})
	}
	for _, set := range ruleSets {
		add(set.name, &wafv2.WebAclRuleArgs{
			OverrideAction: &wafv2.WebAclRuleOverrideActionArgs{None: &wafv2.WebAclRuleOverrideActionNoneArgs{}}, Statement: set.statement(),
		})
	}
	add("LargeBody", &wafv2.WebAclRuleArgs{Action: block, Statement: args.largeBody()})
	acl, err := wafv2.NewWebAcl(ctx, name, &wafv2.WebAclArgs{
		Scope:         pulumi.String(scope),
		DefaultAction: &wafv2.WebAclDefaultActionArgs{Allow: &wafv2.WebAclDefaultActionAllowArgs{}},
		Rules:         rules,
		VisibilityConfig: &wafv2.WebAclVisibilityConfigArgs{
			CloudwatchMetricsEnabled: pulumi.Bool(true), SampledRequestsEnabled: pulumi.Bool(true), MetricName: pulumi.String(name),
		},
	}, opts...)
	if err != nil {
		return nil, err
	}
	if err := logBlocked(ctx, name, acl, args.LogDays, opts...); err != nil {
		return nil, fmt.Errorf("logging: %w", err)
	}
	return acl, nil
}

func (set ruleSet) statement() *wafv2.WebAclRuleStatementArgs {
	overrides := wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArray{}
	for _, rule := range set.count {
		overrides = append(overrides, &wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs{
			Name: pulumi.String(rule),
			ActionToUse: &wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs{
				Count: &wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs{},
			},
		})
	}
	return &wafv2.WebAclRuleStatementArgs{
		ManagedRuleGroupStatement: &wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs{
			VendorName: pulumi.String("AWS"), Name: pulumi.String(set.name), RuleActionOverrides: overrides,
		},
	}
}

// largeBody matches requests with the label whose path begins with none of the upload paths.
func (args WAFArgs) largeBody() *wafv2.WebAclRuleStatementArgs {
	labelled := &wafv2.WebAclRuleStatementArgs{
		LabelMatchStatement: &wafv2.WebAclRuleStatementLabelMatchStatementArgs{Scope: pulumi.String("LABEL"), Key: pulumi.String(largeBody)},
	}
	if len(args.UploadPaths) == 0 {
		return labelled
	}
	all := wafv2.WebAclRuleStatementArray{labelled}
	for _, path := range args.UploadPaths {
		all = append(all, &wafv2.WebAclRuleStatementArgs{NotStatement: &wafv2.WebAclRuleStatementNotStatementArgs{
			Statements: wafv2.WebAclRuleStatementArray{pathBegins(path, "NORMALIZE_PATH")},
		}})
	}
	return &wafv2.WebAclRuleStatementArgs{AndStatement: &wafv2.WebAclRuleStatementAndStatementArgs{Statements: all}}
}

// statement matches the path as it was sent and without its dots, so that no path belongs to these for WAF and to the application for the
// load balancer.
func (s SignedRequests) statement() *wafv2.WebAclRuleStatementArgs {
	all := wafv2.WebAclRuleStatementArray{pathBegins(s.Path, "NONE"), pathBegins(s.Path, "NORMALIZE_PATH")}
	if s.Host != "" {
		host := &wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchArgs{
			SingleHeader: &wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchSingleHeaderArgs{Name: pulumi.String("host")},
		}
		all = append(all, byteMatch(host, "EXACTLY", s.Host, "LOWERCASE"))
	}
	return &wafv2.WebAclRuleStatementArgs{AndStatement: &wafv2.WebAclRuleStatementAndStatementArgs{Statements: all}}
}

func pathBegins(path, transformation string) *wafv2.WebAclRuleStatementArgs {
	return byteMatch(&wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchArgs{
		UriPath: &wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchUriPathArgs{},
	}, "STARTS_WITH", path, transformation)
}

func byteMatch(field *wafv2.WebAclRuleStatementByteMatchStatementFieldToMatchArgs, how, text, transformation string) *wafv2.WebAclRuleStatementArgs {
	return &wafv2.WebAclRuleStatementArgs{ByteMatchStatement: &wafv2.WebAclRuleStatementByteMatchStatementArgs{
		FieldToMatch: field, PositionalConstraint: pulumi.String(how), SearchString: pulumi.String(text),
		TextTransformations: wafv2.WebAclRuleStatementByteMatchStatementTextTransformationArray{
			&wafv2.WebAclRuleStatementByteMatchStatementTextTransformationArgs{Priority: pulumi.Int(0), Type: pulumi.String(transformation)},
		},
	}}
}

// logBlocked logs the requests that a web ACL blocks or counts, without what signs a visitor or CloudFront in. The others are in the access log of the
// load balancer. WAF writes only to log groups whose names begin with aws-waf-logs-:
// https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html.
func logBlocked(ctx *pulumi.Context, name string, acl *wafv2.WebAcl, days int, opts ...pulumi.ResourceOption) error {
	group, err := cloudwatch.NewLogGroup(ctx, name+"-log", &cloudwatch.LogGroupArgs{
		Name: pulumi.String("aws-waf-logs-" + name), RetentionInDays: pulumi.Int(days),
	}, opts...)
	if err != nil {
		return fmt.Errorf("creating log group: %w", err)
	}
	var redacted wafv2.WebAclLoggingConfigurationRedactedFieldArray
	for _, header := range []string{"authorization", "cookie", strings.ToLower(OriginHeader)} {
		redacted = append(redacted, &wafv2.WebAclLoggingConfigurationRedactedFieldArgs{
			SingleHeader: &wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs{Name: pulumi.String(header)},
		})
	}
	var kept wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionArray
	for _, action := range []string{"BLOCK", "COUNT"} {
		kept = append(kept, &wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionArgs{
			ActionCondition: &wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionActionConditionArgs{Action: pulumi.String(action)},
		})
	}
	_, err = wafv2.NewWebAclLoggingConfiguration(ctx, name, &wafv2.WebAclLoggingConfigurationArgs{
		ResourceArn: acl.Arn, LogDestinationConfigs: pulumi.StringArray{group.Arn}, RedactedFields: redacted,
		LoggingFilter: &wafv2.WebAclLoggingConfigurationLoggingFilterArgs{
			DefaultBehavior: pulumi.String("DROP"),
			Filters: wafv2.WebAclLoggingConfigurationLoggingFilterFilterArray{&wafv2.WebAclLoggingConfigurationLoggingFilterFilterArgs{
				Behavior: pulumi.String("KEEP"), Requirement: pulumi.String("MEETS_ANY"), Conditions: kept,
			}},
		},
	}, opts...)
	return err
}
