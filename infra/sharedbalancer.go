package infra

import (
	"fmt"
	"hash/fnv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// SharedBalancerArgs describes how an environment uses the load balancer of another environment.
type SharedBalancerArgs struct {
	VpcID string
	// Listeners are the ARNs of the listeners that forward, by http and https.
	Listeners map[string]string
	// Host is the host name whose requests this environment gets.
	Host string
	TargetArgs
}

// SharedBalancer is a target group, and a rule for one host on every listener of another environment's load balancer. A destroy
// deletes these, and leaves the load balancer as it is.
type SharedBalancer struct {
	pulumi.ResourceState

	group *lb.TargetGroup
	rules []pulumi.Resource
}

// NewSharedBalancer registers the target group and the rules.
func NewSharedBalancer(ctx *pulumi.Context, name string, args SharedBalancerArgs, opts ...pulumi.ResourceOption) (*SharedBalancer, error) {
	b := &SharedBalancer{}
	// The type keeps its first name, LentBalancer: it is part of the URN of everything below.
	if err := ctx.RegisterComponentResource("laravel:infra:LentBalancer", name, b, opts...); err != nil {
		return nil, err
	}
	var err error
	if b.group, err = newTargetGroup(ctx, name, Blue, pulumi.String(args.VpcID), args.TargetArgs, pulumi.Parent(b)); err != nil {
		return nil, fmt.Errorf("creating target group: %w", err)
	}
	host := lb.ListenerRuleConditionArray{hostCondition(args.Host)}
	if b.rules, err = newRules(ctx, name, pulumi.ToStringMap(args.Listeners), hostPriority(args.Host), host, forwardTo(b.group.Arn), pulumi.Parent(b)); err != nil {
		return nil, err
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{})
}

// newRules makes a rule on every listener: what to do with the requests that meet the conditions.
func newRules(ctx *pulumi.Context, name string, listeners pulumi.StringMap, priority int, conditions lb.ListenerRuleConditionArray, action *lb.ListenerRuleActionArgs, opts ...pulumi.ResourceOption) (rules []pulumi.Resource, err error) {
	for _, scheme := range sortedKeys(listeners) {
		rule, err := lb.NewListenerRule(ctx, name+"-"+scheme, &lb.ListenerRuleArgs{
			ListenerArn: listeners[scheme], Priority: pulumi.Int(priority), Conditions: conditions,
			Actions: lb.ListenerRuleActionArray{action},
		}, opts...)
		if err != nil {
			return nil, fmt.Errorf("creating listener rule: %w", err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func hostCondition(host string) *lb.ListenerRuleConditionArgs {
	return &lb.ListenerRuleConditionArgs{HostHeader: &lb.ListenerRuleConditionHostHeaderArgs{Values: pulumi.StringArray{pulumi.String(host)}}}
}

func pathCondition(patterns ...string) *lb.ListenerRuleConditionArgs {
	return &lb.ListenerRuleConditionArgs{PathPattern: &lb.ListenerRuleConditionPathPatternArgs{Values: pulumi.ToStringArray(patterns)}}
}

// Target is where the requests for the host go.
func (b *SharedBalancer) Target() Target {
	return Target{ARN: b.group.Arn, ARNSuffix: b.group.ArnSuffix, Ready: b.rules}
}

// lastHostPriority leaves room below Traffic's rule for rules that are made past this program: those of a maintenance page.
const lastHostPriority = 49000

// hostPriority derives the priority of a host's rule from its name: from 1 to lastHostPriority. Without a number the provider would take the highest one plus 1, and there is none above Traffic's. AWS refuses a
// number that another rule has, and changes nothing then.
func hostPriority(host string) int {
	sum := fnv.New32a()
	sum.Write([]byte(host))
	return 1 + int(sum.Sum32()%lastHostPriority)
}
