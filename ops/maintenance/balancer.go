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
	listeners []listener
}

// listener is a listener with its rules, and what those of maintenance are for.
type listener struct {
	types.Listener
	rules []types.Rule
	roles map[string]string // by ARN of a rule
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
	b := &balancer{api: elb.NewFromConfig(loaded), url: outputs.URL}
	arn, err := b.find(ctx, outputs.LoadBalancerDNSName)
	if err != nil {
		return nil, err
	}
	pages := elb.NewDescribeListenersPaginator(b.api, &elb.DescribeListenersInput{LoadBalancerArn: &arn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, session.Explain(fmt.Errorf("reading the listeners: %w", err))
		}
		for _, each := range page.Listeners {
			if !forwards(each.DefaultActions) { // it redirects to the one that does
				continue
			}
			l := listener{Listener: each}
			if err := b.readRules(ctx, &l); err != nil {
				return nil, err
			}
			b.listeners = append(b.listeners, l)
		}
	}
	if len(b.listeners) == 0 {
		return nil, errors.New("the load balancer has no listener that forwards: make up deploys it")
	}
	return b, nil
}

func (b *balancer) find(ctx context.Context, dnsName string) (arn string, err error) {
	pages := elb.NewDescribeLoadBalancersPaginator(b.api, &elb.DescribeLoadBalancersInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", session.Explain(fmt.Errorf("looking for the load balancer: %w", err))
		}
		for _, each := range page.LoadBalancers {
			if aws.ToString(each.DNSName) == dnsName {
				return aws.ToString(each.LoadBalancerArn), nil
			}
		}
	}
	return "", fmt.Errorf("the load balancer %s is not in this account and region: the credentials may be of another account (aws sts get-caller-identity)", dnsName)
}

func forwards(actions []types.Action) bool {
	return slices.ContainsFunc(actions, func(a types.Action) bool { return a.Type == types.ActionTypeEnumForward })
}

// tagLimit is how many resources one DescribeTags takes (ELB API reference, DescribeTags).
const tagLimit = 20

func (b *balancer) readRules(ctx context.Context, l *listener) error {
	l.roles = map[string]string{}
	pages := elb.NewDescribeRulesPaginator(b.api, &elb.DescribeRulesInput{ListenerArn: l.ListenerArn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return session.Explain(fmt.Errorf("reading the listener's rules: %w", err))
		}
		l.rules = append(l.rules, page.Rules...)
	}
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
		if l.roles[aws.ToString(rule.RuleArn)] == role {
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

// today is where the listener sends the requests that no rule of a host takes: the actions of the traffic rule, else its own.
func (l *listener) today() []types.Action {
	for _, rule := range l.rules {
		if priority(rule) == trafficPriority {
			return copied(rule.Actions)
		}
	}
	return copied(l.DefaultActions)
}

// copied are actions as CreateRule takes them: a forward names its groups in one place, and the order is its own.
func copied(actions []types.Action) (list []types.Action) {
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
	for number := min(below, trafficPriority) - 1; number > 0; number-- {
		if !slices.ContainsFunc(l.rules, func(r types.Rule) bool { return priority(r) == number }) {
			return number, nil
		}
	}
	return 0, errors.New("the listener has no free priority for a rule")
}
