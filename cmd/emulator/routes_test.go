package main_test

import (
	"slices"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
)

// TestRoutesFollowTheTasks takes a process behind a path through its life: requests go to it when its tasks are healthy, and not before, and
// no longer when it goes. A target group without a target answers 503 (https://repost.aws/knowledge-center/alb-troubleshoot-503-errors).
func TestRoutesFollowTheTasks(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, nil)
	l.set(map[string]any{
		"web.startSeconds": 1, "loadBalancer.healthCheck": map[string]any{"interval": 5, "timeout": 2}, "access.egressPorts": []int{80, 443}, "loadBalancer.waf": true,
		"env.REVERB_APP_ID": "1", "env.REVERB_APP_KEY": "key", "env.REVERB_APP_SECRET": "secret",
	})
	l.deploy("first")
	reverb := func(path string) map[string]any {
		return map[string]any{"role": "reverb", "path": path, "startSeconds": 1}
	}
	const warm = 11 * time.Second // startSeconds and two health checks
	const service, rule = account.ServiceToken, account.ListenerRuleToken

	l.set(map[string]any{"processes.reverb": reverb("/ws")})
	l.failUp(account.Fault{Operation: "create", Type: service})
	if rules := l.routes(); len(rules) > 0 {
		t.Errorf("the service could not be made, and there are rules: %v", rules)
	}
	made := l.deploy("reverb")
	inOrder(t, made, "create "+service, "create "+rule)
	if made.Took < warm {
		t.Errorf("the rule came %s after the start: its tasks were not healthy", made.Took)
	}
	before := l.routes()

	l.set(map[string]any{"processes.reverb": nil, "processes.live": reverb("/ws")})
	l.failUp(account.Fault{Operation: "create", Type: service})
	if now := l.routes(); !slices.Equal(now, before) {
		t.Errorf("the other service could not be made, and requests go to %v instead of %v", now, before)
	}
	renamed := l.deploy("another name")
	inOrder(t, renamed, "create "+service, "update "+rule, "delete "+service)
	if renamed.Took < warm || len(l.routes()) != 1 {
		t.Errorf("another name: after %s, there are %v", renamed.Took, l.routes())
	}

	l.set(map[string]any{"processes.live": reverb("/live")}) // and another health path, so another target group
	moved := l.deploy("another path")
	inOrder(t, moved, "create "+rule, "delete "+rule)
	if moved.Took < warm || len(l.routes()) != 1 {
		t.Errorf("another path: after %s, there are %v", moved.Took, l.routes())
	}

	l.set(map[string]any{"processes.live.count": 0})
	inOrder(t, l.deploy("no tasks"), "delete "+rule, "delete "+service)
	if rules := l.routes(); len(rules) > 0 {
		t.Errorf("no tasks: %v", rules)
	}
}

// routes are the target groups to which rules of processes send requests. A service must register its tasks in each.
func (l *life) routes() (groups []string) {
	l.t.Helper()
	for _, rule := range l.Account().List(account.ListenerRuleToken) {
		if number, _ := rule.Outputs.Int("priority"); number < 50000 {
			groups = append(groups, rule.Outputs.Strings("actions[*].targetGroupArn")...)
		}
	}
	for _, group := range groups {
		if !slices.ContainsFunc(l.Account().List(account.ServiceToken), func(service account.Resource) bool {
			return slices.Contains(service.Outputs.Strings("loadBalancers[*].targetGroupArn"), group)
		}) {
			l.t.Errorf("requests go to %s, where no service registers its tasks", group)
		}
	}
	return groups
}

// inOrder checks that operations on types are in a report in this order.
func inOrder(t *testing.T, report engine.Report, operations ...string) {
	t.Helper()
	at := 0
	for _, change := range report.Changes {
		if at < len(operations) && change.Op+" "+change.Type == operations[at] {
			at++
		}
	}
	if at < len(operations) {
		t.Errorf("%s is not where it should be in %v", operations[at], report.Changes)
	}
}
