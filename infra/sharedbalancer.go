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
	for _, scheme := range sortedKeys(args.Listeners) {
		rule, err := lb.NewListenerRule(ctx, name+"-"+scheme, &lb.ListenerRuleArgs{
			ListenerArn: pulumi.String(args.Listeners[scheme]),
			Priority:    pulumi.Int(hostPriority(args.Host)),
			Conditions: lb.ListenerRuleConditionArray{&lb.ListenerRuleConditionArgs{
				HostHeader: &lb.ListenerRuleConditionHostHeaderArgs{Values: pulumi.StringArray{pulumi.String(args.Host)}},
			}},
			Actions: lb.ListenerRuleActionArray{&lb.ListenerRuleActionArgs{
				Type: pulumi.String("forward"), TargetGroupArn: b.group.Arn,
			}},
		}, pulumi.Parent(b))
		if err != nil {
			return nil, fmt.Errorf("creating listener rule: %w", err)
		}
		b.rules = append(b.rules, rule)
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{})
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
