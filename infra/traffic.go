package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The colours of a blue/green environment. Blue has the resource names of a rolling environment, so that a change of strategy
// replaces nothing that serves.
const (
	Blue  = "blue"
	Green = "green"
)

// TrafficArgs describes how requests are shared between the colours.
type TrafficArgs struct {
	Balancer *Balancer
	// Percent is the share of each colour; together they are 100.
	Percent map[string]int
	// Serving are the services of the colours that run tasks. The shares change only when each of them runs the revision that was
	// registered for it.
	Serving []*Service
}

// Traffic is a weighted rule on every listener that forwards.
type Traffic struct {
	pulumi.ResourceState

	rules []pulumi.Resource
}

// NewTraffic registers the rules. A change of the shares updates them and nothing else.
func NewTraffic(ctx *pulumi.Context, name string, args TrafficArgs, opts ...pulumi.ResourceOption) (*Traffic, error) {
	t := &Traffic{}
	if err := ctx.RegisterComponentResource("laravel:infra:Traffic", name, t, opts...); err != nil {
		return nil, err
	}
	var running []any
	for _, service := range args.Serving {
		running = append(running, service.TaskDefinitionARN)
	}
	groups := lb.ListenerRuleActionForwardTargetGroupArray{}
	for _, color := range args.Balancer.Colors() {
		weight := pulumi.All(running...).ApplyT(func([]any) int { return args.Percent[color] }).(pulumi.IntOutput)
		groups = append(groups, &lb.ListenerRuleActionForwardTargetGroupArgs{Arn: args.Balancer.Target(color).ARN, Weight: weight})
	}
	listeners := args.Balancer.ListenerARNs()
	for _, scheme := range sortedKeys(listeners) {
		rule, err := lb.NewListenerRule(ctx, name+"-"+scheme, &lb.ListenerRuleArgs{
			ListenerArn: listeners[scheme],
			Priority:    pulumi.Int(trafficPriority),
			Conditions: lb.ListenerRuleConditionArray{&lb.ListenerRuleConditionArgs{
				PathPattern: &lb.ListenerRuleConditionPathPatternArgs{Values: pulumi.StringArray{pulumi.String("/*")}},
			}},
			Actions: lb.ListenerRuleActionArray{&lb.ListenerRuleActionArgs{
				Type: pulumi.String("forward"), Forward: &lb.ListenerRuleActionForwardArgs{TargetGroups: groups},
			}},
		}, pulumi.Parent(t))
		if err != nil {
			return nil, fmt.Errorf("creating listener rule: %w", err)
		}
		t.rules = append(t.rules, rule)
	}
	return t, ctx.RegisterResourceOutputs(t, pulumi.Map{})
}

// trafficPriority is the last one that AWS allows, so rules of single hosts and rules that others add come before
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html).
const trafficPriority = 50000

// Ready must have changed before a colour that gets no more requests stops its tasks.
func (t *Traffic) Ready() []pulumi.Resource { return t.rules }
