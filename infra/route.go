package infra

import (
	"fmt"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

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
}

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
	conditions := lb.ListenerRuleConditionArray{}
	if args.Host != "" {
		conditions = append(conditions, hostCondition(args.Host))
	}
	if len(args.Paths) > 0 {
		conditions = append(conditions, &lb.ListenerRuleConditionArgs{
			PathPattern: &lb.ListenerRuleConditionPathPatternArgs{Values: pulumi.ToStringArray(args.Paths)},
		})
	}
	hooks := []*pulumi.ResourceHook{warm}
	if _, err := newRules(ctx, name, args.Balancer.ListenerARNs(), args.Priority, conditions, args.Balancer.groups[args.Group],
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
