package api

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestLoadBalancer(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	client := elb.NewFromConfig(w.config)
	balancers := must(client.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{"shop"}}))(t).LoadBalancers
	if len(balancers) != 1 || *balancers[0].LoadBalancerArn != balancer || balancers[0].State.Code != types.LoadBalancerStateEnumActive {
		t.Errorf("balancers: %+v", balancers)
	}
	listeners := must(client.DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: aws.String(balancer)}))(t).Listeners
	if len(listeners) != 1 || *listeners[0].Port != 80 || *listeners[0].DefaultActions[0].TargetGroupArn != group {
		t.Errorf("listeners: %+v", listeners)
	}
	groups := must(client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{group}}))(t).TargetGroups
	if len(groups) != 1 || *groups[0].HealthCheckPath != "/up" || *groups[0].HealthCheckIntervalSeconds != 10 {
		t.Errorf("groups: %+v", groups)
	}
	health := must(client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(group)}))(t).TargetHealthDescriptions
	if len(health) != 2 || health[0].TargetHealth.State != types.TargetHealthStateEnumHealthy || *health[0].Target.Port < 32768 || !strings.HasPrefix(*health[0].Target.Id, "i-") {
		t.Errorf("health: %+v", health)
	}
	_, noBalancer := client.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{"other"}})
	_, noGroup := client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String("arn:aws:other")})
	_, noListener := client.DescribeRules(ctx, &elb.DescribeRulesInput{ListenerArn: aws.String("arn:aws:other")})
	for want, err := range map[string]error{"LoadBalancerNotFound": noBalancer, "TargetGroupNotFound": noGroup, "ListenerNotFound": noListener} {
		if code(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// maintenance is a rule that answers all addresses but one.
func maintenance(priority int32) *elb.CreateRuleInput {
	return &elb.CreateRuleInput{
		ListenerArn: aws.String(listener), Priority: aws.Int32(priority), Tags: []types.Tag{{Key: aws.String("maintenance"), Value: aws.String("on")}},
		Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &types.PathPatternConditionConfig{Values: []string{"/*"}}}},
		Actions: []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{
			StatusCode: aws.String("503"), ContentType: aws.String("text/html"), MessageBody: aws.String("<h1>Back soon</h1>"),
		}}},
	}
}

func TestRules(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	client := elb.NewFromConfig(w.config)
	made := must(client.CreateRule(ctx, maintenance(1)))(t).Rules[0]
	if *made.Priority != "1" || *made.Actions[0].FixedResponseConfig.MessageBody != "<h1>Back soon</h1>" || made.Conditions[0].PathPatternConfig.Values[0] != "/*" {
		t.Errorf("made: %+v", made)
	}
	if r, _ := w.account.Read(account.ListenerRuleToken, *made.RuleArn); r.Name != "" {
		t.Errorf("the rule has the logical name %q, which marks it as a program's", r.Name)
	}
	if _, err := client.CreateRule(ctx, maintenance(1)); code(err) != "PriorityInUse" {
		t.Errorf("a priority that is taken gives %v", err)
	}
	long := maintenance(2)
	long.Actions[0].FixedResponseConfig.MessageBody = aws.String(strings.Repeat("x", 1025))
	if _, err := client.CreateRule(ctx, long); code(err) != "ValidationError" {
		t.Errorf("a body of 1025 letters gives %v", err)
	}
	modified := must(client.ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: made.RuleArn, Conditions: []types.RuleCondition{
		{Field: aws.String("source-ip"), SourceIpConfig: &types.SourceIpConditionConfig{Values: []string{"203.0.113.7/32"}}},
		{Field: aws.String("host-header"), Values: []string{"www.example.com"}},
		{Field: aws.String("http-header"), HttpHeaderConfig: &types.HttpHeaderConditionConfig{HttpHeaderName: aws.String("X-Preview"), Values: []string{"1"}}},
	}}))(t).Rules[0]
	if len(modified.Conditions) != 3 || modified.Conditions[0].SourceIpConfig.Values[0] != "203.0.113.7/32" || *modified.Actions[0].FixedResponseConfig.StatusCode != "503" {
		t.Errorf("modified: %+v", modified)
	}
	weighted := must(client.ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: made.RuleArn, Actions: []types.Action{{Type: types.ActionTypeEnumForward, ForwardConfig: &types.ForwardActionConfig{
		TargetGroups:                []types.TargetGroupTuple{{TargetGroupArn: aws.String(group), Weight: aws.Int32(10)}},
		TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: aws.Bool(true), DurationSeconds: aws.Int32(60)},
	}}}}))(t).Rules[0].Actions[0].ForwardConfig
	if sticky := weighted.TargetGroupStickinessConfig; !*sticky.Enabled || *sticky.DurationSeconds != 60 || *weighted.TargetGroups[0].Weight != 10 {
		t.Errorf("weighted: %+v", sticky)
	}
	rules := must(client.DescribeRules(ctx, &elb.DescribeRulesInput{ListenerArn: aws.String(listener)}))(t).Rules
	if len(rules) != 2 || *rules[0].RuleArn != *made.RuleArn || !*rules[1].IsDefault || *rules[1].Priority != "default" {
		t.Errorf("rules: %+v", rules)
	}
	must(client.AddTags(ctx, &elb.AddTagsInput{ResourceArns: []string{*made.RuleArn}, Tags: []types.Tag{{Key: aws.String("by"), Value: aws.String("ops")}}}))(t)
	tags := must(client.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: []string{*made.RuleArn}}))(t).TagDescriptions
	if len(tags) != 1 || len(tags[0].Tags) != 2 {
		t.Errorf("tags: %+v", tags)
	}
	must(client.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: made.RuleArn}))(t)
	if _, err := client.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: made.RuleArn}); code(err) != "RuleNotFound" {
		t.Errorf("a rule that is gone gives %v", err)
	}
}

func TestRulesGoWithTheListener(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	made := must(elb.NewFromConfig(w.config).CreateRule(ctx, maintenance(1)))(t).Rules[0]
	if err := w.account.Delete(ctx, account.ListenerToken, listener); err != nil {
		t.Fatal(err)
	}
	if _, there := w.account.Read(account.ListenerRuleToken, *made.RuleArn); there {
		t.Error("the rule is still there")
	}
}
