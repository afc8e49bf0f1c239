package main_test

import (
	"slices"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// TestRequestsFollowTheTasks changes what needs another target group: requests go there when tasks are registered in it, and not before.
// A target group without tasks answers 503 (ALB guide, "Troubleshoot your Application Load Balancers").
func TestRequestsFollowTheTasks(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, nil)
	l.set(map[string]any{"web.startSeconds": 1, "loadBalancer.healthCheck": map[string]any{"interval": 5, "timeout": 2}})
	l.deploy("first")
	before := l.served("first")
	l.set(map[string]any{"loadBalancer.containerTls": true})
	l.failUp(account.Fault{Operation: "create", Type: account.ServiceToken}, account.Fault{Operation: "update", Type: account.ServiceToken})
	if now := l.served("a failed move"); now != before {
		t.Errorf("the move failed, and requests go to %s", now)
	}
	for _, step := range []struct {
		name           string
		set            map[string]any
		protocol, path string
	}{
		{"containerTls", nil, "HTTPS", "/up"},
		{"another health path", map[string]any{"loadBalancer.healthCheck.path": "/health"}, "HTTPS", "/health"},
	} {
		l.set(step.set)
		l.deploy(step.name)
		now := l.served(step.name)
		if now == before {
			t.Errorf("%s: requests go to the same target group", step.name)
		}
		before = now
		groups := l.Account().List(account.TargetGroupToken)
		if len(groups) != 1 {
			t.Fatalf("%s: %d target groups", step.name, len(groups))
		}
		if out := groups[0].Outputs; out.Text("protocol") != step.protocol || out.Text("healthCheck.protocol") != step.protocol || out.Text("healthCheck.path") != step.path {
			t.Errorf("%s: the target group is %s, with checks of %s", step.name, out.Text("protocol"), out.Text("healthCheck.path"))
		}
	}
	if services := l.services(); len(services) != 3 {
		t.Errorf("services: %v", services)
	}
}

// served is the target group that gets requests. A service must register its tasks there.
func (l *life) served(when string) string {
	l.t.Helper()
	var serving []string
	for _, rule := range l.Account().List(account.ListenerRuleToken) {
		serving = append(serving, rule.Outputs.Strings("actions[*].targetGroupArn")...)
	}
	if len(serving) == 0 { // no rule comes before
		for _, listener := range l.Account().List(account.ListenerToken) {
			serving = append(serving, listener.Outputs.Strings("defaultActions[*].targetGroupArn")...)
		}
	}
	if serving = slices.Compact(serving); len(serving) != 1 {
		l.t.Fatalf("%s: requests go to %v", when, serving)
	}
	for _, service := range l.Account().List(account.ServiceToken) {
		if slices.Contains(service.Outputs.Strings("loadBalancers[*].targetGroupArn"), serving[0]) {
			return serving[0]
		}
	}
	l.t.Errorf("%s: no service registers its tasks in %s", when, serving[0])
	return serving[0]
}
