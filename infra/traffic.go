package infra

import (
	"fmt"
	"slices"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"
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
	warm, err := ctx.RegisterResourceHook(name+"-warm-up", args.warmUp(ctx), nil)
	if err != nil {
		return nil, fmt.Errorf("registering hook: %w", err)
	}
	if t.rules, err = newRules(ctx, name, args.Balancer.ListenerARNs(), args.Balancer.priority, args.Balancer.all(), args.forward(),
		pulumi.Parent(t), pulumi.DependsOn(args.serving()),
		pulumi.ResourceHooks(&pulumi.ResourceHookBinding{BeforeUpdate: []*pulumi.ResourceHook{warm}})); err != nil {
		return nil, err
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

// forward names the target group that gets everything, or both with their weights while a candidate has a share. A visitor with a cookie
// keeps the colour that he got then, so the weights are shares of visitors.
//
// AWS obeys the cookie in a rule "with target group stickiness enabled" (ALB guide, "Listeners for your Application Load Balancers"), whatever
// the weight is, and although the group has no healthy target left: 503 (https://repost.aws/questions/QUugYm4uzWSI2af5mnmMjlZQ). So a
// colour without a share is not in the rule at all, and an aborted or stopped one loses its visitors at once. The provider cannot turn
// stickiness off in a rule with weights: it takes a missing block for no change, and AWS does not keep the duration of a disabled one
// (terraform-provider-aws#15144).
//
// The target group and the weights are known when the services run what was registered for them. A rolling environment does not wait for
// that: the preview of a release would show its rule.
func (args TrafficArgs) forward() *lb.ListenerRuleActionArgs {
	colors := args.Balancer.Colors()
	if len(colors) == 1 {
		return forwardTo(args.Balancer.Target(colors[0]).ARN)
	}
	var running pulumi.StringArray
	for _, service := range args.Serving {
		running = append(running, service.TaskDefinitionARN)
	}
	released := running.ToStringArrayOutput()
	groups := lb.ListenerRuleActionForwardTargetGroupArray{}
	for _, color := range colors {
		target := args.Balancer.Target(color).ARN
		switch percent := args.Percent[color]; percent {
		case 0:
		case 100:
			return forwardTo(pulumix.Cast[pulumi.StringOutput](after(released, target)))
		default:
			weight := pulumix.Cast[pulumi.IntOutput](after(released, pulumix.Val(percent)))
			groups = append(groups, &lb.ListenerRuleActionForwardTargetGroupArgs{Arn: target, Weight: weight})
		}
	}
	return &lb.ListenerRuleActionArgs{Type: pulumi.String("forward"), Forward: &lb.ListenerRuleActionForwardArgs{
		TargetGroups: groups,
		Stickiness:   &lb.ListenerRuleActionForwardStickinessArgs{Enabled: pulumi.Bool(true), Duration: pulumi.Int(stickySeconds)},
	}}
}

// after is a value that is known when all of the others are.
func after[T any](others pulumi.StringArrayOutput, value pulumix.Input[T]) pulumix.Output[T] {
	return pulumix.Apply2(others, value, func(_ []string, value T) T { return value })
}

func forwardTo(group pulumi.StringInput) *lb.ListenerRuleActionArgs {
	return &lb.ListenerRuleActionArgs{Type: pulumi.String("forward"), TargetGroupArn: group.ToStringOutput().ToStringPtrOutput()}
}

// stickySeconds is how long a visitor keeps his colour after his last request. AWS allows 1 second to 7 days (TargetGroupStickinessConfig),
// and starts anew with each request (ALB guide, "Sticky sessions"). An hour is longer than a visit with a break. It is not more, because
// cookies outlive a promotion: the next candidate has the colour of the release before, and in that time its visitors would all come back.
const stickySeconds = 60 * 60

// warmUp waits before requests go to a target group that had none. The provider takes a new service for steady when its tasks run
// (terraform-provider-aws, internal/service/ecs/service.go, statusServiceWaitForStable), and the load balancer has not checked them then.
func (args TrafficArgs) warmUp(ctx *pulumi.Context) pulumi.ResourceHookFunction {
	return func(rule *pulumi.ResourceHookArgs) error {
		known := forwardedTo(resource.NewObjectProperty(rule.OldInputs))
		cold := slices.ContainsFunc(forwardedTo(resource.NewObjectProperty(rule.NewInputs)), func(arn string) bool { return !slices.Contains(known, arn) })
		if len(args.Balancer.Colors()) > 1 { // a group that was not in the rule may have tasks for long
			cold = slices.ContainsFunc(args.Serving, func(service *Service) bool { return service.created.Load() })
		}
		if cold {
			_ = ctx.Log.Info(fmt.Sprintf("%s waits %s for the health checks of the new target group", rule.Name, args.WarmUp), nil)
			time.Sleep(args.WarmUp)
		}
		return nil
	}
}

// forwardedTo are the ARNs of the target groups that the inputs of a rule name.
func forwardedTo(inputs resource.PropertyValue) (arns []string) {
	switch {
	case inputs.IsArray():
		for _, element := range inputs.ArrayValue() {
			arns = append(arns, forwardedTo(element)...)
		}
	case inputs.IsObject():
		for key, value := range inputs.ObjectValue() {
			if (key == "targetGroupArn" || key == "arn") && value.IsString() {
				arns = append(arns, value.StringValue())
			}
			arns = append(arns, forwardedTo(value)...)
		}
	}
	return arns
}

// trafficPriority is the last one that AWS allows, so rules of single hosts and rules that others add come before
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html).
const trafficPriority = 50000

// Ready must have changed before a colour that gets no more requests stops its tasks.
func (t *Traffic) Ready() []pulumi.Resource { return t.rules }

// RouteArgs describes which requests a process gets besides the web service.
type RouteArgs struct {
	Balancer *Balancer
	// Group is one of BalancerArgs.Routes, Service the one whose tasks are in it.
	Group   string
	Service *Service
	// Host is a host name, Paths are patterns; one of them may be empty. Priority is the number of the rule.
	Host     string
	Paths    []string
	Priority int
	// WarmUp is how long a new task may take until it passes its health checks.
	WarmUp time.Duration
}

// Route is a rule for a host or for paths on every listener that forwards. The connections of a websocket stay with the task that they were
// opened to (ALB guide, "Listeners for your Application Load Balancers", WebSockets), so the group has no cookie.
//
// The rule comes after the service, as Traffic does: until then, and when the process is gone, requests go where they went without it. A
// target group without a target would answer them with 503 (https://repost.aws/knowledge-center/alb-troubleshoot-503-errors).
type Route struct {
	pulumi.ResourceState

	rules []pulumi.Resource
}

// Ready are the rules.
func (r *Route) Ready() []pulumi.Resource { return r.rules }

// NewRoute registers the rules. Their name should go with the priority and not with the process: AWS refuses a number that another rule has,
// and a process that is renamed keeps its rule, which moves to the new target group.
func NewRoute(ctx *pulumi.Context, name string, args RouteArgs, opts ...pulumi.ResourceOption) (*Route, error) {
	r := &Route{}
	if err := ctx.RegisterComponentResource("laravel:infra:Route", name, r, opts...); err != nil {
		return nil, err
	}
	warm, err := ctx.RegisterResourceHook(name+"-warm-up", args.warmUp(ctx), nil)
	if err != nil {
		return nil, fmt.Errorf("registering hook: %w", err)
	}
	var conditions []lb.ListenerRuleConditionInput
	if args.Host != "" {
		conditions = append(conditions, hostCondition(args.Host))
	} else if hosts := args.Balancer.hosts; len(hosts) > 0 { // the same path of another application is not its
		conditions = append(conditions, hostCondition(hosts...))
	}
	if len(args.Paths) > 0 {
		conditions = append(conditions, pathCondition(args.Paths...))
	}
	hooks := []*pulumi.ResourceHook{warm}
	if r.rules, err = newRules(ctx, name, args.Balancer.ListenerARNs(), args.Priority, args.Balancer.admitted(conditions...), forwardTo(args.Balancer.groups[args.Group].Arn),
		pulumi.Parent(r), pulumi.DependsOn([]pulumi.Resource{args.Service}),
		pulumi.ResourceHooks(&pulumi.ResourceHookBinding{BeforeCreate: hooks, BeforeUpdate: hooks})); err != nil {
		return nil, err
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{})
}

// warmUp waits before requests go to the tasks of a service that is new in this update: see TrafficArgs.warmUp.
func (args RouteArgs) warmUp(ctx *pulumi.Context) pulumi.ResourceHookFunction {
	return func(rule *pulumi.ResourceHookArgs) error {
		if args.Service.created.Load() {
			_ = ctx.Log.Info(fmt.Sprintf("%s waits %s for the health checks of the new service", rule.Name, args.WarmUp), nil)
			time.Sleep(args.WarmUp)
		}
		return nil
	}
}

// OriginHeader is what CloudFront adds to every request to the load balancer. Its addresses are not enough: everybody can have a distribution
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html).
const OriginHeader = "X-Origin-Verify"

// originPriority is between the rules of review environments (lastHostPriority) and those of processes (stacks/config/routes.go).
const originPriority = 49050

// admitted adds the header to the conditions of a rule where the load balancer is closed. A rule has five values at most, for all conditions
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html): a host, two paths and two values of the header.
func (b *Balancer) admitted(conditions ...lb.ListenerRuleConditionInput) lb.ListenerRuleConditionArray {
	if b.args.Origin != nil {
		conditions = append(conditions, &lb.ListenerRuleConditionArgs{HttpHeader: &lb.ListenerRuleConditionHttpHeaderArgs{
			HttpHeaderName: pulumi.String(OriginHeader), Values: b.args.Origin,
		}})
	}
	return conditions
}

// defaultAction is what no rule is about. A load balancer that is closed answers 403: every rule that forwards asks for the header.
func (b *Balancer) defaultAction() *lb.ListenerDefaultActionArgs {
	if b.args.Origin == nil {
		return b.forward()
	}
	return &lb.ListenerDefaultActionArgs{Type: pulumi.String("fixed-response"), FixedResponse: &lb.ListenerDefaultActionFixedResponseArgs{
		StatusCode: pulumi.String("403"), ContentType: pulumi.String("text/plain"), MessageBody: pulumi.String("Not by CloudFront\n"),
	}}
}

// createOriginRules name every target group in place of the default action, because ECS refuses a group that no listener uses. Nobody asks for
// the path; whoever does gets an answer of the application.
func (b *Balancer) createOriginRules(ctx *pulumi.Context, name string) error {
	if b.args.Origin == nil {
		return nil
	}
	rules, err := newRules(ctx, name+"-origin", b.ListenerARNs(), originPriority, b.admitted(pathCondition("/.laravel-ecs/targets")), b.everyGroup(), pulumi.Parent(b))
	b.listeners = append(b.listeners, rules...)
	return err
}

// everyGroup names all target groups in a rule, as the default action of a listener does otherwise.
func (b *Balancer) everyGroup() *lb.ListenerRuleActionArgs {
	groups := lb.ListenerRuleActionForwardTargetGroupArray{}
	for i, color := range b.args.Colors {
		groups = append(groups, &lb.ListenerRuleActionForwardTargetGroupArgs{Arn: b.targets[color].Arn, Weight: pulumi.Int(max(0, 1-i))})
	}
	for _, route := range sortedKeys(b.groups) {
		groups = append(groups, &lb.ListenerRuleActionForwardTargetGroupArgs{Arn: b.groups[route].Arn, Weight: pulumi.Int(0)})
	}
	if len(groups) > 1 {
		return &lb.ListenerRuleActionArgs{Type: pulumi.String("forward"), Forward: &lb.ListenerRuleActionForwardArgs{TargetGroups: groups}}
	}
	return forwardTo(b.targets[Blue].Arn)
}
