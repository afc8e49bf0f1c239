package maintenance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/guests"
)

// tagKey marks the rules of maintenance; its value is what a rule is for.
const tagKey = "laravel-ecs:maintenance"

// What a rule of maintenance is for.
const (
	rolePage  = "page"  // answers 503
	roleAllow = "allow" // lets addresses through
)

// trafficPriority is the priority of the program's own rule, which shares out the traffic of a blue/green environment (infra/traffic.go). It is
// the highest number there is (ELB API reference, CreateRule).
const trafficPriority = 50000

// balancer is the stack's load balancer with the listeners that forward to the application.
type balancer struct {
	api       *elb.Client
	url       string
	cdn       string // cdn.state; empty without CloudFront
	listeners []listener
}

// listener is a listener with its rules, and what those of maintenance are for.
type listener struct {
	types.Listener
	place
	rules []types.Rule
	roles map[string]string // by ARN of a rule
}

// place is where the rules of an application are: between two priorities, and for some host names only where it is a guest of another one.
type place struct {
	above, traffic int // traffic is the priority of the rule for all its requests
	hosts          []string
}

// placeOf is that of a stack. A guest's hundred numbers end behind those of its traffic (stacks/config/guests); the owner of the load balancer comes after all guests.
func placeOf(outputs session.Outputs) place {
	if guest := outputs.GuestOf; guest != nil {
		p := guests.PrioritiesOf(1 + guest.Priority/guests.BlockSize)
		return place{above: p.LastRoute(), traffic: guest.Priority, hosts: guest.Hosts}
	}
	return place{above: guests.LastPriority, traffic: trafficPriority}
}

// condition is that of the application's host names; empty where it has all requests.
func (p place) condition() (list []types.RuleCondition) {
	if len(p.hosts) > 0 {
		list = append(list, types.RuleCondition{Field: aws.String("host-header"), HostHeaderConfig: &types.HostHeaderConditionConfig{Values: p.hosts}})
	}
	return list
}

// open finds the load balancer by its DNS name.
func open(ctx context.Context, s *session.Session) (*balancer, error) {
	outputs, err := s.Outputs(ctx)
	if err != nil {
		return nil, err
	}
	if outputs.LoadBalancerDNSName == "" {
		return nil, fmt.Errorf("the stack %s shares the load balancer of another one: maintenance is for stacks with a load balancer of their own", s.Stack)
	}
	loaded, err := s.AWS(ctx)
	if err != nil {
		return nil, err
	}
	b := &balancer{api: elb.NewFromConfig(loaded), url: outputs.URL, cdn: outputs.CDN.State}
	balancers, err := session.All(ctx, "looking for the load balancer", elb.NewDescribeLoadBalancersPaginator(b.api, &elb.DescribeLoadBalancersInput{}),
		func(page *elb.DescribeLoadBalancersOutput) []types.LoadBalancer { return page.LoadBalancers })
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(balancers, func(each types.LoadBalancer) bool { return aws.ToString(each.DNSName) == outputs.LoadBalancerDNSName })
	if at < 0 {
		return nil, fmt.Errorf("the load balancer %s is not in this account and region: the credentials may be of another account (aws sts get-caller-identity)",
			outputs.LoadBalancerDNSName)
	}
	listeners, err := session.All(ctx, "reading the listeners",
		elb.NewDescribeListenersPaginator(b.api, &elb.DescribeListenersInput{LoadBalancerArn: balancers[at].LoadBalancerArn}),
		func(page *elb.DescribeListenersOutput) []types.Listener { return page.Listeners })
	if err != nil {
		return nil, err
	}
	for _, each := range listeners {
		redirects := func(a types.Action) bool { return a.Type == types.ActionTypeEnumRedirect }
		if slices.ContainsFunc(each.DefaultActions, redirects) { // to the one that forwards, by default or, behind CloudFront, by its rules
			continue
		}
		l := listener{Listener: each, place: placeOf(outputs), roles: map[string]string{}}
		if err := b.readRules(ctx, &l); err != nil {
			return nil, err
		}
		b.listeners = append(b.listeners, l)
	}
	if len(b.listeners) == 0 {
		return nil, errors.New("the load balancer has no listener that forwards: make up deploys it")
	}
	return b, nil
}

// tagLimit is how many resources one DescribeTags takes (ELB API reference, DescribeTags).
const tagLimit = 20

func (b *balancer) readRules(ctx context.Context, l *listener) error {
	rules, err := session.All(ctx, "reading the listener's rules", elb.NewDescribeRulesPaginator(b.api, &elb.DescribeRulesInput{ListenerArn: l.ListenerArn}),
		func(page *elb.DescribeRulesOutput) []types.Rule { return page.Rules })
	if err != nil {
		return err
	}
	l.rules = rules
	var arns []string
	for _, rule := range l.rules {
		if !aws.ToBool(rule.IsDefault) {
			arns = append(arns, aws.ToString(rule.RuleArn))
		}
	}
	for part := range slices.Chunk(arns, tagLimit) {
		found, err := b.api.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: part})
		if err != nil {
			return session.Explain(fmt.Errorf("reading the tags of the listener's rules: %w", err))
		}
		for _, each := range found.TagDescriptions {
			for _, tag := range each.Tags {
				if aws.ToString(tag.Key) == tagKey {
					l.roles[aws.ToString(each.ResourceArn)] = aws.ToString(tag.Value)
				}
			}
		}
	}
	return nil
}

// own are the rules of maintenance of one kind, in the order in which they are asked.
func (l *listener) own(role string) (rules []types.Rule) {
	for _, rule := range l.rules {
		if n := priority(rule); l.roles[aws.ToString(rule.RuleArn)] == role && n > l.above && n < l.traffic {
			rules = append(rules, rule)
		}
	}
	slices.SortFunc(rules, func(a, b types.Rule) int { return priority(a) - priority(b) })
	return rules
}

func priority(rule types.Rule) int {
	number, err := strconv.Atoi(aws.ToString(rule.Priority))
	if err != nil { // "default"
		return trafficPriority + 1
	}
	return number
}

// today is where the listener sends the requests that no rule of a host takes: the actions of the traffic rule, else its own. They are as
// CreateRule takes them: a forward names its groups in one place, and the order is its own.
func (l *listener) today() (list []types.Action) {
	actions := l.DefaultActions
	if i := slices.IndexFunc(l.rules, func(r types.Rule) bool { return priority(r) == l.traffic }); i >= 0 {
		actions = l.rules[i].Actions
	}
	for _, action := range actions {
		action.Order = nil
		if action.ForwardConfig != nil && len(action.ForwardConfig.TargetGroups) > 0 {
			action.TargetGroupArn = nil
		}
		list = append(list, action)
	}
	return list
}

// free is the highest priority below the traffic rule, and below a limit, that no rule has.
func (l *listener) free(below int) (int, error) {
	for number := min(below, l.traffic) - 1; number > l.above; number-- {
		if !slices.ContainsFunc(l.rules, func(r types.Rule) bool { return priority(r) == number }) {
			return number, nil
		}
	}
	return 0, errors.New("the listener has no free priority for a rule")
}

// perRule is how many networks a rule takes: "the total number of values must be less than, or equal to five". They are compared with the
// address that opened the connection, which behind a proxy or a CDN is the proxy's, and not with X-Forwarded-For (Elastic Load Balancing
// API reference, SourceIpConditionConfig). More networks are spread over several rules.
const perRule = 5

// wanted is a rule as it should be.
type wanted struct {
	role       string
	conditions []types.RuleCondition
	actions    []types.Action
}

// plan lists the rules: the page last, the allowed networks before it.
func (l *listener) plan(networks []string, body string) (page wanted, allow []wanted) {
	all := l.condition()
	if len(all) == 0 {
		all = []types.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &types.PathPatternConditionConfig{Values: []string{"/*"}}}}
	}
	page = wanted{rolePage, all,
		[]types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{
			StatusCode: aws.String("503"), ContentType: aws.String("text/html"), MessageBody: aws.String(body),
		}}}}
	for part := range slices.Chunk(networks, max(1, perRule-len(l.hosts))) {
		allow = append(allow, wanted{roleAllow, append([]types.RuleCondition{
			{Field: aws.String("source-ip"), SourceIpConfig: &types.SourceIpConditionConfig{Values: part}},
		}, l.condition()...), l.today()})
	}
	return page, allow
}

// apply makes the rules of one listener what they should be: it changes those that are there, creates those that are missing and
// removes the rest. Allowed networks come first, so that they are never shut out.
func (b *balancer) apply(ctx context.Context, l listener, networks []string, body string) error {
	pages, there := l.own(rolePage), l.own(roleAllow)
	below, err := l.free(l.traffic) // the page's own, once it is created
	if len(pages) > 0 {
		below, err = priority(pages[0]), nil
	}
	if err != nil {
		return err
	}
	page, allow := l.plan(networks, body)
	for i, each := range allow {
		if err := b.put(ctx, &l, there[min(i, len(there)):], below, each); err != nil {
			return err
		}
	}
	if err := b.put(ctx, &l, pages, l.traffic, page); err != nil {
		return err
	}
	return b.remove(ctx, append(there[min(len(allow), len(there)):], pages[min(1, len(pages)):]...))
}

// put changes the first of the rules that are there, or creates one with the highest free priority below a limit.
func (b *balancer) put(ctx context.Context, l *listener, there []types.Rule, below int, rule wanted) error {
	if len(there) > 0 {
		_, err := b.api.ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: there[0].RuleArn, Conditions: rule.conditions, Actions: rule.actions})
		return explained("changing", err)
	}
	number, err := l.free(below)
	if err != nil {
		return err
	}
	_, err = b.api.CreateRule(ctx, &elb.CreateRuleInput{
		ListenerArn: l.ListenerArn, Priority: aws.Int32(int32(number)), Conditions: rule.conditions, Actions: rule.actions,
		Tags: []types.Tag{{Key: aws.String(tagKey), Value: aws.String(rule.role)}},
	})
	l.rules = append(l.rules, types.Rule{Priority: aws.String(strconv.Itoa(number))}) // the number is taken
	return explained("creating", err)
}

func (b *balancer) remove(ctx context.Context, rules []types.Rule) error {
	for _, rule := range rules {
		if _, err := b.api.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: rule.RuleArn}); err != nil {
			return explained("removing", err)
		}
	}
	return nil
}

func explained(doing string, err error) error {
	if err == nil {
		return nil
	}
	return session.Explain(fmt.Errorf("%s the rule of maintenance: %w", doing, err))
}
