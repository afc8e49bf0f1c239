package infra

import (
	"fmt"
	"slices"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The colours of a blue/green environment. Blue has the resource names of a rolling environment, so that a change of strategy
// replaces nothing that serves.
const (
	Blue  = "blue"
	Green = "green"
)

// TrafficArgs describes where requests go.
type TrafficArgs struct {
	Balancer *Balancer
	// Percent is the share of each colour; together they are 100.
	Percent map[string]int
	// Serving are the services of the colours that run tasks. The rules change only when each of them runs the revision that was
	// registered for it.
	Serving []*Service
	// WarmUp is how long a new task may take until it passes its health checks.
	WarmUp time.Duration
}

// Traffic is a rule for all requests on every listener that forwards. The default action of a listener names a target group before there
// are tasks in it, because ECS refuses a group that no listener uses. Requests follow the rule, which changes when there are tasks.
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
	warm, err := ctx.RegisterResourceHook(name+"-warm-up", warmUp(ctx, args.WarmUp), nil)
	if err != nil {
		return nil, fmt.Errorf("registering hook: %w", err)
	}
	child := []pulumi.ResourceOption{
		pulumi.Parent(t), pulumi.DependsOn(args.serving()), pulumi.ResourceHooks(&pulumi.ResourceHookBinding{BeforeUpdate: []*pulumi.ResourceHook{warm}}),
	}
	listeners := args.Balancer.ListenerARNs()
	for _, scheme := range sortedKeys(listeners) {
		rule, err := lb.NewListenerRule(ctx, name+"-"+scheme, &lb.ListenerRuleArgs{
			ListenerArn: listeners[scheme],
			Priority:    pulumi.Int(trafficPriority),
			Conditions: lb.ListenerRuleConditionArray{&lb.ListenerRuleConditionArgs{
				PathPattern: &lb.ListenerRuleConditionPathPatternArgs{Values: pulumi.StringArray{pulumi.String("/*")}},
			}},
			Actions: lb.ListenerRuleActionArray{args.forward()},
		}, child...)
		if err != nil {
			return nil, fmt.Errorf("creating listener rule: %w", err)
		}
		t.rules = append(t.rules, rule)
	}
	return t, ctx.RegisterResourceOutputs(t, pulumi.Map{})
}

func (args TrafficArgs) serving() []pulumi.Resource {
	var services []pulumi.Resource
	for _, service := range args.Serving {
		services = append(services, service)
	}
	return services
}

// forward names the target group, or those of both colours with their weights. The weights are known when the services run what was
// registered for them; a single group has none, so that a preview of a release does not show the rule.
func (args TrafficArgs) forward() *lb.ListenerRuleActionArgs {
	colors := args.Balancer.Colors()
	if len(colors) == 1 {
		return &lb.ListenerRuleActionArgs{Type: pulumi.String("forward"), TargetGroupArn: args.Balancer.Target(colors[0]).ARN}
	}
	var running []any
	for _, service := range args.Serving {
		running = append(running, service.TaskDefinitionARN)
	}
	groups := lb.ListenerRuleActionForwardTargetGroupArray{}
	for _, color := range colors {
		weight := pulumi.All(running...).ApplyT(func([]any) int { return args.Percent[color] }).(pulumi.IntOutput)
		groups = append(groups, &lb.ListenerRuleActionForwardTargetGroupArgs{Arn: args.Balancer.Target(color).ARN, Weight: weight})
	}
	return &lb.ListenerRuleActionArgs{Type: pulumi.String("forward"), Forward: &lb.ListenerRuleActionForwardArgs{TargetGroups: groups}}
}

// warmUp waits before requests go to a target group that had none. The provider takes a new service for steady when its tasks run
// (terraform-provider-aws, internal/service/ecs/service.go, statusServiceWaitForStable), and the load balancer has not checked them then.
func warmUp(ctx *pulumi.Context, wait time.Duration) pulumi.ResourceHookFunction {
	return func(rule *pulumi.ResourceHookArgs) error {
		known := forwardedTo(resource.NewObjectProperty(rule.OldInputs), 0)
		receiving := forwardedTo(resource.NewObjectProperty(rule.NewInputs), 1)
		if slices.ContainsFunc(receiving, func(arn string) bool { return !slices.Contains(known, arn) }) {
			_ = ctx.Log.Info(fmt.Sprintf("%s waits %s for the health checks of the new target group", rule.Name, wait), nil)
			time.Sleep(wait)
		}
		return nil
	}
}

// forwardedTo are the ARNs of the target groups that the inputs of a rule name with a weight of least or more.
func forwardedTo(inputs resource.PropertyValue, least float64) (arns []string) {
	switch {
	case inputs.IsArray():
		for _, element := range inputs.ArrayValue() {
			arns = append(arns, forwardedTo(element, least)...)
		}
	case inputs.IsObject():
		fields := inputs.ObjectValue()
		weight, weighted := fields["weight"]
		for key, value := range fields {
			if (key == "targetGroupArn" || key == "arn") && value.IsString() && (!weighted || weight.IsNumber() && weight.NumberValue() >= least) {
				arns = append(arns, value.StringValue())
			}
			arns = append(arns, forwardedTo(value, least)...)
		}
	}
	return arns
}

// trafficPriority is the last one that AWS allows, so rules of single hosts and rules that others add come before
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html).
const trafficPriority = 50000

// Ready must have changed before a colour that gets no more requests stops its tasks.
func (t *Traffic) Ready() []pulumi.Resource { return t.rules }
