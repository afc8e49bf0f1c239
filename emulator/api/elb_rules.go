package api

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// actionOf turns an action as the account keeps it into the SDK's.
func actionOf(v account.Values) types.Action {
	one := types.Action{Type: types.ActionTypeEnum(v.Text("type")), Order: optionalInt32(v, "order"), TargetGroupArn: optional(v.Text("targetGroupArn"))}
	if f := v.Map("fixedResponse"); f != nil {
		one.FixedResponseConfig = &types.FixedResponseActionConfig{
			StatusCode: ptr(f.Text("statusCode")), ContentType: optional(f.Text("contentType")), MessageBody: optional(f.Text("messageBody")),
		}
	}
	if r := v.Map("redirect"); r != nil {
		one.RedirectConfig = &types.RedirectActionConfig{
			StatusCode: types.RedirectActionStatusCodeEnum(r.Text("statusCode")), Host: optional(r.Text("host")), Path: optional(r.Text("path")), Port: optional(r.Text("port")),
			Protocol: optional(r.Text("protocol")), Query: optional(r.Text("query")),
		}
	}
	if f := v.Map("forward"); f != nil {
		one.ForwardConfig = &types.ForwardActionConfig{TargetGroups: convert(f.Blocks("targetGroups[*]"), func(g account.Values) types.TargetGroupTuple {
			return types.TargetGroupTuple{TargetGroupArn: ptr(g.Text("arn")), Weight: optionalInt32(g, "weight")}
		})}
		one.ForwardConfig.TargetGroupStickinessConfig = &types.TargetGroupStickinessConfig{Enabled: ptr(f.True("stickiness.enabled"))}
		if *one.ForwardConfig.TargetGroupStickinessConfig.Enabled { // the duration of a disabled one is not kept (terraform-provider-aws#15144)
			one.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds = optionalInt32(f, "stickiness.duration")
		}
	} else if one.TargetGroupArn != nil {
		one.ForwardConfig = &types.ForwardActionConfig{TargetGroups: []types.TargetGroupTuple{{TargetGroupArn: one.TargetGroupArn, Weight: ptr(int32(1))}}}
	}
	return one
}

// valuesOfAction is the way back.
func valuesOfAction(a types.Action) any {
	v := map[string]any{"type": string(a.Type)}
	set := func(in map[string]any, key string, value *string) {
		if value != nil {
			in[key] = *value
		}
	}
	if a.Order != nil {
		v["order"] = float64(*a.Order)
	}
	if f := a.FixedResponseConfig; f != nil {
		fixed := map[string]any{}
		set(fixed, "statusCode", f.StatusCode)
		set(fixed, "contentType", f.ContentType)
		set(fixed, "messageBody", f.MessageBody)
		v["fixedResponse"] = fixed
	}
	if r := a.RedirectConfig; r != nil {
		redirect := map[string]any{"statusCode": string(r.StatusCode)}
		for key, value := range map[string]*string{"host": r.Host, "path": r.Path, "port": r.Port, "protocol": r.Protocol, "query": r.Query} {
			set(redirect, key, value)
		}
		v["redirect"] = redirect
	}
	if f := a.ForwardConfig; f != nil && a.TargetGroupArn == nil {
		var groups []any
		for _, g := range f.TargetGroups {
			weight := 1.0
			if g.Weight != nil {
				weight = float64(*g.Weight)
			}
			groups = append(groups, map[string]any{"arn": text(g.TargetGroupArn), "weight": weight})
		}
		forward := map[string]any{"targetGroups": groups}
		if sticky := f.TargetGroupStickinessConfig; sticky != nil && sticky.Enabled != nil && *sticky.Enabled {
			forward["stickiness"] = map[string]any{"enabled": true, "duration": float64(*cmp.Or(sticky.DurationSeconds, ptr(int32(0))))}
		}
		v["forward"] = forward
	} else {
		set(v, "targetGroupArn", a.TargetGroupArn)
	}
	return v
}

// conditionFields are the names of conditions in the API and in the account.
var conditionFields = map[string]string{
	"host-header": "hostHeader", "http-header": "httpHeader", "http-request-method": "httpRequestMethod", "path-pattern": "pathPattern",
	"query-string": "queryStrings", "source-ip": "sourceIp",
}

func conditionOf(v account.Values) types.RuleCondition {
	for field, key := range conditionFields {
		if !v.Has(key) {
			continue
		}
		one, values := types.RuleCondition{Field: ptr(field)}, v.Strings(key+".values[*]")
		switch field {
		case "host-header":
			one.HostHeaderConfig, one.Values = &types.HostHeaderConditionConfig{Values: values}, values
		case "path-pattern":
			one.PathPatternConfig, one.Values = &types.PathPatternConditionConfig{Values: values}, values
		case "http-header":
			one.HttpHeaderConfig = &types.HttpHeaderConditionConfig{HttpHeaderName: ptr(v.Text(key + ".httpHeaderName")), Values: values}
		case "http-request-method":
			one.HttpRequestMethodConfig = &types.HttpRequestMethodConditionConfig{Values: values}
		case "source-ip":
			one.SourceIpConfig = &types.SourceIpConditionConfig{Values: values}
		case "query-string":
			one.QueryStringConfig = &types.QueryStringConditionConfig{Values: convert(v.Blocks(key+"[*]"), func(q account.Values) types.QueryStringKeyValuePair {
				return types.QueryStringKeyValuePair{Key: optional(q.Text("key")), Value: ptr(q.Text("value"))}
			})}
		}
		return one
	}
	return types.RuleCondition{}
}

func valuesOfCondition(c types.RuleCondition) (any, error) {
	key, known := conditionFields[text(c.Field)]
	if !known {
		return nil, refuse("ValidationError", "Condition field '%s' must be one of '[http-request-method,path-pattern,host-header,query-string,http-header,source-ip]'", text(c.Field))
	}
	settings := map[string]any{}
	values := c.Values
	switch {
	case c.HostHeaderConfig != nil:
		values = c.HostHeaderConfig.Values
	case c.PathPatternConfig != nil:
		values = c.PathPatternConfig.Values
	case c.HttpHeaderConfig != nil:
		values = c.HttpHeaderConfig.Values
		settings["httpHeaderName"] = text(c.HttpHeaderConfig.HttpHeaderName)
	case c.HttpRequestMethodConfig != nil:
		values = c.HttpRequestMethodConfig.Values
	case c.SourceIpConfig != nil:
		values = c.SourceIpConfig.Values
	case c.QueryStringConfig != nil:
		var pairs []any
		for _, pair := range c.QueryStringConfig.Values {
			one := map[string]any{"value": text(pair.Value)}
			if pair.Key != nil {
				one["key"] = *pair.Key
			}
			pairs = append(pairs, one)
		}
		return map[string]any{key: pairs}, nil
	}
	if len(values) == 0 {
		return nil, refuse("ValidationError", "A condition value must be specified")
	}
	settings["values"] = convert(values, func(s string) any { return s })
	return map[string]any{key: settings}, nil
}

func ruleOf(r account.Resource) types.Rule {
	return types.Rule{
		RuleArn: ptr(r.ID), Priority: ptr(strconv.Itoa(int(int32Of(r.Outputs, "priority")))), IsDefault: ptr(false),
		Actions: convert(r.Outputs.Blocks("actions[*]"), actionOf), Conditions: convert(r.Outputs.Blocks("conditions[*]"), conditionOf),
	}
}

// describeRules answers https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html: by priority, the default last.
func (s *Server) describeRules(_ context.Context, in *elb.DescribeRulesInput) (*elb.DescribeRulesOutput, error) {
	if (in.ListenerArn == nil) == (len(in.RuleArns) == 0) {
		return nil, refuse("ValidationError", "You must specify either a listener ARN or rule ARNs, one of them")
	}
	own := s.account.List(account.ListenerRuleToken)
	slices.SortStableFunc(own, func(a, b account.Resource) int {
		return int(int32Of(a.Outputs, "priority") - int32Of(b.Outputs, "priority"))
	})
	var rules []types.Rule
	if in.ListenerArn != nil {
		listener, ok := s.account.Read(account.ListenerToken, *in.ListenerArn)
		if !ok {
			return nil, refuse("ListenerNotFound", "One or more listeners not found")
		}
		own = slices.DeleteFunc(own, func(r account.Resource) bool { return r.Outputs.Text("listenerArn") != listener.ID })
		rules = append(convert(own, ruleOf), types.Rule{
			RuleArn: ptr(defaultRuleARN(listener.ID)), Priority: ptr("default"), IsDefault: ptr(true), Actions: convert(listener.Outputs.Blocks("defaultActions[*]"), actionOf),
		})
	} else {
		found, err := selected(own, in.RuleArns, nil, refuse("RuleNotFound", "One or more rules not found"))
		if err != nil {
			return nil, err
		}
		rules = convert(found, ruleOf)
	}
	part, next, err := page(rules, in.Marker, in.PageSize, elbPage)
	return &elb.DescribeRulesOutput{Rules: part, NextMarker: next}, err
}

func defaultRuleARN(listener string) string {
	return strings.Replace(listener, ":listener/", ":listener-rule/", 1) + "/" + digest(listener)[:16]
}

// createRule answers https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html. The rule has no logical name: no
// program declared it, so what deploys programs leaves it alone; it goes with its listener.
func (s *Server) createRule(ctx context.Context, in *elb.CreateRuleInput) (*elb.CreateRuleOutput, error) {
	if _, ok := s.account.Read(account.ListenerToken, text(in.ListenerArn)); !ok {
		return nil, refuse("ListenerNotFound", "One or more listeners not found")
	}
	inputs := account.Values{"listenerArn": text(in.ListenerArn)}
	if in.Priority != nil {
		inputs["priority"] = float64(*in.Priority)
	}
	if len(in.Tags) > 0 {
		tags := map[string]any{}
		for _, tag := range in.Tags {
			tags[text(tag.Key)] = text(tag.Value)
		}
		inputs["tags"], inputs["tagsAll"] = tags, tags
	}
	if err := s.setRule(inputs, in.Actions, in.Conditions); err != nil {
		return nil, err
	}
	made, err := s.account.Create(ctx, account.ListenerRuleToken, "", inputs)
	if err != nil {
		return nil, err
	}
	return &elb.CreateRuleOutput{Rules: []types.Rule{ruleOf(made)}}, nil
}

// setRule sets actions and conditions, and judges the whole as the account judges a declared rule.
func (s *Server) setRule(inputs account.Values, actions []types.Action, conditions []types.RuleCondition) error {
	if len(actions) > 0 {
		inputs["actions"] = convert(actions, valuesOfAction)
	}
	if len(conditions) > 0 {
		var all []any
		for _, c := range conditions {
			one, err := valuesOfCondition(c)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
		inputs["conditions"] = all
	}
	_, problems, err := s.account.Check(account.ListenerRuleToken, "rule", nil, inputs, []byte("rule"))
	if err == nil && len(problems) > 0 {
		err = refuse("ValidationError", "%s: %s", problems[0].Property, problems[0].Reason)
	}
	return err
}

// modifyRule answers https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyRule.html: what is not given stays.
func (s *Server) modifyRule(ctx context.Context, in *elb.ModifyRuleInput) (*elb.ModifyRuleOutput, error) {
	r, ok := s.account.Read(account.ListenerRuleToken, text(in.RuleArn))
	if !ok {
		return nil, refuse("RuleNotFound", "One or more rules not found")
	}
	if err := s.setRule(r.Inputs, in.Actions, in.Conditions); err != nil {
		return nil, err
	}
	made, err := s.account.Update(ctx, account.ListenerRuleToken, r.ID, r.Inputs)
	if err != nil {
		return nil, err
	}
	return &elb.ModifyRuleOutput{Rules: []types.Rule{ruleOf(made)}}, nil
}

// deleteRule answers https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteRule.html.
func (s *Server) deleteRule(ctx context.Context, in *elb.DeleteRuleInput) (*elb.DeleteRuleOutput, error) {
	if _, ok := s.account.Read(account.ListenerRuleToken, text(in.RuleArn)); !ok {
		return nil, refuse("RuleNotFound", "One or more rules not found")
	}
	return &elb.DeleteRuleOutput{}, s.account.Delete(ctx, account.ListenerRuleToken, text(in.RuleArn))
}
