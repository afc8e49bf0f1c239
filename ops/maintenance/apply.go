package maintenance

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

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
	page = wanted{rolePage,
		[]types.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &types.PathPatternConditionConfig{Values: []string{"/*"}}}},
		[]types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{
			StatusCode: aws.String("503"), ContentType: aws.String("text/html"), MessageBody: aws.String(body),
		}}}}
	for part := range slices.Chunk(networks, perRule) {
		allow = append(allow, wanted{roleAllow,
			[]types.RuleCondition{{Field: aws.String("source-ip"), SourceIpConfig: &types.SourceIpConditionConfig{Values: part}}}, l.today()})
	}
	return page, allow
}

// apply makes the rules of one listener what they should be: it changes those that are there, creates those that are missing and
// removes the rest. Allowed networks come first, so that they are never shut out.
func (b *balancer) apply(ctx context.Context, l listener, networks []string, body string) error {
	page, allow := l.plan(networks, body)
	below := trafficPriority
	pages := l.own(rolePage)
	if len(pages) > 0 {
		below = priority(pages[0])
	} else {
		number, err := l.free(below)
		if err != nil {
			return err
		}
		below = number // the page's own, from now on
	}
	there := l.own(roleAllow)
	for i, each := range allow {
		if i < len(there) {
			if err := b.modify(ctx, there[i], each); err != nil {
				return err
			}
			continue
		}
		number, err := l.free(below)
		if err != nil {
			return err
		}
		if err := b.create(ctx, &l, number, each); err != nil {
			return err
		}
	}
	if len(pages) > 0 {
		if err := b.modify(ctx, pages[0], page); err != nil {
			return err
		}
	} else if err := b.create(ctx, &l, below, page); err != nil {
		return err
	}
	for _, surplus := range append(there[min(len(allow), len(there)):], pages[min(1, len(pages)):]...) {
		if _, err := b.api.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: surplus.RuleArn}); err != nil {
			return session.Explain(fmt.Errorf("removing the rule of maintenance: %w", err))
		}
	}
	return nil
}

func (b *balancer) create(ctx context.Context, l *listener, number int, rule wanted) error {
	_, err := b.api.CreateRule(ctx, &elb.CreateRuleInput{
		ListenerArn: l.ListenerArn, Priority: aws.Int32(int32(number)), Conditions: rule.conditions, Actions: rule.actions,
		Tags: []types.Tag{{Key: aws.String(tagKey), Value: aws.String(rule.role)}},
	})
	if err != nil {
		return session.Explain(fmt.Errorf("creating the rule of maintenance: %w", err))
	}
	l.rules = append(l.rules, types.Rule{Priority: aws.String(strconv.Itoa(number))}) // the number is taken
	return nil
}

func (b *balancer) modify(ctx context.Context, there types.Rule, rule wanted) error {
	_, err := b.api.ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: there.RuleArn, Conditions: rule.conditions, Actions: rule.actions})
	if err != nil {
		return session.Explain(fmt.Errorf("changing the rule of maintenance: %w", err))
	}
	return nil
}
