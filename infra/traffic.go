package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The colours of a blue/green environment. Blue has the names that a rolling one has, so that a change of strategy moves
// nothing that serves.
const (
	Blue  = "blue"
	Green = "green"
)

// TrafficArgs says who gets which share of the requests.
type TrafficArgs struct {
	Balancer *Balancer
	// Percent is the share of each colour; together they are 100.
	Percent map[string]int
	// Serving are the services that get a share. Nothing is sent to one that does not run what was registered for it.
	Serving []*Service
}

// Traffic is a weighted rule on every listener that forwards.
type Traffic struct {
	pulumi.ResourceState

	rules []pulumi.Resource
}

// NewTraffic registers the rules. Changing the shares changes them and nothing else.
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
	for _, color := range args.Balancer.args.Colors {
		weight := pulumi.All(running...).ApplyT(func([]any) int { return args.Percent[color] }).(pulumi.IntOutput)
		groups = append(groups, &lb.ListenerRuleActionForwardTargetGroupArgs{Arn: args.Balancer.targets[color].Arn, Weight: weight})
	}
	for _, scheme := range sortedKeys(args.Balancer.serving) {
		rule, err := lb.NewListenerRule(ctx, name+"-"+scheme, &lb.ListenerRuleArgs{
			ListenerArn: args.Balancer.serving[scheme].Arn,
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

// trafficPriority is the last there is: rules of single hosts and of the application's own come before.
const trafficPriority = 50000

// Rules are what a colour that gets no more requests waits for before it stops its tasks.
func (t *Traffic) Rules() []pulumi.Resource { return t.rules }

// rolling tells whether there is one colour only.
func (b *Balancer) rolling() bool { return len(b.targets) == 1 }
