package nights

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// The rule of the page is always there. By day it answers a path that nobody asks for, by night every one. It is asked first, before the rules
// of processes and of review environments, whose tasks sleep as well.
const (
	asleepPath   = "/*"
	awakePath    = "/.laravel-ecs/asleep"
	pagePriority = 1
)

// newPages registers the rule on every listener that forwards, and returns their ARNs. What a rule answers is declared; its condition is what
// the schedules change.
func newPages(ctx *pulumi.Context, name string, args Args, parent pulumi.Resource) (map[string]pulumi.StringOutput, error) {
	pages := map[string]pulumi.StringOutput{}
	if args.Balancer == nil {
		return pages, nil
	}
	listeners := args.Balancer.ListenerARNs()
	for _, scheme := range keys(listeners) {
		rule, err := lb.NewListenerRule(ctx, name+"-page-"+scheme, &lb.ListenerRuleArgs{
			ListenerArn: listeners[scheme], Priority: pulumi.Int(pagePriority),
			Conditions: lb.ListenerRuleConditionArray{&lb.ListenerRuleConditionArgs{
				PathPattern: &lb.ListenerRuleConditionPathPatternArgs{Values: pulumi.StringArray{pulumi.String(awakePath)}},
			}},
			Actions: lb.ListenerRuleActionArray{&lb.ListenerRuleActionArgs{
				Type: pulumi.String("fixed-response"),
				FixedResponse: &lb.ListenerRuleActionFixedResponseArgs{
					StatusCode: pulumi.String("503"), ContentType: pulumi.String("text/html"), MessageBody: pulumi.String(args.Body),
				},
			}},
		}, pulumi.Parent(parent), pulumi.IgnoreChanges([]string{"conditions"}))
		if err != nil {
			return nil, err
		}
		pages[scheme] = rule.Arn
	}
	return pages, nil
}

// shown is the input of ModifyRule that has the page answer a path.
func shown(rule pulumi.StringInput, path string) pulumi.Map {
	return pulumi.Map{"RuleArn": rule, "Conditions": pulumi.Array{pulumi.Map{
		"Field": pulumi.String("path-pattern"), "PathPatternConfig": pulumi.Map{"Values": pulumi.StringArray{pulumi.String(path)}},
	}}}
}

// newRole registers the role of the schedules: their calls, on these resources. Application Auto Scaling changes a service with a role of its
// own (https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-ecs.html).
func newRole(ctx *pulumi.Context, name string, args Args, pages map[string]pulumi.StringOutput, parent pulumi.Resource) (*iam.Role, pulumi.Resource, error) {
	role, err := infra.NewServiceRole(ctx, name+"-schedules", infra.SchedulerService, "Puts the environment to sleep and wakes it", infra.AccountID(ctx, parent), pulumi.Parent(parent))
	if err != nil {
		return nil, nil, err
	}
	var services, targets, rules []pulumi.StringInput
	for _, s := range args.Services {
		if s.Scaling == nil {
			services = append(services, s.Service.ARN)
		} else {
			targets = append(targets, s.Service.ScalingARN)
		}
	}
	for _, scheme := range keys(pages) {
		rules = append(rules, pages[scheme])
	}
	database := infra.Statement{}
	if args.Database != nil {
		database.Actions, database.Resources = args.Database.Nights().Actions, []pulumi.StringInput{args.Database.ARN()}
	}
	var statements []infra.Statement
	for _, s := range []infra.Statement{
		{Actions: []string{"ecs:UpdateService"}, Resources: services},
		{Actions: []string{"application-autoscaling:RegisterScalableTarget"}, Resources: targets},
		{Actions: []string{"elasticloadbalancing:ModifyRule"}, Resources: rules},
		database,
	} {
		if len(s.Resources) > 0 {
			statements = append(statements, s)
		}
	}
	policy, err := iam.NewRolePolicy(ctx, name+"-schedules-policy", &iam.RolePolicyArgs{Role: role.ID(), Policy: infra.PolicyDocument(statements...)}, pulumi.Parent(parent))
	if err != nil {
		return nil, nil, fmt.Errorf("creating policy: %w", err)
	}
	return role, policy, nil
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
